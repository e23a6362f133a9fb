use std::{fmt, path::PathBuf, str::FromStr};

use crate::SqlError;

/// Where the audit is kept: `sqlite:PATH`, `postgres://user:password@host/database`, or, to be read
/// only, `jsonl:PATH`.
///
/// It is never printed with its password.
///
/// ```
/// use webhook_sql::DatabaseUrl;
///
/// let url: DatabaseUrl = "postgres://audit:hunter2@db.internal/hooks".parse()?;
/// assert_eq!(url.to_string(), "postgres://audit:***@db.internal/hooks");
/// assert!("mysql://localhost/hooks".parse::<DatabaseUrl>().is_err());
/// # Ok::<_, webhook_sql::SqlError>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct DatabaseUrl(Place);

#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Place {
    Sqlite(PathBuf),
    Postgres(String),
    Lines(PathBuf),
}

impl DatabaseUrl {
    pub(crate) const fn place(&self) -> &Place {
        &self.0
    }
}

impl FromStr for DatabaseUrl {
    type Err = SqlError;

    /// # Errors
    ///
    /// The text is none of the three forms, or a path is empty or `:memory:`.
    fn from_str(text: &str) -> Result<Self, SqlError> {
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Ok(Self(Place::Postgres(text.to_owned())));
        }
        if let Some(path) = text.strip_prefix("sqlite:") {
            return Ok(Self(Place::Sqlite(path_of(path)?)));
        }
        if let Some(path) = text.strip_prefix("jsonl:") {
            return Ok(Self(Place::Lines(path_of(path)?)));
        }
        Err(SqlError::configuration(
            "write sqlite:PATH, postgres://user:password@host/database or jsonl:PATH",
        ))
    }
}

fn path_of(text: &str) -> Result<PathBuf, SqlError> {
    let path = text.strip_prefix("//").unwrap_or(text);
    if path.is_empty() || path == ":memory:" {
        return Err(SqlError::configuration(
            "an audit needs a file: write sqlite:PATH or jsonl:PATH",
        ));
    }
    Ok(path.into())
}

/// The URL with `***` for a password, and without its parameters.
impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Place::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            Place::Lines(path) => write!(f, "jsonl:{}", path.display()),
            Place::Postgres(url) => {
                let (scheme, rest) = url.split_once("://").unwrap_or(("postgres", ""));
                // Parameters can hold a password too.
                let end = rest.find(['?', '#']).unwrap_or(rest.len());
                let (plain, parameters) = rest.split_at_checked(end).unwrap_or_default();
                // A password that is not escaped may hold what seems to begin the parameters.
                if parameters.contains('@') {
                    return write!(f, "{scheme}://***");
                }
                match plain.rsplit_once('@') {
                    Some((user, host)) => {
                        let user = user.split(':').next().unwrap_or_default();
                        write!(f, "{scheme}://{user}:***@{host}")
                    }
                    None => write!(f, "{scheme}://{plain}"),
                }
            }
        }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DatabaseUrl({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::DatabaseUrl;

    #[test]
    fn a_password_is_never_printed() {
        for url in [
            "postgres://u:hunter2@h/d",
            "postgresql://u:hunter2@h:5432/d?sslmode=require",
            "postgres://u@h/d?password=hunter2",
            "postgres://u:a@hunter2@h/d",
            "postgres://u:hun?ter2@h/d",
            "postgres://u:hun#ter2@h/d",
            "postgres://u:a@hunter2/b#c@h/d",
            "postgres://h/d?password=hunter2&user=u@h",
        ] {
            let url: DatabaseUrl = url.parse().unwrap();
            let printed = format!("{url} {url:?}");
            let told = ["hun", "ter2"]
                .into_iter()
                .find(|part| printed.contains(part));
            assert_eq!(told, None, "{printed}");
        }
    }

    #[test]
    fn what_is_no_place_is_refused() {
        for url in [
            "",
            "audit.db",
            "sqlite:",
            "sqlite::memory:",
            "jsonl:",
            "mysql://h",
        ] {
            assert!(url.parse::<DatabaseUrl>().is_err(), "{url}");
        }
    }
}
