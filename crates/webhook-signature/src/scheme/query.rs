//! Queries and forms: `name=value` pairs between `&`.

use std::borrow::Cow;

/// The most pairs that are looked at.
const MAX_PAIRS: usize = 1024;

/// Decoded names and values.
pub(crate) type Pairs = Vec<(Vec<u8>, Vec<u8>)>;

/// A parameter stands there several times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Repeated;

/// The only value of the parameter `name` as it was sent, not decoded. A name is the same however
/// it is escaped.
pub(crate) fn only<'q>(query: &'q str, name: &str) -> Result<Option<&'q str>, Repeated> {
    let mut values = query.split('&').filter_map(|pair| {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        let is_ours = decode(key).is_some_and(|key| *key == *name.as_bytes());
        is_ours.then_some(value)
    });
    let value = values.next();
    match values.next() {
        Some(_) => Err(Repeated),
        None => Ok(value),
    }
}

/// The decoded pairs of a query or a form, in their order.
///
/// `None` where there are too many of them, or an escape is none.
pub(crate) fn pairs(text: &[u8]) -> Option<Pairs> {
    let pairs = text
        .split(|&byte| byte == b'&')
        .filter(|pair| !pair.is_empty());
    let mut decoded = Vec::new();
    for pair in pairs {
        if decoded.len() == MAX_PAIRS {
            return None;
        }
        let at = pair.iter().position(|&byte| byte == b'=');
        let (key, value) = pair.split_at_checked(at.unwrap_or(pair.len()))?;
        let value = value.strip_prefix(b"=").unwrap_or(value);
        decoded.push((bytes(key)?.into_owned(), bytes(value)?.into_owned()));
    }
    Some(decoded)
}

/// The bytes that a piece of a URL escapes, with `+` for itself. `None` where an escape is none.
pub(crate) fn unescaped(text: &str) -> Option<Vec<u8>> {
    let text = text.replace('+', "%2B");
    bytes(text.as_bytes()).map(Cow::into_owned)
}

fn decode(text: &str) -> Option<Cow<'_, [u8]>> {
    bytes(text.as_bytes())
}

/// Takes `+` for a space and `%2B` for what it says. `None` where an escape is none.
fn bytes(text: &[u8]) -> Option<Cow<'_, [u8]>> {
    if !text.iter().any(|byte| matches!(byte, b'+' | b'%')) {
        return Some(Cow::Borrowed(text));
    }
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text.iter();
    while let Some(&byte) = rest.next() {
        decoded.push(match byte {
            b'+' => b' ',
            b'%' => hex(*rest.next()?)? * 16 + hex(*rest.next()?)?,
            byte => byte,
        });
    }
    Some(Cow::Owned(decoded))
}

const fn hex(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

/// A target whose query has the parameter `name` once, at its end, with this text as it is.
pub(crate) fn with(target: &str, name: &str, text: &str) -> String {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    format!("{path}?{}", set(query, name, text))
}

/// A query or form that has the field `name` once, at its end, with this text as it is. The others
/// stay as they are written.
fn set(pairs: &str, name: &str, text: &str) -> String {
    let is_other = |pair: &&str| {
        let key = pair.split_once('=').map_or(*pair, |(key, _)| key);
        !pair.is_empty() && decode(key).is_none_or(|key| *key != *name.as_bytes())
    };
    let others = pairs.split('&').filter(is_other);
    let pairs: Vec<_> = others
        .map(str::to_owned)
        .chain([format!("{}={text}", escaped(name.as_bytes(), UNRESERVED))])
        .collect();
    pairs.join("&")
}

/// A form that has each of these fields once, at its end.
pub(crate) fn with_fields(form: &str, fields: &[(&str, &[u8])]) -> String {
    let set_one =
        |form: String, (name, value): &(&str, &[u8])| set(&form, name, &escaped(value, UNRESERVED));
    fields.iter().fold(form.to_owned(), set_one)
}

/// What no URL escapes, beside letters and digits
/// ([RFC 3986, section 2.3](https://www.rfc-editor.org/rfc/rfc3986#section-2.3)).
const UNRESERVED: &[u8] = b"-._~";

/// Escapes everything but letters, digits and what is `kept`.
pub(crate) fn escaped(text: &[u8], kept: &[u8]) -> String {
    let mut escaped = String::with_capacity(text.len());
    for &byte in text {
        if byte.is_ascii_alphanumeric() || kept.contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            escaped.extend(['%', digit(byte >> 4), digit(byte & 15)]);
        }
    }
    escaped
}

fn digit(value: u8) -> char {
    char::from_digit(u32::from(value), 16).map_or('0', |digit| digit.to_ascii_uppercase())
}

/// The pairs, sorted by name, and values of one name by value.
pub(crate) fn sorted(mut pairs: Pairs) -> Pairs {
    pairs.sort();
    pairs
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{MAX_PAIRS, Repeated, only, pairs, with, with_fields};

    #[test]
    fn one_parameter_is_found() {
        assert_eq!(
            only("a=1&signature=ab%20&b", "signature"),
            Ok(Some("ab%20"))
        );
        assert_eq!(only("data%2Eid=7", "data.id"), Ok(Some("7")));
        assert_eq!(only("b&c", "b"), Ok(Some("")));
        assert_eq!(only("", "b"), Ok(None));
        assert_eq!(only("b=1&%62=1", "b"), Err(Repeated));
    }

    #[test]
    fn pairs_are_decoded() {
        let pair = |key: &str, value: &str| (key.as_bytes().to_vec(), value.as_bytes().to_vec());
        assert_eq!(
            pairs(b"a=1+2&&b%3D=%2b%C3%A9&c&=d=e"),
            Some(vec![
                pair("a", "1 2"),
                pair("b=", "+é"),
                pair("c", ""),
                pair("", "d=e")
            ])
        );
        for text in ["a=%", "a=%4", "a=%zz", "%-1=b"] {
            assert_eq!(pairs(text.as_bytes()), None, "{text}");
        }
        assert!(pairs("a&".repeat(MAX_PAIRS).as_bytes()).is_some());
        assert!(pairs("a&".repeat(MAX_PAIRS + 1).as_bytes()).is_none());
    }

    #[test]
    fn fields_are_set_and_the_rest_stays_as_it_is_written() {
        assert_eq!(with("/a", "s", "x"), "/a?s=x");
        assert_eq!(with("/a?s+%26=1", "s &", "x"), "/a?s%20%26=x");
        assert_eq!(with("/a?b=%20&%73=1&s&c", "s", "x"), "/a?b=%20&c&s=x");
        let fields: [(&str, &[u8]); 2] = [("t", b"1"), ("s", b"a|+=~ \xff")];
        assert_eq!(
            with_fields("a=1&t=0", &fields),
            "a=1&t=1&s=a%7C%2B%3D~%20%FF"
        );
        assert_eq!(with_fields("", &fields[..1]), "t=1");
    }

    proptest! {
        #[test]
        fn a_field_that_was_set_is_read_back(form in "[a-c=&%+5]{0,20}", value: Vec<u8>) {
            let form = with_fields(&form, &[("a", &value)]);
            if let Some(pairs) = pairs(form.as_bytes()) {
                let ours: Vec<_> = pairs.iter().filter(|(name, _)| name == b"a").collect();
                prop_assert_eq!(ours, [&(b"a".to_vec(), value)]);
            }
        }

        #[test]
        fn no_text_panics(text in proptest::collection::vec(any::<u8>(), 0..100)) {
            let _ = pairs(&text);
            let _ = only(&String::from_utf8_lossy(&text), "a");
        }
    }
}
