//! Points in time: microseconds in the tables, RFC 3339 in text.

use std::time::Duration;

use webhook_core::Timestamp;

pub(crate) const MICROS_PER_HOUR: i64 = 3_600_000_000;

/// Microseconds since the epoch; saturates.
pub(crate) const fn micros_of(time: Timestamp) -> i64 {
    time.unix_seconds()
        .saturating_mul(1_000_000)
        .saturating_add((time.subsecond_nanos() / 1000) as i64)
}

pub(crate) fn time_of(micros: i64) -> Timestamp {
    let within = u64::try_from(micros.rem_euclid(1_000_000)).unwrap_or(0);
    Timestamp::from_unix_seconds(micros.div_euclid(1_000_000))
        .saturating_add(Duration::from_micros(within))
}

/// Reads what [`Timestamp`] prints: RFC 3339 in UTC, `2026-11-22T04:00:01.123456Z`, with or without
/// a fraction, or a date alone.
///
/// ```
/// use webhook_sql::parse_time;
///
/// let time = parse_time("2026-11-22T04:00:01.5Z").unwrap();
/// assert_eq!(time.to_string(), "2026-11-22T04:00:01.500000Z");
/// assert_eq!(parse_time("2026-11-22").unwrap().to_string(), "2026-11-22T00:00:00.000000Z");
/// assert_eq!(parse_time("2026-02-30"), None);
/// ```
#[must_use]
pub fn parse_time(text: &str) -> Option<Timestamp> {
    let (date, time) = match text.split_once(['T', 't', ' ']) {
        Some((date, time)) => (date, time.strip_suffix(['Z', 'z'])?),
        None => (text, "00:00:00"),
    };
    let [year, month, day] = numbers(date, '-', [4, 2, 2])?;
    let (clock, fraction) = time.split_once('.').unwrap_or((time, "0"));
    let [hour, minute, second] = numbers(clock, ':', [2, 2, 2])?;
    if !(1..=12).contains(&month) || !(1..=days_in(year, month)).contains(&day) {
        return None;
    }
    if hour > 23 || minute > 59 || second > 60 || fraction.len() > 9 {
        return None;
    }
    let seconds = days_from_civil(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second;
    let nanos: u64 = digits(&format!("{fraction:0<9}"))?.try_into().ok()?;
    Some(Timestamp::from_unix_seconds(seconds).saturating_add(Duration::from_nanos(nanos)))
}

fn numbers(text: &str, separator: char, widths: [usize; 3]) -> Option<[i64; 3]> {
    let mut parts = text.split(separator);
    let mut next = |width| {
        parts
            .next()
            .filter(|part| part.len() == width)
            .and_then(digits)
    };
    let [first, second, third] = widths;
    let numbers = [next(first)?, next(second)?, next(third)?];
    parts.next().is_none().then_some(numbers)
}

/// A number of digits alone, and few enough of them.
fn digits(text: &str) -> Option<i64> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().ok()).flatten()
}

fn days_in(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// <https://howardhinnant.github.io/date_algorithms.html#days_from_civil>, for years of four digits.
const fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let month = (month + 9) % 12;
    let day_of_year = (153 * month + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{micros_of, parse_time, time_of};

    proptest! {
        #[test]
        fn what_is_printed_is_read(micros in 0_i64..253_402_300_799_999_999) {
            let time = time_of(micros);
            prop_assert_eq!(micros_of(time), micros);
            prop_assert_eq!(parse_time(&time.to_string()), Some(time));
        }

        #[test]
        fn any_text_is_read_or_refused(text in ".{0,32}") {
            let _either = parse_time(&text);
        }
    }
}
