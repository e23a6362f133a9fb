//! Fields of a JSON body, read without building the document.
//!
//! The body is a stranger's until its signature is verified, so that a document is checked once
//! from end to end and then only searched: nothing is allocated but the text of a string that has
//! escapes in it. A member that is searched for and stands there twice is refused, because readers
//! differ in which one they take.

use std::borrow::Cow;

/// How deep arrays and objects may lie in one another.
const MAX_DEPTH: usize = 64;

/// A value of a well-formed document ([RFC 8259](https://www.rfc-editor.org/rfc/rfc8259)).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Json<'a>(&'a str);

/// A member that stands in its object several times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Repeated;

impl<'a> Json<'a> {
    /// The document; `None` where the text is none, or deeper than is looked at.
    pub(crate) fn parse(text: &'a [u8]) -> Option<Self> {
        let text = std::str::from_utf8(text).ok()?;
        let mut cursor = Cursor(text);
        cursor.space();
        let value = cursor.value(MAX_DEPTH)?;
        cursor.space();
        cursor.0.is_empty().then_some(Self(value))
    }

    /// The member of this name; `None` where this is no object, or has none.
    pub(crate) fn member(self, name: &str) -> Result<Option<Self>, Repeated> {
        let mut found = None;
        let Some(mut cursor) = self.inside('{') else {
            return Ok(None);
        };
        while let Some((key, value)) = cursor.pair() {
            if unescaped(key).is_some_and(|key| key == name) && found.replace(value).is_some() {
                return Err(Repeated);
            }
        }
        Ok(found)
    }

    /// The value at the end of a path of members.
    pub(crate) fn at(self, path: &[&str]) -> Result<Option<Self>, Repeated> {
        let mut value = Some(self);
        for name in path {
            value = match value {
                Some(object) => object.member(name)?,
                None => None,
            };
        }
        Ok(value)
    }

    /// The names, as they are written, and values of an object; `None` where this is none.
    #[cfg(feature = "public-key")]
    pub(crate) fn members(self) -> Option<impl Iterator<Item = (Self, Self)>> {
        let mut cursor = self.inside('{')?;
        Some(std::iter::from_fn(move || {
            cursor.pair().map(|(name, value)| (Self(name), value))
        }))
    }

    /// The values of an array; `None` where this is none.
    pub(crate) fn items(self) -> Option<impl Iterator<Item = Self>> {
        let mut cursor = self.inside('[')?;
        Some(std::iter::from_fn(move || cursor.item()))
    }

    /// This object's text with the member at the end of a path set to `value`, which is JSON. Objects
    /// on the way that are missing are made; what is not on the way stays as it is written. `None`
    /// where a member on the way stands there twice, or is no object.
    pub(crate) fn with(self, path: &[&str], value: &str) -> Option<String> {
        let (name, deeper) = path.split_first()?;
        let mut cursor = self.inside('{')?;
        let mut place = None;
        while let Some((key, old)) = cursor.pair() {
            if unescaped(key).is_some_and(|key| key == *name) {
                let end = self.0.len().checked_sub(cursor.0.len())?;
                let start = end.checked_sub(old.0.len())?;
                if place.replace((start, end, old)).is_some() {
                    return None;
                }
            }
        }
        let (_, _, old) = place.unwrap_or((0, 0, Self("{}")));
        let new = match deeper {
            [] => value.to_owned(),
            deeper => old.with(deeper, value)?,
        };
        let Some((start, end, _)) = place else {
            let rest = self.0.strip_prefix('{')?;
            let comma = match rest.trim_start_matches([' ', '\t', '\n', '\r']) {
                "}" => "",
                _ => ",",
            };
            return Some(format!("{{{}:{new}{comma}{rest}", quoted(name)));
        };
        let (front, back) = (self.0.get(..start)?, self.0.get(end..)?);
        Some([front, &new, back].concat())
    }

    /// The text of a string.
    pub(crate) fn text(self) -> Option<Cow<'a, str>> {
        unescaped(self.0)
    }

    /// The text of a string, or of a number, `true` or `false` as it is written.
    pub(crate) fn scalar(self) -> Option<Cow<'a, str>> {
        match self.0.as_bytes().first()? {
            b'"' => self.text(),
            b'{' | b'[' | b'n' => None,
            _ => Some(Cow::Borrowed(self.0)),
        }
    }

    #[cfg(feature = "public-key")]
    pub(crate) fn is_text(self) -> bool {
        self.0.starts_with('"')
    }

    #[cfg(feature = "public-key")]
    pub(crate) fn is_null(self) -> bool {
        self.0 == "null"
    }

    fn inside(self, open: char) -> Option<Cursor<'a>> {
        self.0.strip_prefix(open).map(Cursor)
    }
}

/// What of a text is still to be read.
struct Cursor<'a>(&'a str);

impl<'a> Cursor<'a> {
    fn space(&mut self) {
        self.0 = self.0.trim_start_matches([' ', '\t', '\n', '\r']);
    }

    fn take(&mut self, text: &str) -> Option<()> {
        self.0 = self.0.strip_prefix(text)?;
        Some(())
    }

    /// Reads something, and returns its text.
    fn span(&mut self, read: impl FnOnce(&mut Self) -> Option<()>) -> Option<&'a str> {
        let before = self.0;
        read(self)?;
        before.get(..before.len() - self.0.len())
    }

    fn value(&mut self, depth: usize) -> Option<&'a str> {
        self.span(|cursor| match cursor.0.as_bytes().first()? {
            b'{' => cursor.list(depth, '{', '}'),
            b'[' => cursor.list(depth, '[', ']'),
            b'"' => cursor.string().map(|_| ()),
            b't' => cursor.take("true"),
            b'f' => cursor.take("false"),
            b'n' => cursor.take("null"),
            _ => cursor.number(),
        })
    }

    /// Reads an array, or an object, which is a list whose items have names.
    fn list(&mut self, depth: usize, open: char, close: char) -> Option<()> {
        let depth = depth.checked_sub(1)?;
        self.0 = self.0.strip_prefix(open)?;
        self.space();
        if let Some(rest) = self.0.strip_prefix(close) {
            self.0 = rest;
            return Some(());
        }
        loop {
            if open == '{' {
                self.string()?;
                self.space();
                self.take(":")?;
                self.space();
            }
            self.value(depth)?;
            self.space();
            if let Some(rest) = self.0.strip_prefix(close) {
                self.0 = rest;
                return Some(());
            }
            self.take(",")?;
            self.space();
        }
    }

    /// Reads a string with its quotes.
    fn string(&mut self) -> Option<&'a str> {
        self.span(|cursor| {
            cursor.take("\"")?;
            loop {
                let end = cursor
                    .0
                    .find(|char| matches!(char, '"' | '\\' | '\0'..='\x1f'))?;
                let (_, rest) = cursor.0.split_at_checked(end)?;
                cursor.0 = rest;
                if cursor.take("\"").is_some() {
                    return Some(());
                }
                cursor.take("\\")?;
                let escape = cursor.0.chars().next()?;
                cursor.0 = cursor.0.strip_prefix(escape)?;
                match escape {
                    '"' | '\\' | '/' | 'b' | 'f' | 'n' | 'r' | 't' => {}
                    'u' => {
                        let (digits, rest) = cursor.0.split_at_checked(4)?;
                        unit(digits)?;
                        cursor.0 = rest;
                    }
                    _ => return None,
                }
            }
        })
    }

    fn number(&mut self) -> Option<()> {
        let _ = self.take("-");
        if self.take("0").is_none() {
            self.digits()?;
        }
        if self.take(".").is_some() {
            self.digits()?;
        }
        if self.take("e").or_else(|| self.take("E")).is_some() {
            let _ = self.take("+").or_else(|| self.take("-"));
            self.digits()?;
        }
        Some(())
    }

    fn digits(&mut self) -> Option<()> {
        let rest = self
            .0
            .trim_start_matches(|char: char| char.is_ascii_digit());
        let some = rest.len() < self.0.len();
        self.0 = rest;
        some.then_some(())
    }

    /// The next member of an object that is well-formed.
    fn pair(&mut self) -> Option<(&'a str, Json<'a>)> {
        self.separator();
        let key = self.string()?;
        self.space();
        self.take(":")?;
        self.space();
        let value = self.value(MAX_DEPTH)?;
        Some((key, Json(value)))
    }

    /// The next value of an array that is well-formed.
    fn item(&mut self) -> Option<Json<'a>> {
        self.separator();
        self.value(MAX_DEPTH).map(Json)
    }

    fn separator(&mut self) {
        self.space();
        let _ = self.take(",");
        self.space();
    }
}

fn unit(digits: &str) -> Option<u16> {
    let all = digits.len() == 4 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    all.then(|| u16::from_str_radix(digits, 16).ok())?
}

/// What a string with its quotes says; `None` where it is no string, or half a surrogate pair.
fn unescaped(quoted: &str) -> Option<Cow<'_, str>> {
    let text = quoted.strip_prefix('"')?.strip_suffix('"')?;
    if !text.contains('\\') {
        return Some(Cow::Borrowed(text));
    }
    let mut units = Vec::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(char) = chars.next() {
        if char != '\\' {
            units.extend_from_slice(char.encode_utf16(&mut [0; 2]));
            continue;
        }
        units.push(match chars.next()? {
            'b' => 8,
            'f' => 12,
            'n' => 10,
            'r' => 13,
            't' => 9,
            'u' => {
                let (digits, rest) = chars.as_str().split_at_checked(4)?;
                chars = rest.chars();
                unit(digits)?
            }
            char => u16::try_from(u32::from(char)).ok()?,
        });
    }
    String::from_utf16(&units).ok().map(Cow::Owned)
}

/// The string as `JSON.stringify` writes it, with its quotes.
pub(crate) fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for char in text.chars() {
        match char {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\u{8}' => quoted.push_str("\\b"),
            '\u{c}' => quoted.push_str("\\f"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            '\0'..='\x1f' => {
                let code = u32::from(char);
                quoted.push_str("\\u00");
                quoted.extend(
                    [code >> 4, code & 15].map(|digit| char::from_digit(digit, 16).unwrap_or('0')),
                );
            }
            char => quoted.push(char),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::{Json, Repeated, quoted};

    fn at<'a>(text: &'a str, path: &[&str]) -> Option<std::borrow::Cow<'a, str>> {
        Json::parse(text.as_bytes())
            .unwrap()
            .at(path)
            .unwrap()?
            .scalar()
    }

    #[test]
    fn fields_are_found() {
        let text = r#" { "a" : { "b\u0021" : "x\n\u00e9\ud83d\ude00\/" , "n":-1.50e+2, "t":true } ,"l":[ 1 , [2] ,"3"], "z":null } "#;
        assert_eq!(at(text, &["a", "b!"]).unwrap(), "x\né😀/");
        assert_eq!(at(text, &["a", "n"]).unwrap(), "-1.50e+2");
        assert_eq!(at(text, &["a", "t"]).unwrap(), "true");
        for path in [
            &["z"][..],
            &["a"],
            &["l"],
            &["a", "c"],
            &["a", "n", "x"],
            &["q", "r"],
        ] {
            assert_eq!(at(text, path), None, "{path:?}");
        }
        let list = Json::parse(text.as_bytes())
            .unwrap()
            .at(&["l"])
            .unwrap()
            .unwrap();
        let items: Vec<_> = list.items().unwrap().map(Json::scalar).collect();
        assert_eq!(items, [Some("1".into()), None, Some("3".into())]);
        assert_eq!(Json::parse(b"[]").unwrap().items().unwrap().count(), 0);
        assert!(Json::parse(b"{}").unwrap().items().is_none());
    }

    #[test]
    fn a_repeated_member_is_refused_where_it_matters() {
        let json = Json::parse(br#"{"a":1,"b":2,"\u0061":1}"#).unwrap();
        assert_eq!(json.member("a").unwrap_err(), Repeated);
        assert!(json.member("b").unwrap().is_some());
    }

    #[test]
    fn members_are_set_and_the_rest_stays_as_it_is_written() {
        let set = |text: &str, path: &[&str]| {
            let json = Json::parse(text.as_bytes()).unwrap();
            json.with(path, "1")
        };
        for (text, path, expected) in [
            ("{}", &["a"][..], "{\"a\":1}"),
            ("{ }", &["a"], "{\"a\":1 }"),
            ("{\"b\" : 2 }", &["a"], "{\"a\":1,\"b\" : 2 }"),
            (
                " {\"\\u0061\" : [2] , \"b\":3} ",
                &["a"],
                "{\"\\u0061\" : 1 , \"b\":3}",
            ),
            ("{\"a\":{\"b\":2}}", &["a", "b"], "{\"a\":{\"b\":1}}"),
            ("{\"a\":{}}", &["a", "b", "c"], "{\"a\":{\"b\":{\"c\":1}}}"),
        ] {
            assert_eq!(set(text, path).as_deref(), Some(expected), "{text}");
        }
        assert_eq!(set("{\"a\":1,\"a\":2}", &["a"]), None);
        assert_eq!(set("{\"a\":null}", &["a", "b"]), None);
        assert_eq!(set("[]", &["a"]), None);
    }

    #[test]
    fn half_a_pair_is_no_text() {
        assert_eq!(at(r#"{"a":"\ud83d"}"#, &["a"]), None);
    }

    #[test]
    fn an_escaped_unit_has_four_digits_and_no_sign() {
        assert!(Json::parse(br#""\u0041""#).is_some());
        for wrong in [r#""\u+041""#, r#""\u-041""#, r#""\u041""#, r#""\u00g1""#] {
            assert!(Json::parse(wrong.as_bytes()).is_none(), "{wrong}");
        }
    }

    #[test]
    fn depth_is_bounded() {
        let deep = |n: usize| "[".repeat(n) + &"]".repeat(n);
        assert!(Json::parse(deep(64).as_bytes()).is_some());
        assert!(Json::parse(deep(65).as_bytes()).is_none());
        assert!(Json::parse("[".repeat(1_000_000).as_bytes()).is_none());
    }

    fn document() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            ".{0,8}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 5, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                proptest::collection::hash_map("[ab\"\\\\é]{0,3}", inner, 0..5)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    fn same(json: Json<'_>, value: &Value) {
        match value {
            Value::Null => assert!(json.scalar().is_none()),
            Value::Bool(bool) => assert_eq!(json.scalar().unwrap(), bool.to_string()),
            Value::Number(number) => assert_eq!(json.scalar().unwrap(), number.to_string()),
            Value::String(text) => assert_eq!(json.text().unwrap(), *text),
            Value::Array(values) => {
                let items: Vec<_> = json.items().unwrap().collect();
                assert_eq!(items.len(), values.len());
                items
                    .iter()
                    .zip(values)
                    .for_each(|(item, value)| same(*item, value));
            }
            Value::Object(members) => {
                for (name, value) in members {
                    same(json.member(name).unwrap().unwrap(), value);
                }
            }
        }
    }

    proptest! {
        #[test]
        fn documents_are_read_as_others_read_them(value in document(), pretty: bool) {
            let text = if pretty {
                serde_json::to_string_pretty(&value).unwrap()
            } else {
                value.to_string()
            };
            same(Json::parse(text.as_bytes()).unwrap(), &value);
        }

        #[test]
        fn what_others_refuse_is_refused(text in "[\\[\\]{}\",:0-9eE+.\\\\u tfn-]{0,12}") {
            let theirs = serde_json::from_str::<Value>(&text);
            // Theirs also refuses numbers and surrogates that have no value.
            if theirs.is_ok() {
                prop_assert!(Json::parse(text.as_bytes()).is_some(), "{text}");
            } else if Json::parse(text.as_bytes()).is_some() {
                let why = theirs.unwrap_err().to_string();
                let known = ["out of range", "surrogate", "hex escape"];
                prop_assert!(known.iter().any(|known| why.contains(known)), "{text}: {why}");
            }
        }

        #[test]
        fn no_bytes_panic(text in proptest::collection::vec(any::<u8>(), 0..60)) {
            if let Some(json) = Json::parse(&text) {
                let _ = (json.member("a").is_ok(), json.scalar(), json.items().map(Iterator::count));
            }
        }

        #[test]
        fn strings_are_written_as_others_write_them(text in ".{0,20}|[\\x00-\\x7f]{0,20}") {
            prop_assert_eq!(quoted(&text), serde_json::to_string(&text).unwrap());
        }
    }
}
