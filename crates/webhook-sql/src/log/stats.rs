use std::{collections::BTreeMap, time::Duration};

use webhook_core::Timestamp;

use super::{AuditLog, Filter, Store, filter::Conditions, with};
use crate::{
    SqlError,
    cell::Cell,
    column::Field,
    database::Session,
    jsonl::LinePlace,
    time::{MICROS_PER_HOUR, time_of},
    write::{bucket_of, end_of_bucket},
};

/// What became of the requests for one endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct EndpointStats {
    /// The endpoint; `None` for requests that no endpoint was found for.
    pub endpoint: Option<String>,
    /// All requests: the sum of what follows.
    pub total: u64,
    /// Handed to the handler and answered, those that shadow mode let through included.
    pub accepted: u64,
    /// Answered as known, without the handler.
    pub duplicates: u64,
    /// Refused, by reason.
    pub refused: BTreeMap<String, u64>,
    /// Given up by the client, or cut short.
    pub cancelled: u64,
    /// Answered with an error of the handler or of the set-up.
    pub errors: u64,
    /// How long a request took, on average.
    pub average_time: Duration,
    /// How long all but one in a hundred took at most, rounded up by an eighth at most.
    pub p99_time: Duration,
    /// When the last request came. Where that one was purged, its time may stay as long as others of its
    /// hour, outcome and reason do.
    pub last: Option<Timestamp>,
}

impl AuditLog {
    /// Counts per endpoint, in the order of names, over the records that are meant.
    ///
    /// Whole hours are counted from a table that is kept in step; the rest, and whatever is asked
    /// of one client, from the records.
    ///
    /// # Errors
    ///
    /// The store cannot be read.
    pub async fn stats(&self, filter: &Filter) -> Result<Vec<EndpointStats>, SqlError> {
        let mut tally = Tally::default();
        match &self.store {
            Store::Lines(lines) => {
                lines.each(LinePlace::default(), filter, |event| {
                    let row = event.row();
                    let text = |field| row.text(field).unwrap_or_default();
                    if row.text(Field::Outcome).is_some() {
                        let words = (text(Field::Outcome), text(Field::Reason));
                        let micros = row.number(Field::TotalMicros).unwrap_or(0);
                        tally.add(text(Field::Endpoint), words, bucket_of(micros), 1, micros);
                        tally.see(text(Field::Endpoint), row.number(Field::Time));
                    }
                    Ok(())
                })?;
            }
            Store::Database(pool) => {
                with(pool, async |session| {
                    count(session, filter, &mut tally).await
                })
                .await?;
            }
        }
        Ok(tally.into_stats())
    }
}

async fn count(session: &mut Session, filter: &Filter, tally: &mut Tally) -> Result<(), SqlError> {
    if filter.client.is_some() {
        return count_records(session, filter, tally).await;
    }
    let since = filter.since.unwrap_or(0);
    let until = filter.until.unwrap_or(i64::MAX);
    // The whole hours between, and what sticks out on either side.
    let first = since
        .saturating_add(MICROS_PER_HOUR - 1)
        .div_euclid(MICROS_PER_HOUR);
    let end = until.div_euclid(MICROS_PER_HOUR);
    if filter.since.is_some() && first >= end {
        return count_records(session, filter, tally).await;
    }
    let first = filter.since.map_or(i64::MIN, |_| first);
    count_hours(session, filter, (first, end), tally).await?;
    if first > i64::MIN {
        let mut before = filter.clone();
        before.until = Some(first.saturating_mul(MICROS_PER_HOUR));
        count_records(session, &before, tally).await?;
    }
    if filter.until.is_some() {
        let mut after = filter.clone();
        after.since = Some(end.saturating_mul(MICROS_PER_HOUR));
        count_records(session, &after, tally).await?;
    }
    Ok(())
}

async fn count_hours(
    session: &mut Session,
    filter: &Filter,
    (first, end): (i64, i64),
    tally: &mut Tally,
) -> Result<(), SqlError> {
    let mut conditions = Conditions::default();
    conditions.add("hour >= $", first);
    conditions.add("hour < $", end);
    // What retention has brought to nothing may still stand there.
    conditions.add_text("records > 0");
    filter.add_words(&mut conditions);
    let sql = format!(
        "SELECT endpoint, outcome, reason, bucket, CAST(SUM(records) AS BIGINT), \
         CAST(SUM(total_us) AS BIGINT), MAX(last_at) FROM webhook_stats_hourly{} \
         GROUP BY endpoint, outcome, reason, bucket",
        conditions.sql()
    );
    add_rows(session, &sql, &conditions, tally, |bucket| bucket).await
}

async fn count_records(
    session: &mut Session,
    filter: &Filter,
    tally: &mut Tally,
) -> Result<(), SqlError> {
    let mut conditions = filter.conditions(session.is_sqlite());
    conditions.add_text("outcome IS NOT NULL");
    let sql = format!(
        "SELECT COALESCE(endpoint, ''), outcome, reason, COALESCE(total_us, 0), COUNT(*), \
         CAST(SUM(COALESCE(total_us, 0)) AS BIGINT), MAX(received_at) FROM webhook_event_log{} \
         GROUP BY COALESCE(endpoint, ''), outcome, reason, COALESCE(total_us, 0)",
        conditions.sql()
    );
    add_rows(session, &sql, &conditions, tally, bucket_of).await
}

/// Adds rows of endpoint, outcome, reason, what tells the bucket, records, their time, and the last.
async fn add_rows(
    session: &mut Session,
    sql: &str,
    conditions: &Conditions,
    tally: &mut Tally,
    bucket_of: fn(i64) -> i64,
) -> Result<(), SqlError> {
    for cells in session.rows(sql, &conditions.values).await? {
        let [endpoint, outcome, reason, bucket, records, sum, last] = cells.as_slice() else {
            continue;
        };
        let words = (
            outcome.text().unwrap_or_default(),
            reason.text().unwrap_or_default(),
        );
        let number = |cell: &Cell| cell.number().unwrap_or(0);
        let endpoint = endpoint.text().unwrap_or_default();
        let bucket = bucket_of(number(bucket));
        tally.add(endpoint, words, bucket, number(records), number(sum));
        tally.see(endpoint, last.number());
    }
    Ok(())
}

/// Counts by endpoint while they are gathered.
#[derive(Default)]
struct Tally(BTreeMap<String, Counts>);

#[derive(Default)]
struct Counts {
    accepted: u64,
    duplicates: u64,
    refused: BTreeMap<String, u64>,
    cancelled: u64,
    errors: u64,
    micros: u64,
    buckets: BTreeMap<i64, u64>,
    last: Option<i64>,
}

impl Tally {
    fn add(&mut self, endpoint: &str, words: (&str, &str), bucket: i64, records: i64, micros: i64) {
        let records = u64::try_from(records).unwrap_or(0);
        if records == 0 {
            return;
        }
        let counts = self.0.entry(endpoint.to_owned()).or_default();
        let count = match words {
            ("accepted", "duplicate") => &mut counts.duplicates,
            ("accepted" | "shadow_denied", _) => &mut counts.accepted,
            ("aborted", _) => &mut counts.cancelled,
            ("error", _) => &mut counts.errors,
            (_, reason) => counts.refused.entry(reason.to_owned()).or_default(),
        };
        *count += records;
        *counts.buckets.entry(bucket).or_default() += records;
        counts.micros = counts
            .micros
            .saturating_add(u64::try_from(micros).unwrap_or(0));
    }

    fn see(&mut self, endpoint: &str, time: Option<i64>) {
        if let Some(counts) = self.0.get_mut(endpoint) {
            counts.last = counts.last.max(time);
        }
    }

    fn into_stats(self) -> Vec<EndpointStats> {
        let stats = |(endpoint, counts): (String, Counts)| counts.into_stats(endpoint);
        self.0.into_iter().map(stats).collect()
    }
}

impl Counts {
    fn into_stats(self, endpoint: String) -> EndpointStats {
        let total = self.buckets.values().sum::<u64>();
        let p99 = self.p99(total);
        EndpointStats {
            endpoint: (!endpoint.is_empty()).then_some(endpoint),
            total,
            accepted: self.accepted,
            duplicates: self.duplicates,
            refused: self.refused,
            cancelled: self.cancelled,
            errors: self.errors,
            average_time: Duration::from_micros(self.micros.checked_div(total).unwrap_or(0)),
            p99_time: Duration::from_micros(u64::try_from(p99).unwrap_or(0)),
            last: self.last.map(time_of),
        }
    }

    fn p99(&self, total: u64) -> i64 {
        let mut left = total - total / 100;
        for (bucket, records) in &self.buckets {
            if *records >= left {
                return end_of_bucket(*bucket);
            }
            left -= records;
        }
        0
    }
}
