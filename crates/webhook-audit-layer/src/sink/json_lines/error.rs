use std::{fmt, io, time::Duration};

/// Why records are not known to be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FlushError {
    kind: FlushErrorKind,
    missing: u64,
}

/// What kept the records from being written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FlushErrorKind {
    /// The writer is busy, or does not answer.
    TimedOut(Duration),
    /// The writer fails, and is being tried again.
    Failing(io::ErrorKind),
    /// The sink was dropped while its writer failed, and its thread gave up.
    Stopped,
}

impl FlushError {
    pub(super) const fn new(kind: FlushErrorKind, missing: u64) -> Self {
        Self { kind, missing }
    }

    /// What kept the records from being written.
    #[must_use]
    pub const fn kind(&self) -> FlushErrorKind {
        self.kind
    }

    /// How many records are not known to be written.
    #[must_use]
    pub const fn missing(&self) -> u64 {
        self.missing
    }
}

impl fmt::Display for FlushError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let missing = self.missing;
        match self.kind {
            FlushErrorKind::TimedOut(after) => write!(
                f,
                "{missing} audit records were not written within {after:?}: wait longer, or look why the writer is slow"
            ),
            FlushErrorKind::Failing(kind) => write!(
                f,
                "{missing} audit records were not written because the writer fails ({kind}): look at the disk or the other end of the pipe"
            ),
            FlushErrorKind::Stopped => write!(
                f,
                "{missing} audit records were lost because the sink was dropped while its writer failed"
            ),
        }
    }
}

impl std::error::Error for FlushError {}
