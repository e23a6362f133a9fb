use std::fmt;

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Outcome {
    /// The delivery was let through, or answered as a known duplicate.
    Accepted,
    /// A layer refused the request.
    Denied,
    /// The handler failed or panicked, or the stack is put together wrongly.
    Error,
    /// The client went away, or its body never came whole.
    Aborted,
    /// The request was let through, and would have been refused outside shadow mode.
    ShadowDenied,
}

impl Outcome {
    /// The outcome's stable name in records.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Denied => "denied",
            Self::Error => "error",
            Self::Aborted => "aborted",
            Self::ShadowDenied => "shadow_denied",
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
