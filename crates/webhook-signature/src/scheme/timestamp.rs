use std::time::Duration;

use webhook_core::{Reason, Timestamp};

use super::{Tolerance, rfc3339};

/// The most digits of a timestamp in milliseconds.
const MAX_DIGITS: usize = 16;

/// Texts with more digits than this are in milliseconds where both units are taken.
const MAX_DIGITS_OF_SECONDS: usize = 11;

/// The unit in which a provider writes its timestamps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TimestampUnit {
    /// Unix seconds: 1 to 12 digits and nothing else.
    Seconds,
    /// Unix milliseconds: 1 to 16 digits and nothing else.
    Milliseconds,
    /// Unix seconds of up to 11 digits, or milliseconds of more.
    SecondsOrMilliseconds,
    /// `2026-11-22T06:30:00.123Z` with upper-case letters and `Z` or an offset such as `-08:00`
    /// ([RFC 3339](https://www.rfc-editor.org/rfc/rfc3339)).
    Rfc3339,
}

impl TimestampUnit {
    const fn max_digits(self) -> usize {
        match self {
            Self::Seconds => 12,
            _ => MAX_DIGITS,
        }
    }

    /// The unit's stable name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Seconds => "s",
            Self::Milliseconds => "ms",
            Self::SecondsOrMilliseconds => "s or ms",
            Self::Rfc3339 => "rfc3339",
        }
    }

    const fn of(self, time: Timestamp) -> i64 {
        match self {
            Self::Seconds | Self::SecondsOrMilliseconds => time.unix_seconds(),
            Self::Milliseconds | Self::Rfc3339 => time.unix_millis(),
        }
    }

    const fn timestamp(self, count: i64, digits: usize) -> Timestamp {
        match self {
            Self::Seconds => Timestamp::from_unix_seconds(count),
            Self::SecondsOrMilliseconds if digits <= MAX_DIGITS_OF_SECONDS => {
                Timestamp::from_unix_seconds(count)
            }
            _ => Timestamp::from_unix_millis(count),
        }
    }

    fn count(self, duration: Duration) -> i64 {
        let count = match self {
            Self::Seconds | Self::SecondsOrMilliseconds => i64::try_from(duration.as_secs()).ok(),
            Self::Milliseconds | Self::Rfc3339 => i64::try_from(duration.as_millis()).ok(),
        };
        count.unwrap_or(i64::MAX)
    }
}

/// How the text of a timestamp is read, and when it is fresh.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TimestampRule {
    pub(crate) unit: TimestampUnit,
    /// Whether `0170…` is taken. The text is signed as it was sent, so this opens nothing; it is
    /// here because providers' own libraries differ.
    pub(crate) leading_zeros: bool,
    pub(crate) tolerance: Tolerance,
}

impl TimestampRule {
    /// Reads digits only: no sign, no space, no fraction, no exponent. A unit that is a calendar's
    /// is read as strictly.
    pub(crate) fn read(&self, text: &[u8]) -> Option<Timestamp> {
        if self.unit == TimestampUnit::Rfc3339 {
            return rfc3339::read(text);
        }
        let padded = text.len() > 1 && text.first() == Some(&b'0');
        if text.is_empty() || text.len() > self.unit.max_digits() || (padded && !self.leading_zeros)
        {
            return None;
        }
        let mut count = 0;
        for byte in text {
            let digit = byte.wrapping_sub(b'0');
            if digit > 9 {
                return None;
            }
            // So few digits fit.
            count = count * 10 + i64::from(digit);
        }
        Some(self.unit.timestamp(count, text.len()))
    }

    /// The text that [`read`](Self::read) takes, or `None` for a time that has none.
    pub(crate) fn write(&self, time: Timestamp) -> Option<String> {
        let text = match self.unit {
            TimestampUnit::Rfc3339 => rfc3339::write(time)?,
            unit => unit.of(time).to_string(),
        };
        self.read(text.as_bytes()).map(|_| text)
    }

    /// Compares whole units, so that a timestamp in seconds is as old as it says until the next
    /// second begins. Saturates, whatever the two times are.
    pub(crate) fn judge(&self, signed: Timestamp, now: Timestamp) -> Result<(), Reason> {
        let (signed, now) = (self.unit.of(signed), self.unit.of(now));
        let beyond = |distance: i64, bound: Option<Duration>| {
            bound.is_some_and(|bound| distance > self.unit.count(bound))
        };
        if beyond(now.saturating_sub(signed), self.tolerance.past()) {
            Err(Reason::TimestampTooOld)
        } else if beyond(signed.saturating_sub(now), self.tolerance.future()) {
            Err(Reason::TimestampInFuture)
        } else {
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;
    use webhook_core::{Reason, Timestamp};

    use super::{TimestampRule, TimestampUnit, Tolerance};

    const NOW: i64 = 1_700_000_000;

    const fn rule(unit: TimestampUnit, tolerance: Tolerance) -> TimestampRule {
        TimestampRule {
            unit,
            leading_zeros: true,
            tolerance,
        }
    }

    const SECONDS: TimestampRule = rule(
        TimestampUnit::Seconds,
        Tolerance::within(Duration::from_secs(300)),
    );
    const MILLIS: TimestampRule = rule(
        TimestampUnit::Milliseconds,
        Tolerance::within(Duration::from_secs(300)),
    );

    #[test]
    fn only_digits_are_read() {
        for text in [
            "",
            " 1",
            "1 ",
            "+1",
            "-1",
            "1.0",
            "1e3",
            "1_000",
            "0x10",
            "NaN",
            "١",
            "now",
            "1700000000000",
            "-9223372036854775808",
            "18446744073709551616",
            "2026-01-01T00:00:00Z",
        ] {
            assert_eq!(SECONDS.read(text.as_bytes()), None, "{text}");
        }
        for text in ["0", "00", "1700000000", "01700000000", "999999999999"] {
            assert!(SECONDS.read(text.as_bytes()).is_some(), "{text}");
        }
        let strict = TimestampRule {
            leading_zeros: false,
            ..SECONDS
        };
        assert_eq!(strict.read(b"01700000000"), None);
        assert!(strict.read(b"0").is_some());
        assert_eq!(
            MILLIS.read(b"1700000000123").unwrap().unix_millis(),
            1_700_000_000_123
        );
        assert_eq!(MILLIS.read(b"10000000000000000"), None);
    }

    #[test]
    fn the_edges_are_inside() {
        let signed = Timestamp::from_unix_seconds(NOW);
        let at = |rule: &TimestampRule, millis| {
            rule.judge(signed, Timestamp::from_unix_millis(NOW * 1000 + millis))
        };
        assert_eq!(at(&SECONDS, 300_999), Ok(()));
        assert_eq!(at(&SECONDS, 301_000), Err(Reason::TimestampTooOld));
        assert_eq!(at(&SECONDS, -300_000), Ok(()));
        assert_eq!(at(&SECONDS, -300_001), Err(Reason::TimestampInFuture));
        assert_eq!(at(&MILLIS, 300_000), Ok(()));
        assert_eq!(at(&MILLIS, 300_001), Err(Reason::TimestampTooOld));
        assert_eq!(at(&MILLIS, -300_001), Err(Reason::TimestampInFuture));

        let by_age = rule(
            TimestampUnit::Seconds,
            Tolerance::max_age(Duration::from_secs(300)),
        );
        assert_eq!(at(&by_age, -100_000_000), Ok(()));
        assert_eq!(at(&by_age, 301_000), Err(Reason::TimestampTooOld));
        let unbounded = rule(TimestampUnit::Seconds, Tolerance::insecure_unbounded());
        assert_eq!(at(&unbounded, i64::MAX / 2), Ok(()));
    }

    proptest! {
        #[test]
        fn a_time_is_fresh_just_inside_the_window(signed: i64, now: i64, past: u64, future: u64) {
            let rule = rule(
                TimestampUnit::Seconds,
                Tolerance::max_age(Duration::from_secs(past)).both_ways(Duration::from_secs(future)),
            );
            let verdict = rule.judge(Timestamp::from_unix_seconds(signed), Timestamp::from_unix_seconds(now));
            let age = i128::from(now) - i128::from(signed);
            // Beyond the range of an i64 every bound counts as far as that range reaches.
            let age = age.clamp(-i128::from(i64::MAX), i128::from(i64::MAX));
            let fresh = age <= i128::from(past) && -age <= i128::from(future);
            prop_assert_eq!(verdict.is_ok(), fresh);
        }

        #[test]
        fn no_text_panics(text in proptest::collection::vec(any::<u8>(), 0..40), now: i64) {
            for rule in [SECONDS, MILLIS] {
                if let Some(signed) = rule.read(&text) {
                    prop_assert!(text.iter().all(u8::is_ascii_digit));
                    let _ = rule.judge(signed, Timestamp::from_unix_seconds(now));
                }
            }
        }

        #[test]
        fn what_is_written_is_read(seconds in 0_i64..1_000_000_000_000) {
            let time = Timestamp::from_unix_seconds(seconds);
            for rule in [SECONDS, MILLIS] {
                prop_assert_eq!(rule.read(rule.write(time).unwrap().as_bytes()), Some(time));
            }
        }
    }
}
