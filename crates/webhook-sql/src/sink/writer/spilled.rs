//! Brings what was spilled into the database, each record once.
//!
//! How far a file was read stands in the database, and moves in the transaction that keeps what was
//! read: whatever ends the process between, the next one goes on right behind. Two that read the same
//! file, such as a sink that was dropped a moment ago and the one opened after it, take turns, and each
//! finds what the other kept.

use super::{ATTEMPT, Abandoned, FIRST_PAUSE, LONGEST_PAUSE, Writer};
use crate::{
    SqlError,
    cell::Cell,
    database::{Pool, Session},
    row::Row,
    sink::spill::Chunk,
    write::{append_in, head_in},
};

/// The place of a file that was read to its end. It stays until another file is, for whoever still
/// holds a part of it.
const READ: i64 = i64::MAX;

/// Makes the table of places, where there is a file to read.
pub(super) async fn make_table(session: &mut Session) -> Result<(), SqlError> {
    let table = "CREATE TABLE IF NOT EXISTS webhook_spill_place \
                 (file TEXT PRIMARY KEY, lines BIGINT NOT NULL)";
    session.script(table).await
}

impl Writer {
    /// Reads the spilled file, if there is one, and removes it.
    pub(super) async fn read_back(&mut self) -> Result<(), Abandoned> {
        let Some(spill) = self.spill.clone() else {
            return Ok(());
        };
        let Some(mut reading) = spill.read() else {
            return Ok(());
        };
        while let Some(chunk) = reading.next_chunk() {
            self.commit_chunk(&chunk).await?;
        }
        if reading.remove()
            && let Some(session) = &mut self.session
        {
            let done = finish(session, reading.name());
            // A place that was not closed is of no use, and does no harm.
            if !matches!(tokio::time::timeout(ATTEMPT, done).await, Ok(Ok(()))) {
                self.session = None;
            }
        }
        Ok(())
    }

    /// Commits a chunk, however often it takes.
    async fn commit_chunk(&mut self, chunk: &Chunk) -> Result<(), Abandoned> {
        let mut pause = FIRST_PAUSE;
        loop {
            let session = self.session.take();
            let attempt = tokio::time::timeout(ATTEMPT, try_once(&self.pool, session, chunk));
            let late = |_| SqlError::store("the database does not answer");
            match attempt.await.map_err(late).and_then(|attempt| attempt) {
                Ok(session) => {
                    self.session = Some(session);
                    self.note_added(chunk.rows.len());
                    return Ok(());
                }
                Err(error) => self.pause(&error, pause, &mut [])?,
            }
            pause = LONGEST_PAUSE.min(pause * 2);
        }
    }
}

/// Closes the place of a file that is gone, and forgets those that were closed before.
async fn finish(session: &mut Session, name: &str) -> Result<(), SqlError> {
    let values = [Cell::from(name.to_owned()), READ.into()];
    let close = "UPDATE webhook_spill_place SET lines = $2 WHERE file = $1";
    session.run(close, &values).await?;
    let forget = "DELETE FROM webhook_spill_place WHERE file <> $1 AND lines = $2";
    session.run(forget, &values).await?;
    Ok(())
}

/// Keeps what of the chunk is not kept yet, and moves the place behind it.
async fn try_once(
    pool: &Pool,
    session: Option<Session>,
    chunk: &Chunk,
) -> Result<Session, SqlError> {
    let mut session = match session {
        Some(session) => session,
        None => pool.connect().await?,
    };
    session.begin().await?;
    // The lock first: what is read of the place then is what the last one who had it left.
    head_in(&mut session).await?;
    let file = Cell::from(chunk.file.clone());
    let sql = "SELECT lines FROM webhook_spill_place WHERE file = $1";
    let place = session.row(sql, std::slice::from_ref(&file)).await?;
    let place = place.unwrap_or_default();
    let place = place.first().and_then(Cell::number).unwrap_or(0);
    let new = chunk.rows.iter().filter(|(line, _)| *line > place);
    let rows: Vec<Row> = new.map(|(_, row)| row.clone()).collect();
    if !rows.is_empty() {
        append_in(&mut session, &mut rows.as_slice()).await?;
    }
    if chunk.end > place {
        let sql = "INSERT INTO webhook_spill_place (file, lines) VALUES ($1, $2) \
                   ON CONFLICT (file) DO UPDATE SET lines = excluded.lines";
        session.run(sql, &[file, chunk.end.into()]).await?;
    }
    session.commit().await?;
    Ok(session)
}
