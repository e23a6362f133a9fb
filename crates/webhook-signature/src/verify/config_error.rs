use std::fmt;

use webhook_core::SecretError;

use crate::scheme::SchemeError;

/// Why there is no verifier for a scheme and a key ring. Says the fix, and no byte of a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConfigError {
    /// The scheme lacks something.
    Scheme(SchemeError),
    /// A secret makes no key under this scheme.
    Secret(SecretError),
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Scheme(error) => error.fmt(f),
            Self::Secret(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for ConfigError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Scheme(error) => Some(error),
            Self::Secret(error) => Some(error),
        }
    }
}

impl From<SchemeError> for ConfigError {
    fn from(error: SchemeError) -> Self {
        Self::Scheme(error)
    }
}

impl From<SecretError> for ConfigError {
    fn from(error: SecretError) -> Self {
        Self::Secret(error)
    }
}
