use std::num::NonZeroU64;

/// A key as the table knows it: 64 bits of `SipHash` under a random key of this process.
///
/// Two clients share a fingerprint by accident with a chance of 2^-64, and nobody outside can
/// compute which ones would.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Fingerprint(NonZeroU64);

impl Fingerprint {
    /// The fingerprint of a key with this hash, for quotas of this kind.
    #[inline]
    pub(crate) fn of(hash: u64, kind: u64) -> Self {
        // An odd factor keeps different kinds apart, and kind 0 costs nothing.
        Self::from_hash(hash ^ kind.wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    /// Zero marks an empty place, so the one hash that is 0 becomes 1.
    #[inline]
    pub(crate) fn from_hash(hash: u64) -> Self {
        Self(NonZeroU64::new(hash).unwrap_or(NonZeroU64::MIN))
    }

    pub(crate) const fn get(self) -> u64 {
        self.0.get()
    }

    /// One of `sets` sets, by the upper bits.
    #[inline]
    pub(crate) fn index(self, sets: usize) -> Option<usize> {
        let wide = u128::from(self.get()) * sets as u128;
        // A product of 64 bits and the number of sets, divided by 2^64, is below that number.
        usize::try_from(wide >> 64).ok()
    }
}
