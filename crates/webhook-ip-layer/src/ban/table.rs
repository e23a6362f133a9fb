use std::{
    hash::{BuildHasher, RandomState},
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use webhook_core::{ClientNetwork, Ticks};

use crate::denials::later;

/// How many networks a set has places for.
const WAYS: usize = 8;

/// When a network is banned, and for how long.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rule {
    pub(super) failures: u32,
    pub(super) within: Duration,
    pub(super) lasting: Duration,
}

/// What a failure led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// It is counted.
    Counted,
    /// It was one too many.
    Banned,
    /// The network is banned already.
    Known,
    /// The network's set is full of others' bans and counts.
    NoPlace,
}

/// Counts and bans of a fixed number of networks.
///
/// A place is free when its count or its ban has run out, and only then is it another's. Where a set
/// has no free place, the failures of newcomers are not counted: a stranger who fills the table
/// escapes a ban, and gains nothing else, since what it sends is still refused by whatever verifies.
/// The other ways are worse. To forget a ban or a count would let it shake off its own; to ban
/// newcomers together would let it shut out a sender.
pub(super) struct Table {
    sets: Box<[Set]>,
    hasher: RandomState,
}

#[derive(Default)]
struct Set {
    // When the last ban and the last count of the set run out, at the latest: a request that nothing
    // here can concern takes no lock.
    banned_until: AtomicU64,
    counted_until: AtomicU64,
    places: Mutex<[Option<Place>; WAYS]>,
}

#[derive(Clone, Copy)]
struct Place {
    network: ClientNetwork,
    /// `None` is a ban.
    failures: Option<u32>,
    until: Ticks,
}

impl Table {
    /// The largest table with at most `capacity` places, and at least one set.
    pub(super) fn new(capacity: usize) -> Self {
        let sets = (capacity / WAYS).max(1);
        Self {
            sets: (0..sets).map(|_| Set::default()).collect(),
            hasher: RandomState::new(),
        }
    }

    fn set(&self, network: ClientNetwork) -> Option<&Set> {
        let wide = u128::from(self.hasher.hash_one(network)) * self.sets.len() as u128;
        // A product of 64 bits and the number of sets, divided by 2^64, is below that number.
        self.sets.get(usize::try_from(wide >> 64).ok()?)
    }

    /// Until when the network is banned. The clock is read only where its set has had a ban.
    pub(super) fn banned_until(
        &self,
        network: ClientNetwork,
        now: impl FnOnce() -> Ticks,
    ) -> Option<Ticks> {
        let set = self.set(network)?;
        let latest = set.banned_until.load(Ordering::Acquire);
        if latest == 0 {
            return None;
        }
        let now = now();
        if latest <= now.as_nanos() {
            return None;
        }
        let places = set.places();
        let mut bans = places.iter().flatten().filter(|place| place.is_ban());
        bans.find(|place| place.network == network && place.until > now)
            .map(|place| place.until)
    }

    /// Whether failures of the network are counted, so that a success would matter.
    pub(super) fn may_count(&self, network: ClientNetwork, now: impl FnOnce() -> Ticks) -> bool {
        let latest = self
            .set(network)
            .map_or(0, |set| set.counted_until.load(Ordering::Acquire));
        latest != 0 && latest > now().as_nanos()
    }

    /// Counts one failure.
    pub(super) fn fail(&self, network: ClientNetwork, now: Ticks, rule: Rule) -> Failure {
        let Some(set) = self.set(network) else {
            return Failure::NoPlace;
        };
        let mut places = set.places();
        let live = |place: &Place| place.until > now;
        let own = |place: &Option<Place>| place.is_some_and(|place| place.network == network);
        let index = places.iter().position(own).or_else(|| {
            places
                .iter()
                .position(|place| !place.is_some_and(|place| live(&place)))
        });
        let Some(slot) = index.and_then(|index| places.get_mut(index)) else {
            return Failure::NoPlace;
        };
        let before = slot.filter(|place| place.network == network && live(place));
        let failures = match before {
            Some(place) if place.is_ban() => return Failure::Known,
            Some(place) => place.failures.unwrap_or(0).saturating_add(1),
            None => 1,
        };
        let is_ban = failures >= rule.failures;
        let until = match before {
            _ if is_ban => later(now, rule.lasting),
            Some(place) => place.until,
            None => later(now, rule.within),
        };
        let latest = if is_ban {
            &set.banned_until
        } else {
            &set.counted_until
        };
        latest.fetch_max(until.as_nanos(), Ordering::AcqRel);
        *slot = Some(Place {
            network,
            failures: (!is_ban).then_some(failures),
            until,
        });
        if is_ban {
            Failure::Banned
        } else {
            Failure::Counted
        }
    }

    /// Forgets the failures of a network, not its ban.
    pub(super) fn reset(&self, network: ClientNetwork) {
        self.forget(network, |place| !place.is_ban());
    }

    /// Ends the ban of a network; whether there was one.
    pub(super) fn lift(&self, network: ClientNetwork, now: Ticks) -> bool {
        self.forget(network, |place| place.is_ban() && place.until > now)
    }

    fn forget(&self, network: ClientNetwork, which: impl Fn(&Place) -> bool) -> bool {
        let Some(set) = self.set(network) else {
            return false;
        };
        let mut places = set.places();
        let slot = places
            .iter_mut()
            .find(|slot| slot.is_some_and(|place| place.network == network && which(&place)));
        slot.and_then(Option::take).is_some()
    }

    /// Every ban in force.
    pub(super) fn bans(&self, now: Ticks) -> Vec<(ClientNetwork, Ticks)> {
        let mut bans = Vec::new();
        for set in &self.sets {
            let places = set.places();
            let in_force = places
                .iter()
                .flatten()
                .filter(|place| place.is_ban() && place.until > now);
            bans.extend(in_force.map(|place| (place.network, place.until)));
        }
        bans.sort_unstable_by_key(|(network, _)| *network);
        bans
    }
}

impl Set {
    fn places(&self) -> MutexGuard<'_, [Option<Place>; WAYS]> {
        // Each place is whole at any time, so a panic elsewhere spoils nothing.
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    const fn is_ban(&self) -> bool {
        self.failures.is_none()
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::HashMap, net::Ipv4Addr, time::Duration};

    use proptest::prelude::*;
    use webhook_core::{ClientNetwork, Ticks};

    use super::{Failure, Rule, Table, WAYS};

    const RULE: Rule = Rule {
        failures: 3,
        within: Duration::from_nanos(100),
        lasting: Duration::from_micros(1),
    };

    fn network(number: u32) -> ClientNetwork {
        ClientNetwork::V4(Ipv4Addr::from_bits(number))
    }

    fn at(nanos: u64) -> Ticks {
        Ticks::from_nanos(nanos)
    }

    fn is_banned(table: &Table, number: u32, now: u64) -> bool {
        table.banned_until(network(number), || at(now)).is_some()
    }

    #[test]
    fn a_full_set_keeps_its_bans_and_counts_and_takes_nobody_in() {
        let table = Table::new(0);
        for number in 0..8 {
            for _ in 0..=number % 2 {
                table.fail(network(number), at(1), RULE);
            }
        }
        // The even ones have one failure, the odd ones two; all places are taken.
        for stranger in 100..1000 {
            for _ in 0..5 {
                assert_eq!(table.fail(network(stranger), at(2), RULE), Failure::NoPlace);
            }
            assert!(!is_banned(&table, stranger, 3));
        }
        assert_eq!(table.fail(network(1), at(3), RULE), Failure::Banned);
        assert_eq!(table.fail(network(0), at(3), RULE), Failure::Counted);
        assert_eq!(table.fail(network(0), at(3), RULE), Failure::Banned);
        // The counts have run out, the bans have not: six places are free.
        let newcomers = (100..110).map(|stranger| table.fail(network(stranger), at(200), RULE));
        let counted = newcomers.filter(|failure| *failure == Failure::Counted);
        assert_eq!(counted.count(), WAYS - 2);
        assert!(is_banned(&table, 0, 1002) && is_banned(&table, 1, 1002));
        assert!(!is_banned(&table, 0, 1003) && !is_banned(&table, 1, 1003));
    }

    #[test]
    fn a_table_takes_a_stated_number_of_bytes() {
        let table = Table::new(8192);
        assert_eq!(table.sets.len() * WAYS, 8192);
        let bytes = size_of_val(&*table.sets);
        assert!(bytes <= 8192 * 48, "{bytes}");
    }

    #[derive(Clone, Copy, Debug)]
    enum Step {
        Fail(u32),
        Succeed(u32),
        Lift(u32),
        Wait(u64),
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let step = prop_oneof![
            8 => (0_u32..24).prop_map(Step::Fail),
            1 => (0_u32..24).prop_map(Step::Succeed),
            1 => (0_u32..24).prop_map(Step::Lift),
            2 => (1_u64..400).prop_map(Step::Wait),
        ];
        prop::collection::vec(step, 0..400)
    }

    proptest! {
        /// Against a map without bounds: whoever the table bans, the map bans too and until the
        /// same time; and a ban that the table made holds to its end or until it is lifted.
        #[test]
        fn bans_are_those_of_a_table_without_bounds_and_hold_to_their_end(
            steps in steps(),
            capacity in 0_usize..40,
        ) {
            let table = Table::new(capacity);
            let mut now = 1;
            // What the table should know of whom it took in: failures and the end of their time.
            let mut counts: HashMap<u32, (u32, u64)> = HashMap::new();
            let mut bans: HashMap<u32, u64> = HashMap::new();
            for step in steps {
                match step {
                    Step::Wait(nanos) => now += nanos,
                    Step::Lift(who) => {
                        let was_banned = bans.remove(&who).is_some_and(|until| until > now);
                        prop_assert_eq!(table.lift(network(who), at(now)), was_banned);
                    }
                    Step::Succeed(who) => {
                        table.reset(network(who));
                        counts.remove(&who);
                    }
                    Step::Fail(who) => {
                        let known = bans.get(&who).is_some_and(|until| *until > now);
                        let live = counts.get(&who).filter(|(_, until)| *until > now);
                        let (failures, until) = live.map_or((1, now + 100), |(n, until)| (n + 1, *until));
                        match table.fail(network(who), at(now), RULE) {
                            Failure::Known => prop_assert!(known),
                            Failure::NoPlace => prop_assert!(!known && live.is_none()),
                            Failure::Counted => {
                                prop_assert!(!known && failures < 3);
                                counts.insert(who, (failures, until));
                            }
                            Failure::Banned => {
                                prop_assert!(!known);
                                prop_assert_eq!(failures, 3);
                                counts.remove(&who);
                                bans.insert(who, now + 1000);
                            }
                        }
                    }
                }
                for who in 0..24 {
                    let expected = bans.get(&who).is_some_and(|until| *until > now);
                    prop_assert_eq!(is_banned(&table, who, now), expected, "{} at {}", who, now);
                }
                let in_force = bans.values().filter(|until| **until > now).count();
                prop_assert_eq!(table.bans(at(now)).len(), in_force);
            }
        }
    }
}
