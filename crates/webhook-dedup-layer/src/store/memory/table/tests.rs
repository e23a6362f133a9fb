//! The table against a model that has no bound and forgets nothing by itself.

use std::{collections::HashMap, time::Duration};

use http::StatusCode;
use proptest::prelude::*;
use webhook_core::Ticks;

use super::Table;
use crate::{Claim, DeliveryKey, Owner, Settled, Settlement};

const SECOND: u64 = 1_000_000_000;

fn key(of: u8) -> DeliveryKey {
    DeliveryKey::from_bytes([of; 32])
}

fn owner(of: u8) -> Owner {
    Owner::from_u128(of.into())
}

fn at(seconds: u64) -> Ticks {
    Ticks::from_nanos(seconds * SECOND)
}

fn complete(keep: u64) -> Settlement {
    Settlement::Complete {
        status: StatusCode::OK,
        keep: Duration::from_secs(keep),
    }
}

fn claim(table: &mut Table, key_of: u8, owner_of: u8, lease: u64, now: u64) -> Option<Claim> {
    let lease = Duration::from_secs(lease);
    table.claim(key(key_of), owner(owner_of), lease, at(now))
}

/// Claims and completes.
fn handle(table: &mut Table, key_of: u8, keep: u64, now: u64) {
    let claimed = claim(table, key_of, key_of, 60, now);
    assert_eq!(claimed, Some(Claim::Claimed));
    let settled = table.settle(key(key_of), owner(key_of), complete(keep), at(now));
    assert_eq!(settled, Settled::Applied);
}

fn is_known(table: &mut Table, key_of: u8, now: u64) -> bool {
    match claim(table, key_of, 200, 1, now) {
        Some(Claim::Claimed) => {
            table.settle(key(key_of), owner(200), Settlement::Release, at(now));
            false
        }
        Some(_) => true,
        None => panic!("no room to look"),
    }
}

#[test]
fn when_full_what_would_be_forgotten_next_goes_first() {
    let mut table = Table::new(3);
    handle(&mut table, 1, 300, 10);
    handle(&mut table, 2, 100, 11);
    handle(&mut table, 3, 300, 12);
    assert_eq!(claim(&mut table, 4, 4, 60, 13), Some(Claim::Claimed));
    assert_eq!((table.len(), table.evicted_early), (3, 1));
    table.settle(key(4), owner(4), Settlement::Release, at(13));
    assert!(is_known(&mut table, 1, 13) && is_known(&mut table, 3, 13));
    assert!(!is_known(&mut table, 2, 13));
}

#[test]
fn a_claim_that_runs_is_never_dropped() {
    let mut table = Table::new(2);
    assert_eq!(claim(&mut table, 1, 1, 60, 10), Some(Claim::Claimed));
    assert_eq!(claim(&mut table, 2, 2, 30, 10), Some(Claim::Claimed));
    assert_eq!(claim(&mut table, 3, 3, 60, 39), None);
    for key_of in [1, 2] {
        let other = claim(&mut table, key_of, 9, 60, 39);
        assert!(matches!(other, Some(Claim::InFlight { .. })));
    }
    // The lease of the second ran out: its place can be had, and its owner is told.
    assert_eq!(claim(&mut table, 3, 3, 60, 40), Some(Claim::Claimed));
    let late = table.settle(key(2), owner(2), complete(60), at(40));
    assert_eq!(late, Settled::Lost);
    assert_eq!(table.evicted_early, 0);
}

#[test]
fn what_is_over_goes_as_new_claims_come() {
    let mut table = Table::new(100);
    for key_of in 0..50 {
        handle(&mut table, key_of, 10, 10);
    }
    assert_eq!(table.len(), 50);
    for key_of in 100..125 {
        handle(&mut table, key_of, 1000, 20);
    }
    assert_eq!((table.len(), table.claims()), (25, 0));
    assert_eq!(table.evicted_early, 0);
}

#[test]
fn the_furthest_times_do_not_overflow() {
    let mut table = Table::new(4);
    let now = Ticks::from_nanos(u64::MAX - 1);
    let claimed = table.claim(key(1), owner(1), Duration::MAX, now);
    assert_eq!(claimed, Some(Claim::Claimed));
    let other = table.claim(key(1), owner(2), Duration::MAX, now);
    assert!(matches!(other, Some(Claim::InFlight { .. })));
}

#[derive(Clone, Debug)]
enum Step {
    Claim { key: u8, owner: u8, lease: u64 },
    Complete { key: u8, owner: u8, keep: u64 },
    Release { key: u8, owner: u8 },
    Ahead(u64),
    Back(u64),
}

fn step() -> impl Strategy<Value = Step> {
    let (key, owner) = (0_u8..6, 0_u8..4);
    prop_oneof![
        4 => (key.clone(), owner.clone(), 1_u64..6)
            .prop_map(|(key, owner, lease)| Step::Claim { key, owner, lease }),
        3 => (key.clone(), owner.clone(), 1_u64..12)
            .prop_map(|(key, owner, keep)| Step::Complete { key, owner, keep }),
        2 => (key, owner).prop_map(|(key, owner)| Step::Release { key, owner }),
        2 => (0_u64..8).prop_map(Step::Ahead),
        1 => (1_u64..20).prop_map(Step::Back),
    ]
}

/// What is known of one key, without a bound.
#[derive(Clone, Copy, Debug)]
enum Known {
    Claimed { owner: u8, until: u64 },
    Done { at: u64, until: u64 },
}

#[derive(Default)]
struct Model(HashMap<u8, Known>);

impl Model {
    fn claim(&mut self, key: u8, owner: u8, lease: u64, now: u64) -> Claim {
        match self.0.get(&key) {
            Some(&Known::Claimed {
                owner: holder,
                until,
            }) if until > now && holder != owner => {
                let left = Duration::from_secs(until - now);
                return Claim::InFlight { left };
            }
            Some(&Known::Done { at, until }) if until > now => {
                let age = Duration::from_secs(now - at);
                return Claim::Done {
                    status: StatusCode::OK,
                    age,
                };
            }
            _ => {}
        }
        self.0.insert(
            key,
            Known::Claimed {
                owner,
                until: now + lease,
            },
        );
        Claim::Claimed
    }

    fn settle(&mut self, key: u8, owner: u8, keep: Option<u64>, now: u64) -> Settled {
        match self.0.get(&key) {
            Some(&Known::Claimed { owner: holder, .. }) if holder == owner => {}
            _ => return Settled::Lost,
        }
        match keep {
            Some(keep) => self.0.insert(
                key,
                Known::Done {
                    at: now,
                    until: now + keep,
                },
            ),
            None => self.0.remove(&key),
        };
        Settled::Applied
    }
}

proptest! {
    /// With room enough, every answer is the model's, whatever the clock does.
    #[test]
    fn with_room_every_answer_is_the_models(steps in proptest::collection::vec(step(), 0..120)) {
        let (mut table, mut model) = (Table::new(100), Model::default());
        let (mut clock, mut latest) = (1000_u64, 0_u64);
        for step in steps {
            match step {
                Step::Ahead(by) => clock += by,
                Step::Back(by) => clock -= by.min(clock),
                Step::Claim { key: k, owner: o, lease } => {
                    let due = model.claim(k, o, lease, latest.max(clock));
                    prop_assert_eq!(claim(&mut table, k, o, lease, clock), Some(due));
                    latest = latest.max(clock);
                }
                Step::Complete { key: k, owner: o, keep } => {
                    let due = model.settle(k, o, Some(keep), latest.max(clock));
                    prop_assert_eq!(table.settle(key(k), owner(o), complete(keep), at(clock)), due);
                    latest = latest.max(clock);
                }
                Step::Release { key: k, owner: o } => {
                    let due = model.settle(k, o, None, latest.max(clock));
                    prop_assert_eq!(table.settle(key(k), owner(o), Settlement::Release, at(clock)), due);
                    latest = latest.max(clock);
                }
            }
        }
    }

    /// Without room, a claim whose lease runs stays all the same, and the bound holds.
    #[test]
    fn without_room_no_running_claim_is_lost(steps in proptest::collection::vec(step(), 0..120)) {
        let mut table = Table::new(2);
        let mut running: HashMap<u8, (u8, u64)> = HashMap::new();
        let mut now = 1000_u64;
        for step in steps {
            match step {
                Step::Ahead(by) => now += by,
                Step::Back(_) => {}
                Step::Claim { key: k, owner: o, lease } => {
                    let holder = running.get(&k).filter(|(_, until)| *until > now).copied();
                    match (claim(&mut table, k, o, lease, now), holder) {
                        (Some(Claim::Claimed), Some((holder, _))) => prop_assert_eq!(holder, o),
                        (Some(Claim::Done { .. }) | None, Some(_)) => prop_assert!(false, "lost"),
                        _ => {}
                    }
                    if table.entries.get(&key(k)).is_some_and(|entry| {
                        matches!(entry.state, super::State::Claimed(holder) if holder == owner(o))
                            && entry.until() == at(now + lease)
                    }) {
                        running.insert(k, (o, now + lease));
                    }
                }
                Step::Complete { key: k, owner: o, keep } => {
                    if table.settle(key(k), owner(o), complete(keep), at(now)) == Settled::Applied {
                        running.remove(&k);
                    }
                }
                Step::Release { key: k, owner: o } => {
                    if table.settle(key(k), owner(o), Settlement::Release, at(now)) == Settled::Applied {
                        running.remove(&k);
                    }
                }
            }
            prop_assert!(table.len() <= 2);
            prop_assert_eq!(table.len(), table.claims.len() + table.done.len());
        }
    }
}
