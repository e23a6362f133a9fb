use webhook_core::Clock;

use super::{
    AuditLog, Filter,
    cut::{Cut, DOOMED, Doomed, rollup},
    reach::reach,
    with,
};
use crate::{
    SqlError,
    capture::store,
    cell::Cell,
    column::Field,
    database::Session,
    row::Row,
    write::{append_in, head_in, set_head},
};

/// How many records, and how many runs of them, go at once. Between, whoever writes has its turn.
const BATCH: usize = 500;
const RUNS: usize = 64;

/// The event of the records that vouch for cuts. They hold nothing of a person, and a purge leaves
/// them.
pub(super) const PURGED: &str = "webhook.audit_purged";

impl AuditLog {
    /// Deletes the records that are meant, and says how many. The chain holds: each cut keeps the
    /// hash that the chain goes on with, and a record `webhook.audit_purged` vouches for it. What was
    /// [captured](crate::SqlCaptures) of them goes too, and so do captures that are meant and whose
    /// records went before.
    ///
    /// # Errors
    ///
    /// The filter means everything, or the store is a file, or does not do it. Records that went
    /// before stay deleted.
    pub async fn purge(&self, filter: &Filter) -> Result<u64, SqlError> {
        if filter.is_all() {
            return Err(SqlError::configuration(
                "say what is to be purged: a time, a client, an endpoint",
            ));
        }
        let pool = self.database("purged")?;
        with(pool, async |session| {
            let (mut purged, mut after) = (0, 0);
            let has_captures = store::begin(session, filter).await?;
            // What comes while it runs stays.
            let end = super::verify::head(session).await?.id;
            while after < end {
                let reach = reach(filter, after, end);
                let (count, last) =
                    purge_batch(session, filter, after, reach, has_captures).await?;
                purged += count;
                after = last.unwrap_or(reach);
            }
            store::forget(session, has_captures).await?;
            Ok(purged)
        })
        .await
    }
}

/// Deletes a batch of the records after one number and up to another, and says how many they were and
/// which was the last.
async fn purge_batch(
    session: &mut Session,
    filter: &Filter,
    after: i64,
    end: i64,
    has_captures: bool,
) -> Result<(u64, Option<i64>), SqlError> {
    let mut conditions = filter.conditions(session.is_sqlite());
    conditions.add("id > $", after);
    conditions.add("id <= $", end);
    conditions.add("event <> $", PURGED);
    let sql = format!("{DOOMED}{} ORDER BY id LIMIT {BATCH}", conditions.sql());
    session.begin().await?;
    let head = head_in(session).await?;
    let rows = session.rows(&sql, &conditions.values).await?;
    let doomed: Vec<_> = rows
        .into_iter()
        .map(Doomed::read)
        .collect::<Result<_, _>>()?;
    let cuts = cuts_of(&doomed, head.id.saturating_add(1));
    let Some(last) = cuts.last().map(|cut| cut.last) else {
        session.commit().await?;
        return Ok((0, None));
    };
    let doomed: Vec<_> = doomed
        .into_iter()
        .filter(|doomed| doomed.id <= last)
        .collect();
    for cut in &cuts {
        if has_captures {
            store::of_records(session, cut.first, cut.last).await?;
        }
        let sql = "DELETE FROM webhook_event_log WHERE id >= $1 AND id <= $2";
        session
            .run(sql, &[cut.first.into(), cut.last.into()])
            .await?;
        cut.store(session).await?;
    }
    rollup(&doomed).take_from(session).await?;
    let count = u64::try_from(doomed.len()).unwrap_or(u64::MAX);
    set_head(session, head, -i64::try_from(doomed.len()).unwrap_or(0)).await?;
    let ranges: Vec<_> = cuts.iter().map(Cut::range).collect();
    let mut row = Row::notice(PURGED, &Clock::system(), count);
    row.set(Field::Cuts, Cell::from(ranges.join(" ")));
    append_in(session, &mut [row].as_slice()).await?;
    session.commit().await?;
    Ok((count, Some(last)))
}

/// Runs of neighbours, not too many.
fn cuts_of(doomed: &[Doomed], vouched_by: i64) -> Vec<Cut> {
    let mut cuts: Vec<Cut> = Vec::new();
    for record in doomed {
        let is_full = cuts.len() == RUNS;
        match cuts.last_mut() {
            Some(cut) if cut.last.saturating_add(1) == record.id => {
                cut.last = record.id;
                cut.hash = record.hash;
            }
            _ if is_full => break,
            _ => cuts.push(Cut {
                first: record.id,
                last: record.id,
                hash: record.hash,
                vouched_by,
            }),
        }
    }
    cuts
}
