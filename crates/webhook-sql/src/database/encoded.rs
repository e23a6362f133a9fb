#[cfg(feature = "postgres")]
use super::postgres;
#[cfg(feature = "sqlite")]
use super::sqlite;
use crate::{SqlError, chain::Link};

/// Makes of links what a database takes. It needs no connection, so that the next links are encoded
/// while the database has those before.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Encoder {
    #[cfg(feature = "sqlite")]
    Sqlite,
    #[cfg(feature = "postgres")]
    Postgres,
    #[cfg(not(any(feature = "sqlite", feature = "postgres")))]
    Never,
}

/// Links that are ready to be stored.
pub(crate) enum Encoded {
    #[cfg(feature = "sqlite")]
    Sqlite(sqlite::Encoded),
    #[cfg(feature = "postgres")]
    Postgres(postgres::Encoded),
    #[cfg(not(any(feature = "sqlite", feature = "postgres")))]
    Never,
}

impl Encoder {
    /// How many links are best stored at once.
    pub(crate) const fn part(self) -> usize {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite => sqlite::PART,
            #[cfg(feature = "postgres")]
            Self::Postgres => postgres::PART,
            #[cfg(not(any(feature = "sqlite", feature = "postgres")))]
            Self::Never => 1,
        }
    }

    #[cfg_attr(
        not(feature = "sqlite"),
        allow(
            clippy::unnecessary_wraps,
            unused_variables,
            clippy::needless_pass_by_value,
            reason = "SQLite's takes the links apart and can fail, and without a database there are none"
        )
    )]
    pub(crate) fn encode(self, links: Vec<Link>) -> Result<Encoded, SqlError> {
        Ok(match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite => Encoded::Sqlite(sqlite::Encoded::of(links)?),
            #[cfg(feature = "postgres")]
            Self::Postgres => Encoded::Postgres(postgres::Encoded::of(&links)),
            #[cfg(not(any(feature = "sqlite", feature = "postgres")))]
            Self::Never => Encoded::Never,
        })
    }
}
