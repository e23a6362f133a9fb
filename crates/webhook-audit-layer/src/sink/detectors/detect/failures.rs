use std::{
    hash::{BuildHasher as _, RandomState},
    time::Duration,
};

use webhook_core::{Name, Timestamp};

use super::{Edge, elapsed};
use crate::sink::detectors::SenderNetwork;

/// How many networks are an alert at once, at most.
pub(crate) const MAX_FAILING: usize = 16;
const PLACES_PER_SET: usize = 8;
const SETS: usize = 128;

/// Refusals within a window of time; windows follow one another from the first refusal on.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    since: Option<Timestamp>,
    count: u32,
    is_open: bool,
}

impl Tally {
    /// Counts a refusal. It begins no alert where it `may` not, and ends none: that is
    /// [`turn`](Self::turn)'s.
    pub(crate) fn note(
        &mut self,
        now: Timestamp,
        limit: u32,
        window: Duration,
        may: bool,
    ) -> Option<Edge> {
        if !self.is_open {
            self.turn(now, limit, window);
        }
        self.since.get_or_insert(now);
        self.count = self.count.saturating_add(1);
        let begins = !self.is_open && may && self.count >= limit;
        self.is_open |= begins;
        begins.then(|| Edge::begin(self.count.into(), limit.into()))
    }

    /// The alert ends with a window that stayed below the limit.
    pub(crate) fn turn(&mut self, now: Timestamp, limit: u32, window: Duration) -> Option<Edge> {
        let passed = elapsed(self.since.as_mut()?, now);
        if passed < window {
            return None;
        }
        let count = std::mem::take(&mut self.count);
        // While the alert lasts, windows with nothing in them count as such.
        let is_over = self.is_open && (count < limit || passed >= window.saturating_mul(2));
        self.is_open &= !is_over;
        self.since = self.is_open.then_some(now);
        is_over.then_some(Edge::end(count.into(), limit.into()))
    }
}

/// Refusals by network, in a table of fixed size: where a set of places has no room, the network
/// with the fewest refusals is forgotten, and one that is an alert never.
#[derive(Debug)]
pub(crate) struct Failing {
    places: Vec<Place>,
    /// Keyed, so that nobody chooses the set.
    keys: RandomState,
    open: usize,
}

#[derive(Clone, Debug, Default)]
struct Place {
    network: Option<SenderNetwork>,
    /// The provider whose delivery began the alert.
    provider: Option<Name>,
    tally: Tally,
    /// The provider whose delivery was verified during the alert.
    succeeded: Option<Name>,
}

/// What became of one network's alert, and of the one for a success after it.
pub(crate) struct Ended {
    pub(crate) network: SenderNetwork,
    pub(crate) provider: Name,
    pub(crate) edge: Edge,
    /// The provider of the success that came after.
    pub(crate) succeeded: Option<Name>,
}

impl Default for Failing {
    fn default() -> Self {
        Self {
            places: vec![Place::default(); SETS * PLACES_PER_SET],
            keys: RandomState::new(),
            open: 0,
        }
    }
}

impl Failing {
    /// Counts a refusal.
    pub(crate) fn note(
        &mut self,
        network: SenderNetwork,
        provider: &Name,
        now: Timestamp,
        limit: u32,
        window: Duration,
    ) -> Option<Edge> {
        let may = self.open < MAX_FAILING;
        let place = place_for(self.set(network), network, now, window)?;
        let edge = place.tally.note(now, limit, window, may)?;
        place.provider = Some(provider.clone());
        self.open += 1;
        Some(edge)
    }

    /// Notes a verified delivery: an alert where the network's refusals are one, once.
    pub(crate) fn succeed(
        &mut self,
        network: SenderNetwork,
        provider: &Name,
        limit: u32,
    ) -> Option<Edge> {
        if self.open == 0 {
            return None;
        }
        let place = known(self.set(network), network)?;
        if !place.tally.is_open || place.succeeded.is_some() {
            return None;
        }
        place.succeeded = Some(provider.clone());
        Some(Edge::begin(place.tally.count.into(), limit.into()))
    }

    /// Hands over the alerts that are over.
    pub(crate) fn turn(
        &mut self,
        now: Timestamp,
        limit: u32,
        window: Duration,
        mut end: impl FnMut(Ended),
    ) {
        if self.open == 0 {
            return;
        }
        for place in &mut self.places {
            if !place.tally.is_open {
                continue;
            }
            let edge = place.tally.turn(now, limit, window);
            if let (Some(edge), Some(network)) = (edge, place.network) {
                self.open = self.open.saturating_sub(1);
                end(Ended {
                    network,
                    provider: place.provider.take().unwrap_or_else(|| "none".into()),
                    edge,
                    succeeded: place.succeeded.take(),
                });
            }
        }
    }

    fn set(&mut self, network: SenderNetwork) -> &mut [Place] {
        let hash = self.keys.hash_one(network);
        let set = usize::try_from(hash >> 32).unwrap_or_default() % SETS;
        let start = set * PLACES_PER_SET;
        self.places
            .get_mut(start..start + PLACES_PER_SET)
            .unwrap_or_default()
    }
}

fn known(set: &mut [Place], network: SenderNetwork) -> Option<&mut Place> {
    set.iter_mut().find(|place| place.network == Some(network))
}

/// The network's place: its own, an empty or stale one, or that of the fewest refusals.
fn place_for(
    set: &mut [Place],
    network: SenderNetwork,
    now: Timestamp,
    window: Duration,
) -> Option<&mut Place> {
    let weight = |place: &mut Place| -> Option<u32> {
        if place.network == Some(network) {
            return Some(0);
        }
        if place.tally.is_open {
            return None;
        }
        let is_stale = |since: &mut Timestamp| elapsed(since, now) >= window;
        let is_free = place.tally.since.as_mut().is_none_or(is_stale);
        Some(if is_free {
            1
        } else {
            place.tally.count.saturating_add(1)
        })
    };
    let weighed = set
        .iter_mut()
        .filter_map(|place| Some((weight(place)?, place)));
    let (_, place) = weighed.min_by_key(|(weight, _)| *weight)?;
    if place.network != Some(network) {
        *place = Place {
            network: Some(network),
            ..Place::default()
        };
    }
    Some(place)
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, net::Ipv4Addr};

    use super::{Failing, PLACES_PER_SET, Place, SETS, SenderNetwork};

    #[test]
    fn each_set_has_places_of_its_own() {
        let mut failing = Failing::default();
        let mut start = |n: u32| {
            let network = SenderNetwork::of(Ipv4Addr::from_bits(n << 8).into());
            let set = failing.set(network);
            assert_eq!(set.len(), PLACES_PER_SET);
            set.as_ptr().addr()
        };
        let starts: BTreeSet<_> = (0..10_000).map(&mut start).collect();
        assert_eq!(starts.len(), SETS);
        let after = PLACES_PER_SET * size_of::<Place>();
        let pairs = starts.iter().zip(starts.iter().skip(1));
        assert!(pairs.into_iter().all(|(set, next)| next - set == after));
    }
}
