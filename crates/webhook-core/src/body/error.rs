use std::fmt;

use crate::{Check, Reason, Rejection};

/// Why a body was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BodyError {
    /// More bytes, declared or sent, or more frames than the limit.
    TooLarge,
    /// Not whole by the deadline.
    Timeout,
    /// Ended before its declared length, was reset, or failed underneath.
    Incomplete,
    /// All unverified bodies together hold as much memory as they may.
    MemoryExhausted,
}

impl BodyError {
    /// The reason that a layer refuses with.
    #[must_use]
    pub const fn reason(self) -> Reason {
        match self {
            Self::TooLarge => Reason::BodyTooLarge,
            Self::Timeout => Reason::BodyTimeout,
            Self::Incomplete => Reason::BodyIncomplete,
            Self::MemoryExhausted => Reason::MemoryExhausted,
        }
    }

    /// The refusal: too large by the check `size`, the others by the check `body`. A sender that
    /// met the memory budget is told to come back after a second.
    #[must_use]
    pub const fn rejection(self) -> Rejection {
        let reason = self.reason();
        match self {
            Self::TooLarge => Rejection::new(reason, Check::Size),
            Self::Timeout | Self::Incomplete => Rejection::new(reason, Check::Body),
            Self::MemoryExhausted => Rejection::new(reason, Check::Body)
                .with_retry_after(std::time::Duration::from_secs(1)),
        }
    }
}

impl fmt::Display for BodyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooLarge => "the body is larger than its limit",
            Self::Timeout => "the body was not whole by its deadline",
            Self::Incomplete => "the body ended before it was whole",
            Self::MemoryExhausted => "unverified bodies hold all the memory they may",
        })
    }
}

impl std::error::Error for BodyError {}
