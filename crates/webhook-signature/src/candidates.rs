//! The decoded signatures of one request.

use subtle::{Choice, ConstantTimeEq as _};

use crate::scheme::{Encoding, MAX_SIGNATURE_BYTES};

/// The most signatures of one request that are compared.
pub(crate) const MAX_SIGNATURES: usize = 16;

/// How many bytes are held without an allocation: two signatures of SHA-256, or one of SHA-512. A
/// second one is there while a provider changes its secret.
const INLINE: usize = MAX_SIGNATURE_BYTES;

/// Signatures of one length, side by side.
#[derive(Clone)]
pub(crate) struct Candidates {
    length: usize,
    used: usize,
    inline: [u8; INLINE],
    spilled: Vec<u8>,
    /// Signatures of any length, in place of all others.
    #[cfg(feature = "public-key")]
    any: Option<Vec<Vec<u8>>>,
}

/// No signature.
impl Default for Candidates {
    fn default() -> Self {
        Self::new(0)
    }
}

impl Candidates {
    /// No signature yet; each will have `length` bytes.
    pub(crate) const fn new(length: usize) -> Self {
        Self {
            length,
            used: 0,
            inline: [0; INLINE],
            spilled: Vec::new(),
            #[cfg(feature = "public-key")]
            any: None,
        }
    }

    /// Each signature will have `length` bytes; there must be none yet.
    pub(crate) const fn expect(&mut self, length: usize) {
        self.length = length;
    }

    /// No signature yet; each will have its own length.
    #[cfg(feature = "public-key")]
    pub(crate) const fn of_any_length() -> Self {
        Self {
            length: 0,
            used: 0,
            inline: [0; INLINE],
            spilled: Vec::new(),
            any: Some(Vec::new()),
        }
    }

    /// Adds the signature that this text is, if it is one.
    #[inline]
    pub(crate) fn add(&mut self, text: &[u8], encoding: Encoding) {
        #[cfg(feature = "public-key")]
        if let Some(any) = &mut self.any {
            any.extend(encoding.decode_any(text));
            return;
        }
        self.push(|out| encoding.decode(text, out));
    }

    /// The signatures, where they are of any length.
    #[cfg(feature = "public-key")]
    pub(crate) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.any.iter().flatten().map(Vec::as_slice)
    }

    /// Adds a signature if `decode` can fill all of its bytes.
    #[inline]
    pub(crate) fn push(&mut self, decode: impl FnOnce(&mut [u8]) -> bool) {
        let end = self.used + self.length;
        if let Some(place) = self.inline.get_mut(self.used..end) {
            if decode(place) {
                self.used = end;
            }
            return;
        }
        self.spill(decode);
    }

    fn spill(&mut self, decode: impl FnOnce(&mut [u8]) -> bool) {
        let start = self.spilled.len();
        self.spilled.resize(start + self.length, 0);
        let decoded = self.spilled.get_mut(start..).is_some_and(decode);
        if !decoded {
            self.spilled.truncate(start);
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        #[cfg(feature = "public-key")]
        if let Some(any) = &self.any {
            return any.is_empty();
        }
        self.used == 0
    }

    /// Whether one of them is `expected`. Looks at every byte of every one, whatever it finds.
    pub(crate) fn contain(&self, expected: &[u8]) -> bool {
        if self.length != expected.len() {
            return false;
        }
        let inline = self.inline.get(..self.used).unwrap_or_default();
        let all = [inline, &*self.spilled].into_iter();
        all.fold(0, |found, candidates| found | among(candidates, expected)) != 0
    }
}

/// 1 where one of the signatures that stand side by side is this one, else 0.
#[inline]
fn among(candidates: &[u8], expected: &[u8]) -> u8 {
    // The compiler knows how long those of SHA-256 are, and compares one in a few wide steps.
    if let Ok(expected) = <&[u8; 32]>::try_from(expected) {
        let (candidates, _) = candidates.as_chunks::<32>();
        let found = candidates
            .iter()
            .map(|candidate| equal(candidate, expected));
        return found.fold(0, |any, found| any | found.unwrap_u8());
    }
    let candidates = candidates.chunks_exact(expected.len().max(1));
    let found = candidates.map(|candidate| equal(candidate, expected));
    found.fold(0, |any, found| any | found.unwrap_u8())
}

/// Compares in constant time, eight bytes at once, with one barrier for all of them: a tenth of the
/// instructions of one byte at a time.
#[inline]
fn equal(candidate: &[u8], expected: &[u8]) -> Choice {
    let (candidate, candidate_rest) = candidate.as_chunks();
    let (expected, expected_rest) = expected.as_chunks();
    if candidate.len() != expected.len() {
        return Choice::from(0);
    }
    let word = |bytes: &[u8; 8]| u64::from_ne_bytes(*bytes);
    let words = candidate.iter().zip(expected);
    let differing = words.fold(0, |differing, (a, b)| differing | (word(a) ^ word(b)));
    let words = differing.ct_eq(&0);
    if candidate_rest.is_empty() && expected_rest.is_empty() {
        return words;
    }
    words & candidate_rest.ct_eq(expected_rest)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Candidates, equal};

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

    #[test]
    fn what_is_shorter_or_longer_is_not_equal() {
        for (left, right) in (0..=64).flat_map(|left| (0..=64).map(move |right| (left, right))) {
            let is_equal = equal(&vec![7; left], &vec![7; right]);
            assert_eq!(bool::from(is_equal), left == right, "{left} {right}");
        }
    }

    proptest! {
        #[test]
        fn equality_is_that_of_slices(
            bytes in proptest::collection::vec(any::<u8>(), 0..=64),
            at in any::<prop::sample::Index>(),
            flip: u8,
            length in 0_usize..=64,
        ) {
            prop_assert!(bool::from(equal(&bytes, &bytes)));
            let mut other = bytes.clone();
            if !other.is_empty() {
                other[at.index(bytes.len())] ^= flip;
            }
            prop_assert_eq!(bool::from(equal(&bytes, &other)), bytes == other);
            other.truncate(length);
            prop_assert_eq!(bool::from(equal(&bytes, &other)), bytes == other);
        }
    }
}
