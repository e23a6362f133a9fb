//! The bounded table of buckets under governor's arithmetic.
//!
//! governor keeps a bucket as one number: the *theoretical arrival time* (TAT) of the next
//! delivery if all came evenly. A bucket whose TAT is not in the future is full, and so the same as
//! a bucket that was never used: forgetting it loses nothing. That is the only kind that this table
//! forgets, so it needs no clean-up, no thread and no timer.
//!
//! - A key has one of eight places in its set. Reading and charging a known key takes no lock: one
//!   compare-and-swap of its TAT.
//! - A new key takes an empty place, or that of a full bucket, under the lock of its set.
//! - Where all eight places of a set are in use, new keys of that set share one bucket, the set's
//!   *overflow*. That is stricter for them; the keys that have a place never notice.
//! - A key that moves from the overflow to a place takes the overflow's TAT with it, and the
//!   overflow also remembers the latest TAT that was forgotten. So no key is ever better off for
//!   having been forgotten or shared, even where the clock steps back.

mod fingerprint;
mod set;

use std::{
    fmt,
    sync::{Mutex, PoisonError},
};

use governor::{nanos::Nanos, state::StateStore};

pub(crate) use self::fingerprint::Fingerprint;
use self::set::{Set, WAYS};

/// governor's store: a fixed number of buckets, whatever number of keys there are.
pub(crate) struct Table {
    sets: Box<[Set]>,
    /// The overflow bucket of each set, and the lock under which its places change hands.
    overflows: Box<[Mutex<u64>]>,
    /// The time that one delivery takes out of a bucket, in nanoseconds.
    interval: u64,
}

impl Table {
    /// The largest table with at most `capacity` buckets, and at least one set of eight.
    pub(crate) fn new(capacity: usize, interval: u64) -> Self {
        let sets = (capacity / WAYS).max(1);
        Self {
            sets: (0..sets).map(|_| Set::default()).collect(),
            overflows: (0..sets).map(|_| Mutex::default()).collect(),
            interval,
        }
    }

    /// How many keys have a bucket of their own at most.
    pub(crate) fn capacity(&self) -> usize {
        self.sets.len() * WAYS
    }

    /// The heap that the table takes, now and for ever.
    pub(crate) fn bytes(&self) -> usize {
        size_of_val(&*self.sets) + size_of_val(&*self.overflows)
    }

    /// The key's set, chosen by the upper bits of the fingerprint.
    fn set(&self, key: Fingerprint) -> Option<(&Set, &Mutex<u64>)> {
        let wide = u128::from(key.get()) * self.sets.len() as u128;
        // A product of 64 bits and the number of sets, divided by 2^64, is below that number.
        let index = usize::try_from(wide >> 64).ok()?;
        Some((self.sets.get(index)?, self.overflows.get(index)?))
    }

    /// Charges a key that had no place a moment ago.
    fn admit<T, F, E>(&self, set: &Set, overflow: &mut u64, key: Fingerprint, f: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        loop {
            // Somebody else may have brought the key in before this thread got the lock.
            if let Some(done) = set.charge(key, &f) {
                return done;
            }
            // An unused bucket is charged from now, so the arithmetic tells what time it is.
            let now = f(None)?.1.as_u64().saturating_sub(self.interval);
            let (place, oldest) = set.oldest();
            let full = oldest > now;
            let start = if full {
                *overflow
            } else {
                oldest.max(*overflow)
            };
            let (outcome, next) = f(Some(start.into()))?;
            if full {
                *overflow = next.as_u64();
                return Ok(outcome);
            }
            if place.is_some_and(|place| place.take(oldest, key, next.as_u64())) {
                *overflow = start;
                return Ok(outcome);
            }
            // The oldest bucket was charged meanwhile and is in use now: look again.
        }
    }
}

impl StateStore for Table {
    type Key = Fingerprint;

    fn measure_and_replace<T, F, E>(&self, key: &Fingerprint, f: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let Some((set, overflow)) = self.set(*key) else {
            // There is always a set. If there were none, a bucket empty for ever fails closed.
            return f(Some(u64::MAX.into())).map(|(outcome, _)| outcome);
        };
        if let Some(done) = set.charge(*key, &f) {
            return done;
        }
        // The number behind the lock is whole at any time, so a panic elsewhere spoils nothing.
        let mut overflow = overflow.lock().unwrap_or_else(PoisonError::into_inner);
        self.admit(set, &mut overflow, *key, f)
    }
}

impl fmt::Debug for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Table")
            .field("capacity", &self.capacity())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
