//! Takes values out of a JSON document, and never leaves one in that was to be taken out.
//!
//! The document is read once and written as it is read. What no pointer leads to is copied to the
//! byte, so that numbers keep their digits; what a pointer leads to is replaced. A name that is there
//! twice is redacted twice.

use std::{cell::Cell, collections::BTreeMap, fmt};

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::{CaptureError, CaptureErrorKind, MAX_POINTERS, Withheld, pointer};

/// What stands in the place of a redacted value.
pub const REDACTED: &str = "[redacted]";

/// The values that are taken out, as a tree of their names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Redaction {
    root: Node,
    pointers: usize,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Node {
    is_redacted: bool,
    children: BTreeMap<String, Node>,
}

impl Redaction {
    pub(super) fn add(&mut self, pointer: &str) -> Result<(), CaptureError> {
        if self.pointers == MAX_POINTERS {
            let what = format!("more than {MAX_POINTERS} pointers: redact what is above them");
            return Err(CaptureError::new(CaptureErrorKind::TooManyPointers, what));
        }
        let mut node = &mut self.root;
        for token in pointer::parse(pointer)? {
            node = node.children.entry(token).or_default();
        }
        node.is_redacted = true;
        self.pointers += 1;
        Ok(())
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.pointers == 0
    }

    /// The document without what is redacted; withheld where that cannot be told for certain.
    pub(super) fn apply(&self, document: &[u8]) -> Result<Vec<u8>, Withheld> {
        let is_misfit = Cell::new(false);
        let mut written = Vec::with_capacity(document.len());
        let mut reader = serde_json::Deserializer::from_slice(document);
        let walk = Walk {
            node: &self.root,
            written: &mut written,
            is_misfit: &is_misfit,
        };
        let read = walk.deserialize(&mut reader).and_then(|()| reader.end());
        match read {
            Ok(()) => Ok(written),
            Err(_) if is_misfit.get() => Err(Withheld::Misfit),
            Err(_) => Err(Withheld::NotJson),
        }
    }
}

/// Writes one value: replaced, or with what is in it.
struct Walk<'a> {
    node: &'a Node,
    written: &'a mut Vec<u8>,
    is_misfit: &'a Cell<bool>,
}

impl Walk<'_> {
    fn below<'a>(&'a mut self, node: &'a Node) -> Walk<'a> {
        Walk {
            node,
            written: self.written,
            is_misfit: self.is_misfit,
        }
    }

    /// A pointer leads into a value that has no such inside: the document is of another shape than
    /// whoever wrote the pointer thought, and what was meant may be anywhere.
    fn misfit<E: serde::de::Error>(&self) -> E {
        self.is_misfit.set(true);
        E::custom("a pointer leads into a value without members")
    }
}

impl<'de> DeserializeSeed<'de> for Walk<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<(), D::Error> {
        if self.node.is_redacted {
            let _taken_out: IgnoredAny = serde::Deserialize::deserialize(reader)?;
            return write_text(REDACTED, self.written);
        }
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Walk<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object or an array that the pointers fit")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut members: A) -> Result<(), A::Error> {
        let node = self.node;
        let mut open = b'{';
        while let Some(name) = members.next_key::<String>()? {
            self.written.push(open);
            open = b',';
            write_text(&name, self.written)?;
            self.written.push(b':');
            match node.children.get(&name) {
                Some(child) => members.next_value_seed(self.below(child))?,
                None => write_raw(members.next_value()?, self.written),
            }
        }
        close(open, *b"{}", self.written);
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut elements: A) -> Result<(), A::Error> {
        let node = self.node;
        let mut places = BTreeMap::new();
        for (token, child) in &node.children {
            let place = pointer::index(token).ok_or_else(|| self.misfit())?;
            places.insert(place, child);
        }
        let mut open = b'[';
        for place in 0.. {
            let mark = self.written.len();
            self.written.push(open);
            let is_there = match places.get(&place) {
                Some(child) => elements.next_element_seed(self.below(child))?.is_some(),
                None => match elements.next_element()? {
                    Some(raw) => {
                        write_raw(raw, self.written);
                        true
                    }
                    None => false,
                },
            };
            if !is_there {
                self.written.truncate(mark);
                break;
            }
            open = b',';
        }
        close(open, *b"[]", self.written);
        Ok(())
    }

    /// `null` holds nothing to redact.
    fn visit_unit<E: serde::de::Error>(self) -> Result<(), E> {
        self.written.extend_from_slice(b"null");
        Ok(())
    }

    fn visit_bool<E: serde::de::Error>(self, _: bool) -> Result<(), E> {
        Err(self.misfit())
    }

    fn visit_i64<E: serde::de::Error>(self, _: i64) -> Result<(), E> {
        Err(self.misfit())
    }

    fn visit_u64<E: serde::de::Error>(self, _: u64) -> Result<(), E> {
        Err(self.misfit())
    }

    fn visit_f64<E: serde::de::Error>(self, _: f64) -> Result<(), E> {
        Err(self.misfit())
    }

    fn visit_str<E: serde::de::Error>(self, _: &str) -> Result<(), E> {
        Err(self.misfit())
    }
}

fn write_text<E: serde::de::Error>(text: &str, written: &mut Vec<u8>) -> Result<(), E> {
    serde_json::to_writer(written, text).map_err(E::custom)
}

fn write_raw(raw: &RawValue, written: &mut Vec<u8>) {
    written.extend_from_slice(raw.get().as_bytes());
}

/// Ends an object or an array; one without members was not begun.
fn close(open: u8, [begin, end]: [u8; 2], written: &mut Vec<u8>) {
    if open == begin {
        written.push(begin);
    }
    written.push(end);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::{REDACTED, Redaction};
    use crate::capture::Withheld;

    fn redact(pointers: &[&str], document: &str) -> Result<String, Withheld> {
        let mut redaction = Redaction::default();
        for pointer in pointers {
            redaction.add(pointer).unwrap();
        }
        let written = redaction.apply(document.as_bytes())?;
        Ok(String::from_utf8(written).unwrap())
    }

    #[test]
    fn what_a_pointer_leads_to_is_replaced_and_the_rest_is_kept_to_the_byte() {
        let document =
            r#" { "a" : {"b": "secret", "c":1e400, "d":0.10 } , "e" : [ 1, {"f":"x"} ,3] } "#;
        let redacted = redact(&["/a/b", "/e/1/f", "/missing/too", "/a/no"], document).unwrap();
        assert_eq!(
            redacted,
            r#"{"a":{"b":"[redacted]","c":1e400,"d":0.10},"e":[1,{"f":"[redacted]"},3]}"#
        );
        assert_eq!(redact(&["/a"], "{}").unwrap(), "{}");
        assert_eq!(redact(&["/0"], "[]").unwrap(), "[]");
        assert_eq!(redact(&["/a/b"], r#"{"a":null}"#).unwrap(), r#"{"a":null}"#);
        assert_eq!(
            redact(&["/a", "/a/b"], r#"{"a":[7]}"#).unwrap(),
            r#"{"a":"[redacted]"}"#
        );
        assert_eq!(redact(&[""], "[7]").unwrap(), r#""[redacted]""#);
    }

    #[test]
    fn a_name_is_found_however_and_however_often_it_is_written() {
        let document = r#"{"a":"one","\u0061":"two","a~/":"three","a":{"b":"four"}}"#;
        let redacted = redact(&["/a", "/a~0~1"], document).unwrap();
        for secret in ["one", "two", "three", "four"] {
            assert!(!redacted.contains(secret), "{redacted}");
        }
    }

    #[test]
    fn what_cannot_be_redacted_for_certain_is_withheld() {
        for (pointer, document) in [
            ("/user/email", r#"{"user":"ann@example.com"}"#),
            ("/user/email", r#"{"user":4711}"#),
            ("/user/email", r#"{"user":-4711}"#),
            ("/user/email", r#"{"user":47.11}"#),
            ("/user/email", r#"{"user":true}"#),
            ("/user/email", r#"{"user":[{"email":"ann@example.com"}]}"#),
            ("/user/00", r#"{"user":["ann@example.com"]}"#),
            ("/user/-", r#"{"user":["ann@example.com"]}"#),
            ("/user", r#""ann@example.com""#),
        ] {
            assert_eq!(
                redact(&[pointer], document),
                Err(Withheld::Misfit),
                "{document}"
            );
        }
        for document in [
            "",
            "user=ann",
            "{\"user\":\"ann\"",
            "{} {}",
            "{}x",
            "\u{feff}{}",
            "{\"user\":\"ann\",}",
            "{'user':'ann'}",
        ] {
            assert_eq!(
                redact(&["/user"], document),
                Err(Withheld::NotJson),
                "{document}"
            );
        }
        // Not UTF-8, though what is around it is JSON.
        let mut redaction = Redaction::default();
        redaction.add("/a").unwrap();
        let document = b"{\"a\":1,\"b\":\"\xff\"}";
        assert_eq!(redaction.apply(document), Err(Withheld::NotJson));
        let deep = format!("{{\"a\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(
            redaction.apply(deep.as_bytes()).unwrap(),
            br#"{"a":"[redacted]"}"#
        );
    }

    fn document() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            ".{0,4}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 4, |inner| {
            let name = prop_oneof!["[ab/~0]", Just(String::from("0")), Just(String::from("1"))];
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                proptest::collection::vec((name, inner), 0..4)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    fn pointers() -> impl Strategy<Value = Vec<String>> {
        let token = prop_oneof![
            Just("a"),
            Just("b"),
            Just("~0"),
            Just("~1"),
            Just("0"),
            Just("1")
        ];
        let pointer = proptest::collection::vec(token, 0..4)
            .prop_map(|tokens| tokens.iter().flat_map(|token| ["/", token]).collect());
        proptest::collection::vec(pointer, 1..4)
    }

    proptest! {
        /// The judge is `serde_json`'s own reading of pointers.
        #[test]
        fn a_document_is_redacted_as_its_pointers_say_or_withheld(
            document in document(),
            pointers in pointers(),
        ) {
            let mut redaction = Redaction::default();
            let mut expected = document.clone();
            for pointer in &pointers {
                redaction.add(pointer).unwrap();
                if let Some(value) = expected.pointer_mut(pointer) {
                    *value = REDACTED.into();
                }
            }
            match redaction.apply(document.to_string().as_bytes()) {
                Ok(redacted) => {
                    let redacted: Value = serde_json::from_slice(&redacted).unwrap();
                    prop_assert_eq!(redacted, expected);
                }
                Err(why) => prop_assert_eq!(why, Withheld::Misfit),
            }
        }

        #[test]
        fn any_bytes_are_redacted_or_withheld(bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
            let mut redaction = Redaction::default();
            redaction.add("/a").unwrap();
            if let Ok(written) = redaction.apply(&bytes) {
                let is_json = serde_json::from_slice::<Value>(&written).is_ok();
                prop_assert!(is_json);
            }
        }
    }
}
