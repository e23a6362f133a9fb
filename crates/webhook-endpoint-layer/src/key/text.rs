use std::{fmt, sync::Arc};

/// The most bytes of a key, all its parts together. A longer one never resolves.
pub const MAX_KEY_BYTES: usize = 256;

/// Between the parts of a key. No part holds a space, so two keys never look alike.
const SEPARATOR: char = ' ';

/// The key of one request: what a [`Resolve`](crate::Resolve) is asked for.
///
/// It has one part for each place of its [`EndpointKey`](crate::EndpointKey), in that order; as
/// text, the parts stand with one space between them. A part is 1 or more visible ASCII characters.
/// Cheap to clone.
///
/// ```
/// use webhook_endpoint_layer::Key;
///
/// let key = Key::from("acme push");
/// assert_eq!(key.parts().collect::<Vec<_>>(), ["acme", "push"]);
/// assert_eq!(key.as_str(), "acme push");
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Key(Arc<str>);

impl Key {
    pub(crate) fn shared(text: &Arc<str>) -> Self {
        Self(Arc::clone(text))
    }

    /// The key as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The key's parts: one for each place it was read from.
    pub fn parts(&self) -> impl Iterator<Item = &str> {
        self.0.split(SEPARATOR)
    }
}

impl From<&str> for Key {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A key as it is read from a request: on the stack, so that finding a known endpoint allocates
/// nothing.
pub(crate) struct Candidate {
    bytes: [u8; MAX_KEY_BYTES],
    len: usize,
}

impl Candidate {
    pub(super) const fn new() -> Self {
        Self {
            bytes: [0; MAX_KEY_BYTES],
            len: 0,
        }
    }

    /// Adds a part; `None` where it has no valid form, or where the key becomes too long.
    pub(super) fn push(&mut self, part: &[u8]) -> Option<()> {
        if part.is_empty() || !part.iter().all(u8::is_ascii_graphic) {
            return None;
        }
        if self.len > 0 {
            self.append(&[SEPARATOR as u8])?;
        }
        self.append(part)
    }

    fn append(&mut self, bytes: &[u8]) -> Option<()> {
        let end = self.len.checked_add(bytes.len())?;
        self.bytes.get_mut(self.len..end)?.copy_from_slice(bytes);
        self.len = end;
        Some(())
    }

    /// The key as text. Every part is ASCII.
    pub(crate) fn as_str(&self) -> &str {
        self.bytes
            .get(..self.len)
            .and_then(|bytes| std::str::from_utf8(bytes).ok())
            .unwrap_or_default()
    }
}
