//! Timestamps as RFC 3339 writes them.

use webhook_core::Timestamp;

/// Reads `2026-01-31T23:59:59Z`, with up to nine digits of a fraction and an offset instead of `Z`
/// ([RFC 3339](https://www.rfc-editor.org/rfc/rfc3339)): capital letters, no spaces, no leap second.
pub(crate) fn rfc3339(text: &[u8]) -> Option<Timestamp> {
    let mut rest = text;
    let year = number(&mut rest, 4)?;
    let month = after(&mut rest, b'-').then(|| number(&mut rest, 2))??;
    let day = after(&mut rest, b'-').then(|| number(&mut rest, 2))??;
    let hour = after(&mut rest, b'T').then(|| number(&mut rest, 2))??;
    let minute = after(&mut rest, b':').then(|| number(&mut rest, 2))??;
    let second = after(&mut rest, b':').then(|| number(&mut rest, 2))??;
    let millis = fraction(&mut rest)?;
    let offset = offset(rest)?;
    let valid = (1..=12).contains(&month)
        && (1..=days_in(year, month)).contains(&day)
        && hour < 24
        && minute < 60
        && second < 60;
    if !valid {
        return None;
    }
    let days = days_since_epoch(year, month, day);
    let seconds = days * 86_400 + hour * 3600 + minute * 60 + second - offset * 60;
    Some(Timestamp::from_unix_millis(seconds * 1000 + millis))
}

fn after(rest: &mut &[u8], byte: u8) -> bool {
    match rest.split_first() {
        Some((first, tail)) if *first == byte => {
            *rest = tail;
            true
        }
        _ => false,
    }
}

fn number(rest: &mut &[u8], digits: usize) -> Option<i64> {
    let (text, tail) = rest.split_at_checked(digits)?;
    *rest = tail;
    text.iter().try_fold(0, |number: i64, byte| {
        byte.is_ascii_digit()
            .then(|| number * 10 + i64::from(byte - b'0'))
    })
}

/// Milliseconds; what is finer is cut off.
fn fraction(rest: &mut &[u8]) -> Option<i64> {
    if !after(rest, b'.') {
        return Some(0);
    }
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (text, tail) = rest.split_at_checked(digits)?;
    *rest = tail;
    if !(1..=9).contains(&digits) {
        return None;
    }
    let digit = |at: usize| text.get(at).map_or(0, |byte| i64::from(byte - b'0'));
    Some(digit(0) * 100 + digit(1) * 10 + digit(2))
}

/// Minutes ahead of UTC.
fn offset(mut rest: &[u8]) -> Option<i64> {
    if rest == b"Z" {
        return Some(0);
    }
    let sign = match rest.first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    rest = rest.get(1..)?;
    let hours = number(&mut rest, 2)?;
    let minutes = after(&mut rest, b':').then(|| number(&mut rest, 2))??;
    (rest.is_empty() && hours < 24 && minutes < 60).then_some(sign * (hours * 60 + minutes))
}

const fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

const fn days_in(year: i64, month: i64) -> i64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days of a proleptic Gregorian date, counted in years that begin in March.
const fn days_since_epoch(year: i64, month: i64, day: i64) -> i64 {
    let year = if month > 2 { year } else { year - 1 };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::rfc3339;

    #[test]
    fn times_are_read() {
        for (text, millis) in [
            ("1970-01-01T00:00:00Z", 0),
            ("2021-11-29T11:42:55Z", 1_638_186_175_000),
            ("2024-01-01T00:00:00.000Z", 1_704_067_200_000),
            ("2024-02-29T12:00:00.1234567+01:30", 1_709_202_600_123),
            ("2000-03-01T00:00:00-00:00", 951_868_800_000),
            ("1969-12-31T23:59:59.999Z", -1),
        ] {
            assert_eq!(
                rfc3339(text.as_bytes()).map(webhook_core::Timestamp::unix_millis),
                Some(millis),
                "{text}"
            );
        }
        for text in [
            "",
            "2024-01-01",
            "2024-01-01T00:00:00",
            "2024-01-01 00:00:00Z",
            "2024-01-01t00:00:00z",
            "2024-1-01T00:00:00Z",
            "2024-13-01T00:00:00Z",
            "2024-00-01T00:00:00Z",
            "2023-02-29T00:00:00Z",
            "2024-01-32T00:00:00Z",
            "2024-01-01T24:00:00Z",
            "2024-01-01T00:60:00Z",
            "2024-01-01T00:00:60Z",
            "2024-01-01T00:00:00.Z",
            "2024-01-01T00:00:00.0000000000Z",
            "2024-01-01T00:00:00Z ",
            "2024-01-01T00:00:00+1:00",
            "2024-01-01T00:00:00+01:00Z",
            "2024-01-01T00:00:00+24:00",
            "+024-01-01T00:00:00Z",
            "1700000000",
        ] {
            assert!(rfc3339(text.as_bytes()).is_none(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(bytes in proptest::collection::vec(any::<u8>(), 0..40), text in "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]{0,10})?(Z|[+-][0-9]{2}:[0-9]{2})") {
            let _ = rfc3339(&bytes);
            let _ = rfc3339(text.as_bytes());
        }
    }
}
