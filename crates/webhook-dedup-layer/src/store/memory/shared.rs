use std::{
    future::{Ready, ready},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use webhook_core::Clock;

use super::table::Table;
use crate::{Claim, DedupStore, DeliveryKey, Owner, Settled, Settlement, StoreError};

/// The lock around the table: the standard library's, or in tests the one of a model checker.
pub(super) trait Lock {
    fn with<T>(&self, act: impl FnOnce(&mut Table) -> T) -> T;
}

impl Lock for Mutex<Table> {
    fn with<T>(&self, act: impl FnOnce(&mut Table) -> T) -> T {
        // Nothing panics in there, and a table is whole between its methods.
        act(&mut self.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// What all handles of one store share.
pub(super) struct Shared<L> {
    pub(super) table: L,
    pub(super) clock: Clock,
}

/// Each operation is done when its method returns: the futures are ready, and a dropped one undoes
/// nothing.
impl<L: Lock> DedupStore for Shared<L> {
    type ClaimFuture = Ready<Result<Claim, StoreError>>;
    type SettleFuture = Ready<Result<Settled, StoreError>>;

    fn claim(&self, key: DeliveryKey, owner: Owner, lease: Duration) -> Self::ClaimFuture {
        let now = self.clock.ticks();
        let claim = |table: &mut Table| table.claim(key, owner, lease, now);
        ready(self.table.with(claim).ok_or_else(StoreError::full))
    }

    fn settle(&self, key: DeliveryKey, owner: Owner, settlement: Settlement) -> Self::SettleFuture {
        let now = self.clock.ticks();
        let settle = |table: &mut Table| table.settle(key, owner, settlement, now);
        ready(Ok(self.table.with(settle)))
    }

    fn settle_detached(&self, key: DeliveryKey, owner: Owner, settlement: Settlement) {
        let _ready = self.settle(key, owner, settlement);
    }
}
