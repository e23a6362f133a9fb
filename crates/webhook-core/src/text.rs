//! Short texts that cost no allocation: names of the configuration, and identifiers of a request.

use std::{borrow::Cow, fmt, sync::Arc};

/// A name from the configuration, such as a provider's or a secret's: cheap to clone.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Name(Repr);

#[derive(Clone)]
enum Repr {
    Static(&'static str),
    Shared(Arc<str>),
}

impl Repr {
    fn as_str(&self) -> &str {
        match self {
            Self::Static(text) => text,
            Self::Shared(text) => text,
        }
    }
}

impl PartialEq for Repr {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Repr {}

impl std::hash::Hash for Repr {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl Name {
    /// A name known when the program is compiled.
    #[must_use]
    pub const fn from_static(text: &'static str) -> Self {
        Self(Repr::Static(text))
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl From<&'static str> for Name {
    fn from(text: &'static str) -> Self {
        Self::from_static(text)
    }
}

impl From<String> for Name {
    fn from(text: String) -> Self {
        Self(Repr::Shared(text.into()))
    }
}

impl From<Cow<'static, str>> for Name {
    fn from(text: Cow<'static, str>) -> Self {
        match text {
            Cow::Borrowed(text) => Self::from_static(text),
            Cow::Owned(text) => text.into(),
        }
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How many bytes a [`ShortText`] holds without an allocation.
const INLINE: usize = 46;

/// A copy of a short text from a request, such as a delivery id.
///
/// Up to 46 bytes are held in place, longer texts on the heap. It is a copy on purpose: a record
/// that kept a `HeaderValue` would pin the whole read buffer of the connection.
#[derive(Clone)]
pub struct ShortText(Short);

#[derive(Clone)]
enum Short {
    Inline { len: u8, bytes: [u8; INLINE] },
    Heap(Box<str>),
}

impl ShortText {
    /// Copies the text.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let mut bytes = [0; INLINE];
        match (bytes.get_mut(..text.len()), u8::try_from(text.len())) {
            (Some(place), Ok(len)) => {
                place.copy_from_slice(text.as_bytes());
                Self(Short::Inline { len, bytes })
            }
            _ => Self(Short::Heap(text.into())),
        }
    }

    /// Copies the text, at most `max` bytes of it, cut between characters.
    #[must_use]
    pub fn cut(text: &str, max: usize) -> Self {
        let mut end = text.len().min(max);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        Self::new(text.get(..end).unwrap_or_default())
    }

    /// Copies a text of visible ASCII and spaces; `None` where it is anything else.
    ///
    /// ```
    /// use webhook_core::ShortText;
    ///
    /// assert_eq!(ShortText::visible(b"Push Hook").unwrap().as_str(), "Push Hook");
    /// assert!(ShortText::visible(b"a\tb").is_none() && ShortText::visible("\u{e9}".as_bytes()).is_none());
    /// ```
    #[must_use]
    pub fn visible(text: &[u8]) -> Option<Self> {
        Self::between(b' ', text)
    }

    /// Copies a text of visible ASCII without spaces; `None` where it is anything else.
    ///
    /// ```
    /// use webhook_core::ShortText;
    ///
    /// assert_eq!(ShortText::graphic(b"evt_1").unwrap().as_str(), "evt_1");
    /// assert!(ShortText::graphic(b"evt 1").is_none());
    /// ```
    #[must_use]
    pub fn graphic(text: &[u8]) -> Option<Self> {
        Self::between(b'!', text)
    }

    /// Copies a text whose bytes lie between `first` and `~`.
    #[inline]
    fn between(first: u8, text: &[u8]) -> Option<Self> {
        // Filled up, so that all of it is looked at in a few steps, whatever its length.
        let mut place = [b'~'; INLINE.next_multiple_of(8)];
        let bytes = place.get_mut(..text.len());
        let (Some(bytes), true) = (bytes, text.len() <= INLINE) else {
            return Self::long_between(first, text);
        };
        bytes.copy_from_slice(text);
        if !are_between(first, &place) {
            return None;
        }
        Some(Self(Short::Inline {
            len: u8::try_from(text.len()).ok()?,
            bytes: *place.first_chunk()?,
        }))
    }

    #[cold]
    fn long_between(first: u8, text: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(text).ok()?;
        are_between(first, text.as_bytes()).then(|| Self(Short::Heap(text.into())))
    }

    /// Copies a header's value, at most `max` bytes of it. Bytes that are not visible ASCII become
    /// `\u{FFFD}`, so the text is safe to hand on as text.
    #[must_use]
    pub fn from_header(value: &http::HeaderValue, max: usize) -> Self {
        let bytes = value.as_bytes();
        let bytes = bytes.get(..max).unwrap_or(bytes);
        Self::visible(bytes).unwrap_or_else(|| {
            Self::new(&bytes.iter().map(|&byte| visible(byte)).collect::<String>())
        })
    }

    /// The text. It is checked anew for being one, since it is held as bytes: whoever can do with
    /// bytes pays less for [them](Self::as_bytes).
    #[must_use]
    pub fn as_str(&self) -> &str {
        match &self.0 {
            Short::Inline { .. } => std::str::from_utf8(self.as_bytes()).unwrap_or_default(),
            Short::Heap(text) => text,
        }
    }

    /// The bytes of the text, which are UTF-8.
    #[must_use]
    #[inline]
    pub fn as_bytes(&self) -> &[u8] {
        match &self.0 {
            Short::Inline { len, bytes } => bytes.get(..usize::from(*len)).unwrap_or_default(),
            Short::Heap(text) => text.as_bytes(),
        }
    }
}

/// Whether all bytes lie between `first` and `~`, eight at a time. One that does not has the highest bit,
/// or gets it when 1 is added, or does not get it when what `first` lacks to it is added. Only a byte
/// that is found out itself carries over into its neighbour.
#[inline]
fn are_between(first: u8, bytes: &[u8]) -> bool {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    let (words, rest) = bytes.as_chunks();
    let others = words.iter().fold(0, |others, word| {
        let word = u64::from_ne_bytes(*word);
        let lacking = ONES * u64::from(0x80 - first);
        others | word | word.wrapping_add(ONES) | !word.wrapping_add(lacking)
    });
    let is_between = |byte: &u8| (first..=b'~').contains(byte);
    others & ONES << 7 == 0 && rest.iter().all(is_between)
}

fn visible(byte: u8) -> char {
    match byte {
        b' '..=b'~' => char::from(byte),
        _ => char::REPLACEMENT_CHARACTER,
    }
}

/// No text at all.
impl Default for ShortText {
    fn default() -> Self {
        Self::new("")
    }
}

impl From<&str> for ShortText {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl PartialEq for ShortText {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for ShortText {}

impl fmt::Debug for ShortText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl fmt::Display for ShortText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::HashSet, hash::BuildHasher as _};

    use http::HeaderValue;
    use proptest::prelude::*;

    use super::{Name, ShortText};
    use crate::Seed;

    #[test]
    fn a_name_is_its_text_wherever_that_is_kept() {
        let (fixed, owned) = (Name::from_static("acme"), Name::from("acme".to_owned()));
        assert_eq!(fixed, owned);
        assert_ne!(fixed, Name::from_static("acne"));
        let names = HashSet::from([fixed, Name::from_static("acne")]);
        assert_eq!(names.len(), 2);
        assert!(names.contains(&owned));
        let seed = Seed::random();
        assert_eq!(seed.hash_one(&owned), seed.hash_one("acme"));
    }

    #[test]
    fn a_text_is_cut_before_a_character_that_does_not_fit() {
        for (max, expected) in [(0, ""), (1, "a"), (2, "a"), (3, "aé"), (4, "aé")] {
            assert_eq!(ShortText::cut("aé", max), ShortText::new(expected), "{max}");
        }
        assert_ne!(ShortText::new("a"), ShortText::new("b"));
    }

    #[test]
    fn a_header_is_copied_and_what_is_not_visible_replaced() {
        let (short, long) = ("x".repeat(64), "x".repeat(80));
        for (value, expected) in [
            ("Push Hook", "Push Hook"),
            ("caf\u{e9}\t~", "caf\u{fffd}\u{fffd}\u{fffd}~"),
            (&long, &short),
        ] {
            let value = HeaderValue::from_bytes(value.as_bytes()).unwrap();
            assert_eq!(ShortText::from_header(&value, 64).as_str(), expected);
        }
        assert_eq!(ShortText::visible(b"a b").unwrap().as_str(), "a b");
        assert_eq!(ShortText::visible(long.as_bytes()).unwrap().as_str(), long);
        assert_eq!(ShortText::visible(b"a\t"), None);
        assert_eq!(ShortText::visible(b"\ta"), None);
    }

    #[test]
    fn every_byte_is_looked_at_in_every_place() {
        for length in 1..=64 {
            for at in 0..length {
                for byte in 0..=u8::MAX {
                    // A neighbour that the byte must not make look better.
                    let mut text = vec![b' '; length];
                    text[at] = byte;
                    let is_visible = matches!(byte, b' '..=b'~');
                    assert_eq!(ShortText::visible(&text).is_some(), is_visible, "{text:?}");
                    let mut text = vec![b'!'; length];
                    text[at] = byte;
                    let is_graphic = byte.is_ascii_graphic();
                    let copy = ShortText::graphic(&text);
                    assert_eq!(copy.is_some(), is_graphic, "{text:?}");
                    if let Some(copy) = copy {
                        assert_eq!(copy.as_str().as_bytes(), text);
                    }
                }
            }
        }
        assert_eq!(ShortText::graphic(b"").unwrap().as_str(), "");
    }

    proptest! {
        #[test]
        fn what_is_copied_is_of_visible_bytes_alone(text in proptest::collection::vec(any::<u8>(), 0..70)) {
            let is_visible = |byte: &u8| matches!(byte, b' '..=b'~');
            prop_assert_eq!(ShortText::visible(&text).is_some(), text.iter().all(is_visible));
            let is_graphic = text.iter().all(u8::is_ascii_graphic);
            prop_assert_eq!(ShortText::graphic(&text).is_some(), is_graphic);
        }

        #[test]
        fn any_text_comes_back_as_it_was(text in ".{0,80}") {
            let copy = ShortText::new(&text);
            prop_assert_eq!(copy.as_str(), text);
        }

        #[test]
        fn a_header_gives_visible_text_within_the_bound(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(value) = HeaderValue::from_bytes(&bytes) {
                let text = ShortText::from_header(&value, 64);
                prop_assert!(text.as_str().chars().count() <= 64);
                let is_visible = |c| matches!(c, ' '..='~' | char::REPLACEMENT_CHARACTER);
                prop_assert!(text.as_str().chars().all(is_visible));
            }
        }
    }
}
