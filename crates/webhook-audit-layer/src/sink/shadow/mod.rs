//! What enforcing the checks in shadow mode would have done.

mod count;
mod summary;

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use webhook_core::{Clock, Timestamp};

use self::count::Counts;
pub use self::summary::{ShadowSummary, ShadowedCheck, ShadowedProvider};
use super::Sink;
use crate::AuditRecord;

/// How many providers are counted by name; further ones are counted together.
pub const MAX_SHADOWED_PROVIDERS: usize = 64;

/// Counts how many verified deliveries the checks in shadow mode would have refused, for whoever
/// decides whether to enforce them.
///
/// It is a sink like any other and counts from the moment it was made; clones count together. It
/// takes a few kilobytes, whatever comes.
///
/// ```
/// use webhook_audit_layer::{AuditLayer, ShadowReport, TracingSink};
///
/// let report = ShadowReport::new();
/// let layer = AuditLayer::new((TracingSink::new(), report.clone()));
///
/// // A few days later:
/// let summary = report.summary();
/// assert_eq!(summary.verified, 0);
/// assert!(!summary.is_safe_to_enforce(), "nothing has come yet, so nothing is known");
/// println!("{summary}");
/// ```
#[derive(Clone)]
pub struct ShadowReport {
    shared: Arc<Shared>,
}

struct Shared {
    clock: Clock,
    since: Timestamp,
    counts: Mutex<Counts>,
}

impl ShadowReport {
    /// A report that starts now.
    #[must_use]
    pub fn new() -> Self {
        Self::with_clock(Clock::system())
    }

    /// A report that starts now, by this clock.
    #[must_use]
    pub fn with_clock(clock: Clock) -> Self {
        Self {
            shared: Arc::new(Shared {
                since: clock.now(),
                clock,
                counts: Mutex::default(),
            }),
        }
    }

    /// What was counted so far.
    #[must_use]
    pub fn summary(&self) -> ShadowSummary {
        let until = self.shared.clock.now();
        self.counts(|counts| counts.summary(self.shared.since, until))
    }

    fn counts<T>(&self, look: impl FnOnce(&mut Counts) -> T) -> T {
        // Nothing panics while it holds the lock; were it so, the counts would still be sound.
        let counts = self.shared.counts.lock();
        look(&mut counts.unwrap_or_else(PoisonError::into_inner))
    }
}

impl Sink for ShadowReport {
    fn record(&self, record: AuditRecord) {
        self.counts(|counts| counts.add(&record));
    }

    /// Changes are not counted.
    fn change(&self, _: webhook_core::change::Change) {}
}

impl Default for ShadowReport {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for ShadowReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ShadowReport")
            .field("since", &self.shared.since)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
