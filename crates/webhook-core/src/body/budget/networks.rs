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

/// Hashes networks by a multiplication and an addition of 128 random bits each, of which the upper
/// half of the result counts. Without those bits nobody can tell which two networks share a place:
/// the family is strongly universal (Dietzfelbinger, STACS 1996). A tenth of the instructions of
/// `SipHash`.
struct Hasher {
    factor: u128,
    /// One for each kind of network.
    addends: [u128; 3],
}

impl Hasher {
    fn new() -> Self {
        let random = || {
            let half = || u128::from(RandomState::new().hash_one(0));
            half() << 64 | half()
        };
        Self {
            factor: random(),
            addends: [random(), random(), random()],
        }
    }

    // The upper half of 128 bits is 64 bits.
    #[allow(clippy::cast_possible_truncation)]
    fn hash(&self, network: Option<ClientNetwork>) -> u64 {
        let [unknown, v4, v6] = self.addends;
        let (bits, addend) = match network {
            None => (0, unknown),
            Some(ClientNetwork::V4(address)) => (u64::from(address.to_bits()), v4),
            Some(ClientNetwork::V6(upper)) => (upper, v6),
        };
        (self
            .factor
            .wrapping_mul(u128::from(bits))
            .wrapping_add(addend)
            >> 64) as u64
    }
}

/// How many bytes the bodies of each network hold.
pub(super) struct Shares {
    hasher: Hasher,
    held: Box<[AtomicU64]>,
}

impl Shares {
    pub(super) fn new() -> Self {
        Self {
            hasher: Hasher::new(),
            held: table(),
        }
    }

    #[inline]
    pub(super) fn place(&self, network: Option<ClientNetwork>) -> Place {
        Place(self.hasher.hash(network))
    }

    /// Takes bytes from the network's share; a share that cannot be found has no room.
    #[inline]
    pub(super) fn take(&self, place: Place, bytes: u64, share: u64) -> bool {
        place
            .of(&self.held)
            .is_some_and(|held| take(held, bytes, share))
    }

    /// What the network's share holds; a share that cannot be found is full.
    #[inline]
    pub(super) fn held(&self, place: Place) -> u64 {
        place
            .of(&self.held)
            .map_or(u64::MAX, |held| held.load(Ordering::Relaxed))
    }

    #[inline]
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
