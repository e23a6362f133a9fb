//! Exactly as many pass as a token bucket has, whatever the pattern and whatever the clock does.
#![allow(clippy::unwrap_used, reason = "a helper that fails fails its test")]

mod common;

use std::{collections::HashMap, sync::Barrier, thread, time::Duration};

use common::{Receiver, clock, header, layer, receiver, retry_after, send, stranger, verified};
use proptest::prelude::*;
use webhook_core::{ManualClock, Ticks};
use webhook_ratelimit_layer::{Key, Quota, RateLimitLayer};

const START: u64 = 1_000_000_000_000;

/// A bucket of tokens measured in nanoseconds: it gains one for each nanosecond that the clock
/// goes beyond the latest time seen, and a delivery takes `interval` of them.
struct Bucket {
    level: u64,
    latest: u64,
}

struct Model {
    interval: u64,
    capacity: u64,
    buckets: HashMap<u8, Bucket>,
}

impl Model {
    fn new(quota: Quota) -> Self {
        let nanos = u64::try_from(quota.period().as_nanos()).unwrap();
        let interval = nanos.div_ceil(quota.count());
        Self {
            interval,
            capacity: interval * quota.burst(),
            buckets: HashMap::new(),
        }
    }

    fn bucket(&mut self, key: u8, now: u64) -> &mut Bucket {
        let full = Bucket {
            level: self.capacity,
            latest: now,
        };
        let bucket = self.buckets.entry(key).or_insert(full);
        let gain = now.saturating_sub(bucket.latest);
        bucket.level = (bucket.level + gain).min(self.capacity);
        bucket.latest = bucket.latest.max(now);
        bucket
    }

    fn take(&mut self, key: u8, now: u64) -> bool {
        let interval = self.interval;
        let bucket = self.bucket(key, now);
        let has_one = bucket.level >= interval;
        if has_one {
            bucket.level -= interval;
        }
        has_one
    }
}

fn quotas() -> impl Strategy<Value = Quota> {
    let periods = prop_oneof![Just(1), Just(7), Just(1000), Just(60_000)];
    (1_u32..12, periods, proptest::option::of(1_u64..20)).prop_map(|(count, millis, burst)| {
        let quota = Quota::per_period(count, Duration::from_millis(millis)).unwrap();
        burst.map_or(quota, |burst| quota.with_burst(burst).unwrap())
    })
}

/// Quotas that a few requests use up.
fn small_quotas() -> impl Strategy<Value = Quota> {
    (1_u32..4, 1_u64..5)
        .prop_map(|(count, burst)| Quota::per_second(count).unwrap().with_burst(burst).unwrap())
}

/// The smallest table: eight places, one set.
fn small(quota: Quota) -> (Receiver, ManualClock) {
    let (clock, hands) = clock();
    hands.set_ticks(Ticks::from_nanos(START));
    (
        receiver(
            &layer(Key::network(), quota, &clock)
                .with_capacity(8)
                .unwrap(),
        ),
        hands,
    )
}

fn passes(receiver: &Receiver, key: u8) -> bool {
    send(receiver, stranger(&format!("192.0.2.{key}")))
        .status()
        .is_success()
}

/// Parts of the quota's interval, in hundredths, so that steps matter for every quota.
fn part(quota: Quota, hundredths: i64) -> i64 {
    i64::try_from(Model::new(quota).interval).unwrap() * hundredths / 100
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn promise_22_as_many_pass_as_the_model_says(
        quota in quotas(),
        steps in proptest::collection::vec((0_u8..8, 0_i64..150), 1..200),
    ) {
        let (receiver, hands) = small(quota);
        let (mut model, mut now) = (Model::new(quota), START);
        for (key, ahead) in steps {
            // Most requests come at once; the rest after up to half of an interval more than one.
            now = now.saturating_add_signed(if ahead < 75 { 0 } else { part(quota, ahead) });
            hands.set_ticks(Ticks::from_nanos(now));
            prop_assert_eq!(passes(&receiver, key), model.take(key, now));
        }
    }

    #[test]
    fn promise_22_backward_clocks_and_full_tables_give_nothing_away(
        quota in small_quotas(),
        steps in proptest::collection::vec((0_u8..20, 1_usize..5, -300_i64..320), 1..200),
    ) {
        let (receiver, hands) = small(quota);
        let (mut model, mut now) = (Model::new(quota), START);
        for (key, requests, step) in steps {
            now = now.saturating_add_signed(if step % 2 == 0 { part(quota, step) } else { 0 });
            hands.set_ticks(Ticks::from_nanos(now));
            for _ in 0..requests {
                model.bucket(key, now);
                if passes(&receiver, key) {
                    prop_assert!(model.take(key, now), "key {} has no delivery left", key);
                }
            }
        }
    }

    #[test]
    fn waiting_retry_after_is_always_enough(
        quota in quotas(),
        steps in proptest::collection::vec((0_u8..40, -300_i64..320), 1..100),
    ) {
        let (receiver, hands) = small(quota);
        let mut now = START;
        for (key, step) in steps {
            now = now.saturating_add_signed(if step % 3 == 0 { part(quota, step) } else { 0 });
            hands.set_ticks(Ticks::from_nanos(now));
            let address = format!("192.0.2.{key}");
            let response = send(&receiver, stranger(&address));
            if let Some(wait) = retry_after(&response) {
                prop_assert!(wait >= Duration::from_secs(1));
                now += u64::try_from(wait.as_nanos()).unwrap();
                hands.set_ticks(Ticks::from_nanos(now));
                prop_assert!(passes(&receiver, key), "refused after {:?}", wait);
            }
        }
    }

    #[test]
    fn remaining_never_rises_while_no_time_passes(
        quota in quotas(),
        steps in proptest::collection::vec(0_i64..150, 1..100),
    ) {
        let (clock, hands) = clock();
        hands.set_ticks(Ticks::from_nanos(START));
        let receiver = receiver(&layer(Key::endpoint(), quota, &clock));
        let (mut now, mut before) = (START, u64::MAX);
        for ahead in steps {
            if ahead > 100 {
                now = now.saturating_add_signed(part(quota, ahead));
                hands.set_ticks(Ticks::from_nanos(now));
                before = u64::MAX;
            }
            let response = send(&receiver, verified("192.0.2.1", "a"));
            let field = header(&response, "ratelimit").unwrap();
            let left = field.split(";r=").nth(1).and_then(|rest| rest.split(';').next());
            let left = left.unwrap().parse().unwrap();
            prop_assert!(left <= before && left <= quota.burst());
            before = left;
        }
    }
}

#[test]
fn waiting_less_than_retry_after_is_not_enough_where_the_wait_is_long() {
    let (clock, hands) = clock();
    let receiver = receiver(&layer(
        Key::network(),
        Quota::per_minute(2).unwrap(),
        &clock,
    ));
    assert!(passes(&receiver, 1) && passes(&receiver, 1));
    let wait = retry_after(&send(&receiver, stranger("192.0.2.1"))).unwrap();
    hands.advance(wait.saturating_sub(Duration::from_millis(1)));
    assert!(!passes(&receiver, 1));
}

#[test]
fn promise_26_exactly_the_quota_of_many_concurrent_requests_passes() {
    for _ in 0..20 {
        let (clock, _) = clock();
        let quota = Quota::per_minute(100).unwrap();
        let receiver = receiver(&layer(Key::network(), quota, &clock));
        let start = Barrier::new(4);
        let passed: usize = thread::scope(|scope| {
            let workers: Vec<_> = (0..4)
                .map(|_| {
                    let receiver = receiver.clone();
                    scope.spawn(|| {
                        let receiver = receiver;
                        start.wait();
                        common::passed(&receiver, 50, || stranger("192.0.2.1"))
                    })
                })
                .collect();
            workers
                .into_iter()
                .map(|worker| worker.join().unwrap())
                .sum()
        });
        assert_eq!(passed, 100);
    }
}

#[test]
fn a_clock_at_the_end_of_time_neither_panics_nor_opens_the_gate() {
    for ticks in [0, u64::MAX - 1, u64::MAX] {
        let (clock, hands) = clock();
        let receiver = receiver(&RateLimitLayer::per_network().with_clock(clock));
        hands.set_ticks(Ticks::from_nanos(ticks));
        let passed = (0..1000).filter(|_| passes(&receiver, 1)).count();
        assert!((599..=600).contains(&passed), "{passed} at {ticks}");
    }
}
