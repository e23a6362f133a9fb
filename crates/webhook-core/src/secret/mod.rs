//! Shared secrets: never printed, never cloned, wiped when dropped, and never empty.

mod error;

use std::{fmt, path::Path};

use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

pub use self::error::{SecretError, SecretErrorKind};

/// The fewest bytes that a secret may have, unless it is made with [`Secret::insecure_short`].
///
/// Sixteen bytes are 128 bits at best; 24 or more are recommended, as
/// [Standard Webhooks](https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md)
/// does.
pub const MIN_SECRET_BYTES: usize = 16;

/// A shared secret as it was configured: its text, from which a scheme makes the key.
///
/// `Debug` prints no byte of it, the bytes are wiped on drop, and there is no `Clone`: share it in
/// an `Arc`. Two secrets are compared in constant time by [`Secret::matches`] only.
///
/// ```
/// use webhook_core::{Secret, SecretErrorKind};
///
/// let secret = Secret::new("It's a Secret to Everybody")?;
/// assert_eq!(format!("{secret:?}"), "Secret(26 bytes)");
///
/// assert_eq!(Secret::new("").unwrap_err().kind(), SecretErrorKind::Empty);
/// assert_eq!(Secret::new("hunter2").unwrap_err().kind(), SecretErrorKind::TooShort);
/// # Ok::<_, webhook_core::SecretError>(())
/// ```
pub struct Secret {
    bytes: Zeroizing<Vec<u8>>,
    allows_short: bool,
}

impl Secret {
    /// A secret of at least [`MIN_SECRET_BYTES`] bytes.
    ///
    /// # Errors
    /// Empty, only white space, shorter than that, or an unexpanded `${VARIABLE}`.
    pub fn new(text: impl Into<Vec<u8>>) -> Result<Self, SecretError> {
        Self::checked(Zeroizing::new(text.into()), false)
    }

    /// A secret of any length but zero, for providers that give short ones and for tests.
    ///
    /// # Errors
    /// Empty, only white space, or an unexpanded `${VARIABLE}`.
    pub fn insecure_short(text: impl Into<Vec<u8>>) -> Result<Self, SecretError> {
        Self::checked(Zeroizing::new(text.into()), true)
    }

    /// The secret in an environment variable.
    ///
    /// # Errors
    /// As [`Secret::new`]; also where the variable is unset or ends with a newline, as a secret does
    /// that was written with `echo`.
    pub fn from_env(variable: &str) -> Result<Self, SecretError> {
        let name = || format!("the environment variable {variable}");
        let Some(value) = std::env::var_os(variable) else {
            return Err(SecretError::new(SecretErrorKind::Unset).of(name()));
        };
        let bytes = Zeroizing::new(value.into_encoded_bytes());
        if bytes.ends_with(b"\n") {
            let kind = SecretErrorKind::TrailingNewline { bytes: bytes.len() };
            return Err(SecretError::new(kind).of(name()));
        }
        Self::checked(bytes, false).map_err(|error| error.of(name()))
    }

    /// The secret in a file; one newline at its end (`\n` or `\r\n`) is not part of it.
    ///
    /// # Errors
    /// As [`Secret::new`]; also where the file cannot be read.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, SecretError> {
        let path = path.as_ref();
        let name = || format!("the file {}", path.display());
        let mut bytes = std::fs::read(path).map(Zeroizing::new).map_err(|error| {
            SecretError::new(SecretErrorKind::Unreadable(error.kind())).of(name())
        })?;
        if bytes.ends_with(b"\n") {
            bytes.pop();
            if bytes.ends_with(b"\r") {
                bytes.pop();
            }
        }
        Self::checked(bytes, false).map_err(|error| error.of(name()))
    }

    fn checked(bytes: Zeroizing<Vec<u8>>, allows_short: bool) -> Result<Self, SecretError> {
        if bytes.is_empty() {
            return Err(SecretError::new(SecretErrorKind::Empty));
        }
        if bytes.iter().all(u8::is_ascii_whitespace) {
            return Err(SecretError::new(SecretErrorKind::Blank));
        }
        if bytes.starts_with(b"${") {
            return Err(SecretError::new(SecretErrorKind::Unexpanded));
        }
        if !allows_short && bytes.len() < MIN_SECRET_BYTES {
            let kind = SecretErrorKind::TooShort;
            return Err(SecretError::new(kind).with_length(bytes.len()));
        }
        Ok(Self {
            bytes,
            allows_short,
        })
    }

    /// The bytes of the secret's text. Keep them out of logs, errors and records.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.bytes
    }

    /// Whether the secret was made with [`Secret::insecure_short`], so that the key that a scheme
    /// decodes from it may be short too.
    #[must_use]
    pub const fn allows_short(&self) -> bool {
        self.allows_short
    }

    /// Compares in constant time; only the length of the secret can be learnt from the time.
    #[must_use]
    pub fn matches(&self, candidate: &[u8]) -> bool {
        self.bytes.ct_eq(candidate).into()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret({} bytes)", self.bytes.len())
    }
}

#[cfg(test)]
mod tests {
    use super::{Secret, SecretErrorKind};

    fn kind_of(text: &str) -> SecretErrorKind {
        Secret::new(text).unwrap_err().kind()
    }

    #[test]
    fn a_secret_that_is_none_is_refused() {
        assert_eq!(kind_of(""), SecretErrorKind::Empty);
        assert_eq!(
            kind_of(" \t\r\n                    "),
            SecretErrorKind::Blank
        );
        assert_eq!(
            kind_of("${GITHUB_WEBHOOK_SECRET}"),
            SecretErrorKind::Unexpanded
        );
        assert_eq!(kind_of("fifteen bytes.."), SecretErrorKind::TooShort);
        let secret = Secret::new("sixteen bytes...").unwrap();
        assert_eq!(secret.expose(), b"sixteen bytes...");
        assert!(!secret.allows_short());
        assert_eq!(
            Secret::insecure_short("").unwrap_err().kind(),
            SecretErrorKind::Empty
        );
        assert!(Secret::insecure_short("short").unwrap().allows_short());
    }

    #[test]
    fn neither_the_secret_nor_an_error_prints_it() {
        let secret = Secret::new("canary-canary-canary").unwrap();
        assert!(!format!("{secret:?}").contains("canary"));
        let error = Secret::new("canary").unwrap_err();
        assert!(!format!("{error:?} {error}").contains("canary"));
        assert!(error.to_string().contains("6 bytes"));
    }

    #[test]
    fn an_unset_variable_is_named() {
        let error = Secret::from_env("WEBHOOK_CORE_TEST_IS_NOT_SET").unwrap_err();
        assert_eq!(error.kind(), SecretErrorKind::Unset);
        assert!(error.to_string().contains("WEBHOOK_CORE_TEST_IS_NOT_SET"));
    }

    #[test]
    fn the_newline_at_the_end_of_a_file_is_no_part_of_the_secret() {
        let path = std::env::temp_dir().join(format!("webhook-core-secret-{}", std::process::id()));
        std::fs::write(&path, "0123456789abcdef\r\n").unwrap();
        let secret = Secret::from_file(&path).unwrap();
        assert!(secret.matches(b"0123456789abcdef"));
        assert!(!secret.matches(b"0123456789abcdeX"));
        assert!(!secret.matches(b"0123456789abcde"));
        std::fs::remove_file(&path).unwrap();
        let error = Secret::from_file(&path).unwrap_err();
        assert_eq!(
            error.kind(),
            SecretErrorKind::Unreadable(std::io::ErrorKind::NotFound)
        );
    }
}
