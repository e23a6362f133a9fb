use std::hash::{BuildHasher, Hash, Hasher, RandomState};

/// A random key of this process, for hashes of what strangers choose: addresses, names, a counter.
///
/// The function is SipHash-1-3, as in the standard library's maps, over whole words: each number is
/// a word, and a run of bytes is its length and then words, the last one filled up with zeros. The
/// standard library's hasher gathers bytes across calls and costs two to five times as much for
/// such short inputs.
///
/// ```
/// use std::hash::BuildHasher;
/// use webhook_core::Seed;
///
/// let seed = Seed::random();
/// assert_eq!(seed.hash_one(("github", 7_u64)), seed.hash_one(("github", 7_u64)));
/// assert_ne!(seed.hash_one(7_u64), Seed::random().hash_one(7_u64));
/// ```
#[derive(Clone)]
pub struct Seed(u64, u64);

impl Seed {
    /// A new key, drawn from the system by way of the standard library.
    #[must_use]
    pub fn random() -> Self {
        let keys = RandomState::new();
        Self(keys.hash_one(0_u64), keys.hash_one(1_u64))
    }
}

impl BuildHasher for Seed {
    type Hasher = WordHasher;

    #[inline]
    fn build_hasher(&self) -> WordHasher {
        WordHasher {
            state: [
                self.0 ^ 0x736f_6d65_7073_6575,
                self.1 ^ 0x646f_7261_6e64_6f6d,
                self.0 ^ 0x6c79_6765_6e65_7261,
                self.1 ^ 0x7465_6462_7974_6573,
            ],
            words: 0,
        }
    }

    // As it is by default, and in one piece with whoever asks.
    #[inline]
    #[allow(clippy::manual_hash_one, reason = "this is `hash_one`")]
    fn hash_one<T: Hash>(&self, value: T) -> u64 {
        let mut hasher = self.build_hasher();
        value.hash(&mut hasher);
        hasher.finish()
    }
}

/// Without the key.
impl std::fmt::Debug for Seed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Seed")
    }
}

/// The hasher of a [`Seed`].
#[derive(Clone)]
pub struct WordHasher {
    state: [u64; 4],
    words: u64,
}

/// Without the state, from which the key could be told.
impl std::fmt::Debug for WordHasher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("WordHasher")
    }
}

impl WordHasher {
    #[inline]
    fn word(&mut self, word: u64) {
        self.words = self.words.wrapping_add(1);
        self.state[3] ^= word;
        round(&mut self.state);
        self.state[0] ^= word;
    }
}

/// Up to seven bytes as a word that zeros fill up. By halves: byte after byte, a name such as `github`
/// costs 20 instructions more.
#[inline]
fn filled_up(mut bytes: &[u8]) -> u64 {
    let (mut word, mut place) = (0, 0);
    if let Some((four, rest)) = bytes.split_first_chunk() {
        word = u32::from_le_bytes(*four).into();
        (place, bytes) = (32, rest);
    }
    if let Some((two, rest)) = bytes.split_first_chunk() {
        word |= u64::from(u16::from_le_bytes(*two)) << place;
        (place, bytes) = (place + 16, rest);
    }
    bytes
        .first()
        .map_or(word, |&one| word | u64::from(one) << place)
}

#[inline]
const fn round(state: &mut [u64; 4]) {
    let [mut a, mut b, mut c, mut d] = *state;
    a = a.wrapping_add(b);
    b = b.rotate_left(13) ^ a;
    a = a.rotate_left(32);
    c = c.wrapping_add(d);
    d = d.rotate_left(16) ^ c;
    a = a.wrapping_add(d);
    d = d.rotate_left(21) ^ a;
    c = c.wrapping_add(b);
    b = b.rotate_left(17) ^ c;
    c = c.rotate_left(32);
    *state = [a, b, c, d];
}

impl Hasher for WordHasher {
    #[inline]
    fn write(&mut self, bytes: &[u8]) {
        self.word(bytes.len() as u64);
        let (words, rest) = bytes.as_chunks::<8>();
        for word in words {
            self.word(u64::from_le_bytes(*word));
        }
        if !rest.is_empty() {
            self.word(filled_up(rest));
        }
    }

    #[inline]
    fn write_u8(&mut self, number: u8) {
        self.word(number.into());
    }

    #[inline]
    fn write_u16(&mut self, number: u16) {
        self.word(number.into());
    }

    #[inline]
    fn write_u32(&mut self, number: u32) {
        self.word(number.into());
    }

    #[inline]
    fn write_u64(&mut self, number: u64) {
        self.word(number);
    }

    #[inline]
    fn write_usize(&mut self, number: usize) {
        self.word(number as u64);
    }

    #[inline]
    fn finish(&self) -> u64 {
        let mut state = self.state;
        let last = self.words.wrapping_mul(8) << 56;
        state[3] ^= last;
        round(&mut state);
        state[0] ^= last;
        state[2] ^= 0xff;
        round(&mut state);
        round(&mut state);
        round(&mut state);
        state[0] ^ state[1] ^ state[2] ^ state[3]
    }
}

#[cfg(test)]
mod tests {
    use std::{
        collections::HashSet,
        hash::{BuildHasher, DefaultHasher, Hash as _, Hasher as _},
    };

    use proptest::prelude::*;

    use super::Seed;

    proptest! {
        #[test]
        fn whole_words_hash_as_in_the_standard_library(words in proptest::collection::vec(any::<u64>(), 0..20)) {
            // `DefaultHasher::new` is SipHash-1-3 with a key of zeros.
            let (mut own, mut standard) = (Seed(0, 0).build_hasher(), DefaultHasher::new());
            for word in words {
                own.write_u64(word);
                standard.write(&word.to_le_bytes());
            }
            prop_assert_eq!(own.finish(), standard.finish());
        }

        #[test]
        fn texts_that_differ_differ(a in ".{0,20}", b in ".{0,20}") {
            let seed = Seed::random();
            prop_assert_eq!(a == b, seed.hash_one(&a) == seed.hash_one(&b));
        }
    }

    #[test]
    fn words_and_key_give_the_published_hash() {
        // SipHash-1-3 of the first bytes of 00, 01, 02 and so on with the key 00 to 0f, as the tests
        // of Rust's standard library have it (library/coretests/tests/hash/sip.rs).
        let seed = Seed(0x0706_0504_0302_0100, 0x0f0e_0d0c_0b0a_0908);
        let mut hasher = seed.build_hasher();
        assert_eq!(hasher.finish(), 0xabac_0158_050f_c4dc);
        hasher.write_u64(0x0706_0504_0302_0100);
        assert_eq!(hasher.finish(), 0x3690_9511_8d29_9a8e);
        hasher.write_u64(0x0f0e_0d0c_0b0a_0908);
        assert_eq!(hasher.finish(), 0xcc4f_dd1a_7d90_8b66);
    }

    #[test]
    fn a_run_of_bytes_is_its_length_and_words_that_zeros_fill_up() {
        let seed = Seed::random();
        for length in 0..20 {
            let bytes: Vec<u8> = (1..=length).collect();
            let (mut own, mut words) = (seed.build_hasher(), seed.build_hasher());
            own.write(&bytes);
            words.write_u64(length.into());
            for part in bytes.chunks(8) {
                let mut word = [0; 8];
                word[..part.len()].copy_from_slice(part);
                words.write_u64(u64::from_le_bytes(word));
            }
            assert_eq!(own.finish(), words.finish(), "{length}");
        }
    }

    #[test]
    fn no_byte_is_left_out() {
        let seed = Seed::random();
        for length in 1..20 {
            let one_byte_set = |place| {
                let mut bytes = vec![0_u8; length];
                bytes[place] = 1;
                bytes
            };
            let texts = (0..length).map(one_byte_set).chain([vec![0; length]]);
            let hashes: HashSet<_> = texts.map(|text| seed.hash_one(&text[..])).collect();
            assert_eq!(hashes.len(), length + 1, "{length}");
        }
        assert_ne!(seed.hash_one(1_u8), seed.hash_one(2_u8));
        assert_ne!(seed.hash_one(1_u16), seed.hash_one(2_u16));
        assert_ne!(seed.hash_one(1_u32), seed.hash_one(2_u32));
        assert_ne!(seed.hash_one(1_usize), seed.hash_one(2_usize));
    }

    #[test]
    fn bytes_do_not_run_together() {
        let seed = Seed::random();
        let hash = |parts: &[&[u8]]| {
            let mut hasher = seed.build_hasher();
            for part in parts {
                part.hash(&mut hasher);
            }
            hasher.finish()
        };
        assert_ne!(hash(&[b"ab", b"c"]), hash(&[b"a", b"bc"]));
        assert_ne!(hash(&[b"a\0"]), hash(&[b"a"]));
        assert_ne!(hash(&[b"", b"a"]), hash(&[b"a", b""]));
    }
}
