//! Counts by hour, endpoint, outcome, reason and how long it took, kept in the transaction that
//! writes or deletes the records they count.

use std::{borrow::Cow, collections::HashMap};

use crate::{
    SqlError, cell::Cell, column::Field, database::Session, row::Row, time::MICROS_PER_HOUR,
};

/// How many rows a statement changes: a few sizes, so that few statements are prepared, or what is left.
const CHUNKS: [usize; 4] = [128, 64, 32, 16];

/// What is counted of an endpoint: the hour, the outcome, the reason, and the bucket of the time.
type Key = (i64, Cow<'static, str>, Cow<'static, str>, i64);

/// How many records there are, the sum of their times, and when the last came.
#[derive(Clone, Copy, Debug)]
struct Sum {
    records: i64,
    micros: i64,
    last_at: i64,
}

/// What a batch adds, or takes away, by endpoint.
#[derive(Debug, Default)]
pub(crate) struct Rollup(HashMap<String, HashMap<Key, Sum>>);

impl Rollup {
    pub(crate) fn of<'a>(rows: impl IntoIterator<Item = &'a Row>) -> Self {
        let mut rollup = Self::default();
        rollup.add(rows);
        rollup
    }

    /// Counts the records that tell of a request.
    pub(crate) fn add<'a>(&mut self, rows: impl IntoIterator<Item = &'a Row>) {
        for row in rows {
            self.add_row(row);
        }
    }

    fn add_row(&mut self, row: &Row) {
        let (Cell::Text(outcome), Some(time)) = (row.get(Field::Outcome), row.number(Field::Time))
        else {
            return;
        };
        let reason = match row.get(Field::Reason) {
            Cell::Text(reason) => reason.clone(),
            _ => Cow::Borrowed(""),
        };
        let micros = row.number(Field::TotalMicros).unwrap_or(0);
        let hour = time.div_euclid(MICROS_PER_HOUR);
        let key = (hour, outcome.clone(), reason, bucket_of(micros));
        let endpoint = row.text(Field::Endpoint).unwrap_or_default();
        if let Some(sums) = self.0.get_mut(endpoint) {
            count(sums, key, time, micros);
        } else {
            let mut sums = HashMap::new();
            count(&mut sums, key, time, micros);
            self.0.insert(endpoint.to_owned(), sums);
        }
    }

    /// Adds the counts to the table, within the session's transaction.
    pub(crate) async fn add_to(self, session: &mut Session) -> Result<(), SqlError> {
        self.apply(session, 1).await
    }

    /// Takes the counts from the table, within the session's transaction. Those of an hour that have
    /// come to nothing go when a later hour is counted, so that few statements do for the oldest.
    pub(crate) async fn take_oldest_from(self, session: &mut Session) -> Result<(), SqlError> {
        let Some((first, _)) = self.hours() else {
            return Ok(());
        };
        self.apply(session, -1).await?;
        let sql = "DELETE FROM webhook_stats_hourly WHERE hour < $1 AND records <= 0";
        session.run(sql, &[first.into()]).await?;
        Ok(())
    }

    /// The same for records of any time: what has come to nothing goes.
    pub(crate) async fn take_from(self, session: &mut Session) -> Result<(), SqlError> {
        let Some((first, last)) = self.hours() else {
            return Ok(());
        };
        self.apply(session, -1).await?;
        let sql =
            "DELETE FROM webhook_stats_hourly WHERE hour >= $1 AND hour <= $2 AND records <= 0";
        session.run(sql, &[first.into(), last.into()]).await?;
        Ok(())
    }

    fn hours(&self) -> Option<(i64, i64)> {
        let hours = || self.0.values().flat_map(HashMap::keys).map(|key| key.0);
        hours().min().zip(hours().max())
    }

    async fn apply(self, session: &mut Session, sign: i64) -> Result<(), SqlError> {
        let of_endpoint = |(endpoint, sums): (String, HashMap<Key, Sum>)| {
            let row = move |((hour, outcome, reason, bucket), sum): (Key, Sum)| {
                ((hour, endpoint.clone(), outcome, reason, bucket), sum)
            };
            sums.into_iter().map(row)
        };
        let mut left: Vec<_> = self.0.into_iter().flat_map(of_endpoint).collect();
        // In the order of the table's key, so that no two writers wait for each other.
        left.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
        while !left.is_empty() {
            let fits = |rows: &&usize| **rows <= left.len();
            let rows = CHUNKS.iter().find(fits).copied().unwrap_or(left.len());
            let values = left.drain(..rows).flat_map(|(key, sum)| {
                let (hour, endpoint, outcome, reason, bucket) = key;
                [
                    hour.into(),
                    endpoint.into(),
                    Cell::Text(outcome),
                    Cell::Text(reason),
                    bucket.into(),
                    Cell::Number(sum.records * sign),
                    Cell::Number(sum.micros.saturating_mul(sign)),
                    sum.last_at.into(),
                ]
            });
            let values: Vec<_> = values.collect();
            let sql = upsert(rows, session.is_sqlite());
            session.run(&sql, &values).await?;
        }
        Ok(())
    }
}

fn count(sums: &mut HashMap<Key, Sum>, key: Key, time: i64, micros: i64) {
    let sum = sums.entry(key).or_insert(Sum {
        records: 0,
        micros: 0,
        last_at: time,
    });
    sum.records += 1;
    sum.micros = sum.micros.saturating_add(micros);
    sum.last_at = sum.last_at.max(time);
}

/// How many values a row has.
const WIDTH: usize = 8;

fn upsert(rows: usize, sqlite: bool) -> String {
    let row = |row: usize| {
        let places = (1..=WIDTH).map(|place| {
            // SQLite looks for a name among all names, one by one.
            if sqlite {
                String::from("?")
            } else {
                format!("${}", row * WIDTH + place)
            }
        });
        format!("({})", places.collect::<Vec<_>>().join(","))
    };
    let rows: Vec<_> = (0..rows).map(row).collect();
    let latest = if sqlite { "MAX" } else { "GREATEST" };
    format!(
        "INSERT INTO webhook_stats_hourly AS s \
         (hour, endpoint, outcome, reason, bucket, records, total_us, last_at) VALUES {} \
         ON CONFLICT (hour, endpoint, outcome, reason, bucket) DO UPDATE SET \
         records = s.records + excluded.records, total_us = s.total_us + excluded.total_us, \
         last_at = {latest}(s.last_at, excluded.last_at)",
        rows.join(",")
    )
}

/// The bucket of a time: exact below 8 µs, then eight to each doubling, so at most an eighth wide.
pub(crate) fn bucket_of(micros: i64) -> i64 {
    let micros = micros.max(0);
    if micros < 8 {
        return micros;
    }
    let exponent = i64::from(micros.ilog2());
    (exponent - 2) * 8 + ((micros >> (exponent - 3)) & 7)
}

/// The longest time of a bucket.
pub(crate) fn end_of_bucket(bucket: i64) -> i64 {
    if bucket < 8 {
        return bucket.max(0);
    }
    let (exponent, eighth) = (bucket / 8 + 2, bucket % 8);
    let step = 1_i64.checked_shl(u32::try_from(exponent - 3).unwrap_or(64));
    let start = step.and_then(|step| (8 + eighth).checked_mul(step));
    match (start, step) {
        (Some(start), Some(step)) => start.saturating_add(step - 1),
        _ => i64::MAX,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{bucket_of, end_of_bucket};

    proptest! {
        #[test]
        fn a_time_lies_in_its_bucket(micros in 0_i64..1 << 50) {
            let bucket = bucket_of(micros);
            let end = end_of_bucket(bucket);
            prop_assert!(micros <= end && end <= micros + micros / 8, "{micros} {bucket} {end}");
            prop_assert_eq!(bucket_of(end), bucket);
            prop_assert_eq!(bucket_of(end + 1), bucket + 1);
        }
    }

    #[test]
    fn the_ends_of_the_scale_are_sound() {
        assert_eq!(bucket_of(i64::MIN), 0);
        assert!(end_of_bucket(bucket_of(i64::MAX)) >= i64::MAX - 1);
        assert_eq!(end_of_bucket(i64::MAX), i64::MAX);
    }
}
