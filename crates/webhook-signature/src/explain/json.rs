//! The same JSON, written in the ways that common libraries write it.
//!
//! The text is taken apart into tokens, not into values, so that numbers and the order of members
//! stay as they are: most libraries keep both.

use super::MAX_BODY;

/// How a library writes JSON.
#[derive(Clone, Copy)]
struct Style {
    /// Behind a comma on one line.
    comma: &'static str,
    /// Behind a colon.
    colon: &'static str,
    /// One step of indentation; none is all on one line.
    indent: Option<&'static str>,
}

/// `JSON.stringify`, serde, Go; Python's `json.dumps`; either with indentation by two, four, a tab.
const STYLES: [Style; 5] = [
    Style {
        comma: "",
        colon: "",
        indent: None,
    },
    Style {
        comma: " ",
        colon: " ",
        indent: None,
    },
    Style {
        comma: "",
        colon: " ",
        indent: Some("  "),
    },
    Style {
        comma: "",
        colon: " ",
        indent: Some("    "),
    },
    Style {
        comma: "",
        colon: " ",
        indent: Some("\t"),
    },
];

/// How a library writes the characters of a string.
#[derive(Clone, Copy)]
enum Escapes {
    AsIs,
    /// Nothing escaped that need not be.
    Few,
    /// All beyond ASCII escaped.
    Ascii,
    /// All beyond ASCII escaped, and `/` too, as PHP does.
    AsciiAndSlash,
}

const ESCAPES: [Escapes; 4] = [
    Escapes::AsIs,
    Escapes::Few,
    Escapes::Ascii,
    Escapes::AsciiAndSlash,
];

/// The document in every style but the one that it is in; nothing where it is no JSON.
pub(super) fn rewritten(body: &[u8]) -> Vec<Vec<u8>> {
    let Some(text) = std::str::from_utf8(body)
        .ok()
        .filter(|text| looks_like_json(text))
    else {
        return Vec::new();
    };
    let Some(tokens) = tokens(text) else {
        return Vec::new();
    };
    let mut all: Vec<Vec<u8>> = Vec::new();
    for style in STYLES {
        for escapes in ESCAPES {
            let written = write(&tokens, style, escapes).map(String::into_bytes);
            all.extend(written.filter(|written| written != body && !all.contains(written)));
        }
    }
    all
}

fn looks_like_json(text: &str) -> bool {
    text.trim_start().starts_with(['{', '['])
}

/// Punctuation, strings with their quotes, numbers and words.
fn tokens(text: &str) -> Option<Vec<&str>> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_ascii();
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '{' | '}' | '[' | ']' | ',' | ':' => 1,
            '"' => string_length(rest)?,
            _ => rest
                .find(|c: char| c.is_ascii_whitespace() || "{}[],:\"".contains(c))
                .unwrap_or(rest.len()),
        };
        let (token, tail) = rest.split_at_checked(length)?;
        tokens.push(token);
        rest = tail.trim_ascii_start();
    }
    Some(tokens)
}

/// The length of the string that the text begins with, both quotes included.
fn string_length(text: &str) -> Option<usize> {
    let mut is_escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            b'"' => return Some(at + 1),
            _ => {}
        }
    }
    None
}

fn write(tokens: &[&str], style: Style, escapes: Escapes) -> Option<String> {
    let mut out = String::new();
    let mut depth: usize = 0;
    let mut previous = "";
    for &token in tokens {
        // Indentation grows with the square of the depth.
        if out.len() > MAX_BODY {
            return None;
        }
        let is_close = matches!(token, "}" | "]");
        let is_open = matches!(previous, "{" | "[");
        if is_close {
            depth = depth.saturating_sub(1);
        }
        // An empty object or array stays on its line.
        if (is_open && !is_close) || (is_close && !is_open) || previous == "," {
            break_line(&mut out, style, depth, previous);
        }
        match token {
            ":" => out.extend([":", style.colon]),
            _ if token.starts_with('"') => out.push_str(&string(token, escapes)),
            _ => out.push_str(token),
        }
        if matches!(token, "{" | "[") {
            depth += 1;
        }
        previous = token;
    }
    Some(out)
}

fn break_line(out: &mut String, style: Style, depth: usize, previous: &str) {
    match style.indent {
        Some(step) => {
            out.push('\n');
            (0..depth).for_each(|_| out.push_str(step));
        }
        None if previous == "," => out.push_str(style.comma),
        None => {}
    }
}

fn string(token: &str, escapes: Escapes) -> String {
    let Escapes::AsIs = escapes else {
        return match unescape(token) {
            Some(text) => escape(&text, escapes),
            None => token.to_owned(),
        };
    };
    token.to_owned()
}

fn unescape(token: &str) -> Option<String> {
    let inner = token.strip_prefix('"')?.strip_suffix('"')?;
    let mut units: Vec<u16> = Vec::with_capacity(inner.len());
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            units.extend_from_slice(c.encode_utf16(&mut [0; 2]));
            continue;
        }
        let unit = match chars.next()? {
            'b' => 0x08,
            'f' => 0x0c,
            'n' => 0x0a,
            'r' => 0x0d,
            't' => 0x09,
            'u' => {
                let (digits, tail) = chars.as_str().split_at_checked(4)?;
                chars = tail.chars();
                u16::from_str_radix(digits, 16).ok()?
            }
            plain @ ('"' | '\\' | '/') => u16::try_from(u32::from(plain)).ok()?,
            _ => return None,
        };
        units.push(unit);
    }
    String::from_utf16(&units).ok()
}

fn escape(text: &str, escapes: Escapes) -> String {
    use std::fmt::Write as _;
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '/' if matches!(escapes, Escapes::AsciiAndSlash) => out.push_str("\\/"),
            _ if c.is_ascii_graphic() || c == ' ' => out.push(c),
            _ if c > '\u{7f}' && matches!(escapes, Escapes::Few) => out.push(c),
            _ => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    let _infallible = write!(out, "\\u{unit:04x}");
                }
            }
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::rewritten;

    #[test]
    fn every_usual_way_to_write_a_document_is_tried() {
        let compact = r#"{"a":[1,2.0,{}],"é/":"x"}"#;
        let all = rewritten(compact.as_bytes());
        for other in [
            r#"{"a": [1, 2.0, {}], "é/": "x"}"#,
            "{\n  \"a\": [\n    1,\n    2.0,\n    {}\n  ],\n  \"é/\": \"x\"\n}",
            r#"{"a":[1,2.0,{}],"\u00e9/":"x"}"#,
            r#"{"a":[1,2.0,{}],"\u00e9\/":"x"}"#,
        ] {
            assert!(all.contains(&other.as_bytes().to_vec()), "{other}");
            assert!(
                rewritten(other.as_bytes()).contains(&compact.as_bytes().to_vec()),
                "{other}"
            );
        }
    }

    #[test]
    fn every_escape_is_read_and_written_in_its_short_form() {
        let long = r#"{"\u0022,:\u005c":"\u0008\u000c\u000a\u000d\u0009\u002f\u0001"}"#;
        let short = r#"{"\",:\\":"\b\f\n\r\t/\u0001"}"#;
        assert!(rewritten(long.as_bytes()).contains(&short.as_bytes().to_vec()));
        // What is in a text is no structure.
        let spaced = r#"{"\",:\\": "\b\f\n\r\t\/\u0001"}"#;
        assert!(rewritten(short.as_bytes()).contains(&spaced.as_bytes().to_vec()));
    }

    #[test]
    fn what_would_be_much_longer_than_any_body_is_not_tried() {
        let deep = "[".repeat(50_000);
        let all = rewritten(deep.as_bytes());
        assert!(all.iter().all(|text| text.len() <= 2 * super::MAX_BODY));
    }

    proptest! {
        #[test]
        fn anything_is_survived(text in "[\\[{\"\\\\u}\\]:, a0é]{0,40}") {
            rewritten(text.as_bytes());
        }
    }
}
