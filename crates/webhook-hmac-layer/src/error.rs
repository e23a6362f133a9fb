use std::fmt;

use webhook_signature::{KeyRingError, handshake::HandshakeError};

/// Why a layer cannot be set up. Says the fix, and no byte of a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConfigError {
    /// The scheme and the secrets make no verifier.
    Verifier(webhook_signature::ConfigError),
    /// The handshake cannot be answered with what is configured.
    Handshake(HandshakeError),
    /// A secret cannot be taken out of use.
    KeyRing(KeyRingError),
    /// No method is taken.
    NoMethods,
    /// A method whose name cannot stand in a header.
    UnspeakableMethod,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Verifier(error) => error.fmt(f),
            Self::Handshake(error) => error.fmt(f),
            Self::KeyRing(error) => error.fmt(f),
            Self::NoMethods => f.write_str("no method is taken, so that every delivery would be refused; leave the methods out to take POST"),
            Self::UnspeakableMethod => f.write_str("a method cannot be named in the header Allow; take one of RFC 9110 section 9.3"),
        }
    }
}

impl std::error::Error for ConfigError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Verifier(error) => Some(error),
            Self::Handshake(error) => Some(error),
            Self::KeyRing(error) => Some(error),
            Self::NoMethods | Self::UnspeakableMethod => None,
        }
    }
}

impl From<webhook_signature::ConfigError> for ConfigError {
    fn from(error: webhook_signature::ConfigError) -> Self {
        Self::Verifier(error)
    }
}

impl From<KeyRingError> for ConfigError {
    fn from(error: KeyRingError) -> Self {
        Self::KeyRing(error)
    }
}

impl From<HandshakeError> for ConfigError {
    fn from(error: HandshakeError) -> Self {
        Self::Handshake(error)
    }
}
