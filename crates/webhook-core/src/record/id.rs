use std::{
    fmt,
    hash::BuildHasher as _,
    sync::{
        LazyLock,
        atomic::{AtomicU64, Ordering},
    },
};

use crate::{Clock, Seed, Timestamp};

/// The id of one request: a UUID of version 7
/// ([RFC 9562 section 5.7](https://www.rfc-editor.org/rfc/rfc9562#section-5.7)), which sorts by
/// time.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(pub(super) u128);

impl RequestId {
    /// A new id: the clock's time, then 62 bits that strangers cannot guess.
    #[must_use]
    pub fn generate(clock: &Clock) -> Self {
        Self::at(clock.now())
    }

    /// A new id of this time.
    ///
    /// It tells the time to a quarter of a microsecond: the 12 bits after the milliseconds are a
    /// fraction of one ([RFC 9562 section 6.2, method
    /// 3](https://www.rfc-editor.org/rfc/rfc9562#section-6.2)). The 62 bits after them are a counter
    /// under `SipHash`, with a key that the standard library draws from the system once for this
    /// process.
    #[must_use]
    pub fn at(time: Timestamp) -> Self {
        static SEED: LazyLock<Seed> = LazyLock::new(Seed::random);
        static COUNTER: AtomicU64 = AtomicU64::new(0);
        let millis = u64::try_from(time.unix_millis()).unwrap_or(0);
        // Below 2^12, for there are a million nanoseconds in a millisecond.
        let fraction = u64::from(time.subsecond_nanos() % 1_000_000) * 4096 / 1_000_000;
        let count = COUNTER.fetch_add(1, Ordering::Relaxed);
        Self::from_parts(millis, fraction, SEED.hash_one(count))
    }

    fn from_parts(millis: u64, high: u64, low: u64) -> Self {
        const VERSION_7: u128 = 0x7 << 76;
        const VARIANT: u128 = 0b10 << 62;
        let time = u128::from(millis & 0xffff_ffff_ffff) << 80;
        let rand_a = u128::from(high & 0xfff) << 64;
        let rand_b = u128::from(low >> 2);
        Self(time | VERSION_7 | rand_a | VARIANT | rand_b)
    }

    /// The usual form, in ASCII. By hand: `write!` costs nine times as much.
    pub(crate) fn text(self) -> [u8; 36] {
        const HYPHENS: [usize; 4] = [8, 13, 18, 23];
        let mut text = [b'-'; 36];
        let mut rest = self.0;
        let places = text.iter_mut().enumerate().rev();
        for (_, place) in places.filter(|(index, _)| !HYPHENS.contains(index)) {
            // The remainder is below 16.
            #[allow(clippy::cast_possible_truncation)]
            let digit = (rest & 0xf) as u8;
            *place = digit + if digit < 10 { b'0' } else { b'a' - 10 };
            rest >>= 4;
        }
        text
    }

    /// The 128 bits.
    #[must_use]
    pub const fn as_u128(self) -> u128 {
        self.0
    }
}

/// The usual form of a UUID, in lower case.
impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(str::from_utf8(&self.text()).unwrap_or_default())
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

    #[test]
    fn ids_sort_within_a_millisecond_and_its_last_nanosecond_is_not_the_next_one() {
        let at = |nanos| {
            let time = Timestamp::from_unix_seconds(1_700_000_000);
            RequestId::at(time.saturating_add(std::time::Duration::from_nanos(nanos)))
        };
        assert!(at(0) < at(250) && at(999_999) < at(1_000_000));
        assert_eq!(at(999_999).as_u128() >> 64 & 0xffff, 0x7fff);
    }
}
