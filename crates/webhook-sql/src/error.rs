use std::fmt;

/// Why the audit could not be opened, asked or changed. It never holds a password or a value of a
/// record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SqlError {
    kind: SqlErrorKind,
    detail: String,
}

/// What went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SqlErrorKind {
    /// The connection string, or a setting, is wrong.
    Configuration,
    /// There is no audit log in that place.
    Missing,
    /// A newer version of this crate made the tables.
    NewerSchema,
    /// This store cannot do what was asked, such as a purge of a file.
    Unsupported,
    /// The database, or the file, did not do it.
    Store,
}

impl SqlError {
    pub(crate) fn new(kind: SqlErrorKind, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        Self { kind, detail }
    }

    pub(crate) fn configuration(detail: impl Into<String>) -> Self {
        Self::new(SqlErrorKind::Configuration, detail)
    }

    pub(crate) fn unsupported(detail: impl Into<String>) -> Self {
        Self::new(SqlErrorKind::Unsupported, detail)
    }

    pub(crate) fn store(detail: impl Into<String>) -> Self {
        Self::new(SqlErrorKind::Store, detail)
    }

    pub(crate) fn io(what: &str, error: &std::io::Error) -> Self {
        Self::store(format!("{what}: {error}"))
    }

    /// What went wrong.
    #[must_use]
    pub const fn kind(&self) -> SqlErrorKind {
        self.kind
    }
}

impl fmt::Display for SqlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)
    }
}

impl std::error::Error for SqlError {}

/// Says what the database said, without what databases like to quote: rows, and URLs.
impl From<sqlx::Error> for SqlError {
    fn from(error: sqlx::Error) -> Self {
        match error {
            sqlx::Error::Database(error) => {
                let code = error.code().unwrap_or_default();
                Self::store(format!(
                    "the database refused ({code}): {}",
                    error.message()
                ))
            }
            sqlx::Error::Io(error) => Self::io("cannot reach the database", &error),
            sqlx::Error::Configuration(_) => {
                Self::configuration("the connection string cannot be understood")
            }
            sqlx::Error::Tls(error) => Self::store(format!("no TLS with the database: {error}")),
            sqlx::Error::Protocol(_) => Self::store("the database answered nonsense"),
            sqlx::Error::Encode(_) => Self::store("a value cannot be sent to the database"),
            sqlx::Error::ColumnDecode { .. }
            | sqlx::Error::Decode(_)
            | sqlx::Error::ColumnIndexOutOfBounds { .. } => {
                Self::store("the database holds what this crate never wrote")
            }
            _ => Self::store("the connection to the database is broken"),
        }
    }
}
