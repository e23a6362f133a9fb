use std::hash::{BuildHasher, Hasher, RandomState};

/// Hashes keys that are digests already, for a map: the first 64 bits by a multiplication and an
/// addition of 128 random bits each, of which the upper half of the result counts.
///
/// Without those bits no sender can choose deliveries whose keys share a place: the family is
/// strongly universal (Dietzfelbinger, STACS 1996). A twentieth of the instructions of the standard
/// library's hasher, and each delivery is looked for six times.
#[derive(Clone)]
pub(super) struct Digests {
    factor: u128,
    addend: u128,
}

impl Default for Digests {
    fn default() -> Self {
        let half = || u128::from(RandomState::new().hash_one(0));
        let random = || half() << 64 | half();
        Self {
            factor: random(),
            addend: random(),
        }
    }
}

impl BuildHasher for Digests {
    type Hasher = DigestHasher;

    fn build_hasher(&self) -> DigestHasher {
        DigestHasher {
            factor: self.factor,
            addend: self.addend,
            word: 0,
        }
    }
}

pub(super) struct DigestHasher {
    factor: u128,
    addend: u128,
    word: u64,
}

impl Hasher for DigestHasher {
    fn write(&mut self, bytes: &[u8]) {
        if let Some(first) = bytes.first_chunk() {
            self.word ^= u64::from_ne_bytes(*first);
        }
    }

    /// The length that stands before the bytes: that of all digests.
    fn write_usize(&mut self, _: usize) {}

    // The upper half of 128 bits is 64 bits.
    #[allow(clippy::cast_possible_truncation)]
    fn finish(&self) -> u64 {
        let product = self.factor.wrapping_mul(u128::from(self.word));
        (product.wrapping_add(self.addend) >> 64) as u64
    }
}

/// Without the bits that strangers must not know.
impl std::fmt::Debug for Digests {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Digests")
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::HashSet, hash::BuildHasher as _};

    use super::Digests;
    use crate::DeliveryKey;

    #[test]
    fn keys_and_hashers_differ() {
        let (hasher, other) = (Digests::default(), Digests::default());
        let key = |n: u8| DeliveryKey::from_bytes([n; 32]);
        let places: HashSet<u64> = (0..=255).map(|n| hasher.hash_one(key(n))).collect();
        assert_eq!(places.len(), 256);
        assert_eq!(hasher.hash_one(key(7)), hasher.clone().hash_one(key(7)));
        assert_ne!(hasher.hash_one(key(7)), other.hash_one(key(7)));
    }
}
