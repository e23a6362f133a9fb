use super::{
    Fingerprint, Level,
    set::Set,
    sync::{Mutex, MutexGuard},
};

/// What the keys of a set share that have no place in it.
#[derive(Debug, Default)]
pub(super) struct Shared {
    /// The overflow bucket's word, or the latest that was forgotten.
    word: u64,
    /// The kind of quota that the word was written for.
    kind: u64,
    /// The latest word that a bucket had when it was reset. Places change hands after it only.
    reset: u64,
}

/// A key's set under its lock: nobody brings in a key, or takes from the overflow, meanwhile.
pub(crate) struct Held<'a> {
    set: &'a Set,
    shared: MutexGuard<'a, Shared>,
    key: Fingerprint,
    kind: u64,
}

impl<'a> Held<'a> {
    pub(super) fn new(
        set: &'a Set,
        shared: &'a Mutex<Shared>,
        key: Fingerprint,
        kind: u64,
    ) -> Self {
        // What is behind the lock is whole at any time, so a panic elsewhere spoils nothing.
        let shared = shared
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        Self {
            set,
            shared,
            key,
            kind,
        }
    }

    /// What the next charge of the key starts from.
    pub(crate) fn level(&self, now: u64) -> Level {
        match self.set.word(self.key) {
            Some(word) => Level::Own(word),
            None => self.newcomer(now, self.set.oldest().1),
        }
    }

    /// Whether the key has a bucket that it shares with nobody.
    pub(crate) fn has_place(&self) -> bool {
        self.set.word(self.key).is_some()
    }

    /// Charges the key's bucket, and brings the key in where it has none.
    pub(crate) fn charge<F, E>(&mut self, now: u64, f: F) -> Result<u64, E>
    where
        F: Fn(Level) -> Result<u64, E>,
    {
        loop {
            // Somebody else may have brought the key in before this thread got the lock.
            if let Some(done) = self.set.charge(self.key, &f) {
                return done;
            }
            let (place, oldest) = self.set.oldest();
            let level = self.newcomer(now, oldest);
            let next = f(level)?;
            if self.is_full(now, oldest) {
                (self.shared.word, self.shared.kind) = (next, self.kind);
                return Ok(next);
            }
            if place.is_some_and(|place| place.take(oldest, self.key, next)) {
                (self.shared.word, self.shared.kind) = (level.word(), self.kind);
                return Ok(next);
            }
            // The oldest bucket was charged meanwhile and is in use now: look again.
        }
    }

    /// Makes the key's bucket a full one; `false` if it has none of its own.
    pub(crate) fn reset(&mut self, now: u64) -> bool {
        let word = self.set.reset(self.key, now);
        self.shared.reset = self.shared.reset.max(word.unwrap_or(0));
        word.is_some()
    }

    /// Whether there is no place for a newcomer.
    fn is_full(&self, now: u64, oldest: u64) -> bool {
        oldest.max(self.shared.reset) > now
    }

    /// What a key without a place starts from.
    fn newcomer(&self, now: u64, oldest: u64) -> Level {
        let shared = self.shared.word;
        if shared > now && self.shared.kind != self.kind {
            Level::Foreign(shared)
        } else if self.is_full(now, oldest) {
            Level::Own(shared)
        } else {
            Level::Own(oldest.max(shared))
        }
    }
}
