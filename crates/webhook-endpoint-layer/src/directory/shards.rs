use std::{
    hash::{BuildHasher, RandomState},
    sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

/// How many locks the keys are spread over.
const SHARDS: usize = 16;

/// Something for each share of the keys, each behind a lock of its own, so that readers on many
/// cores do not meet at one.
#[derive(Default)]
pub(crate) struct Shards<T> {
    most: [RwLock<T>; SHARDS - 1],
    last: RwLock<T>,
    hasher: RandomState,
}

impl<T> Shards<T> {
    pub(crate) fn read(&self, key: &str) -> RwLockReadGuard<'_, T> {
        // Nothing that is done under these locks leaves anything half done where it panics.
        self.of(key).read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn write(&self, key: &str) -> RwLockWriteGuard<'_, T> {
        self.of(key).write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Every shard at once, always in the same order.
    pub(crate) fn write_all(&self) -> Vec<RwLockWriteGuard<'_, T>> {
        self.all()
            .map(|shard| shard.write().unwrap_or_else(PoisonError::into_inner))
            .collect()
    }

    /// The shards, one after the other.
    pub(crate) fn each(&self) -> impl Iterator<Item = RwLockReadGuard<'_, T>> {
        self.all()
            .map(|shard| shard.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The place of the key's shard among all.
    pub(crate) fn place(&self, key: &str) -> usize {
        // Below the number of shards, so it fits.
        usize::try_from(self.hasher.hash_one(key) % SHARDS as u64).unwrap_or_default()
    }

    fn of(&self, key: &str) -> &RwLock<T> {
        self.most.get(self.place(key)).unwrap_or(&self.last)
    }

    fn all(&self) -> impl Iterator<Item = &RwLock<T>> {
        self.most.iter().chain([&self.last])
    }
}
