//! Asking the log, and tending it.

mod captures;
mod cut;
mod erase;
mod export;
mod filter;
mod list;
mod purge;
mod reach;
pub(crate) mod retention;
mod stats;
mod tail;
mod verify;

use crate::{
    DatabaseUrl, SqlError,
    database::{Pool, Session},
    jsonl::Lines,
    migrate,
    url::Place,
};

pub use self::{
    export::ExportFormat,
    filter::Filter,
    list::{Cursor, Page},
    retention::Retention,
    stats::EndpointStats,
    tail::Tail,
    verify::{Break, BreakKind, Checkpoint, Verification},
};

/// An audit that is asked: the tables of a [`SqlSink`](crate::SqlSink), or the file of a
/// `JsonLinesSink`, with the same answers.
///
/// It has connections of its own, and never makes tables.
pub struct AuditLog {
    store: Store,
}

pub(crate) enum Store {
    Database(Pool),
    Lines(Lines),
}

impl AuditLog {
    /// Opens the log that is there.
    ///
    /// # Errors
    ///
    /// There is none, a newer version of this crate made it, or it cannot be reached.
    pub async fn open(url: &DatabaseUrl) -> Result<Self, SqlError> {
        if let Place::Lines(path) = url.place() {
            let store = Store::Lines(Lines::open(path)?);
            return Ok(Self { store });
        }
        let pool = Pool::reading(url);
        let mut session = pool.take().await?;
        migrate::check(&mut session).await?;
        pool.give(session);
        let store = Store::Database(pool);
        Ok(Self { store })
    }

    /// The database; what is asked for cannot be done to a file.
    fn database(&self, what: &str) -> Result<&Pool, SqlError> {
        match &self.store {
            Store::Database(pool) => Ok(pool),
            Store::Lines(_) => Err(SqlError::unsupported(format!(
                "a JSON lines file cannot be {what}: it has no chain, and is never rewritten"
            ))),
        }
    }
}

/// Without the connection's secrets.
impl std::fmt::Debug for AuditLog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self.store {
            Store::Database(_) => "AuditLog(database)",
            Store::Lines(_) => "AuditLog(lines)",
        })
    }
}

/// Gives the session back where it did not fail; one that failed is closed.
async fn with<T>(
    pool: &Pool,
    ask: impl AsyncFnOnce(&mut Session) -> Result<T, SqlError>,
) -> Result<T, SqlError> {
    let mut session = pool.take().await?;
    let answer = ask(&mut session).await?;
    pool.give(session);
    Ok(answer)
}
