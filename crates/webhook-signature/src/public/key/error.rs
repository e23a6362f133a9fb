use std::fmt;

/// Why a text is no public key that can be used. Says the fix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublicKeyError(pub(super) &'static str);

impl PublicKeyError {
    pub(crate) const fn new(why: &'static str) -> Self {
        Self(why)
    }

    /// What is wrong, and what to do.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        self.0
    }
}

impl fmt::Display for PublicKeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the public key cannot be used: {}", self.0)
    }
}

impl std::error::Error for PublicKeyError {}
