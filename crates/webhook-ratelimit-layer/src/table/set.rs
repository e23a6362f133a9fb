use std::sync::atomic::{AtomicU64, Ordering};

use governor::nanos::Nanos;

use super::Fingerprint;

/// How many places a set has. Eight fingerprints fill one cache line.
pub(super) const WAYS: usize = 8;

/// The TAT of a place that is changing hands. No clock reaches it: it is 584 years.
const MOVING: u64 = u64::MAX;

/// Eight places for buckets.
///
/// The TAT of a place only ever grows, whoever holds the place: a charge adds to it, and a new
/// holder starts at or after the TAT of the one before. So a compare-and-swap of a TAT succeeds only
/// if the place has not changed at all since that TAT was read.
#[derive(Default)]
#[repr(align(64))]
pub(super) struct Set {
    keys: [AtomicU64; WAYS],
    tats: [AtomicU64; WAYS],
}

impl Set {
    fn places(&self) -> impl Iterator<Item = Place<'_>> {
        self.keys
            .iter()
            .zip(&self.tats)
            .map(|(key, tat)| Place { key, tat })
    }

    /// Charges the key's bucket; `None` if the key has no place here.
    pub(super) fn charge<T, F, E>(&self, key: Fingerprint, f: &F) -> Option<Result<T, E>>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        self.places()
            .filter(|place| place.key.load(Ordering::Relaxed) == key.get())
            .find_map(|place| place.charge(key, f))
    }

    /// The place whose bucket has been full for longest, and its TAT.
    pub(super) fn oldest(&self) -> (Option<Place<'_>>, u64) {
        let mut oldest = (None, MOVING);
        for place in self.places() {
            let tat = place.tat.load(Ordering::Acquire);
            if tat < oldest.1 {
                oldest = (Some(place), tat);
            }
        }
        oldest
    }
}

/// One bucket and whose it is.
pub(super) struct Place<'a> {
    key: &'a AtomicU64,
    tat: &'a AtomicU64,
}

impl Place<'_> {
    fn charge<T, F, E>(&self, key: Fingerprint, f: &F) -> Option<Result<T, E>>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        loop {
            let tat = self.tat.load(Ordering::Acquire);
            if tat == MOVING || self.key.load(Ordering::Acquire) != key.get() {
                return None;
            }
            match f(Some(tat.into())) {
                Ok((outcome, next)) => {
                    let next = next.as_u64().min(MOVING - 1);
                    let swap =
                        self.tat
                            .compare_exchange(tat, next, Ordering::AcqRel, Ordering::Relaxed);
                    if swap.is_ok() {
                        return Some(Ok(outcome));
                    }
                }
                // Only a TAT that was this key's all the while can refuse it.
                Err(refused) if self.tat.load(Ordering::Acquire) == tat => {
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
            .tat
            .compare_exchange(seen, MOVING, Ordering::AcqRel, Ordering::Relaxed);
        if swap.is_ok() {
            self.key.store(key.get(), Ordering::Release);
            self.tat.store(next.min(MOVING - 1), Ordering::Release);
        }
        swap.is_ok()
    }
}
