use std::fmt::{self, Write as _};

use webhook_core::ShortText;

use crate::escape::is_unsafe;

/// What stands at the end of a text that was cut.
pub(crate) const CUT: &str = "…";

/// A bounded copy of a text that a stranger can choose, such as a user agent or a path.
///
/// Printing it is safe: `Display` and `Debug` escape whatever could break a line, drive a terminal
/// or turn the direction of writing. [`as_raw`](Self::as_raw) is the text as it came; it belongs
/// into bound parameters and encoders, never into a line of text.
///
/// Bytes that are not UTF-8 are read as Latin-1, one by one. A text that was cut ends with `…`.
#[derive(Clone, PartialEq, Eq)]
pub struct SenderText(ShortText);

impl SenderText {
    /// Copies at most `max` bytes of a text.
    ///
    /// ```
    /// use webhook_audit_layer::SenderText;
    ///
    /// let text = SenderText::new("curl/8\r\nSet-Cookie: a=b", 14);
    /// assert_eq!(text.to_string(), r"curl/8\u{d}\u{a}Set…");
    /// ```
    #[must_use]
    pub fn new(text: &str, max: usize) -> Self {
        if text.len() <= max {
            return Self(ShortText::new(text));
        }
        let mut end = max.saturating_sub(CUT.len());
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let kept = text.get(..end).unwrap_or_default();
        Self(ShortText::new(&format!("{kept}{CUT}")))
    }

    /// Copies at most `max` bytes of what may not be UTF-8.
    pub(crate) fn from_bytes(bytes: &[u8], max: usize) -> Self {
        if let (true, Some(text)) = (bytes.len() <= max, ShortText::visible(bytes)) {
            return Self(text);
        }
        if let Ok(text) = std::str::from_utf8(bytes) {
            return Self::new(text, max);
        }
        // One byte more than is kept, so that the cut is noticed.
        let head = bytes.get(..=max).unwrap_or(bytes);
        let mut text = String::with_capacity(max.saturating_mul(2));
        for chunk in head.utf8_chunks() {
            text.push_str(chunk.valid());
            text.extend(chunk.invalid().iter().copied().map(char::from));
        }
        Self::new(&text, max)
    }

    /// The bytes of the text as it came, for less than the text.
    pub(crate) fn as_raw_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// The text as it came, with everything in it.
    #[must_use]
    pub fn as_raw(&self) -> &str {
        self.0.as_str()
    }
}

/// The text with `\`, controls, invisible and bidirectional characters escaped as `\u{…}`.
impl fmt::Display for SenderText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        escape(self.as_raw(), '\\', f)
    }
}

/// As `Display`, in quotes.
impl fmt::Debug for SenderText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        escape(self.as_raw(), '"', f)?;
        f.write_char('"')
    }
}

fn escape(text: &str, quote: char, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for character in text.chars() {
        if character == '\\' || character == quote {
            f.write_char('\\')?;
            f.write_char(character)?;
        } else if is_unsafe(character) {
            write!(f, "\\u{{{:x}}}", u32::from(character))?;
        } else {
            f.write_char(character)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::SenderText;
    use crate::escape::is_unsafe;

    #[test]
    fn printing_is_safe_and_raw_is_raw() {
        let text = SenderText::new("a\u{202e}\r\n\"\\\u{9b}é", 100);
        assert_eq!(text.to_string(), r#"a\u{202e}\u{d}\u{a}"\\\u{9b}é"#);
        assert_eq!(format!("{text:?}"), r#""a\u{202e}\u{d}\u{a}\"\\\u{9b}é""#);
        assert_eq!(text.as_raw(), "a\u{202e}\r\n\"\\\u{9b}é");
    }

    #[test]
    fn bytes_that_are_no_utf_8_are_latin_1() {
        let text = SenderText::from_bytes(b"caf\xc3\xa9 x\x9b31m", 100);
        assert_eq!(text.as_raw(), "café x\u{9b}31m");
    }

    proptest! {
        #[test]
        fn any_bytes_are_bounded_and_printable(
            bytes in proptest::collection::vec(any::<u8>(), 0..80),
            max in 3_usize..64,
        ) {
            let text = SenderText::from_bytes(&bytes, max);
            prop_assert!(text.as_raw().len() <= max);
            prop_assert!(!text.to_string().chars().any(is_unsafe));
            let debugged = format!("{text:?}");
            prop_assert!(!debugged.chars().any(is_unsafe));
        }

        #[test]
        fn a_text_within_the_bound_is_whole(text in ".{0,20}") {
            let copy = SenderText::new(&text, 80);
            prop_assert_eq!(copy.as_raw(), text);
        }
    }
}
