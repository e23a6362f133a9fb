use std::sync::{Mutex, PoisonError};

use super::Session;
use crate::{DatabaseUrl, SqlError, url::Place};

/// How many idle connections are kept for the next question.
const IDLE: usize = 4;

/// What a commit promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Durability {
    /// It outlives the process.
    Process,
    /// It outlives a loss of power.
    Power,
}

/// Connections to one database, opened when they are needed.
// PostgreSQL makes no database.
#[cfg_attr(not(feature = "sqlite"), allow(dead_code))]
pub(crate) struct Pool {
    place: Place,
    durability: Durability,
    creates: bool,
    idle: Mutex<Vec<Session>>,
}

impl Pool {
    /// For whoever reads, or tends to what is there.
    pub(crate) fn reading(url: &DatabaseUrl) -> Self {
        Self::new(url, Durability::Power, false)
    }

    /// For the writer, which makes the database where there is none.
    pub(crate) fn writing(url: &DatabaseUrl, durability: Durability) -> Self {
        Self::new(url, durability, true)
    }

    fn new(url: &DatabaseUrl, durability: Durability, creates: bool) -> Self {
        Self {
            place: url.place().clone(),
            durability,
            creates,
            idle: Mutex::new(Vec::new()),
        }
    }

    /// An idle connection, or a new one.
    pub(crate) async fn take(&self) -> Result<Session, SqlError> {
        let idle = self.lock().pop();
        match idle {
            Some(session) => Ok(session),
            None => self.connect().await,
        }
    }

    /// Gives a connection back that is in no transaction.
    pub(crate) fn give(&self, session: Session) {
        let mut idle = self.lock();
        if idle.len() < IDLE {
            idle.push(session);
        }
    }

    pub(crate) async fn connect(&self) -> Result<Session, SqlError> {
        match &self.place {
            #[cfg(feature = "sqlite")]
            Place::Sqlite(path) => {
                let connection =
                    super::sqlite::Connection::open(path, self.durability, self.creates);
                Ok(Session::Sqlite(connection.await?))
            }
            #[cfg(feature = "postgres")]
            Place::Postgres(url) => {
                let connection = super::postgres::Connection::open(url, self.durability);
                Ok(Session::Postgres(connection.await?))
            }
            #[cfg(not(feature = "sqlite"))]
            Place::Sqlite(_) => Err(missing("sqlite")),
            #[cfg(not(feature = "postgres"))]
            Place::Postgres(_) => Err(missing("postgres")),
            Place::Lines(_) => Err(SqlError::unsupported(
                "a JSON lines file is written by JsonLinesSink, and read here: write to sqlite:PATH or postgres://…",
            )),
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Session>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(not(all(feature = "sqlite", feature = "postgres")))]
fn missing(feature: &str) -> SqlError {
    SqlError::configuration(format!("this needs the feature `{feature}` of webhook-sql"))
}
