//! How many deliveries of a key are in flight, in a bounded table.
//!
//! A key has one of eight places in its set while it has a permit; a place without permits is
//! anybody's. Live permits are never forgotten: where all eight places are in use, new keys of that
//! set share one count, and are refused sooner. A key that leaves the shared count for a place
//! counts what it may have left there.

mod set;

use std::{
    fmt,
    num::NonZeroU32,
    sync::{Mutex, PoisonError},
};

use self::set::{Set, WAYS};
use crate::table::Fingerprint;

/// A fixed number of counts of permits, whatever number of keys there are.
pub(crate) struct Permits {
    sets: Box<[Mutex<Set>]>,
}

/// A permit that was taken: which set, and which of its counts. It must be given back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ticket(NonZeroU32);

/// One more than there are places, for the count that newcomers share.
const COUNTS: u32 = 9;

impl Permits {
    /// Room for at most `capacity` keys, and at least one set of eight.
    pub(crate) fn new(capacity: usize) -> Self {
        let sets = (capacity / WAYS).max(1);
        Self {
            sets: (0..sets).map(|_| Mutex::default()).collect(),
        }
    }

    /// The heap that the table takes, now and for ever.
    pub(crate) fn bytes(&self) -> usize {
        size_of_val(&*self.sets)
    }

    /// How many keys have a permit and a place. It looks into every set.
    pub(crate) fn in_use(&self) -> usize {
        let lock = |set: &Mutex<Set>| set.lock().unwrap_or_else(PoisonError::into_inner).in_use();
        self.sets.iter().map(lock).sum()
    }

    /// Takes a permit, of which the key may have `limit`; with it, how many are left.
    pub(crate) fn acquire(&self, key: Fingerprint, limit: u64) -> Option<(Ticket, u64)> {
        let index = key.index(self.sets.len())?;
        let (place, left) = self.with(index, |set| set.acquire(key.get(), limit))??;
        let number = u32::try_from(index).ok()?.checked_mul(COUNTS)?;
        let number = number.checked_add(u32::from(place))?.checked_add(1)?;
        Some((Ticket(NonZeroU32::new(number)?), left))
    }

    /// Gives a permit back.
    pub(crate) fn release(&self, ticket: Ticket) {
        let number = ticket.0.get() - 1;
        let place = u8::try_from(number % COUNTS);
        if let (Ok(index), Ok(place)) = (usize::try_from(number / COUNTS), place) {
            self.with(index, |set| set.release(place));
        }
    }

    /// How many permits the key has, and whether it shares them.
    pub(crate) fn held(&self, key: Fingerprint) -> (u64, bool) {
        key.index(self.sets.len())
            .and_then(|index| self.with(index, |set| set.held(key.get())))
            .unwrap_or_default()
    }

    fn with<T>(&self, index: usize, f: impl FnOnce(&mut Set) -> T) -> Option<T> {
        // The counts behind the lock are whole at any time, so a panic elsewhere spoils nothing.
        let set = self.sets.get(index)?.lock();
        Some(f(&mut set.unwrap_or_else(PoisonError::into_inner)))
    }
}

impl fmt::Debug for Permits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permits").finish_non_exhaustive()
    }
}

#[cfg(test)]
#[cfg(not(webhook_loom))]
mod tests;
