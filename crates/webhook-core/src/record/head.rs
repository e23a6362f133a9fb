use std::fmt;

use http::Version;

use crate::PeerAddr;

/// The most bytes of one text of a head that are copied. Whoever copies bounds it closer.
pub const MAX_HEAD_TEXT_BYTES: usize = 4096;

/// How many bytes of texts a head holds without an allocation: all of a usual delivery's.
const INLINE: usize = 176;

/// What the audit layer copies of a request's head before it hands the request on.
///
/// Copies, never the request's own `HeaderValue`s: those would pin the connection's read buffer. It
/// holds no query, for secrets are found there, and no header but the user agent.
#[derive(Clone, Debug, Default)]
pub struct Head {
    texts: Texts,
    /// The scheme that the request itself names: `http` or `https`.
    pub scheme: Option<&'static str>,
    /// The version of HTTP.
    pub version: Version,
    /// The other end of the connection.
    pub peer: Option<PeerAddr>,
    /// Whether the caller speaks gRPC.
    pub is_grpc: bool,
    /// Whether the caller prefers one line of text to a JSON document.
    pub accepts_text: bool,
}

/// Which text of a [`Head`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeadText {
    /// The method.
    Method,
    /// The path without its query; not there where the audit layer is told to leave it out.
    Path,
    /// The route that the host matched.
    Route,
    /// What the client calls itself.
    UserAgent,
}

impl HeadText {
    const ALL: [Self; 4] = [Self::Method, Self::Path, Self::Route, Self::UserAgent];
}

impl Head {
    /// Copies a text as it came, at most [`MAX_HEAD_TEXT_BYTES`] of it; of several, the first one
    /// stays. Whether it is UTF-8 is for whoever reads it to find out, later and on another thread.
    ///
    /// ```
    /// use webhook_core::record::{Head, HeadText};
    ///
    /// let mut head = Head::default();
    /// head.copy(HeadText::Method, b"POST");
    /// assert_eq!(head.text(HeadText::Method), Some(&b"POST"[..]));
    /// assert_eq!(head.text(HeadText::Path), None);
    /// ```
    #[inline]
    pub fn copy(&mut self, which: HeadText, text: &[u8]) {
        self.texts.add(which, text);
    }

    /// A text as it came.
    #[must_use]
    pub fn text(&self, which: HeadText) -> Option<&[u8]> {
        self.texts.get(which)
    }
}

/// The texts one after the other, in place; those that find no room there on the heap.
#[derive(Clone)]
struct Texts {
    /// Where each begins and how long it is. Places from [`INLINE`] on are those on the heap.
    spans: [Option<(u16, u16)>; HeadText::ALL.len()],
    used: u16,
    inline: [u8; INLINE],
    heap: Vec<u8>,
}

// The last place on the heap can be told.
const _: () = assert!(INLINE + HeadText::ALL.len() * MAX_HEAD_TEXT_BYTES <= u16::MAX as usize);

impl Texts {
    // No place and no length is more than what was asserted above.
    #[allow(clippy::cast_possible_truncation)]
    #[inline]
    fn add(&mut self, which: HeadText, text: &[u8]) {
        let text = text.get(..MAX_HEAD_TEXT_BYTES).unwrap_or(text);
        let Some(span @ None) = self.spans.get_mut(which as usize) else {
            return;
        };
        let start = usize::from(self.used);
        let start = match self.inline.get_mut(start..start + text.len()) {
            Some(place) => {
                place.copy_from_slice(text);
                self.used += text.len() as u16;
                start
            }
            None => append(&mut self.heap, text),
        };
        *span = Some((start as u16, text.len() as u16));
    }

    fn get(&self, which: HeadText) -> Option<&[u8]> {
        let span = *self.spans.get(which as usize)?;
        let (start, len) = span.map(|(start, len)| (usize::from(start), usize::from(len)))?;
        match start.checked_sub(INLINE) {
            Some(start) if len > 0 => self.heap.get(start..start + len),
            _ => self.inline.get(start..start + len),
        }
    }
}

/// Where on the heap the text stands now.
#[cold]
fn append(heap: &mut Vec<u8>, text: &[u8]) -> usize {
    let start = INLINE + heap.len();
    heap.extend_from_slice(text);
    start
}

impl Default for Texts {
    fn default() -> Self {
        Self {
            spans: [None; HeadText::ALL.len()],
            used: 0,
            inline: [0; INLINE],
            heap: Vec::new(),
        }
    }
}

impl fmt::Debug for Texts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let told = HeadText::ALL
            .into_iter()
            .filter_map(|which| Some((which, self.get(which)?.escape_ascii().to_string())));
        f.debug_map().entries(told).finish()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Head, HeadText, INLINE, MAX_HEAD_TEXT_BYTES};

    proptest! {
        #[test]
        fn every_text_comes_back_as_it_came_and_the_first_one_stays(
            lengths in [0..=INLINE + 1, 0..=INLINE + 1, 0..=INLINE + 1, 0..=MAX_HEAD_TEXT_BYTES + 1],
            later in 0..200_usize,
        ) {
            let mut head = Head::default();
            let text = |which: HeadText, length| vec![b'a' + which as u8; length];
            for (which, length) in HeadText::ALL.into_iter().zip(lengths) {
                prop_assert_eq!(head.text(which), None);
                head.copy(which, &text(which, length));
                head.copy(which, &vec![b'x'; later]);
            }
            for (which, length) in HeadText::ALL.into_iter().zip(lengths) {
                let expected = text(which, length.min(MAX_HEAD_TEXT_BYTES));
                prop_assert_eq!(head.text(which), Some(&expected[..]));
            }
        }
    }

    #[test]
    fn four_texts_of_the_greatest_length_find_room() {
        let mut head = Head::default();
        for which in HeadText::ALL {
            head.copy(which, &[which as u8; MAX_HEAD_TEXT_BYTES]);
        }
        for which in HeadText::ALL {
            assert_eq!(
                head.text(which).unwrap(),
                [which as u8; MAX_HEAD_TEXT_BYTES]
            );
        }
    }

    #[test]
    fn it_is_printed_as_text_and_without_control_characters() {
        let mut head = Head::default();
        head.copy(HeadText::UserAgent, b"curl\n\xff");
        let printed = format!("{head:?}");
        assert!(printed.contains(r"curl\\n\\xff"), "{printed}");
    }
}
