use std::{
    cell::Cell,
    sync::{
        Arc, Barrier,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};

use governor::{nanos::Nanos, state::StateStore};

use super::{Fingerprint, Table};

const INTERVAL: u64 = 10;

/// GCRA as governor does it: three at once, one more each `INTERVAL`.
fn charge(table: &Table, key: Fingerprint, now: u64) -> bool {
    let tolerance = 2 * INTERVAL;
    table
        .measure_and_replace(&key, |tat| {
            let tat = tat.map_or(now, Nanos::as_u64);
            if now < tat.saturating_sub(tolerance) {
                Err(())
            } else {
                Ok(((), Nanos::from(tat.max(now) + INTERVAL)))
            }
        })
        .is_ok()
}

fn key(hash: u64) -> Fingerprint {
    Fingerprint::from_hash(hash)
}

fn passed(table: &Table, key: Fingerprint, now: u64) -> usize {
    (0..10).filter(|_| charge(table, key, now)).count()
}

#[test]
fn the_cap_is_never_exceeded_and_a_key_takes_at_most_34_bytes() {
    for capacity in [0, 8, 9, 1000, 65_536] {
        let table = Table::new(capacity, INTERVAL);
        assert!(table.capacity() <= capacity.max(8), "{capacity}");
        assert!(table.bytes() <= 34 * table.capacity(), "{capacity}");
    }
}

#[test]
fn each_key_has_its_own_bucket() {
    let table = Table::new(8, INTERVAL);
    for hash in 1..=8 {
        assert_eq!(passed(&table, key(hash), 1000), 3);
    }
}

#[test]
fn a_full_set_sends_newcomers_to_one_shared_bucket_and_leaves_its_residents_alone() {
    let table = Table::new(8, INTERVAL);
    for hash in 1..=8 {
        assert_eq!(passed(&table, key(hash), 1000), 3);
    }
    let newcomers = (100..200)
        .map(|hash| passed(&table, key(hash), 1000))
        .sum::<usize>();
    assert_eq!(newcomers, 3, "all newcomers share one bucket");
    for hash in 1..=8 {
        assert_eq!(
            passed(&table, key(hash), 1000),
            0,
            "a throttled key stays throttled"
        );
        assert_eq!(
            passed(&table, key(hash), 1000 + INTERVAL),
            1,
            "and is none the worse for it"
        );
    }
}

#[test]
fn leaving_the_shared_bucket_gives_nothing_away() {
    let table = Table::new(8, INTERVAL);
    for hash in 1..=8 {
        assert!(charge(&table, key(hash), 1000));
    }
    assert_eq!(passed(&table, key(99), 1000), 3, "in the shared bucket");
    // The residents' buckets are full again, so there is a place; the newcomer's is not.
    let later = 1000 + INTERVAL;
    assert_eq!(passed(&table, key(99), later), 1);
}

#[test]
fn a_forgotten_key_gains_nothing_where_the_clock_steps_back() {
    let table = Table::new(8, INTERVAL);
    assert_eq!(passed(&table, key(1), 1000), 3);
    let idle = 1000 + 3 * INTERVAL;
    for hash in 100..108 {
        assert!(
            charge(&table, key(hash), idle),
            "eight others take all places"
        );
    }
    assert_eq!(
        passed(&table, key(1), 1000),
        0,
        "back at 1000, key 1 has used its three"
    );
}

#[test]
fn as_many_as_the_quota_pass_however_many_threads_bring_a_key_in() {
    for round in 0..200 {
        let table = Arc::new(Table::new(8, INTERVAL));
        let (threads, start) = (4, Arc::new(Barrier::new(4)));
        let workers: Vec<_> = (0..threads)
            .map(|worker| {
                let (table, start) = (Arc::clone(&table), Arc::clone(&start));
                thread::spawn(move || {
                    start.wait();
                    // Each thread also brings in keys of its own, so that places change hands.
                    let own = key(1000 + worker);
                    (0..8)
                        .filter(|step| {
                            charge(&table, own, 1000 - step);
                            charge(&table, key(1), 1000)
                        })
                        .count()
                })
            })
            .collect();
        let passed: usize = workers
            .into_iter()
            .map(|worker| worker.join().unwrap())
            .sum();
        assert_eq!(passed, 3, "round {round}");
    }
}

#[test]
fn a_place_that_changes_hands_while_it_is_charged_is_not_charged_for_its_old_holder() {
    let table = Table::new(8, INTERVAL);
    assert!(charge(&table, key(1), 1000));
    let idle = 1000 + 10 * INTERVAL;
    let taken = Cell::new(false);
    // Between the look at key 1's bucket and its charge, eight others take all places.
    let outcome: Result<(), ()> = table.measure_and_replace(&key(1), |tat| {
        if !taken.replace(true) {
            assert!((100..108).all(|hash| charge(&table, key(hash), idle)));
        }
        Ok((
            (),
            Nanos::from(tat.map_or(idle, Nanos::as_u64).max(idle) + INTERVAL),
        ))
    });
    assert_eq!(outcome, Ok(()));
    for hash in 100..108 {
        assert_eq!(
            passed(&table, key(hash), idle),
            2,
            "key {hash} was charged once, for itself"
        );
    }
    assert_eq!(
        passed(&table, key(1), idle),
        2,
        "and key 1 once, in the shared bucket"
    );
}

/// The passes of one key at these times, in any order, are within its quota over every stretch of
/// time: `k` passes from `a` to `b` only where `k * INTERVAL <= 3 * INTERVAL + b - a`.
fn assert_within_quota(times: &mut [u64], key: u64) {
    times.sort_unstable();
    let mut least = i64::MAX;
    for (count, &time) in (0_i64..).zip(times.iter()) {
        let debt = count * INTERVAL.cast_signed() - time.cast_signed();
        least = least.min(debt);
        let excess = debt - least - 2 * INTERVAL.cast_signed();
        assert!(
            excess <= 0,
            "key {key} is {excess} ns ahead of its quota at {time}"
        );
    }
}

#[test]
fn places_change_hands_under_load_and_no_key_gets_more_than_its_quota() {
    const KEYS: u64 = 16;
    const ROUNDS: u64 = 100_000;
    // Sixteen keys fight for eight places. All threads go for the same key at the same time, and
    // time goes on fast enough that its place is soon another's.
    let (table, clock) = (Table::new(8, INTERVAL), AtomicU64::new(1000));
    let worker = |_| {
        let mut passed = vec![Vec::new(); usize::try_from(KEYS).unwrap()];
        for _ in 0..ROUNDS {
            let now = clock.load(Ordering::Relaxed);
            let hash = (now / 4 * 7) % KEYS;
            for _ in 0..4 {
                if charge(&table, key(hash + 1), now) {
                    passed[usize::try_from(hash).unwrap()].push(now);
                }
            }
            clock.fetch_add(1, Ordering::Relaxed);
        }
        passed
    };
    let all = thread::scope(|scope| {
        let threads: Vec<_> = (0..3)
            .map(|number| scope.spawn(move || worker(number)))
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect::<Vec<_>>()
    });
    for hash in 0..KEYS {
        let of_key = |passed: &Vec<Vec<u64>>| passed[usize::try_from(hash).unwrap()].clone();
        let mut times: Vec<_> = all.iter().flat_map(of_key).collect();
        assert!(times.len() > 100, "key {hash} was let through now and then");
        assert_within_quota(&mut times, hash);
    }
}
