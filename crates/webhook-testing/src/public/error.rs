use std::fmt;

/// Why there is no [`TestKey`](crate::TestKey) for a scheme.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TestKeyError {
    /// The scheme's key is a secret, which both sides have.
    SharedSecret,
}

impl fmt::Display for TestKeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SharedSecret => f.write_str(
                "the scheme's key is a secret; give its text to `signed` or `attack` instead",
            ),
        }
    }
}

impl std::error::Error for TestKeyError {}
