use std::time::Duration;

use webhook_core::Timestamp;

use super::cut::{Cut, DOOMED, Doomed, uncount};
use crate::{
    SqlError,
    cell::Cell,
    database::Session,
    time::micros_of,
    write::{head_in, set_head},
};

/// How many records go at once.
const BATCH: usize = 500;

/// How long records are kept. The default keeps them for good.
///
/// The oldest go first, a few hundred in a transaction, between the batches that are written; the
/// newest record always stays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Retention {
    max_age: Option<Duration>,
    max_records: Option<u64>,
}

impl Retention {
    /// For good.
    #[must_use]
    pub const fn forever() -> Self {
        Self {
            max_age: None,
            max_records: None,
        }
    }

    /// For so many days.
    #[must_use]
    pub const fn days(days: u32) -> Self {
        Self::forever().with_max_age(Duration::from_secs(days as u64 * 86_400))
    }

    /// Sets how old a record may become. Default: any age.
    #[must_use]
    pub const fn with_max_age(mut self, age: Duration) -> Self {
        self.max_age = Some(age);
        self
    }

    /// Sets how many records are kept. Default: any number.
    #[must_use]
    pub const fn with_max_records(mut self, records: u64) -> Self {
        self.max_records = Some(records);
        self
    }

    pub(crate) const fn is_forever(&self) -> bool {
        self.max_age.is_none() && self.max_records.is_none()
    }
}

/// Deletes the oldest records that are due, one batch of them, and says how many they were.
pub(crate) async fn step(
    session: &mut Session,
    retention: &Retention,
    now: Timestamp,
) -> Result<u64, SqlError> {
    session.begin().await?;
    let head = head_in(session).await?;
    let records = session
        .row("SELECT records FROM webhook_event_head", &[])
        .await?;
    let records = records
        .unwrap_or_default()
        .first()
        .and_then(Cell::number)
        .unwrap_or(0);
    let sql = format!("{DOOMED} WHERE id < $1 ORDER BY id LIMIT {BATCH}");
    let oldest = session.rows(&sql, &[head.id.into()]).await?;
    let mut doomed: Vec<_> = oldest
        .into_iter()
        .map(Doomed::read)
        .collect::<Result<_, _>>()?;
    doomed.truncate(due(&doomed, records, retention, now));
    let Some(last) = doomed.last() else {
        session.commit().await?;
        return Ok(0);
    };
    let cut = Cut {
        first: 1,
        last: last.id,
        hash: last.hash,
        vouched_by: 0,
    };
    // The cuts before it are in it.
    for table in ["log WHERE id", "cut WHERE first_id"] {
        let sql = format!("DELETE FROM webhook_event_{table} <= $1");
        session.run(&sql, &[cut.last.into()]).await?;
    }
    cut.store(session).await?;
    uncount(session, &doomed).await?;
    let count = i64::try_from(doomed.len()).unwrap_or(i64::MAX);
    set_head(session, head, -count).await?;
    session.commit().await?;
    Ok(u64::try_from(count).unwrap_or(0))
}

/// How many of the oldest are due.
fn due(oldest: &[Doomed], records: i64, retention: &Retention, now: Timestamp) -> usize {
    let by_age = retention.max_age.map_or(0, |age| {
        let age = i64::try_from(age.as_micros()).unwrap_or(i64::MAX);
        let oldest_kept = micros_of(now).saturating_sub(age);
        oldest
            .iter()
            .take_while(|record| record.time < oldest_kept)
            .count()
    });
    let by_count = retention.max_records.map_or(0, |most| {
        let most = i64::try_from(most.max(1)).unwrap_or(i64::MAX);
        usize::try_from(records.saturating_sub(most)).unwrap_or(0)
    });
    by_age.max(by_count)
}
