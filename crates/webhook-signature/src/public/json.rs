//! The members of one JSON object, read strictly: what two parsers could read differently is refused.

use crate::json::Json;

/// The most members of an object, and elements of a list, that are kept.
const MAX_MEMBERS: usize = 64;

/// The members of an object, none of which stands twice. Objects in it are known to be there and no
/// more.
#[derive(Debug)]
pub(crate) struct Object(Vec<(String, Member)>);

/// What a member holds.
#[derive(Debug, PartialEq)]
pub(crate) enum Member {
    Null,
    Flag(bool),
    /// A whole number.
    Number(i64),
    Text(String),
    /// A list of texts.
    Texts(Vec<String>),
    /// Anything else.
    Other,
}

impl Object {
    /// `None` for anything but one object with distinct members.
    pub(crate) fn parse(bytes: &[u8]) -> Option<Self> {
        Self::of(Json::parse(bytes)?)
    }

    pub(crate) fn of(json: Json<'_>) -> Option<Self> {
        let mut members: Vec<(String, Member)> = Vec::new();
        for (name, value) in json.members()? {
            let name = name.text()?.into_owned();
            if members.len() == MAX_MEMBERS || members.iter().any(|(other, _)| *other == name) {
                return None;
            }
            members.push((name, Member::of(value)?));
        }
        Some(Self(members))
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Member> {
        let mut members = self.0.iter();
        members.find(|(own, _)| own == name).map(|(_, value)| value)
    }

    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        match self.get(name) {
            Some(Member::Text(text)) => Some(text),
            _ => None,
        }
    }
}

impl Member {
    /// `None` for a text that holds half a character.
    fn of(json: Json<'_>) -> Option<Self> {
        if json.is_text() {
            return json.text().map(|text| Self::Text(text.into_owned()));
        }
        if let Some(items) = json.items() {
            return Self::texts(items);
        }
        Some(match json.scalar().as_deref() {
            Some("true") => Self::Flag(true),
            Some("false") => Self::Flag(false),
            Some(number) => number.parse().map_or(Self::Other, Self::Number),
            None if json.is_null() => Self::Null,
            None => Self::Other,
        })
    }

    fn texts<'a>(items: impl Iterator<Item = Json<'a>>) -> Option<Self> {
        let mut texts = Vec::new();
        for item in items {
            if texts.len() == MAX_MEMBERS || !item.is_text() {
                return Some(Self::Other);
            }
            texts.push(item.text()?.into_owned());
        }
        Some(Self::Texts(texts))
    }
}

/// Whether an object is taken, for the fuzz targets.
#[cfg(fuzzing)]
pub(crate) fn is_object(text: &[u8]) -> bool {
    Object::parse(text).is_some()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Member, Object};

    #[test]
    fn members_are_told_apart() {
        let object = Object::parse(
            br#"{"a":"x","b":-1,"c":["y","z"],"d":null,"e":true,"f":{"a":[[]]},"g":1.5,"h":["y",[1]],"i":18446744073709551615}"#,
        )
        .unwrap();
        assert_eq!(object.text("a"), Some("x"));
        assert_eq!(object.get("b"), Some(&Member::Number(-1)));
        assert_eq!(
            object.get("c"),
            Some(&Member::Texts(vec!["y".into(), "z".into()]))
        );
        assert_eq!(object.get("d"), Some(&Member::Null));
        assert_eq!(object.get("e"), Some(&Member::Flag(true)));
        for name in ["f", "g", "h", "i"] {
            assert_eq!(object.get(name), Some(&Member::Other), "{name}");
        }
        assert_eq!(object.text("b"), None);
        assert!(object.get("z").is_none());
    }

    #[test]
    fn what_parsers_read_differently_is_refused() {
        for text in [
            "",
            "[]",
            "1",
            "\"a\"",
            "{}{}",
            "{} x",
            "{\"a\":1,}",
            "{'a':1}",
            "{\"a\":1,\"a\":1}",
            "{\"a\":1,\"\\u0061\":2}",
            "{\"a\":\"\\ud800\"}",
            "\u{feff}{}",
            "{\"a\":01}",
            "{\"a\":NaN}",
        ] {
            assert!(Object::parse(text.as_bytes()).is_none(), "{text}");
        }
        assert!(Object::parse(b"{\"a\":\"\xff\"}").is_none());
        let many: Vec<_> = (0..65).map(|n| format!("\"{n}\":{n}")).collect();
        assert!(Object::parse(format!("{{{}}}", many.join(",")).as_bytes()).is_none());
        assert!(Object::parse(format!("{{{}}}", many[1..].join(",")).as_bytes()).is_some());
        assert!(Object::parse("{\"a\":".repeat(100_000).as_bytes()).is_none());
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), text in "[{}\\[\\]\",:a0-9u\\\\]{0,60}") {
            let _ = Object::parse(&bytes);
            let _ = Object::parse(text.as_bytes());
        }
    }
}
