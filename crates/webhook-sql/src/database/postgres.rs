use std::{str::FromStr as _, time::Duration};

use sqlx::{ConnectOptions as _, PgConnection, postgres::PgConnectOptions};

use super::Durability;
use crate::{
    SqlError,
    cell::Cell,
    chain::Link,
    column::Kind,
    write::statement::{Mask, Shapes},
};

/// How long a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(10);

/// How many rows are inserted at once.
pub(super) const PART: usize = 1024;

pub(crate) struct Connection {
    pub(crate) inner: PgConnection,
    shapes: Shapes,
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
        let shapes = Shapes::default();
        Ok(Self { inner, shapes })
    }

    /// One statement for all rows: an array for each column.
    pub(crate) async fn insert(&mut self, links: &[Link<'_>]) -> Result<(), SqlError> {
        let mask = Mask::of(links);
        let sql = self.shapes.arrays(&mask);
        let ids: Vec<_> = links.iter().map(|link| link.id).collect();
        let salts: Vec<_> = links.iter().map(|link| link.salt.as_slice()).collect();
        let hashes: Vec<_> = links.iter().map(|link| link.hash.as_slice()).collect();
        let mut query = sqlx::query(sql).bind(ids);
        for (place, column) in mask.columns() {
            let cells = links.iter().map(|link| link.row.cells().get(place));
            query = match column.kind {
                Kind::Text | Kind::List | Kind::Words => query.bind(
                    cells
                        .map(|cell| cell.and_then(Cell::text))
                        .collect::<Vec<_>>(),
                ),
                Kind::Number | Kind::Flag | Kind::Time => query.bind(
                    cells
                        .map(|cell| cell.and_then(Cell::number))
                        .collect::<Vec<_>>(),
                ),
                Kind::Blob => query.bind(
                    cells
                        .map(|cell| cell.and_then(Cell::blob))
                        .collect::<Vec<_>>(),
                ),
            };
        }
        query
            .bind(salts)
            .bind(hashes)
            .execute(&mut self.inner)
            .await?;
        Ok(())
    }
}
