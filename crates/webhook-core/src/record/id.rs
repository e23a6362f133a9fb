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

/// How many ids came before this one: what makes it another than theirs.
#[derive(Clone, Copy)]
pub(super) struct Count(u64);

impl Count {
    pub(super) fn next() -> Self {
        static COUNTER: AtomicU64 = AtomicU64::new(0);
        Self(COUNTER.fetch_add(1, Ordering::Relaxed))
    }
}

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
        Self::of(time, Count::next())
    }

    pub(super) fn of(time: Timestamp, Count(count): Count) -> Self {
        static SEED: LazyLock<Seed> = LazyLock::new(Seed::random);
        let millis = u64::try_from(time.unix_millis()).unwrap_or(0);
        // Below 2^12, for there are a million nanoseconds in a millisecond.
        let fraction = u64::from(time.subsecond_nanos() % 1_000_000) * 4096 / 1_000_000;
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

    /// The usual form, in ASCII. By hand: `write!` costs ten times as much.
    pub(crate) fn text(self) -> [u8; 36] {
        let mut text = [b'-'; 36];
        let mut put = |at: usize, digits: &[u8]| {
            if let Some(place) = text.get_mut(at..at + digits.len()) {
                place.copy_from_slice(digits);
            }
        };
        let [first, second, third, fourth] = [96, 64, 32, 0].map(|shift| digits(self.0 >> shift));
        put(0, &first);
        let (left, right) = second.split_at(4);
        put(9, left);
        put(14, right);
        let (left, right) = third.split_at(4);
        put(19, left);
        put(24, right);
        put(28, &fourth);
        text
    }

    /// The 128 bits.
    #[must_use]
    pub const fn as_u128(self) -> u128 {
        self.0
    }
}

/// The lowest 32 bits as eight hexadecimal digits, all at once: each nibble in a byte of its own.
const fn digits(bits: u128) -> [u8; 8] {
    let spread = (bits & 0xffff_ffff) as u64;
    let spread = (spread << 16 | spread) & 0x0000_ffff_0000_ffff;
    let spread = (spread << 8 | spread) & 0x00ff_00ff_00ff_00ff;
    let spread = (spread << 4 | spread) & 0x0f0f_0f0f_0f0f_0f0f;
    // 1 in the bytes of those above 9.
    let letters = (spread + 0x0606_0606_0606_0606) >> 4 & 0x0101_0101_0101_0101;
    let letters = letters * (b'a' - b'9' - 1) as u64;
    (spread + 0x3030_3030_3030_3030 + letters).to_be_bytes()
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

    proptest::proptest! {
        #[test]
        fn the_form_is_that_of_a_uuid(bits in proptest::prelude::any::<u128>()) {
            let expected = format!(
                "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
                bits >> 96,
                bits >> 80 & 0xffff,
                bits >> 64 & 0xffff,
                bits >> 48 & 0xffff,
                bits & 0xffff_ffff_ffff,
            );
            proptest::prop_assert_eq!(RequestId(bits).to_string(), expected);
        }
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
