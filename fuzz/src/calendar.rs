//! A naive calendar: days are counted one month at a time.

fn days_in(year: i64, month: i64) -> i64 {
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

fn days_of(year: i64) -> i64 {
    365 + i64::from(days_in(year, 2) == 29)
}

/// Days from 1970-01-01 to the first of a year.
fn days_before(year: i64) -> i64 {
    if year >= 1970 {
        (1970..year).map(days_of).sum()
    } else {
        -(year..1970).map(days_of).sum::<i64>()
    }
}

/// `2026-11-22T06:30:00`, a fraction of one to nine digits, `Z` or an offset; nothing else.
#[must_use]
pub fn millis(text: &str) -> Option<i64> {
    let bytes = text.as_bytes();
    let form = b"0000-00-00T00:00:00";
    let (whole, mut rest) = bytes.split_at_checked(form.len())?;
    let fits = |(byte, form): (&u8, &u8)| {
        if *form == b'0' {
            byte.is_ascii_digit()
        } else {
            byte == form
        }
    };
    if !whole.iter().zip(form).all(fits) {
        return None;
    }
    let number = |from: usize, to: usize| text.get(from..to)?.parse::<i64>().ok();
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    let is_date = (1..=12).contains(&month) && (1..=days_in(year, month)).contains(&day);
    if !is_date || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let mut fraction = 0;
    if let [b'.', digits @ ..] = rest {
        let count = digits
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .count();
        if count == 0 || count > 9 {
            return None;
        }
        let thousandths: String = (0..3)
            .map(|at| {
                if at < count {
                    char::from(digits[at])
                } else {
                    '0'
                }
            })
            .collect();
        fraction = thousandths.parse().ok()?;
        rest = &digits[count..];
    }
    let offset = match rest {
        b"Z" => 0,
        [sign @ (b'+' | b'-'), h0, h1, b':', m0, m1]
            if [h0, h1, m0, m1].iter().all(|byte| byte.is_ascii_digit()) =>
        {
            let two = |tens: &u8, ones: &u8| i64::from(tens - b'0') * 10 + i64::from(ones - b'0');
            let (hours, minutes) = (two(h0, h1), two(m0, m1));
            if hours > 23 || minutes > 59 {
                return None;
            }
            (hours * 60 + minutes) * if *sign == b'+' { 60 } else { -60 }
        }
        _ => return None,
    };
    let days =
        days_before(year) + (1..month).map(|month| days_in(year, month)).sum::<i64>() + day - 1;
    let seconds = ((days * 24 + hour) * 60 + minute) * 60 + second.min(59) - offset;
    Some(seconds * 1000 + fraction)
}

/// The text of a time from 1970 on, to the millisecond.
#[must_use]
pub fn text(millis: i64) -> Option<String> {
    let (mut days, within) = (millis.div_euclid(86_400_000), millis.rem_euclid(86_400_000));
    let mut year = 1970;
    while days >= days_of(year) {
        days -= days_of(year);
        year += 1;
    }
    let mut month = 1;
    while days >= days_in(year, month) {
        days -= days_in(year, month);
        month += 1;
    }
    let (hour, minute, second) = (within / 3_600_000, within / 60_000 % 60, within / 1000 % 60);
    let (day, within) = (days + 1, within % 1000);
    (millis >= 0 && year <= 9999).then(|| {
        format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{within:03}Z")
    })
}
