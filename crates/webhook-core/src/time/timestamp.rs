use std::{
    fmt,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

const SECONDS_PER_DAY: i64 = 86_400;

/// A point in wall time: seconds and nanoseconds since 1970-01-01T00:00:00Z, without leap seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp {
    seconds: i64,
    nanos: u32,
}

impl Timestamp {
    /// A whole second since the epoch; negative values lie before it.
    #[must_use]
    pub const fn from_unix_seconds(seconds: i64) -> Self {
        Self { seconds, nanos: 0 }
    }

    /// A point `millis` milliseconds after the epoch; negative values lie before it.
    #[must_use]
    pub const fn from_unix_millis(millis: i64) -> Self {
        // The remainder lies in 0..1000, so the product fits.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let nanos = millis.rem_euclid(1000) as u32 * 1_000_000;
        Self {
            seconds: millis.div_euclid(1000),
            nanos,
        }
    }

    /// Whole seconds since the epoch, rounded down.
    #[must_use]
    pub const fn unix_seconds(self) -> i64 {
        self.seconds
    }

    /// Whole milliseconds since the epoch, rounded down; saturates.
    #[must_use]
    pub const fn unix_millis(self) -> i64 {
        self.seconds
            .saturating_mul(1000)
            .saturating_add((self.nanos / 1_000_000) as i64)
    }

    /// The nanoseconds within the second.
    #[must_use]
    pub const fn subsecond_nanos(self) -> u32 {
        self.nanos
    }

    /// How long after `earlier` this is, or `None` where it is not after it. Never overflows.
    #[must_use]
    pub fn since(self, earlier: Self) -> Option<Duration> {
        let nanos = self.unix_nanos().checked_sub(earlier.unix_nanos())?;
        let nanos = u128::try_from(nanos).ok()?;
        let seconds = u64::try_from(nanos / 1_000_000_000).ok()?;
        let subsecond = u32::try_from(nanos % 1_000_000_000).ok()?;
        Some(Duration::new(seconds, subsecond))
    }

    /// This point, `duration` later; saturates at the last second that can be told.
    #[must_use]
    pub fn saturating_add(self, duration: Duration) -> Self {
        let nanos = self.nanos + duration.subsec_nanos();
        let seconds = i64::try_from(duration.as_secs()).unwrap_or(i64::MAX);
        Self {
            seconds: self
                .seconds
                .saturating_add(seconds)
                .saturating_add(i64::from(nanos / 1_000_000_000)),
            nanos: nanos % 1_000_000_000,
        }
    }

    fn unix_nanos(self) -> i128 {
        i128::from(self.seconds) * 1_000_000_000 + i128::from(self.nanos)
    }
}

impl From<SystemTime> for Timestamp {
    fn from(time: SystemTime) -> Self {
        match time.duration_since(UNIX_EPOCH) {
            Ok(after) => Self::from_unix_seconds(0).saturating_add(after),
            Err(before) => {
                let before = before.duration();
                let seconds = i64::try_from(before.as_secs()).unwrap_or(i64::MAX);
                match before.subsec_nanos() {
                    0 => Self::from_unix_seconds(-seconds),
                    nanos => Self {
                        seconds: (-seconds).saturating_sub(1),
                        nanos: 1_000_000_000 - nanos,
                    },
                }
            }
        }
    }
}

/// [RFC 3339](https://www.rfc-editor.org/rfc/rfc3339) in UTC with microseconds:
/// `2026-11-22T04:00:01.123456Z`.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = civil_from_days(self.seconds.div_euclid(SECONDS_PER_DAY));
        let second = self.seconds.rem_euclid(SECONDS_PER_DAY);
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        let micros = self.nanos / 1000;
        // By hand: seven numbers through the formatter cost ten times as much, for each record.
        if let Some(text) = fixed([year, month, day, hour, minute, second], micros) {
            return f.write_str(str::from_utf8(&text).unwrap_or_default());
        }
        write!(
            f,
            "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{micros:06}Z"
        )
    }
}

/// The form of the years from 0 to 9999.
fn fixed(numbers: [i64; 6], micros: u32) -> Option<[u8; 27]> {
    let [
        Ok(year @ 0..=9999),
        Ok(month),
        Ok(day),
        Ok(hour),
        Ok(minute),
        Ok(second),
    ] = numbers.map(u32::try_from)
    else {
        return None;
    };
    // The remainder is a digit.
    #[allow(clippy::cast_possible_truncation)]
    let of = |number: u32, unit: u32| b'0' + (number / unit % 10) as u8;
    #[rustfmt::skip]
    let text = [
        of(year, 1000), of(year, 100), of(year, 10), of(year, 1), b'-',
        of(month, 10), of(month, 1), b'-', of(day, 10), of(day, 1), b'T',
        of(hour, 10), of(hour, 1), b':', of(minute, 10), of(minute, 1), b':',
        of(second, 10), of(second, 1), b'.',
        of(micros, 100_000), of(micros, 10_000), of(micros, 1000),
        of(micros, 100), of(micros, 10), of(micros, 1), b'Z',
    ];
    Some(text)
}

/// The proleptic Gregorian date of a day counted from 1970-01-01.
///
/// Counted in eras of 400 years that begin on a 1st of March, so that the leap day comes last:
/// <https://howardhinnant.github.io/date_algorithms.html#civil_from_days>.
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    const DAYS_PER_ERA: i64 = 146_097;
    let days = days + 719_468;
    let era = days.div_euclid(DAYS_PER_ERA);
    let day_of_era = days.rem_euclid(DAYS_PER_ERA);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::{SECONDS_PER_DAY, Timestamp};

    #[test]
    fn is_told_as_rfc_3339() {
        let text = |seconds| Timestamp::from_unix_seconds(seconds).to_string();
        assert_eq!(text(0), "1970-01-01T00:00:00.000000Z");
        assert_eq!(text(951_782_400), "2000-02-29T00:00:00.000000Z");
        assert_eq!(text(1_700_000_000), "2023-11-14T22:13:20.000000Z");
        assert_eq!(text(4_107_542_399), "2100-02-28T23:59:59.000000Z");
        assert_eq!(text(-1), "1969-12-31T23:59:59.000000Z");
        assert_eq!(
            Timestamp::from_unix_millis(1_700_000_000_123).to_string(),
            "2023-11-14T22:13:20.123000Z"
        );
    }

    #[test]
    fn years_of_other_than_four_digits_and_all_digits_of_a_second_are_told() {
        let text = |seconds| Timestamp::from_unix_seconds(seconds).to_string();
        assert_eq!(text(253_402_300_799), "9999-12-31T23:59:59.000000Z");
        assert_eq!(text(253_402_300_800), "10000-01-01T00:00:00.000000Z");
        assert_eq!(text(-62_167_219_200), "0000-01-01T00:00:00.000000Z");
        assert_eq!(text(-62_167_219_201), "-001-12-31T23:59:59.000000Z");
        for micros in [1, 90_000, 654_321, 999_999] {
            let time =
                Timestamp::from_unix_seconds(1).saturating_add(Duration::from_micros(micros));
            assert_eq!(
                time.to_string(),
                format!("1970-01-01T00:00:01.{micros:06}Z")
            );
        }
    }

    #[test]
    fn every_day_follows_the_one_before() {
        let (mut year, mut month, mut day) = (1970, 1, 1);
        for days in 0..400 * 366 {
            let told = Timestamp::from_unix_seconds(days * SECONDS_PER_DAY).to_string();
            let expected = format!("{year}-{month:02}-{day:02}T00:00:00.000000Z");
            assert_eq!(told, expected);
            let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
            let length = match month {
                2 => 28 + i32::from(is_leap),
                4 | 6 | 9 | 11 => 30,
                _ => 31,
            };
            day += 1;
            if day > length {
                (day, month) = (1, month + 1);
            }
            if month > 12 {
                (month, year) = (1, year + 1);
            }
        }
    }

    #[test]
    fn parts_of_a_second_add_up_and_are_told_apart() {
        let time = Timestamp::from_unix_millis(1900);
        let later = time.saturating_add(Duration::from_millis(200));
        assert_eq!(later, Timestamp::from_unix_millis(2100));
        assert_eq!(later.since(time), Some(Duration::from_millis(200)));
        assert_eq!(time.since(later), None);
    }

    #[test]
    fn differences_never_overflow() {
        let (first, last) = (
            Timestamp::from_unix_seconds(i64::MIN),
            Timestamp::from_unix_seconds(i64::MAX),
        );
        assert_eq!(last.since(first), Some(Duration::from_secs(u64::MAX)));
        assert_eq!(first.since(last), None);
        assert_eq!(last.saturating_add(Duration::MAX).unix_seconds(), i64::MAX);
    }

    #[test]
    fn times_before_the_epoch_are_rounded_down() {
        for before in [1, 2000, 2001] {
            let time = Timestamp::from(UNIX_EPOCH - Duration::from_millis(before));
            let millis = -i64::try_from(before).unwrap();
            assert_eq!(time, Timestamp::from_unix_millis(millis));
            assert_eq!(time.unix_millis(), millis);
        }
        let time = Timestamp::from_unix_millis(-1);
        assert_eq!(
            (time.unix_seconds(), time.subsecond_nanos()),
            (-1, 999_000_000)
        );
    }
}
