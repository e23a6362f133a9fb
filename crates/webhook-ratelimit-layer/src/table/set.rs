use super::{
    Fingerprint, Level,
    sync::{AtomicU64, Ordering},
};

/// How many places a set has. Eight fingerprints fill one cache line; a model makes do with two.
pub(super) const WAYS: usize = if cfg!(all(test, webhook_loom)) { 2 } else { 8 };

/// The word of a place that is changing hands. No clock reaches it: it is 584 years.
pub(super) const MOVING: u64 = u64::MAX;

/// Eight places for buckets.
///
/// While a place is not reset its word only ever grows, whoever holds the place: a charge adds to
/// it, and a new holder starts after the word of the one before. A place that was reset is not
/// given to another before the time has passed the word it had. So a compare-and-swap of a word
/// succeeds only if the place still has the holder that it had when that word was read.
#[repr(align(64))]
pub(super) struct Set {
    keys: [AtomicU64; WAYS],
    words: [AtomicU64; WAYS],
}

impl Default for Set {
    fn default() -> Self {
        Self {
            keys: std::array::from_fn(|_| AtomicU64::new(0)),
            words: std::array::from_fn(|_| AtomicU64::new(0)),
        }
    }
}

impl Set {
    fn places(&self) -> impl Iterator<Item = Place<'_>> {
        self.keys
            .iter()
            .zip(&self.words)
            .map(|(key, word)| Place { key, word })
    }

    fn places_of(&self, key: Fingerprint) -> impl Iterator<Item = Place<'_>> {
        self.places()
            .filter(move |place| place.key.load(Ordering::Relaxed) == key.get())
    }

    /// Charges the key's bucket; `None` if the key has no place here, or is losing it.
    #[inline]
    pub(super) fn charge<F, E>(&self, key: Fingerprint, f: &F) -> Option<Result<u64, E>>
    where
        F: Fn(Level) -> Result<u64, E>,
    {
        // It has one at most. What is made of the level then stands in the code once, not eight times.
        self.places_of(key).next()?.charge(key, f)
    }

    /// The word of the key's bucket; `None` if the key has no place here.
    pub(super) fn word(&self, key: Fingerprint) -> Option<u64> {
        self.places_of(key).find_map(|place| place.word(key))
    }

    /// Makes the key's bucket one that is full from `now` on, and tells the word it had; `None` if
    /// the key has no place here. Only under the lock of the set.
    pub(super) fn reset(&self, key: Fingerprint, now: u64) -> Option<u64> {
        let place = self.places_of(key).next()?;
        let lower = |word: u64| (word > now).then_some(now);
        match place
            .word
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, lower)
        {
            Ok(word) | Err(word) => Some(word),
        }
    }

    /// The place whose bucket has been full for longest, and its word.
    pub(super) fn oldest(&self) -> (Option<Place<'_>>, u64) {
        let mut oldest = (None, MOVING);
        for place in self.places() {
            let word = place.word.load(Ordering::Acquire);
            if word < oldest.1 {
                oldest = (Some(place), word);
            }
        }
        oldest
    }

    /// How many places hold a bucket that is not full.
    pub(super) fn in_use(&self, now: u64) -> usize {
        let words = self.words.iter().map(|word| word.load(Ordering::Relaxed));
        words.filter(|&word| word > now && word != MOVING).count()
    }
}

/// One bucket and whose it is.
pub(super) struct Place<'a> {
    key: &'a AtomicU64,
    word: &'a AtomicU64,
}

impl Place<'_> {
    /// The word, if the place is the key's.
    fn word(&self, key: Fingerprint) -> Option<u64> {
        let word = self.word.load(Ordering::Acquire);
        let is_held = word != MOVING && self.key.load(Ordering::Acquire) == key.get();
        is_held.then_some(word)
    }

    #[inline]
    fn charge<F, E>(&self, key: Fingerprint, f: &F) -> Option<Result<u64, E>>
    where
        F: Fn(Level) -> Result<u64, E>,
    {
        loop {
            let word = self.word(key)?;
            match f(Level::Own(word)) {
                Ok(next) => {
                    let next = next.min(MOVING - 1);
                    let swap =
                        self.word
                            .compare_exchange(word, next, Ordering::AcqRel, Ordering::Relaxed);
                    if swap.is_ok() {
                        return Some(Ok(next));
                    }
                }
                // Only a word that was this key's all the while can refuse it.
                Err(refused) if self.word.load(Ordering::Acquire) == word => {
                    return Some(Err(refused));
                }
                Err(_) => {}
            }
        }
    }

    /// Gives the place to `key`, unless its bucket was charged since `seen` was read.
    /// Only under the lock of the set.
    pub(super) fn take(&self, seen: u64, key: Fingerprint, next: u64) -> bool {
        let swap = self
            .word
            .compare_exchange(seen, MOVING, Ordering::AcqRel, Ordering::Relaxed);
        if swap.is_ok() {
            self.key.store(key.get(), Ordering::Release);
            self.word.store(next.min(MOVING - 1), Ordering::Release);
        }
        swap.is_ok()
    }
}
