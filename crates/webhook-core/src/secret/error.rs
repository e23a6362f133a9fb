use std::{fmt, io};

use super::MIN_SECRET_BYTES;

/// Why a secret cannot be used. Says the fix, and no byte of the secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretError {
    kind: SecretErrorKind,
    origin: Option<String>,
    length: Option<usize>,
}

/// The kinds of [`SecretError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SecretErrorKind {
    /// The environment variable is not set.
    Unset,
    /// The file cannot be read.
    Unreadable(io::ErrorKind),
    /// No byte at all: anybody could sign with that.
    Empty,
    /// Only white space.
    Blank,
    /// Shorter than [`MIN_SECRET_BYTES`].
    TooShort,
    /// Starts with `${`: a variable that nobody expanded.
    Unexpanded,
    /// Ends with a newline.
    TrailingNewline {
        /// How many bytes the secret has, the newline included.
        bytes: usize,
    },
    /// Not of the encoding that the scheme makes its key from.
    Undecodable(&'static str),
}

impl SecretError {
    /// An error of this kind.
    #[must_use]
    pub const fn new(kind: SecretErrorKind) -> Self {
        Self {
            kind,
            origin: None,
            length: None,
        }
    }

    /// Says which secret it was: `the environment variable X`, `the secret "2026-q4"`.
    #[must_use]
    pub fn of(mut self, origin: impl Into<String>) -> Self {
        self.origin = Some(origin.into());
        self
    }

    /// Says how many bytes the secret, or the key made from it, has.
    #[must_use]
    pub const fn with_length(mut self, bytes: usize) -> Self {
        self.length = Some(bytes);
        self
    }

    /// What is wrong.
    #[must_use]
    pub const fn kind(&self) -> SecretErrorKind {
        self.kind
    }
}

impl fmt::Display for SecretError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.origin.as_deref().unwrap_or("the secret"))?;
        match self.kind {
            SecretErrorKind::Unset => f.write_str(" is not set; set it to the secret"),
            SecretErrorKind::Unreadable(error) => write!(f, " cannot be read: {error}"),
            SecretErrorKind::Empty => f.write_str(
                " is empty, so that anybody could sign; give the secret that the provider shows",
            ),
            SecretErrorKind::Blank => {
                f.write_str(" holds white space only; give the secret that the provider shows")
            }
            SecretErrorKind::TooShort => {
                match self.length {
                    Some(length) => write!(f, " has {length} bytes")?,
                    None => f.write_str(" is short")?,
                }
                write!(
                    f,
                    ", fewer than {MIN_SECRET_BYTES}; use a longer one (`openssl rand -hex 32`), or `Secret::insecure_short` where the provider gives no longer one"
                )
            }
            SecretErrorKind::Unexpanded => f.write_str(
                " still reads `${…}`; whatever should have put the variable's value there did not",
            ),
            SecretErrorKind::TrailingNewline { bytes } => write!(
                f,
                " ends with a newline ({bytes} bytes, {} without it); `echo` adds one, `printf %s` does not",
                bytes.saturating_sub(1)
            ),
            SecretErrorKind::Undecodable(why) => write!(f, " cannot be decoded: {why}"),
        }
    }
}

impl std::error::Error for SecretError {}
