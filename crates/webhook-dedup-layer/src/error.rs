use std::{error::Error, fmt, time::Duration};

/// Settings, or a store, that were configured with values that cannot work.
///
/// Its text says what is wrong and what to write instead. It is never the answer to a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DedupError {
    kind: DedupErrorKind,
}

/// What is wrong with a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DedupErrorKind {
    /// A time to remember deliveries for that is out of range.
    InvalidKeep(Duration),
    /// A lease that is out of range.
    InvalidLease(Duration),
    /// A time for a duplicate to wait that is out of range.
    InvalidWait(Duration),
    /// A number of waiting duplicates that is out of range.
    InvalidWaiters(usize),
    /// A number of entries that is out of range.
    InvalidCapacity(usize),
}

impl DedupError {
    pub(crate) const fn new(kind: DedupErrorKind) -> Self {
        Self { kind }
    }

    /// What is wrong.
    #[must_use]
    pub const fn kind(&self) -> &DedupErrorKind {
        &self.kind
    }
}

impl fmt::Display for DedupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            DedupErrorKind::InvalidKeep(keep) => write!(
                f,
                "deliveries cannot be remembered for {keep:?}; give 1 s to 31 days, and at least as \
                 long as the sender tries again",
            ),
            DedupErrorKind::InvalidLease(lease) => write!(
                f,
                "a lease of {lease:?} is out of range; give 1 s to 24 h, and more than the handler \
                 ever takes",
            ),
            DedupErrorKind::InvalidWait(wait) => write!(
                f,
                "a duplicate cannot wait for {wait:?}; give 1 ms to 60 s, and less than the \
                 sender's own timeout",
            ),
            DedupErrorKind::InvalidWaiters(waiters) => write!(
                f,
                "{waiters} waiting duplicates are out of range; give 1 to 65536, or \
                 InFlight::refuse() to have none wait",
            ),
            DedupErrorKind::InvalidCapacity(capacity) => write!(
                f,
                "a store of {capacity} entries is out of range; give {} to {}",
                crate::MemoryStore::MIN_CAPACITY,
                crate::MemoryStore::MAX_CAPACITY,
            ),
        }
    }
}

impl Error for DedupError {}
