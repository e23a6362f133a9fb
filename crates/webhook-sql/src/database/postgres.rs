use std::{str::FromStr as _, time::Duration};

use sqlx::{ConnectOptions as _, PgConnection, postgres::PgConnectOptions};

use super::Durability;
use crate::{
    SqlError,
    cell::CellRef,
    chain::Link,
    column::{self, STORED},
};

/// How long a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(10);
/// How many rows are inserted at once.
pub(super) const PART: usize = 4096;

pub(crate) struct Connection {
    pub(crate) inner: PgConnection,
}

impl Connection {
    pub(crate) async fn open(url: &str, durability: Durability) -> Result<Self, SqlError> {
        let synchronous = match durability {
            // It outlives this process, and is flushed by the server's within a second.
            Durability::Process => "off",
            Durability::Power => "on",
        };
        let options = PgConnectOptions::from_str(url)?
            .application_name("webhook-sql")
            // A client that vanishes in a transaction holds the log's lock no longer than this.
            .options([
                ("idle_in_transaction_session_timeout", "15000"),
                ("lock_timeout", "10000"),
                ("synchronous_commit", synchronous),
            ])
            .disable_statement_logging();
        let connected = tokio::time::timeout(CONNECT, options.connect()).await;
        let inner = connected.map_err(|_| SqlError::store("the database does not answer"))??;
        Ok(Self { inner })
    }

    pub(crate) async fn insert(&mut self, Encoded(rows): Encoded) -> Result<(), SqlError> {
        let sql = format!(
            "COPY webhook_event_log (id, {}, salt, hash) FROM STDIN (FORMAT binary)",
            column::names()
        );
        let mut copy = self.inner.copy_in_raw(&sql).await?;
        copy.send(rows).await?;
        copy.finish().await?;
        Ok(())
    }
}

/// Links in the binary form of `COPY`, which the server takes in with the least work for each row.
pub(crate) struct Encoded(Vec<u8>);

impl Encoded {
    pub(super) fn of(links: &[Link]) -> Self {
        let mut rows = Vec::with_capacity(links.len() * USUAL);
        rows.extend_from_slice(HEADER);
        for link in links {
            add_row(&mut rows, link);
        }
        rows.extend_from_slice(&END);
        Self(rows)
    }
}

/// How many bytes a row usually has.
const USUAL: usize = 1024;

/// The signature, no flags, no extension
/// (<https://www.postgresql.org/docs/current/sql-copy.html#SQL-COPY-FILE-FORMATS>).
const HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
/// What stands in the place of a row's number of values behind the last.
const END: [u8; 2] = (-1_i16).to_be_bytes();

fn add_row(out: &mut Vec<u8>, link: &Link) {
    // With the id, the salt and the hash.
    let values = i16::try_from(STORED + 3).unwrap_or(i16::MAX);
    out.extend_from_slice(&values.to_be_bytes());
    add_value(out, CellRef::Number(link.id));
    for cell in link.row.cells() {
        add_value(out, cell.into());
    }
    add_value(out, CellRef::Blob(&link.salt));
    add_value(out, CellRef::Blob(&link.hash));
}

/// A value behind its length, which is -1 for NULL. A row's texts are bounded, far below `i32::MAX`.
fn add_value(out: &mut Vec<u8>, cell: CellRef<'_>) {
    let number;
    let bytes = match cell {
        CellRef::Null => {
            out.extend_from_slice(&(-1_i32).to_be_bytes());
            return;
        }
        CellRef::Number(value) => {
            number = value.to_be_bytes();
            &number
        }
        CellRef::Text(text) => text.as_bytes(),
        CellRef::Blob(blob) => blob,
    };
    let length = i32::try_from(bytes.len()).unwrap_or(i32::MAX);
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(bytes);
}
