//! One way to talk to either database: SQL with `$1`, and [`Cell`]s.
//!
//! What goes in and comes out is a number, a text, a blob or NULL, so that every question is
//! written once. Only what has to be fast, the insertion of records, is written for each.

mod cells;
mod encoded;
mod page;
mod pool;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "sqlite")]
mod sqlite;

pub(crate) use self::{
    encoded::{Encoded, Encoder},
    page::Page,
    pool::{Durability, Pool},
};
use crate::{SqlError, cell::Cell};

/// One connection. Dropped in the middle of a transaction, it is closed, and the transaction with it.
pub(crate) enum Session {
    #[cfg(feature = "sqlite")]
    Sqlite(sqlite::Connection),
    #[cfg(feature = "postgres")]
    Postgres(postgres::Connection),
    #[cfg(not(any(feature = "sqlite", feature = "postgres")))]
    Never(std::convert::Infallible),
}

/// Does the same to whichever database it is.
macro_rules! on {
    ($session:expr, $connection:ident => $do:expr) => {
        match $session {
            #[cfg(feature = "sqlite")]
            Session::Sqlite($connection) => $do,
            #[cfg(feature = "postgres")]
            Session::Postgres($connection) => $do,
            #[cfg(not(any(feature = "sqlite", feature = "postgres")))]
            Session::Never(never) => match *never {},
        }
    };
}

impl Session {
    /// Runs a statement, and says how many rows it touched.
    pub(crate) async fn run(&mut self, sql: &str, values: &[Cell]) -> Result<u64, SqlError> {
        Ok(on!(self, connection => cells::run!(connection, sql, values)))
    }

    /// Runs a script without parameters.
    pub(crate) async fn script(&mut self, sql: &str) -> Result<(), SqlError> {
        on!(self, connection => {
            sqlx::raw_sql(sql).execute(&mut connection.inner).await?;
        });
        Ok(())
    }

    pub(crate) async fn rows(
        &mut self,
        sql: &str,
        values: &[Cell],
    ) -> Result<Vec<Vec<Cell>>, SqlError> {
        on!(self, connection => cells::rows!(connection, sql, values))
    }

    /// Rows that are read where they stand.
    pub(crate) async fn page(&mut self, sql: &str, values: &[Cell]) -> Result<Page, SqlError> {
        Ok(match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(connection) => {
                let query = cells::bound!(sql, values);
                Page::Sqlite(query.fetch_all(&mut connection.inner).await?)
            }
            #[cfg(feature = "postgres")]
            Self::Postgres(connection) => {
                let query = cells::bound!(sql, values);
                Page::Postgres(query.fetch_all(&mut connection.inner).await?)
            }
            #[cfg(not(any(feature = "sqlite", feature = "postgres")))]
            Self::Never(never) => match *never {},
        })
    }

    /// The first row.
    pub(crate) async fn row(
        &mut self,
        sql: &str,
        values: &[Cell],
    ) -> Result<Option<Vec<Cell>>, SqlError> {
        Ok(self.rows(sql, values).await?.into_iter().next())
    }

    /// Begins a transaction that writes. Of several that write to the log, one goes on and the
    /// others wait.
    pub(crate) async fn begin(&mut self) -> Result<(), SqlError> {
        let begin = if self.is_sqlite() {
            "BEGIN IMMEDIATE"
        } else {
            "BEGIN"
        };
        self.script(begin).await
    }

    pub(crate) async fn commit(&mut self) -> Result<(), SqlError> {
        self.script("COMMIT").await
    }

    pub(crate) async fn roll_back(&mut self) -> Result<(), SqlError> {
        self.script("ROLLBACK").await
    }

    /// What links have to become for it.
    pub(crate) const fn encoder(&self) -> Encoder {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(_) => Encoder::Sqlite,
            #[cfg(feature = "postgres")]
            Self::Postgres(_) => Encoder::Postgres,
            #[cfg(not(any(feature = "sqlite", feature = "postgres")))]
            Self::Never(_) => Encoder::Never,
        }
    }

    /// Stores links of the chain, as its own encoder has encoded them.
    pub(crate) async fn insert(&mut self, encoded: Encoded) -> Result<(), SqlError> {
        match (self, encoded) {
            #[cfg(feature = "sqlite")]
            (Self::Sqlite(connection), Encoded::Sqlite(links)) => connection.insert(links).await,
            #[cfg(feature = "postgres")]
            (Self::Postgres(connection), Encoded::Postgres(links)) => {
                connection.insert(links).await
            }
            #[cfg(not(any(feature = "sqlite", feature = "postgres")))]
            (Self::Never(never), _) => match *never {},
            #[cfg(all(feature = "sqlite", feature = "postgres"))]
            _ => Err(SqlError::store(
                "links that are encoded for another database",
            )),
        }
    }

    pub(crate) const fn is_sqlite(&self) -> bool {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(_) => true,
            #[cfg(feature = "postgres")]
            Self::Postgres(_) => false,
            #[cfg(not(any(feature = "sqlite", feature = "postgres")))]
            Self::Never(_) => false,
        }
    }
}
