//! The decoded signatures of one request.

use subtle::{Choice, ConstantTimeEq as _};

use crate::scheme::MAX_SIGNATURE_BYTES;

/// The most signatures of one request that are compared.
pub(crate) const MAX_SIGNATURES: usize = 16;

/// Signatures of one length, side by side: two of the longest kind, or four of SHA-256, without an
/// allocation.
#[derive(Clone)]
pub(crate) struct Candidates {
    length: usize,
    used: usize,
    inline: [u8; 2 * MAX_SIGNATURE_BYTES],
    spilled: Vec<u8>,
}

impl Candidates {
    /// No signature yet; each will have `length` bytes.
    pub(crate) const fn new(length: usize) -> Self {
        Self {
            length,
            used: 0,
            inline: [0; 2 * MAX_SIGNATURE_BYTES],
            spilled: Vec::new(),
        }
    }

    /// Adds a signature if `decode` can fill all of its bytes.
    pub(crate) fn push(&mut self, decode: impl FnOnce(&mut [u8]) -> bool) {
        let end = self.used + self.length;
        if let Some(place) = self.inline.get_mut(self.used..end) {
            if decode(place) {
                self.used = end;
            }
            return;
        }
        let start = self.spilled.len();
        self.spilled.resize(start + self.length, 0);
        let decoded = self.spilled.get_mut(start..).is_some_and(decode);
        if !decoded {
            self.spilled.truncate(start);
        }
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.used == 0
    }

    /// Whether one of them is `expected`. Looks at every byte of every one, whatever it finds.
    pub(crate) fn contain(&self, expected: &[u8]) -> bool {
        let inline = self.inline.get(..self.used).unwrap_or_default();
        inline
            .chunks_exact(self.length.max(1))
            .chain(self.spilled.chunks_exact(self.length.max(1)))
            .fold(Choice::from(0), |found, candidate| {
                found | candidate.ct_eq(expected)
            })
            .into()
    }
}

#[cfg(test)]
mod tests {
    use super::Candidates;

    #[test]
    fn each_of_many_is_found_and_nothing_else() {
        for length in [20_u8, 32, 48, 64] {
            let mut candidates = Candidates::new(length.into());
            assert!(candidates.is_empty());
            for n in 1..=16 {
                candidates.push(|out| {
                    out.fill(n);
                    n != 7
                });
            }
            assert!(!candidates.is_empty());
            for n in 0..=17 {
                let expected = vec![n; length.into()];
                assert_eq!(
                    candidates.contain(&expected),
                    (1..=16).contains(&n) && n != 7,
                    "{n}"
                );
                assert!(!candidates.contain(&expected[1..]));
            }
            assert!(!candidates.contain(&[]));
        }
        assert!(!Candidates::new(32).contain(&[0; 32]));
    }
}
