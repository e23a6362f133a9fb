//! One JSON object, read strictly: what two parsers could read differently is refused.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};

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
        serde_json::from_slice(bytes).ok()
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

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Members)
    }
}

struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Object;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object, A::Error> {
        let mut members: Vec<(String, Member)> = Vec::new();
        while let Some(name) = map.next_key::<String>()? {
            if members.len() == MAX_MEMBERS || members.iter().any(|(other, _)| *other == name) {
                return Err(A::Error::custom("a member too many"));
            }
            members.push((name, map.next_value()?));
        }
        Ok(Object(members))
    }
}

impl<'de> Deserialize<'de> for Member {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Value)
    }
}

struct Value;

impl<'de> Visitor<'de> for Value {
    type Value = Member;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Member, E> {
        Ok(Member::Null)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Member, E> {
        Ok(Member::Flag(flag))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Member, E> {
        Ok(Member::Number(number))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Member, E> {
        Ok(i64::try_from(number).map_or(Member::Other, Member::Number))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Member, E> {
        Ok(Member::Other)
    }

    fn visit_str<E>(self, text: &str) -> Result<Member, E> {
        Ok(Member::Text(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Member, E> {
        Ok(Member::Text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Member, A::Error> {
        let mut texts = Vec::new();
        let mut only_texts = true;
        while let Some(value) = list.next_element::<Element>()? {
            match value {
                Element::Text(text) if texts.len() < MAX_MEMBERS => texts.push(text),
                _ => only_texts = false,
            }
        }
        Ok(if only_texts {
            Member::Texts(texts)
        } else {
            Member::Other
        })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Member, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Member::Other)
    }
}

/// An element of a list.
enum Element {
    Text(String),
    Other,
}

impl<'de> Deserialize<'de> for Element {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // A list in a list is skipped without being kept.
        deserializer.deserialize_any(ElementVisitor)
    }
}

struct ElementVisitor;

impl<'de> Visitor<'de> for ElementVisitor {
    type Value = Element;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_str<E>(self, text: &str) -> Result<Element, E> {
        Ok(Element::Text(text.to_owned()))
    }

    fn visit_unit<E>(self) -> Result<Element, E> {
        Ok(Element::Other)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Element, E> {
        Ok(Element::Other)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Element, E> {
        Ok(Element::Other)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Element, E> {
        Ok(Element::Other)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Element, E> {
        Ok(Element::Other)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Element, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Element::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Element, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Element::Other)
    }
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
