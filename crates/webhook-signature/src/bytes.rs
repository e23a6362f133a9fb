//! A short run of bytes.

/// How many bytes are held without an allocation: enough for `{id}.{timestamp}.` with the ids that
/// the providers in use send.
const INLINE: usize = 48;

/// Bytes that are short as a rule; longer ones go to the heap.
#[derive(Clone)]
pub(crate) struct SmallBytes {
    inline: [u8; INLINE],
    length: usize,
    heap: Vec<u8>,
}

impl SmallBytes {
    pub(crate) const fn new() -> Self {
        Self {
            inline: [0; INLINE],
            length: 0,
            heap: Vec::new(),
        }
    }

    pub(crate) const fn len(&self) -> usize {
        self.length
    }

    pub(crate) fn push(&mut self, bytes: &[u8]) {
        let end = self.length.saturating_add(bytes.len());
        if let Some(place) = self.inline.get_mut(self.length..end) {
            place.copy_from_slice(bytes);
        } else {
            if self.heap.is_empty() {
                self.heap
                    .extend_from_slice(self.inline.get(..self.length).unwrap_or_default());
            }
            self.heap.extend_from_slice(bytes);
        }
        self.length = end;
    }

    #[inline]
    pub(crate) fn as_slice(&self) -> &[u8] {
        if self.heap.is_empty() {
            self.inline.get(..self.length).unwrap_or_default()
        } else {
            &self.heap
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::SmallBytes;

    proptest! {
        #[test]
        fn behaves_as_a_vector(pieces in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..40), 0..6)) {
            let mut bytes = SmallBytes::new();
            for piece in &pieces {
                bytes.push(piece);
            }
            let expected = pieces.concat();
            prop_assert_eq!(bytes.len(), expected.len());
            prop_assert_eq!(bytes.as_slice(), expected.as_slice());
        }
    }
}
