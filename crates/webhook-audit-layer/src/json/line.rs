use std::{fmt, io::Write as _, net::IpAddr};

use super::MAX_LINE_BYTES;
use crate::{escape::is_unsafe, record::CUT};

/// `}` and the newline.
const END: &[u8] = b"}\n";

/// What stands before a member's value: the comma after the member before it, and its key.
#[derive(Clone, Copy)]
pub(super) struct Key(pub(super) &'static str);

/// The key of a member, which needs no escapes: it is the crate's own.
macro_rules! key {
    ($key:literal) => {
        $crate::json::line::Key(concat!(",\"", $key, "\":"))
    };
}
pub(super) use key;

/// A line under construction: a JSON object that never grows beyond [`MAX_LINE_BYTES`].
///
/// A member that finds no room is left out, a text is cut. It is written by the sink's thread, for
/// each request: copies of a few bytes and looks at each byte are what it costs.
pub(super) struct Line<'a> {
    buffer: &'a mut Vec<u8>,
    start: usize,
}

impl<'a> Line<'a> {
    pub(super) fn open(buffer: &'a mut Vec<u8>) -> Self {
        let start = buffer.len();
        Self { buffer, start }
    }

    pub(super) fn close(self) {
        // In place of the first member's comma.
        match self.buffer.get_mut(self.start) {
            Some(first) => *first = b'{',
            None => self.buffer.push(b'{'),
        }
        self.buffer.extend_from_slice(END);
    }

    /// A word of a closed vocabulary, which needs no escapes.
    pub(super) fn word(&mut self, key: Key, word: &str) {
        self.member(key, |buffer, _| write_word(buffer, word));
    }

    /// Something printed that needs no escapes, such as a time.
    pub(super) fn printed(&mut self, key: Key, value: impl fmt::Display) {
        self.member(key, |buffer, _| {
            buffer.push(b'"');
            let _infallible = write!(buffer, "{value}");
            buffer.push(b'"');
        });
    }

    pub(super) fn address(&mut self, key: Key, address: IpAddr) {
        let IpAddr::V4(v4) = address else {
            return self.printed(key, address);
        };
        self.member(key, |buffer, _| {
            for (place, octet) in v4.octets().into_iter().enumerate() {
                buffer.push(if place == 0 { b'"' } else { b'.' });
                write_octet(buffer, octet);
            }
            buffer.push(b'"');
        });
    }

    pub(super) fn number(&mut self, key: Key, number: u64) {
        self.member(key, |buffer, _| write_number(buffer, number));
    }

    pub(super) fn flag(&mut self, key: Key, flag: bool) {
        let word: &[u8] = if flag { b"true" } else { b"false" };
        self.member(key, |buffer, _| buffer.extend_from_slice(word));
    }

    /// Any text, by its bytes, cut to `max` bytes of its escaped form or to the room that is left.
    pub(super) fn text(&mut self, key: Key, text: &[u8], max: usize) {
        // Without room for the quotes and a few characters it is better left out, or whole: cut to
        // nothing it would say that there was none.
        const LEAST: usize = 16;
        self.member(key, |buffer, left| {
            let max = if left < LEAST {
                LEAST
            } else {
                max.min(left - 2)
            };
            write_text(buffer, text, max);
        });
    }

    /// An array of texts, as many as `max` bytes hold.
    pub(super) fn texts<'t>(
        &mut self,
        key: Key,
        texts: impl Iterator<Item = &'t str>,
        each: usize,
        max: usize,
    ) {
        self.member(key, |buffer, left| {
            let max = max.min(left);
            let start = buffer.len();
            buffer.push(b'[');
            for text in texts {
                let mark = buffer.len();
                if mark > start + 1 {
                    buffer.push(b',');
                }
                write_text(buffer, text.as_bytes(), each);
                if buffer.len() - start >= max {
                    buffer.truncate(mark);
                    break;
                }
            }
            buffer.push(b']');
        });
    }

    /// An object of words of closed vocabularies.
    pub(super) fn words<'t>(&mut self, key: Key, words: impl Iterator<Item = (&'t str, &'t str)>) {
        self.member(key, |buffer, _| {
            buffer.push(b'{');
            for (place, (key, word)) in words.enumerate() {
                if place > 0 {
                    buffer.push(b',');
                }
                write_word(buffer, key);
                buffer.push(b':');
                write_word(buffer, word);
            }
            buffer.push(b'}');
        });
    }

    /// Writes a member, and takes it back where it finds no room.
    fn member(&mut self, key: Key, write: impl FnOnce(&mut Vec<u8>, usize)) {
        let mark = self.buffer.len();
        self.buffer.extend_from_slice(key.0.as_bytes());
        let left = self.left();
        write(self.buffer, left);
        if self.buffer.len() + END.len() - self.start > MAX_LINE_BYTES {
            self.buffer.truncate(mark);
        }
    }

    fn left(&self) -> usize {
        MAX_LINE_BYTES.saturating_sub(self.buffer.len() - self.start + END.len())
    }
}

fn write_word(buffer: &mut Vec<u8>, word: &str) {
    debug_assert!(is_all_plain(word.as_bytes()), "{word:?} is no word");
    buffer.push(b'"');
    buffer.extend_from_slice(word.as_bytes());
    buffer.push(b'"');
}

/// A text in quotes, at most `max` bytes between them; cut, it ends with `…`.
fn write_text(buffer: &mut Vec<u8>, text: &[u8], max: usize) {
    buffer.push(b'"');
    if text.len() <= max && is_all_plain(text) {
        buffer.extend_from_slice(text);
    } else {
        write_escaped(buffer, std::str::from_utf8(text).unwrap_or_default(), max);
    }
    buffer.push(b'"');
}

/// Eight at once, which the compiler makes one look of; most texts are plain.
fn is_all_plain(text: &[u8]) -> bool {
    let (eights, rest) = text.as_chunks::<8>();
    let all = |bytes: &[u8]| bytes.iter().fold(true, |all, &byte| all & is_plain(byte));
    eights.iter().all(|eight| all(eight)) && all(rest)
}

const fn is_plain(byte: u8) -> bool {
    matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\'
}

fn write_escaped(buffer: &mut Vec<u8>, text: &str, max: usize) {
    let start = buffer.len();
    // Where to cut, should the rest not fit.
    let mut cut = start;
    for character in text.chars() {
        write_character(buffer, character);
        let len = buffer.len() - start;
        if len > max {
            buffer.truncate(cut);
            if max >= CUT.len() {
                buffer.extend_from_slice(CUT.as_bytes());
            }
            break;
        }
        if len + CUT.len() <= max {
            cut = buffer.len();
        }
    }
}

fn write_character(buffer: &mut Vec<u8>, character: char) {
    match character {
        '"' | '\\' => {
            buffer.push(b'\\');
            buffer.extend(u8::try_from(character));
        }
        ' '..='~' => buffer.extend(u8::try_from(character)),
        _ if is_unsafe(character) => {
            for unit in character.encode_utf16(&mut [0; 2]) {
                let _infallible = write!(buffer, "\\u{unit:04x}");
            }
        }
        _ => buffer.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
    }
}

fn write_octet(buffer: &mut Vec<u8>, octet: u8) {
    if octet >= 100 {
        buffer.push(b'0' + octet / 100);
    }
    if octet >= 10 {
        buffer.push(b'0' + octet / 10 % 10);
    }
    buffer.push(b'0' + octet % 10);
}

fn write_number(buffer: &mut Vec<u8>, number: u64) {
    let mut digits = [0; 20];
    let (mut first, mut rest) = (digits.len(), number);
    for (place, digit) in digits.iter_mut().enumerate().rev() {
        // The remainder is a digit.
        #[allow(clippy::cast_possible_truncation)]
        let value = (rest % 10) as u8;
        *digit = b'0' + value;
        (first, rest) = (place, rest / 10);
        if rest == 0 {
            break;
        }
    }
    buffer.extend_from_slice(digits.get(first..).unwrap_or_default());
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Line, MAX_LINE_BYTES, write_number, write_octet, write_text};

    /// Written after other lines.
    fn written(text: &str, max: usize) -> Vec<u8> {
        let mut buffer = vec![b'x'; 1000];
        write_text(&mut buffer, text.as_bytes(), max);
        buffer.split_off(1000)
    }

    #[test]
    fn what_is_dangerous_is_escaped() {
        let line = written("a\"\\\n\u{7f}\u{9b}\u{202e}\u{1fffe}é", usize::MAX);
        let expected = r#""a\"\\\u000a\u007f\u009b\u202e\ud83f\udffeé""#;
        assert_eq!(String::from_utf8(line).unwrap(), expected);
        assert_eq!(written("\"\"", usize::MAX), br#""\"\"""#);
        assert_eq!(written("\\\\", usize::MAX), br#""\\\\""#);
    }

    #[test]
    fn a_text_is_cut_no_sooner_than_it_must_be() {
        // Written, the quote takes two bytes, the digits seven, and the last character six.
        let text = "\"1234567\u{7f}";
        let told = |max| String::from_utf8(written(text, max)).unwrap();
        assert_eq!(told(15), r#""\"1234567\u007f""#);
        assert_eq!(told(14), r#""\"1234567…""#);
        assert_eq!(told(12), r#""\"1234567…""#);
        assert_eq!(told(11), r#""\"123456…""#);
    }

    #[test]
    fn a_text_without_room_is_left_out_and_never_empty() {
        for size in MAX_LINE_BYTES - 60..MAX_LINE_BYTES {
            for text in ["u".repeat(60), "\u{202e}".repeat(20), "u".to_owned()] {
                let mut buffer = vec![b'x'; 10_000];
                let mut line = Line::open(&mut buffer);
                line.word(key!("a"), &"x".repeat(size));
                line.text(key!("b"), text.as_bytes(), 64);
                line.close();
                let buffer = buffer.split_off(10_000);
                assert!(buffer.len() <= MAX_LINE_BYTES);
                let line: serde_json::Value = serde_json::from_slice(&buffer).unwrap();
                let kept = line.get("b").map(|kept| kept.as_str().unwrap());
                if let Some(kept) = kept {
                    assert!(kept == text || kept.ends_with('…'), "{kept:?} at {size}");
                }
                // What is around the two texts.
                let around = r#"{"a":"","b":}"#.len() + 1;
                let room = MAX_LINE_BYTES.saturating_sub(size + around);
                assert!(kept.is_some() || room < 16, "{room}");
                if text.starts_with("uu") && room >= 16 && kept != Some(&text) {
                    assert_eq!(buffer.len(), MAX_LINE_BYTES);
                }
            }
        }
    }

    #[test]
    fn every_octet_is_itself() {
        for octet in 0..=u8::MAX {
            let mut buffer = Vec::new();
            write_octet(&mut buffer, octet);
            assert_eq!(buffer, octet.to_string().into_bytes());
        }
    }

    proptest! {
        #[test]
        fn any_text_comes_back_or_is_cut(text in any::<String>(), max in 0_usize..200) {
            let line = written(&text, max);
            prop_assert!(line.len() <= max + 2);
            let back: String = serde_json::from_slice(&line).unwrap();
            if back != text {
                let kept = back.strip_suffix('…').unwrap_or(&back);
                prop_assert!(text.starts_with(kept));
                prop_assert!(back.ends_with('…') || max < 3);
            }
        }

        #[test]
        fn a_number_is_itself(number in any::<u64>()) {
            let mut buffer = b"x".to_vec();
            write_number(&mut buffer, number);
            prop_assert_eq!(String::from_utf8(buffer).unwrap(), format!("x{number}"));
        }
    }
}
