//! Counts by hour, endpoint, outcome, reason and how long it took, kept in the transaction that
//! writes or deletes the records they count.

use std::collections::HashMap;

use crate::{
    SqlError, cell::Cell, column::Field, database::Session, row::Row, time::MICROS_PER_HOUR,
};

/// How many rows a statement changes: a few sizes, so that few statements are prepared.
const CHUNKS: [usize; 8] = [128, 64, 32, 16, 8, 4, 2, 1];

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Key<'a> {
    hour: i64,
    endpoint: &'a str,
    outcome: &'a str,
    reason: &'a str,
    bucket: i64,
}

/// What a batch adds, or takes away: records, and the sum of their times.
#[derive(Debug, Default)]
pub(crate) struct Rollup<'a>(HashMap<Key<'a>, (i64, i64)>);

impl<'a> Rollup<'a> {
    pub(crate) fn of(rows: impl IntoIterator<Item = &'a Row>) -> Self {
        let mut rollup = Self::default();
        for row in rows {
            rollup.add(row);
        }
        rollup
    }

    /// Counts a record that tells of a request.
    fn add(&mut self, row: &'a Row) {
        let (Some(outcome), Some(time)) = (row.text(Field::Outcome), row.number(Field::Time))
        else {
            return;
        };
        let micros = row.number(Field::TotalMicros).unwrap_or(0);
        let key = Key {
            hour: time.div_euclid(MICROS_PER_HOUR),
            endpoint: row.text(Field::Endpoint).unwrap_or_default(),
            outcome,
            reason: row.text(Field::Reason).unwrap_or_default(),
            bucket: bucket_of(micros),
        };
        let (records, sum) = self.0.entry(key).or_default();
        *records += 1;
        *sum = sum.saturating_add(micros);
    }

    /// Adds the counts to the table, within the session's transaction.
    pub(crate) async fn add_to(self, session: &mut Session) -> Result<(), SqlError> {
        self.apply(session, 1).await
    }

    /// Takes the counts from the table, within the session's transaction.
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
        let hours = || self.0.keys().map(|key| key.hour);
        hours().min().zip(hours().max())
    }

    async fn apply(self, session: &mut Session, sign: i64) -> Result<(), SqlError> {
        let mut left: Vec<_> = self.0.into_iter().collect();
        // In the order of keys, so that no two writers wait for each other.
        left.sort_unstable();
        while !left.is_empty() {
            let fits = |rows: &&usize| **rows <= left.len();
            let rows = CHUNKS.iter().find(fits).copied().unwrap_or(1);
            let values = left.drain(..rows).flat_map(|(key, (records, sum))| {
                [
                    key.hour.into(),
                    key.endpoint.to_owned().into(),
                    key.outcome.to_owned().into(),
                    key.reason.to_owned().into(),
                    key.bucket.into(),
                    Cell::Number(records * sign),
                    Cell::Number(sum.saturating_mul(sign)),
                ]
            });
            let values: Vec<_> = values.collect();
            let sql = upsert(rows, session.is_sqlite());
            session.run(&sql, &values).await?;
        }
        Ok(())
    }
}

fn upsert(rows: usize, sqlite: bool) -> String {
    let row = |row: usize| {
        let places = (1..=7).map(|place| {
            // SQLite looks for a name among all names, one by one.
            if sqlite {
                String::from("?")
            } else {
                format!("${}", row * 7 + place)
            }
        });
        format!("({})", places.collect::<Vec<_>>().join(","))
    };
    let rows: Vec<_> = (0..rows).map(row).collect();
    format!(
        "INSERT INTO webhook_stats_hourly AS s \
         (hour, endpoint, outcome, reason, bucket, records, total_us) VALUES {} \
         ON CONFLICT (hour, endpoint, outcome, reason, bucket) DO UPDATE SET \
         records = s.records + excluded.records, total_us = s.total_us + excluded.total_us",
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
