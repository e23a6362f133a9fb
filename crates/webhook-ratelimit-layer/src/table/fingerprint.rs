use std::{
    hash::{BuildHasher, Hash, RandomState},
    num::NonZeroU64,
};

/// A key as the table knows it: 64 bits of `SipHash` under a random key of this process.
///
/// Two clients share a fingerprint by accident with a chance of 2^-64, and nobody outside can
/// compute which ones would.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Fingerprint(NonZeroU64);

impl Fingerprint {
    pub(crate) fn of<K: Hash + ?Sized>(key: &K, hasher: &RandomState) -> Self {
        Self::from_hash(hasher.hash_one(key))
    }

    /// Zero marks an empty place, so the one hash that is 0 becomes 1.
    pub(super) fn from_hash(hash: u64) -> Self {
        Self(NonZeroU64::new(hash).unwrap_or(NonZeroU64::MIN))
    }

    pub(super) const fn get(self) -> u64 {
        self.0.get()
    }
}
