//! Every order in which two threads can take their steps, up to a bound, tried by loom.
//!
//! ```sh
//! RUSTFLAGS="--cfg webhook_loom" cargo test -p webhook-ratelimit-layer --lib --release model
//! ```
//!
//! A set has two places here instead of eight, so that there are not too many orders.

use loom::{sync::Arc, thread};

use super::{Fingerprint, Level, Table};

const INTERVAL: u64 = 10;
const KIND: u64 = 0;

/// Three at once, one more each `INTERVAL`.
fn charge(table: &Table, hash: u64, now: u64) -> bool {
    let next = |level| match level {
        Level::Own(word) if now >= word.saturating_sub(2 * INTERVAL) => {
            Ok(word.max(now) + INTERVAL)
        }
        _ => Err(()),
    };
    table.charge(key(hash), KIND, now, next).is_ok()
}

fn key(hash: u64) -> Fingerprint {
    Fingerprint::from_hash(hash)
}

fn passed(table: &Table, hash: u64, now: u64) -> usize {
    (0..5).filter(|_| charge(table, hash, now)).count()
}

/// One set: key 1 has been charged so often, and the other place is in use for long.
fn table(charges: usize) -> Arc<Table> {
    let table = Table::new(2);
    for _ in 0..charges {
        assert!(charge(&table, 1, 1000));
    }
    assert_eq!(
        table.charge(key(9), KIND, 1000, |_| Ok::<_, ()>(9000)),
        Ok(9000)
    );
    Arc::new(table)
}

fn explore(model: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(model);
}

#[test]
fn no_charge_is_lost_or_put_on_another_while_a_place_changes_hands() {
    explore(|| {
        let table = table(2);
        let other = Arc::clone(&table);
        // At 1020 key 1's bucket is full, and key 2 may take its place. The first thread is late.
        let late = thread::spawn(move || {
            usize::from(charge(&other, 1, 1000)) + usize::from(charge(&other, 1, 1000))
        });
        assert!(charge(&table, 2, 1020));
        let passed_late = late.join().unwrap();
        assert_eq!(
            passed_late + passed(&table, 1, 1000),
            1,
            "one of three was left"
        );
        assert_eq!(passed(&table, 2, 1020), 2, "charged once, for itself");
    });
}

#[test]
fn nobody_is_refused_for_what_another_used_while_a_place_changes_hands() {
    explore(|| {
        let table = table(3);
        let other = Arc::clone(&table);
        // At 1010 one delivery of key 1's has come back; at 1030 all, and key 2 may take its place.
        let late = thread::spawn(move || charge(&other, 1, 1010));
        let is_passed = charge(&table, 2, 1030);
        assert!(late.join().unwrap() && is_passed);
        assert!(!charge(&table, 1, 1010));
    });
}

#[test]
fn a_key_that_two_threads_bring_in_has_one_bucket() {
    explore(|| {
        let table = Arc::new(Table::new(2));
        let other = Arc::clone(&table);
        let twice = |table: &Table| {
            usize::from(charge(table, 1, 1000)) + usize::from(charge(table, 1, 1000))
        };
        let thread = thread::spawn(move || twice(&other));
        let here = twice(&table);
        assert_eq!(here + thread.join().unwrap(), 3);
    });
}

#[test]
fn a_reset_while_the_key_is_charged_gives_one_full_bucket_and_nobody_else_pays() {
    explore(|| {
        let table = table(1);
        let other = Arc::clone(&table);
        // It may read a word before the reset, and find the same word again after it.
        let thread = thread::spawn(move || charge(&other, 1, 1000));
        assert!(table.hold(key(1), KIND).unwrap().reset(1000));
        assert!(charge(&table, 2, 1000));
        assert!(thread.join().unwrap(), "there was room before and after");
        assert!((2..=3).contains(&passed(&table, 1, 1000)));
        assert_eq!(passed(&table, 2, 1000), 2, "charged once, for itself");
    });
}
