//! The readers of JSON, forms and multipart that look into bodies, against other readers.

use serde_json::{Map, Number, Value};
use webhook_signature::fuzzing::{self, Document};

use crate::support::{Input, planted, reached};

/// As the other reader has it, where a member that stands there twice counts by its last value.
/// `None` where there is text that is none.
fn value(document: &Document) -> Option<Value> {
    Some(match document {
        Document::Null => Value::Null,
        Document::Word(word) if word == "true" => Value::Bool(true),
        Document::Word(word) if word == "false" => Value::Bool(false),
        Document::Word(word) => Value::Number(serde_json::from_str::<Number>(word).ok()?),
        Document::Text(text) => Value::String(text.clone()?),
        Document::List(items) => Value::Array(items.iter().map(value).collect::<Option<_>>()?),
        Document::Object(members) => {
            let mut map = Map::new();
            for (name, member) in members {
                map.insert(name.clone()?, value(member)?);
            }
            Value::Object(map)
        }
    })
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or_default(),
        Value::Object(members) => 1 + members.values().map(depth).max().unwrap_or_default(),
        _ => 0,
    }
}

fn has_twice(document: &Document) -> bool {
    let Document::Object(members) = document else {
        return false;
    };
    let mut names: Vec<_> = members.iter().map(|(name, _)| name).collect();
    names.sort();
    names.windows(2).any(|pair| pair[0] == pair[1])
}

fn json(text: &[u8]) {
    let ours = fuzzing::json(text);
    let theirs: Result<Value, _> = serde_json::from_slice(text);
    let is_object = fuzzing::is_object(text);
    match (&ours, theirs) {
        (Some(document), Ok(theirs)) => {
            assert_eq!(value(document).as_ref(), Some(&theirs));
            if depth(&theirs) > 3 {
                reached("a document of some depth");
            }
            if is_object {
                assert!(theirs.is_object() && !has_twice(document));
                reached("a strict object");
            }
            if has_twice(document) {
                reached("a member that stands there twice");
            }
        }
        (None, Err(_)) => assert!(!is_object),
        // It nests deeper than ours goes.
        (None, Ok(theirs)) => assert!(depth(&theirs) > 64 || planted(1), "{theirs}"),
        // Ours reads no numbers, and text only where it is asked for.
        (Some(document), Err(why)) => {
            let why = why.to_string();
            let known = ["out of range", "surrogate", "hex escape"]
                .iter()
                .any(|known| why.contains(known));
            assert!(known, "{why}: {:?}", String::from_utf8_lossy(text));
            assert!(value(document).is_none());
        }
    }
    assert!(
        !(planted(1)
            && ours
                .is_some_and(|ours| matches!(ours, Document::Word(word) if word.contains("E+"))))
    );
    let Some(written) = fuzzing::json_with(text, &["a", "b"], "[1]") else {
        return;
    };
    let before: Value = match serde_json::from_slice(text) {
        Ok(before) => before,
        Err(_) => return,
    };
    let after: Value =
        serde_json::from_str(&written).unwrap_or_else(|error| panic!("{error}: {written}"));
    let mut expected = before;
    expected["a"]["b"] = serde_json::json!([1]);
    assert_eq!(after, expected);
    reached("a member that is set");
}

/// One field of a multipart body, by taking the whole apart.
fn field(body: &[u8], boundary: &str, name: &str) -> Option<Vec<u8>> {
    let text: String = ["\r\n".as_bytes(), body]
        .concat()
        .iter()
        .map(|byte| char::from(*byte))
        .collect();
    let delimiter = format!("\r\n--{boundary}");
    let mut pieces = text.split(&delimiter);
    if pieces.next() != Some("") {
        return None;
    }
    let mut found = Vec::new();
    let all: Vec<_> = pieces.collect();
    let end = all.iter().position(|piece| piece.starts_with("--"))?;
    if end >= 256 {
        return None;
    }
    for piece in &all[..end] {
        let (head, content) = piece.strip_prefix("\r\n")?.split_once("\r\n\r\n")?;
        let bytes: Vec<u8> = head
            .chars()
            .map(|char| u8::try_from(char).expect("a byte"))
            .collect();
        String::from_utf8(bytes).ok()?;
        let lines = head.split("\r\n").filter_map(|line| line.split_once(':'));
        let dispositions: Vec<_> = lines
            .filter(|(name, _)| name.eq_ignore_ascii_case("content-disposition"))
            .collect();
        let [(_, value)] = dispositions[..] else {
            return None;
        };
        let (own, _) = value.split_once(" name=\"")?.1.split_once('"')?;
        if own == name {
            found.push(
                content
                    .chars()
                    .map(|char| u8::try_from(char).expect("a byte"))
                    .collect(),
            );
        }
    }
    if found.len() == 1 || (planted(2) && !found.is_empty()) {
        found.pop()
    } else {
        None
    }
}

fn multipart(text: &[u8]) {
    for (boundary, name) in [("x", "a"), ("x y", "json"), ("--", "a")] {
        let ours = fuzzing::multipart_field(text, boundary, name);
        assert_eq!(
            ours,
            field(text, boundary, name).as_deref(),
            "{boundary} {name}"
        );
        if ours.is_some_and(|field| !field.is_empty()) {
            reached("a field of a multipart body");
        }
    }
}

/// The fields of a form, by replacing one thing after the other.
fn fields(body: &[u8]) -> Option<Vec<(String, String)>> {
    let mut all: Vec<(String, String)> = Vec::new();
    for pair in body
        .split(|byte| *byte == b'&')
        .filter(|pair| !pair.is_empty())
    {
        let mut halves = pair.splitn(2, |byte| *byte == b'=');
        let mut next = || -> Option<String> {
            let half = halves.next().unwrap_or_default();
            let spaced: Vec<u8> = half
                .iter()
                .map(|byte| if *byte == b'+' { b' ' } else { *byte })
                .collect();
            let mut pieces = spaced.split(|byte| *byte == b'%');
            let mut bytes = pieces.next().unwrap_or_default().to_vec();
            for piece in pieces {
                let digits = std::str::from_utf8(piece.get(..2)?).ok()?;
                let is_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
                bytes.push(u8::from_str_radix(digits, 16).ok().filter(|_| is_hex)?);
                bytes.extend_from_slice(&piece[2..]);
            }
            String::from_utf8(bytes).ok()
        };
        let (name, value) = (next()?, next()?);
        if all.iter().any(|(other, _)| *other == name) || all.len() == 256 {
            return None;
        }
        all.push((name, value));
    }
    Some(all)
}

fn form(text: &[u8]) {
    let ours = fuzzing::form_fields(text);
    assert_eq!(ours, fields(text));
    if ours.is_some_and(|fields| fields.len() > 1) {
        reached("a form of several fields");
    }
}

pub fn run(data: &[u8]) {
    let mut input = Input::new(data, 1);
    match input.byte() % 4 {
        0 | 1 => json(input.text),
        2 => multipart(input.text),
        _ => form(input.text),
    }
}
