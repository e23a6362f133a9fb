use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

use http::StatusCode;
use webhook_core::Ticks;

use super::digests::Digests;
use crate::{Claim, DeliveryKey, Owner, Settled, Settlement};

/// How many entries whose time is over are dropped with each claim: more than come, so that they
/// get fewer without anybody who cleans up.
const DROPPED_WITH_EACH_CLAIM: usize = 2;

/// The claims that run, and what is done, each in the order in which their time is over.
#[derive(Debug, Default)]
pub(super) struct Table {
    pub(super) capacity: usize,
    entries: HashMap<DeliveryKey, Entry, Digests>,
    claims: Order,
    done: Order,
    /// The latest time that was told: one that steps back is taken for standing still.
    latest: Ticks,
    serial: u64,
    pub(super) evicted_early: u64,
}

/// The first is the one whose time is over first.
type Order = BTreeMap<Place, DeliveryKey>;

/// When an entry's time is over, and a number that no other entry has.
type Place = (Ticks, u64);

#[derive(Debug)]
struct Entry {
    place: Place,
    state: State,
}

#[derive(Clone, Copy, Debug)]
enum State {
    Claimed(Owner),
    Done { status: StatusCode, at: Ticks },
}

impl Entry {
    const fn until(&self) -> Ticks {
        self.place.0
    }
}

impl Table {
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            capacity,
            ..Self::default()
        }
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Claims whose lease runs, or ran out and was not taken over.
    pub(super) fn claims(&self) -> usize {
        self.claims.len()
    }

    /// `None` where there is no room.
    pub(super) fn claim(
        &mut self,
        key: DeliveryKey,
        owner: Owner,
        lease: Duration,
        now: Ticks,
    ) -> Option<Claim> {
        let now = self.time(now);
        if let Some(entry) = self.entries.get(&key).filter(|entry| entry.until() > now) {
            match entry.state {
                State::Claimed(holder) if holder == owner => {}
                State::Claimed(_) => {
                    let left = entry.until().since(now);
                    return Some(Claim::InFlight { left });
                }
                State::Done { status, at } => {
                    let age = now.since(at);
                    return Some(Claim::Done { status, age });
                }
            }
        }
        self.remove(key);
        self.drop_done_until(now);
        if self.entries.len() >= self.capacity && !self.make_room(now) {
            return None;
        }
        self.insert(key, State::Claimed(owner), lease, now);
        Some(Claim::Claimed)
    }

    pub(super) fn settle(
        &mut self,
        key: DeliveryKey,
        owner: Owner,
        settlement: Settlement,
        now: Ticks,
    ) -> Settled {
        let now = self.time(now);
        match self.entries.get(&key).map(|entry| entry.state) {
            Some(State::Claimed(holder)) if holder == owner => {}
            _ => return Settled::Lost,
        }
        self.remove(key);
        if let Settlement::Complete { status, keep } = settlement {
            self.insert(key, State::Done { status, at: now }, keep, now);
        }
        Settled::Applied
    }

    fn time(&mut self, now: Ticks) -> Ticks {
        self.latest = self.latest.max(now);
        self.latest
    }

    fn insert(&mut self, key: DeliveryKey, state: State, time: Duration, now: Ticks) {
        let nanos = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        let until = Ticks::from_nanos(now.as_nanos().saturating_add(nanos));
        self.serial = self.serial.wrapping_add(1);
        let place = (until, self.serial);
        self.order(&state).insert(place, key);
        self.entries.insert(key, Entry { place, state });
    }

    fn remove(&mut self, key: DeliveryKey) {
        if let Some(entry) = self.entries.remove(&key) {
            self.order(&entry.state).remove(&entry.place);
        }
    }

    const fn order(&mut self, state: &State) -> &mut Order {
        match state {
            State::Claimed(_) => &mut self.claims,
            State::Done { .. } => &mut self.done,
        }
    }

    /// Forgets a few of those that are to be forgotten. A lease that ran out is left to its owner for
    /// as long as there is room.
    fn drop_done_until(&mut self, now: Ticks) {
        for _ in 0..DROPPED_WITH_EACH_CLAIM {
            match self.done.first_key_value() {
                Some((&(until, _), &key)) if until <= now => self.remove(key),
                _ => break,
            }
        }
    }

    /// Takes the place of a claim whose lease ran out, else of what is done and would be forgotten
    /// next; never that of a claim whose lease runs.
    fn make_room(&mut self, now: Ticks) -> bool {
        if let Some((&(until, _), &key)) = self.claims.first_key_value()
            && until <= now
        {
            self.remove(key);
            return true;
        }
        let Some((&(until, _), &key)) = self.done.first_key_value() else {
            return false;
        };
        if until > now {
            self.evicted_early = self.evicted_early.saturating_add(1);
        }
        self.remove(key);
        true
    }
}

#[cfg(test)]
mod tests;
