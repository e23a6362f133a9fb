use std::{fs::OpenOptions, io, path::Path, time::Duration};

use sqlx::{
    ConnectOptions as _, SqliteConnection,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
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
/// SQLite's own bound on the parameters of a statement.
const MAX_PARAMETERS: usize = 32_766;

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
            // KiB: the inner pages of all indexes of some millions of records.
            .pragma("cache_size", "-65536")
            // Pages: a checkpoint costs two flushes of the disk.
            .pragma("wal_autocheckpoint", "8000")
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

    /// Many rows a statement: a statement costs more than a row.
    pub(crate) async fn insert(&mut self, links: &[Link<'_>]) -> Result<(), SqlError> {
        let mask = Mask::of(links);
        let mut rest = links;
        while !rest.is_empty() {
            let rows = chunk(rest.len(), MAX_PARAMETERS / mask.width());
            let (now, later) = rest.split_at(rows);
            let sql = self.shapes.values(&mask, rows);
            let mut query = sqlx::query(sql);
            for link in now {
                query = query.bind(link.id);
                for cell in mask.cells(link.row) {
                    query = match cell {
                        Cell::Null => query.bind(None::<i64>),
                        Cell::Number(number) => query.bind(*number),
                        Cell::Text(text) => query.bind(&**text),
                        Cell::Blob(blob) => query.bind(blob.as_slice()),
                    };
                }
                query = query.bind(link.salt.as_slice()).bind(link.hash.as_slice());
            }
            query.execute(&mut self.inner).await?;
            rest = later;
        }
        Ok(())
    }
}

/// A few sizes, so that few statements are prepared.
fn chunk(rows: usize, most: usize) -> usize {
    let sizes = [512, 128, 32, 8];
    let fits = |size: &&usize| **size <= rows && **size <= most;
    sizes.iter().find(fits).copied().unwrap_or(1)
}

/// For its owner's eyes only; SQLite gives its other files the same rights.
fn create(path: &Path) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
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
