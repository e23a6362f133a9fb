use std::{
    hash::{Hash, RandomState},
    time::Duration,
};

use governor::{
    RateLimiter,
    clock::Clock as _,
    middleware::{StateInformationMiddleware, StateSnapshot},
};
use webhook_core::Clock;

use crate::{
    Quota,
    clock::Monotonic,
    table::{Fingerprint, Table},
};

type Governor = RateLimiter<Fingerprint, Table, Monotonic, StateInformationMiddleware>;

/// One quota for each key, in bounded memory.
#[derive(Debug)]
pub(crate) struct Limiter {
    governor: Governor,
    hasher: RandomState,
    table_bytes: usize,
}

impl Limiter {
    pub(crate) fn new(quota: Quota, capacity: usize, clock: Clock) -> Self {
        let interval = u64::try_from(quota.interval().as_nanos()).unwrap_or(u64::MAX);
        let table = Table::new(capacity, interval);
        Self {
            table_bytes: table.bytes(),
            governor: Governor::new(quota.to_governor(), table, Monotonic(clock)),
            hasher: RandomState::new(),
        }
    }

    pub(crate) const fn table_bytes(&self) -> usize {
        self.table_bytes
    }

    /// Charges the key with one delivery. The clock is read once, and once more for a refusal.
    pub(crate) fn charge<K: Hash + ?Sized>(&self, key: &K) -> Result<Admitted, Refused> {
        let key = Fingerprint::of(key, &self.hasher);
        self.governor
            .check_key(&key)
            .map(Admitted)
            .map_err(|until| Refused {
                wait: until.wait_time_from(self.governor.clock().now()),
            })
    }
}

/// A delivery that is within its quota.
#[derive(Debug)]
pub(crate) struct Admitted(StateSnapshot);

impl Admitted {
    /// How many more deliveries could come right now.
    pub(crate) fn remaining(&self) -> u32 {
        self.0.remaining_burst_capacity()
    }
}

/// A delivery that is over its quota.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Refused {
    wait: Duration,
}

impl Refused {
    /// The exact time after which one delivery can pass.
    pub(crate) const fn wait(&self) -> Duration {
        self.wait
    }
}

/// A time in whole seconds, rounded up, at least one.
pub(crate) fn whole_seconds(time: Duration) -> u64 {
    let partial = u64::from(time.subsec_nanos() > 0);
    time.as_secs().saturating_add(partial).max(1)
}
