use webhook_core::Timestamp;

/// The date of a feed, in UTC: `2023-11-14T22:13:20.303Z` (Atlassian), the same without a zone
/// (Google), or `2023-11-14-22-13-20` (Amazon, Datadog). Fractions of a second are dropped.
pub(super) fn parse(text: &str) -> Option<Timestamp> {
    let (whole, rest) = text.split_at_checked(19)?;
    let fraction = rest.strip_suffix('Z').unwrap_or(rest);
    let has_fraction = fraction.is_empty()
        || fraction
            .strip_prefix('.')
            .is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
    let shape = whole.bytes().zip(b"0000-00-00T00:00:00".iter());
    let has_shape = shape.into_iter().all(|(byte, form)| match form {
        b'0' => byte.is_ascii_digit(),
        b'-' => byte == b'-',
        _ => byte == *form || byte == b'-',
    });
    if !has_fraction || !has_shape {
        return None;
    }
    let number = |from: usize, to: usize| whole.get(from..to)?.parse::<i64>().ok();
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    let is_date = (1..=12).contains(&month) && (1..=31).contains(&day);
    let is_time = hour < 24 && minute < 60 && second < 60;
    (is_date && is_time).then(|| {
        let days = days_from_civil(year, month, day);
        Timestamp::from_unix_seconds(((days * 24 + hour) * 60 + minute) * 60 + second)
    })
}

/// The days from 1970-01-01 to a date of the proleptic Gregorian calendar:
/// <https://howardhinnant.github.io/date_algorithms.html#days_from_civil>.
const fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let shifted_month = (month + 9) % 12;
    let day_of_year = (153 * shifted_month + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn the_published_spellings_are_read_and_no_others() {
        let seconds = |text| parse(text).map(webhook_core::Timestamp::unix_seconds);
        for text in [
            "2023-11-14T22:13:20.303Z",
            "2023-11-14T22:13:20Z",
            "2023-11-14T22:13:20.000000",
            "2023-11-14-22-13-20",
        ] {
            assert_eq!(seconds(text), Some(1_700_000_000), "{text}");
        }
        assert_eq!(seconds("2000-02-29-00-00-00"), Some(951_782_400));
        assert_eq!(seconds("1970-01-01T00:00:00Z"), Some(0));
        for text in [
            "",
            "2023-11-14",
            "2023-13-14T22:13:20Z",
            "2023-11-14T24:13:20Z",
            "2023-11-14T22:13:20+02:00",
            "2023-11-14T22:13:20.x",
            "2023-11-14 22:13:20Z",
            "+023-11-14T22:13:20Z",
            "2023-11-14T22:13:2é",
        ] {
            assert_eq!(seconds(text), None, "{text}");
        }
    }
}
