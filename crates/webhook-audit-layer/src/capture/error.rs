use std::{error::Error, fmt};

/// Why [`CaptureSettings`](super::CaptureSettings) cannot be as they are asked for.
///
/// It says what is wrong and what to do, and never what a header holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaptureError {
    kind: CaptureErrorKind,
    what: String,
}

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CaptureErrorKind {
    /// A text that is no name of a header.
    InvalidHeader,
    /// A header that carries a credential: a token, a signature, a cookie.
    CredentialHeader,
    /// More headers than are kept.
    TooManyHeaders,
    /// A text that is no JSON pointer, or one that looks like a wildcard.
    InvalidPointer,
    /// More pointers, or longer ones, than are taken.
    TooManyPointers,
    /// A limit of no byte, or above the upper bound.
    InvalidLimit,
}

impl CaptureError {
    pub(super) fn new(kind: CaptureErrorKind, what: impl Into<String>) -> Self {
        let what = what.into();
        Self { kind, what }
    }

    /// What is wrong.
    #[must_use]
    pub const fn kind(&self) -> CaptureErrorKind {
        self.kind
    }
}

impl fmt::Display for CaptureError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl Error for CaptureError {}
