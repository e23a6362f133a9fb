use std::{
    hash::{BuildHasher as _, RandomState},
    sync::atomic::{AtomicU64, Ordering},
};

use super::take;
use crate::ClientNetwork;

/// A power of two, so that the lowest bits of a hash choose a place.
const PLACES: usize = 1024;

/// Where a network is counted: its hash, whose lowest bits are the place.
#[derive(Clone, Copy)]
pub(super) struct Place(u64);

impl Place {
    fn of(self, table: &[AtomicU64]) -> Option<&AtomicU64> {
        // The remainder is below the number of places.
        #[allow(clippy::cast_possible_truncation)]
        table.get(self.0 as usize % PLACES)
    }
}

fn table() -> Box<[AtomicU64]> {
    (0..PLACES).map(|_| AtomicU64::new(0)).collect()
}

/// How many bytes the bodies of each network hold.
pub(super) struct Shares {
    hasher: RandomState,
    held: Box<[AtomicU64]>,
}

impl Shares {
    pub(super) fn new() -> Self {
        Self {
            hasher: RandomState::new(),
            held: table(),
        }
    }

    pub(super) fn place(&self, network: Option<ClientNetwork>) -> Place {
        Place(self.hasher.hash_one(network))
    }

    /// Takes bytes from the network's share; a share that cannot be found has no room.
    pub(super) fn take(&self, place: Place, bytes: u64, share: u64) -> bool {
        place
            .of(&self.held)
            .is_some_and(|held| take(held, bytes, share))
    }

    pub(super) fn give_back(&self, place: Place, bytes: u64) {
        if let Some(held) = place.of(&self.held) {
            held.fetch_sub(bytes, Ordering::Relaxed);
        }
    }
}

/// The networks from which a delivery was verified lately, each by its whole hash. Where two fall
/// on one place, the later one is known.
pub(super) struct Known(Box<[AtomicU64]>);

impl Known {
    pub(super) fn new() -> Self {
        Self(table())
    }

    pub(super) fn insert(&self, place: Place) {
        if let Some(known) = place.of(&self.0) {
            known.store(place.0, Ordering::Relaxed);
        }
    }

    pub(super) fn contains(&self, place: Place) -> bool {
        place
            .of(&self.0)
            .is_some_and(|known| known.load(Ordering::Relaxed) == place.0)
    }
}
