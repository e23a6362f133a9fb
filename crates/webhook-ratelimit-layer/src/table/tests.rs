use std::{
    sync::{Arc, Barrier},
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
fn places_change_hands_under_load_and_no_key_gets_more_than_its_quota() {
    // 64 keys fight for 8 places, while time goes on for all threads in the same small steps.
    let table = Arc::new(Table::new(8, INTERVAL));
    let (steps, keys) = (2000_u64, 64_u64);
    let workers: Vec<_> = (0..4)
        .map(|worker| {
            let table = Arc::clone(&table);
            thread::spawn(move || {
                let mut passed = vec![0_u64; 64];
                for step in 0..steps {
                    let hash = (step * 7 + worker * 13) % keys;
                    passed[usize::try_from(hash).unwrap()] +=
                        u64::from(charge(&table, key(hash + 1), 1000 + step));
                }
                passed
            })
        })
        .collect();
    let mut total = vec![0_u64; 64];
    for worker in workers {
        for (sum, passed) in total.iter_mut().zip(worker.join().unwrap()) {
            *sum += passed;
        }
    }
    let most = 3 + steps / INTERVAL;
    assert!(total.iter().all(|&passed| passed <= most), "{total:?}");
}
