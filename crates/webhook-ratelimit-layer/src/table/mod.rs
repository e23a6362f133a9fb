//! The bounded table of buckets.
//!
//! A bucket is one number, its *word*: the time at which it is as good as one that was never used.
//! Forgetting a bucket whose word is not in the future loses nothing. That is the only kind that
//! this table forgets, so it needs no clean-up, no thread and no timer. What a word in the future
//! says is the quota's affair (`meter.rs`).
//!
//! - A key has one of eight places in its set. Reading and charging a known key takes no lock: one
//!   compare-and-swap of its word.
//! - A new key takes an empty place, or that of a full bucket, under the lock of its set.
//! - Where all eight places of a set are in use, new keys of that set share one bucket, the set's
//!   *overflow*. That is stricter for them; the keys that have a place never notice. Quotas of
//!   different kinds do not read each other's words: while one's is in the overflow, newcomers of
//!   another kind wait.
//! - A key that moves from the overflow to a place takes the overflow's word with it, and the
//!   overflow also remembers the latest word that was forgotten. So no key is ever better off for
//!   having been forgotten or shared, even where the clock steps back.
//! - Several tables are charged together under the locks of the key's set in each, always taken in
//!   the order of the tables.

mod fingerprint;
mod held;
mod set;
mod sync;

use std::fmt;

pub(crate) use self::{fingerprint::Fingerprint, held::Held};
use self::{
    held::Shared,
    set::{Set, WAYS},
    sync::Mutex,
};

/// What a bucket holds, to be read by a quota.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Level {
    /// A word that a quota of the same kind wrote.
    Own(u64),
    /// A word in the future that a quota of another kind wrote: the bucket is of no use until then.
    Foreign(u64),
}

impl Level {
    const fn word(self) -> u64 {
        match self {
            Self::Own(word) | Self::Foreign(word) => word,
        }
    }
}

/// A fixed number of buckets, whatever number of keys there are.
pub(crate) struct Table {
    sets: Box<[Set]>,
    /// The overflow bucket of each set, and the lock under which its places change hands.
    shared: Box<[Mutex<Shared>]>,
}

impl Table {
    /// The largest table with at most `capacity` buckets, and at least one set of eight.
    pub(crate) fn new(capacity: usize) -> Self {
        let sets = (capacity / WAYS).max(1);
        Self {
            sets: (0..sets).map(|_| Set::default()).collect(),
            shared: (0..sets).map(|_| Mutex::new(Shared::default())).collect(),
        }
    }

    /// How many keys have a bucket of their own at most.
    pub(crate) fn capacity(&self) -> usize {
        self.sets.len() * WAYS
    }

    /// The heap that the table takes, now and for ever.
    pub(crate) fn bytes(&self) -> usize {
        size_of_val(&*self.sets) + size_of_val(&*self.shared)
    }

    /// How many keys have a bucket that is not full. It reads every word: one cache line for eight.
    pub(crate) fn in_use(&self, now: u64) -> usize {
        self.sets.iter().map(|set| set.in_use(now)).sum()
    }

    /// Charges the key's bucket with what `f` makes of its level.
    #[inline]
    pub(crate) fn charge<F, E>(&self, key: Fingerprint, kind: u64, now: u64, f: F) -> Result<u64, E>
    where
        F: Fn(Level) -> Result<u64, E>,
    {
        let set = key
            .index(self.sets.len())
            .and_then(|index| self.sets.get(index));
        match set.and_then(|set| set.charge(key, &f)) {
            Some(done) => done,
            None => self.bring_in(key, kind, now, f),
        }
    }

    /// Charges the bucket of a key that has no place, under the lock of its set.
    #[inline(never)]
    fn bring_in<F, E>(&self, key: Fingerprint, kind: u64, now: u64, f: F) -> Result<u64, E>
    where
        F: Fn(Level) -> Result<u64, E>,
    {
        match self.hold(key, kind) {
            Some(mut held) => held.charge(now, f),
            // There is always a set. If there were none, a bucket empty for ever fails closed.
            None => f(Level::Foreign(u64::MAX)),
        }
    }

    /// The word of the key's own bucket, without a lock; `None` if the key has no place.
    pub(crate) fn word(&self, key: Fingerprint) -> Option<u64> {
        self.set(key)?.0.word(key)
    }

    /// The key's set under its lock. There is always one.
    pub(crate) fn hold(&self, key: Fingerprint, kind: u64) -> Option<Held<'_>> {
        let (set, shared) = self.set(key)?;
        Some(Held::new(set, shared, key, kind))
    }

    /// The key's set, chosen by the upper bits of the fingerprint.
    #[inline]
    fn set(&self, key: Fingerprint) -> Option<(&Set, &Mutex<Shared>)> {
        let index = key.index(self.sets.len())?;
        Some((self.sets.get(index)?, self.shared.get(index)?))
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
#[cfg(not(webhook_loom))]
mod tests;

#[cfg(test)]
#[cfg(webhook_loom)]
mod model;
