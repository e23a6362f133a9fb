//! Moves what SQLite has in its write-ahead log into the database, beside the thread that writes.
//!
//! SQLite does it itself, within a commit, and that commit waits for the disk. Done by another
//! connection, it keeps nobody from writing; where that one does not keep up, SQLite still does.

use std::{
    io,
    sync::mpsc::{SyncSender, sync_channel},
    thread::{Builder, JoinHandle},
};

use crate::{SqlError, database::Pool, url::Place};

/// After how many records, written or deleted.
const EVERY: u64 = 4096;

pub(super) struct Checkpointer {
    /// `None` once it is to end.
    ask: Option<SyncSender<()>>,
    thread: Option<JoinHandle<()>>,
    records: u64,
}

impl Checkpointer {
    /// Starts the thread; `None` for PostgreSQL, which does without.
    pub(super) fn start(url: &crate::DatabaseUrl) -> Result<Option<Self>, SqlError> {
        if !matches!(url.place(), Place::Sqlite(_)) {
            return Ok(None);
        }
        let failed = |error: &io::Error| SqlError::io("no thread for the audit", error);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| failed(&error))?;
        let (ask, asked) = sync_channel(1);
        let pool = Pool::reading(url);
        let run = move || {
            while asked.recv().is_ok() {
                // One that failed is done by SQLite, or the next time.
                let _done = runtime.block_on(checkpoint(&pool));
            }
        };
        let thread = Builder::new().name(String::from("webhook-sql-wal"));
        let thread = thread.spawn(run).map_err(|error| failed(&error))?;
        Ok(Some(Self {
            ask: Some(ask),
            thread: Some(thread),
            records: 0,
        }))
    }

    /// Notes that so many records were written or deleted.
    pub(super) fn count(&mut self, records: u64) {
        self.records = self.records.saturating_add(records);
        if self.records >= EVERY {
            self.records = 0;
            // Where it is full, one is asked for already.
            let _asked = self.ask.as_ref().map(|ask| ask.try_send(()));
        }
    }
}

impl Drop for Checkpointer {
    fn drop(&mut self) {
        self.ask = None;
        let _ended = self.thread.take().map(JoinHandle::join);
    }
}

async fn checkpoint(pool: &Pool) -> Result<(), SqlError> {
    let mut session = pool.take().await?;
    session.script("PRAGMA wal_checkpoint(PASSIVE)").await?;
    pool.give(session);
    Ok(())
}
