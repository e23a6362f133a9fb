use std::{
    fs::OpenOptions,
    io,
    path::Path,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use sqlx::{
    Arguments as _, ConnectOptions as _, SqliteConnection,
    error::BoxDynError,
    sqlite::{SqliteArguments, SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};

use super::Durability;
use crate::{
    SqlError, SqlErrorKind,
    cell::Cell,
    chain::Link,
    write::statement::{Mask, Shapes},
};

/// How long a writer waits for another process's transaction.
const BUSY: Duration = Duration::from_secs(10);
/// Two processes that open a new file at once can find it locked whatever the busy time.
const ATTEMPTS: u32 = 40;
/// How many rows are inserted at once.
pub(super) const PART: usize = 1024;

pub(crate) struct Connection {
    pub(crate) inner: SqliteConnection,
    shapes: Shapes,
}

impl Connection {
    pub(crate) async fn open(
        path: &Path,
        durability: Durability,
        creates: bool,
    ) -> Result<Self, SqlError> {
        if creates {
            create(path)
                .map_err(|error| SqlError::io("cannot make the database's file", &error))?;
        } else if !path.is_file() {
            let detail = format!("there is no database at {}", path.display());
            return Err(SqlError::new(SqlErrorKind::Missing, detail));
        }
        let synchronous = match durability {
            Durability::Process => SqliteSynchronous::Normal,
            Durability::Power => SqliteSynchronous::Full,
        };
        let options = SqliteConnectOptions::new()
            .filename(path)
            .busy_timeout(BUSY)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(synchronous)
            // Of a new file: a record takes a fifth of SQLite's usual page.
            .page_size(16384)
            // KiB: the inner pages of all indexes of some millions of records.
            .pragma("cache_size", "-65536")
            // Pages: a checkpoint costs two flushes of the disk, and the writer has it done beside it.
            .pragma("wal_autocheckpoint", "8000")
            // Rows that may be read ahead: the connection has a thread of its own.
            .row_buffer_size(256)
            // The largest take about two megabytes, and few are large.
            .statement_cache_capacity(48)
            .disable_statement_logging();
        let mut attempt = 1;
        loop {
            match options.connect().await {
                Ok(inner) => {
                    let shapes = Shapes::default();
                    return Ok(Self { inner, shapes });
                }
                Err(error) if attempt < ATTEMPTS && is_busy(&error) => {
                    attempt += 1;
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Many rows a call: a call wakes the connection's own thread.
    pub(crate) async fn insert(&mut self, encoded: Encoded) -> Result<(), SqlError> {
        for (rows, values) in encoded.calls {
            let sql = self.shapes.insert(&encoded.mask, rows);
            sqlx::query_with(sql, values)
                .execute(&mut self.inner)
                .await?;
        }
        Ok(())
    }
}

/// Links as the values that are bound. They own their texts: the connection's thread gets them
/// without another copy.
pub(crate) struct Encoded {
    mask: Mask,
    /// How many rows a call inserts, and their values.
    calls: Vec<(usize, SqliteArguments<'static>)>,
}

impl Encoded {
    pub(super) fn of(links: Vec<Link>) -> Result<Self, SqlError> {
        let mask = Mask::of(&links);
        let (mut calls, mut links) = (Vec::new(), links.into_iter());
        while links.len() > 0 {
            let rows = chunk(links.len());
            let values = values(links.by_ref().take(rows), rows, &mask);
            calls.push((rows, values.map_err(sqlx::Error::Encode)?));
        }
        Ok(Self { mask, calls })
    }
}

fn values(
    links: impl Iterator<Item = Link>,
    rows: usize,
    mask: &Mask,
) -> Result<SqliteArguments<'static>, BoxDynError> {
    let mut values = SqliteArguments::default();
    values.reserve(rows * mask.width(), 0);
    for link in links {
        values.add(link.id)?;
        for cell in mask.cells(link.row) {
            match cell {
                Cell::Null => values.add(None::<i64>)?,
                Cell::Number(number) => values.add(number)?,
                Cell::Text(text) => values.add(text)?,
                Cell::Blob(blob) => values.add(blob)?,
            }
        }
        values.add(link.salt.to_vec())?;
        values.add(link.hash.to_vec())?;
    }
    Ok(values)
}

/// A few sizes, so that few statements are prepared.
fn chunk(rows: usize) -> usize {
    let sizes = [PART, 512, 256, 128, 64, 16, 4];
    let fits = |size: &&usize| **size <= rows;
    sizes.iter().find(fits).copied().unwrap_or(1)
}

/// Makes the file, for its owner's eyes only; SQLite gives its other files the same rights.
///
/// A file that is there is not opened: closing it would take away the locks that SQLite holds on it for this
/// process's other connections (<https://www.sqlite.org/howtocorrupt.html>, section 2.2), and one that is
/// new is closed before anybody else is told that it is there.
fn create(path: &Path) -> io::Result<()> {
    static MAKING: Mutex<()> = Mutex::new(());
    let _alone = MAKING.lock().unwrap_or_else(PoisonError::into_inner);
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        made => made.map(drop),
    }
}

fn is_busy(error: &sqlx::Error) -> bool {
    let Some(error) = error.as_database_error() else {
        return false;
    };
    let code = error.code();
    // SQLITE_BUSY and SQLITE_LOCKED, with or without more detail in the upper bits.
    let code = code.and_then(|code| code.parse::<u32>().ok());
    code.is_some_and(|code| matches!(code & 0xff, 5 | 6))
}
