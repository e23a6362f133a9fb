use std::{
    fmt,
    hash::{BuildHasher as _, Hasher as _, RandomState},
    sync::{
        OnceLock,
        atomic::{AtomicU64, Ordering},
    },
};

use crate::Clock;

/// The id of one request: a UUID of version 7
/// ([RFC 9562 section 5.7](https://www.rfc-editor.org/rfc/rfc9562#section-5.7)), which sorts by
/// time.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(u128);

impl RequestId {
    /// A new id: the clock's milliseconds, then 74 bits that strangers cannot guess.
    ///
    /// The bits are a counter under `SipHash` with a key that the standard library draws from the
    /// system once for this process.
    #[must_use]
    pub fn generate(clock: &Clock) -> Self {
        let millis = u64::try_from(clock.now().unix_millis()).unwrap_or(0);
        let (high, low) = random_pair();
        Self::from_parts(millis, high, low)
    }

    fn from_parts(millis: u64, high: u64, low: u64) -> Self {
        const VERSION_7: u128 = 0x7 << 76;
        const VARIANT: u128 = 0b10 << 62;
        let time = u128::from(millis & 0xffff_ffff_ffff) << 80;
        let rand_a = u128::from(high & 0xfff) << 64;
        let rand_b = u128::from(low >> 2);
        Self(time | VERSION_7 | rand_a | VARIANT | rand_b)
    }

    /// The 128 bits.
    #[must_use]
    pub const fn as_u128(self) -> u128 {
        self.0
    }
}

fn random_pair() -> (u64, u64) {
    static KEYS: OnceLock<RandomState> = OnceLock::new();
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    let keys = KEYS.get_or_init(RandomState::new);
    let count = COUNTER.fetch_add(1, Ordering::Relaxed);
    let draw = |half: u8| {
        let mut hasher = keys.build_hasher();
        hasher.write_u64(count);
        hasher.write_u8(half);
        hasher.finish()
    };
    (draw(0), draw(1))
}

/// The usual form of a UUID, in lower case.
impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let id = self.0;
        write!(
            f,
            "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
            id >> 96,
            (id >> 80) & 0xffff,
            (id >> 64) & 0xffff,
            (id >> 48) & 0xffff,
            id & 0xffff_ffff_ffff
        )
    }
}

impl fmt::Debug for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::RequestId;
    use crate::{Clock, Timestamp};

    #[test]
    fn the_layout_is_that_of_rfc_9562() {
        // The example of RFC 9562, appendix A.6.
        let id = RequestId::from_parts(0x017F_22E2_79B0, 0xCC3, 0x18C4_DC0C_0C07_398F << 2);
        assert_eq!(id.to_string(), "017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
    }

    #[test]
    fn ids_are_distinct_within_one_millisecond_and_sort_by_time() {
        let (clock, hands) = Clock::manual(Timestamp::from_unix_seconds(1_700_000_000));
        let ids: HashSet<_> = (0..1000).map(|_| RequestId::generate(&clock)).collect();
        assert_eq!(ids.len(), 1000);
        hands.advance(std::time::Duration::from_millis(1));
        let later = RequestId::generate(&clock);
        assert!(ids.iter().all(|id| *id < later));
    }
}
