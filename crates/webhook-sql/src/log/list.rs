use super::{AuditLog, Filter, Store, filter::Conditions, with};
use crate::{Event, SqlError, cell::Cell, column, database::Session, row::Row};

/// The most records of a page.
const MAX_PAGE: usize = 10_000;

/// How many of the newest records are looked at before all that are meant are gathered.
const NEWEST: usize = 5000;

const NEWEST_FIRST: &str = "ORDER BY received_at DESC, id DESC";

/// Some records, the newest first, and where the next page begins.
#[derive(Debug)]
#[non_exhaustive]
pub struct Page {
    /// The records.
    pub events: Vec<Event>,
    /// What to ask for next; `None` where this page is the last.
    pub next: Option<Cursor>,
}

/// A place in a list: after the record of this time and number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    pub(crate) time: i64,
    pub(crate) id: i64,
}

impl AuditLog {
    /// The records that are meant, the newest first, at most `limit` (10,000 at most) of them.
    ///
    /// # Errors
    ///
    /// The store cannot be read.
    pub async fn list(
        &self,
        filter: &Filter,
        after: Option<Cursor>,
        limit: usize,
    ) -> Result<Page, SqlError> {
        let limit = limit.clamp(1, MAX_PAGE);
        let events = match &self.store {
            Store::Lines(lines) => lines.newest(filter, after, limit)?,
            Store::Database(pool) => {
                with(pool, async |session| {
                    newest(session, filter, after, limit).await
                })
                .await?
            }
        };
        let last = events.last().filter(|_| events.len() == limit);
        let next = last.map(Event::cursor);
        Ok(Page { events, next })
    }
}

async fn newest(
    session: &mut Session,
    filter: &Filter,
    after: Option<Cursor>,
    limit: usize,
) -> Result<Vec<Event>, SqlError> {
    if filter.is_scattered() {
        let conditions = among_newest(filter, after, limit);
        let events = select(session, &conditions, NEWEST_FIRST, limit).await?;
        if events.len() == limit {
            return Ok(events);
        }
    }
    let mut conditions = filter.conditions(session.is_sqlite());
    add_cursor(&mut conditions, after);
    select(session, &conditions, NEWEST_FIRST, limit).await
}

/// Those of the newest records that are meant: enough of them where the filter means what is usual.
/// A planner likes to gather all that are meant, and sorts them.
fn among_newest(filter: &Filter, after: Option<Cursor>, limit: usize) -> Conditions {
    let mut conditions = Conditions::default();
    filter.add_times(&mut conditions);
    // Its index is in the order of time.
    if let Some(endpoint) = &filter.endpoint {
        conditions.add("endpoint = $", endpoint.clone());
    }
    add_cursor(&mut conditions, after);
    let inner = conditions.take_inner();
    filter.add_words(&mut conditions);
    if let Some(network) = &filter.client {
        network.add(&mut conditions, "client_key");
    }
    let meant = conditions.take_inner();
    conditions.add_text(&format!(
        "id IN (SELECT id FROM \
         (SELECT id, received_at, endpoint, outcome, reason, client_key \
         FROM webhook_event_log{inner} {NEWEST_FIRST} LIMIT {NEWEST}) AS newest{meant} \
         {NEWEST_FIRST} LIMIT {limit})"
    ));
    conditions
}

fn add_cursor(conditions: &mut Conditions, after: Option<Cursor>) {
    if let Some(Cursor { time, id }) = after {
        conditions.add("received_at <= $", time);
        conditions.add("(received_at, id) < ($", time);
        conditions.add_second(id.into());
    }
}

/// Reads whole records.
pub(super) async fn select(
    session: &mut Session,
    conditions: &Conditions,
    order: &str,
    limit: usize,
) -> Result<Vec<Event>, SqlError> {
    let sql = format!(
        "SELECT {}, id, hash FROM webhook_event_log{} {order} LIMIT {limit}",
        column::names(),
        conditions.sql()
    );
    let rows = session.rows(&sql, &conditions.values).await?;
    rows.into_iter().map(event).collect()
}

fn event(mut cells: Vec<Cell>) -> Result<Event, SqlError> {
    let broken = || SqlError::store("the log holds a record without a number");
    let hash = cells.pop().and_then(|cell| match cell {
        Cell::Blob(hash) => Some(hash),
        _ => None,
    });
    let id = cells
        .pop()
        .as_ref()
        .and_then(Cell::number)
        .ok_or_else(broken)?;
    let row = Row::from_cells(cells).ok_or_else(broken)?;
    Ok(Event::new(id, row, hash))
}
