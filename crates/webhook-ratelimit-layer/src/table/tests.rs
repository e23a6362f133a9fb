use std::{
    cell::Cell,
    sync::{
        Arc, Barrier,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};

use super::{Fingerprint, Level, Table};

const INTERVAL: u64 = 10;

const KIND: u64 = 0;

/// Three at once, one more each `INTERVAL`.
fn next(level: Level, now: u64) -> Result<u64, ()> {
    match level {
        Level::Own(word) if now >= word.saturating_sub(2 * INTERVAL) => {
            Ok(word.max(now) + INTERVAL)
        }
        _ => Err(()),
    }
}

fn charge(table: &Table, key: Fingerprint, now: u64) -> bool {
    table
        .charge(key, KIND, now, |level| next(level, now))
        .is_ok()
}

fn key(hash: u64) -> Fingerprint {
    Fingerprint::from_hash(hash)
}

fn passed(table: &Table, key: Fingerprint, now: u64) -> usize {
    (0..10).filter(|_| charge(table, key, now)).count()
}

#[test]
fn the_cap_is_never_exceeded_and_a_key_takes_at_most_20_bytes() {
    for capacity in [0, 8, 9, 1000, 65_536] {
        let table = Table::new(capacity);
        assert!(table.capacity() <= capacity.max(8), "{capacity}");
        assert!(table.bytes() <= 20 * table.capacity(), "{capacity}");
    }
}

#[test]
fn each_key_has_its_own_bucket() {
    let table = Table::new(8);
    for hash in 1..=8 {
        assert_eq!(passed(&table, key(hash), 1000), 3);
    }
}

#[test]
fn a_full_set_sends_newcomers_to_one_shared_bucket_and_leaves_its_residents_alone() {
    let table = Table::new(8);
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
    let table = Table::new(8);
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
    let table = Table::new(8);
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
        let table = Arc::new(Table::new(8));
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
    let table = Table::new(8);
    assert!(charge(&table, key(1), 1000));
    let idle = 1000 + 10 * INTERVAL;
    let taken = Cell::new(false);
    // Between the look at key 1's bucket and its charge, eight others take all places.
    let outcome = table.charge(key(1), KIND, idle, |level| {
        if !taken.replace(true) {
            assert!((100..108).all(|hash| charge(&table, key(hash), idle)));
        }
        next(level, idle)
    });
    assert!(outcome.is_ok());
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
    let (table, clock) = (Table::new(8), AtomicU64::new(1000));
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

#[test]
fn quotas_of_different_kinds_do_not_read_each_others_words() {
    let table = Table::new(8);
    for hash in 1..=8 {
        assert!(charge(&table, key(hash), 1000));
    }
    // Another kind's word is in the overflow, 500 ahead.
    let other = table.charge(key(98), 1, 1000, |_| Ok::<_, ()>(1500));
    assert_eq!(other, Ok(1500));
    let seen = |now| {
        let seen = Cell::new(None);
        let _refused = table.charge(key(99), KIND, now, |level| {
            seen.set(Some(level));
            Err::<u64, ()>(())
        });
        seen.get()
    };
    assert_eq!(seen(1000), Some(Level::Foreign(1500)));
    assert_eq!(
        seen(1499),
        Some(Level::Foreign(1500)),
        "though there are places again"
    );
    assert_eq!(seen(1500), Some(Level::Own(1500)));
}

#[test]
fn a_key_that_is_reset_has_a_full_bucket_and_its_place_waits_for_the_old_one() {
    let table = Table::new(8);
    assert_eq!(passed(&table, key(1), 1000), 3);
    let reset = |hash, now| table.hold(key(hash), KIND).unwrap().reset(now);
    assert!(reset(1, 1005) && !reset(2, 1005));
    // A word that was read before the reset never fits another holder of the place.
    let place = |now: u64| table.hold(key(2), KIND).unwrap().level(now);
    assert_eq!(
        place(1029),
        Level::Own(0),
        "in the overflow, which nobody has charged"
    );
    assert!(charge(&table, key(2), 1029));
    assert!(!table.hold(key(2), KIND).unwrap().has_place());
    assert!(charge(&table, key(3), 1030));
    assert!(table.hold(key(3), KIND).unwrap().has_place());
    assert_eq!(passed(&table, key(1), 1005), 3);
}

#[test]
fn keys_in_use_are_those_whose_bucket_is_not_full() {
    let table = Table::new(1024);
    for hash in 0..100 {
        assert!(charge(&table, key(hash << 57 | hash), 1000));
    }
    assert_eq!(table.in_use(1000 + INTERVAL - 1), 100);
    assert_eq!(table.in_use(1000 + INTERVAL), 0);
}
