use std::{
    fmt,
    future::Ready,
    sync::{Arc, Mutex},
    time::Duration,
};

use webhook_core::Clock;

use super::{
    shared::{Lock as _, Shared},
    table::Table,
};
use crate::{
    Claim, DedupError, DedupErrorKind, DedupStore, DeliveryKey, Owner, Settled, Settlement,
    StoreError,
};

/// Keeps claims in the memory of this process, within a bound; clones are handles on the same store.
///
/// - **Bounded**: 131,072 entries unless it is said otherwise, of at most 288 bytes each, 36 MiB in all.
///   Memory is taken as entries come.
/// - **A claim whose lease runs is never dropped.** Where there is no room, a claim whose lease ran
///   out gives its place, else what is done and would be forgotten next, before its time:
///   [`MemoryGauges::evicted_early`] counts those. Where every entry is a claim that runs, a new one
///   is refused with 503.
/// - One lock, held for the few steps of a look-up; no thread and no timer: what is over is dropped
///   as new claims come.
/// - Monotonic time. A clock that steps back is taken for standing still.
///
/// What it knows is gone with the process, and other processes know nothing of it. Keep a unique index
/// of your own where a delivery that is handled twice does harm.
#[derive(Clone)]
pub struct MemoryStore(Arc<Shared<Mutex<Table>>>);

impl MemoryStore {
    /// The fewest entries that a store can be given: 16.
    pub const MIN_CAPACITY: usize = 16;
    /// The most entries that a store can be given: 2^24, which take up to 4.5 GiB.
    pub const MAX_CAPACITY: usize = 1 << 24;
    /// The entries of a store unless it is said otherwise: 131,072, which take up to 36 MiB.
    pub const DEFAULT_CAPACITY: usize = 1 << 17;

    /// A store with the default capacity and the system's clock.
    #[must_use]
    pub fn new() -> Self {
        Self::from_parts(Self::DEFAULT_CAPACITY, Clock::system())
    }

    fn from_parts(capacity: usize, clock: Clock) -> Self {
        let table = Mutex::new(Table::new(capacity));
        Self(Arc::new(Shared { table, clock }))
    }

    /// A store of its own with room for so many deliveries, in flight and done: at least as many as
    /// come in the time for which they are kept. 16 to 2^24.
    ///
    /// ```
    /// use webhook_dedup_layer::MemoryStore;
    ///
    /// let store = MemoryStore::new().with_capacity(1 << 20)?;
    /// assert!(MemoryStore::new().with_capacity(0).is_err());
    /// # Ok::<_, webhook_dedup_layer::DedupError>(())
    /// ```
    pub fn with_capacity(self, entries: usize) -> Result<Self, DedupError> {
        if !(Self::MIN_CAPACITY..=Self::MAX_CAPACITY).contains(&entries) {
            return Err(DedupError::new(DedupErrorKind::InvalidCapacity(entries)));
        }
        Ok(Self::from_parts(entries, self.0.clock.clone()))
    }

    /// A store of its own that takes the time from another clock; default the system's.
    ///
    /// ```
    /// use webhook_core::{Clock, Timestamp};
    /// use webhook_dedup_layer::MemoryStore;
    ///
    /// let (clock, hands) = Clock::manual(Timestamp::from_unix_seconds(1_700_000_000));
    /// let store = MemoryStore::new().with_clock(clock);
    /// ```
    #[must_use]
    pub fn with_clock(self, clock: Clock) -> Self {
        Self::from_parts(self.capacity(), clock)
    }

    /// How many deliveries it has room for.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.0.table.with(|table| table.capacity)
    }

    /// What it holds right now.
    #[must_use]
    pub fn gauges(&self) -> MemoryGauges {
        self.0.table.with(|table| MemoryGauges {
            entries: table.len(),
            claims: table.claims(),
            evicted_early: table.evicted_early,
        })
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

impl DedupStore for MemoryStore {
    type ClaimFuture = Ready<Result<Claim, StoreError>>;
    type SettleFuture = Ready<Result<Settled, StoreError>>;

    fn claim(&self, key: DeliveryKey, owner: Owner, lease: Duration) -> Self::ClaimFuture {
        self.0.claim(key, owner, lease)
    }

    fn settle(&self, key: DeliveryKey, owner: Owner, settlement: Settlement) -> Self::SettleFuture {
        self.0.settle(key, owner, settlement)
    }

    fn settle_detached(&self, key: DeliveryKey, owner: Owner, settlement: Settlement) {
        self.0.settle_detached(key, owner, settlement);
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore")
            .field("capacity", &self.capacity())
            .finish_non_exhaustive()
    }
}

/// What a [`MemoryStore`] holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct MemoryGauges {
    /// Deliveries in flight and done, those included whose time is over and whose place nobody
    /// needed yet.
    pub entries: usize,
    /// Of these, the claims that nobody settled.
    pub claims: usize,
    /// How many that were done had to be forgotten before their time, since the start. More than
    /// none: give the store more entries, or keep deliveries for less long.
    pub evicted_early: u64,
}
