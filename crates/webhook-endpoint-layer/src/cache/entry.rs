use std::{
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    time::Duration,
};

use webhook_core::Ticks;

use crate::Lookup;

/// How long the last good answer is used before a look-up that failed is tried again.
const RETRY: Duration = Duration::from_secs(1);

/// One remembered answer.
pub(super) struct Entry {
    pub(super) lookup: Lookup,
    /// Until when it is used without asking, in ticks. Moves ahead where look-ups fail.
    fresh_until: AtomicU64,
    /// Until when it is used where look-ups fail.
    good_until: u64,
    /// Whether the latest look-up failed: then nobody waits for the next one.
    is_failing: AtomicBool,
    /// Whether it was used since the table last looked for an entry to forget.
    was_used: AtomicBool,
}

/// An answer past its time, which is still good where look-ups fail.
pub(super) struct LastGood {
    pub(super) lookup: Lookup,
    pub(super) is_failing: bool,
}

impl Entry {
    pub(super) fn new(lookup: Lookup, now: Ticks, fresh: Duration, last_good: Duration) -> Self {
        let fresh_until = later(now.as_nanos(), fresh);
        Self {
            lookup,
            fresh_until: AtomicU64::new(fresh_until),
            good_until: later(fresh_until, last_good),
            is_failing: AtomicBool::new(false),
            was_used: AtomicBool::new(false),
        }
    }

    /// The answer, where it is used without asking.
    pub(super) fn fresh(&self, now: Ticks) -> Option<Lookup> {
        if now.as_nanos() >= self.fresh_until.load(Ordering::Relaxed) {
            return None;
        }
        self.touch();
        Some(self.lookup.clone())
    }

    /// The answer, where it is used because look-ups fail.
    pub(super) fn last_good(&self, now: Ticks) -> Option<LastGood> {
        (now.as_nanos() < self.good_until).then(|| LastGood {
            lookup: self.lookup.clone(),
            is_failing: self.is_failing.load(Ordering::Relaxed),
        })
    }

    /// A look-up failed: the answer is used on for a moment.
    pub(super) fn keep(&self, now: Ticks) -> Option<Lookup> {
        let last_good = self.last_good(now)?;
        let fresh_until = later(now.as_nanos(), RETRY).min(self.good_until);
        self.fresh_until.store(fresh_until, Ordering::Relaxed);
        self.is_failing.store(true, Ordering::Relaxed);
        Some(last_good.lookup)
    }

    /// Whether it was used since it was last asked this.
    pub(super) fn take_used(&self) -> bool {
        self.was_used.swap(false, Ordering::Relaxed)
    }

    /// A cache line that every reader writes is slow, so only the first one does.
    fn touch(&self) {
        if !self.was_used.load(Ordering::Relaxed) {
            self.was_used.store(true, Ordering::Relaxed);
        }
    }
}

fn later(ticks: u64, by: Duration) -> u64 {
    ticks.saturating_add(u64::try_from(by.as_nanos()).unwrap_or(u64::MAX))
}
