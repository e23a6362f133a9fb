use std::{error::Error, fmt};

/// Why a [`TokenSource`](super::TokenSource) cannot be made. Says the fix.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SourceError {
    /// Not the name of a header.
    Header(String),
    /// A user name that `Authorization: Basic` cannot carry.
    User,
    /// Not a name for a query parameter.
    Query(String),
}

impl fmt::Display for SourceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Header(name) => write!(
                f,
                "`{name}` is no name of a header; give the name alone, such as `x-gitlab-token`, without colon and value"
            ),
            Self::User => f.write_str(
                "a user name for Basic has 1 to 256 bytes, no colon and no control character; give the password as the token",
            ),
            Self::Query(name) => write!(
                f,
                "`{name}` is no name for a query parameter with a token; take up to 64 visible ASCII characters without `&`, `=`, `+`, `%` and `#`, such as `token`"
            ),
        }
    }
}

impl Error for SourceError {}
