//! Bytes, fixed windows and permits: as many as a plain model says, and never more.
#![allow(clippy::unwrap_used, reason = "a helper that fails fails its test")]

mod common;

use std::{
    collections::HashMap,
    convert::Infallible,
    pin::Pin,
    sync::Barrier,
    task::{Context, Poll},
    thread,
    time::Duration,
};

use bytes::Bytes;
use common::{
    Body, Receiver, clock, header, layer, receiver, retry_after, send, stranger, verified,
};
use http::{Request, StatusCode};
use http_body::Frame;
use proptest::prelude::*;
use tower::Layer as _;
use webhook_core::{BufferedBody, Ticks, Timestamp};
use webhook_ratelimit_layer::{Key, Quota};

const START: u64 = 1_000_000_000_000;
/// What the wall clock says at `START`: 20 s past a minute, and some milliseconds.
const WALL: i64 = 1_700_000_000_123;

fn with_bytes(mut request: Request<Body>, size: usize) -> Request<Body> {
    *request.body_mut() = Body::new(Bytes::from(vec![0; size]));
    request
}

fn passes(receiver: &Receiver, key: u8, size: usize) -> bool {
    let request = with_bytes(stranger(&format!("192.0.2.{key}")), size);
    send(receiver, request).status().is_success()
}

/// Levels in nanoseconds: what is used of each key's bucket, and when that was.
#[derive(Default)]
struct Levels(HashMap<u8, (u64, u64)>);

impl Levels {
    /// Takes `cost` of `capacity`; it comes back a nanosecond each nanosecond that time goes ahead.
    fn take(&mut self, key: u8, now: u64, cost: u64, capacity: u64) -> bool {
        let (used, latest) = self.0.entry(key).or_insert((0, now));
        *used = used.saturating_sub(now.saturating_sub(*latest));
        *latest = now.max(*latest);
        let fits = *used + cost <= capacity;
        if fits {
            *used += cost;
        }
        fits
    }
}

/// Counts in windows: each key's count, and the end of its window. A window never goes back.
#[derive(Default)]
struct Windows(HashMap<u8, (u64, u64)>);

impl Windows {
    fn take(&mut self, key: u8, end: u64, amount: u64, count: u64) -> bool {
        let (window, used) = self.0.entry(key).or_default();
        if end > *window {
            (*window, *used) = (end, 0);
        }
        let fits = *used + amount <= count;
        if fits {
            *used += amount;
        }
        fits
    }
}

/// The first boundary of the wall clock after `now`, on the monotonic clock.
fn boundary(now: u64, window: u64) -> u64 {
    let wall = u64::try_from(WALL).unwrap() * 1_000_000 + now - START;
    now - wall % window + window
}

fn at_start(quota: Quota) -> (Receiver, webhook_core::ManualClock) {
    let (clock, hands) = clock();
    hands.set_ticks(Ticks::from_nanos(START));
    hands.set_wall(Timestamp::from_unix_millis(WALL));
    let limit = layer(Key::network(), quota, &clock);
    (receiver(&limit.with_capacity(8).unwrap()), hands)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn as_many_bytes_pass_as_the_model_says(
        count in 1_u64..3000,
        burst in 1_u64..3000,
        steps_back: bool,
        steps in proptest::collection::vec((0_u8..8, 0_u64..2000, 0_i64..400), 1..150),
    ) {
        let quota = Quota::bytes_per_second(count).unwrap().with_burst(burst).unwrap();
        let (receiver, hands) = at_start(quota);
        let cost = |bytes: u64| (bytes * 1_000_000_000).div_ceil(count);
        let (mut model, mut now) = (Levels::default(), START);
        for (key, size, millis) in steps {
            let millis = if steps_back { millis - 130 } else { millis };
            now = now.saturating_add_signed(millis * 1_000_000);
            hands.set_ticks(Ticks::from_nanos(now));
            let counted = size.max(1);
            let is_passed = passes(&receiver, key, usize::try_from(size).unwrap());
            // A clock that steps back may cost something, and never gives anything.
            if is_passed || !steps_back {
                let fits = counted <= burst && model.take(key, now, cost(counted), cost(burst));
                prop_assert_eq!(is_passed, fits);
            }
        }
    }

    #[test]
    fn as_many_pass_in_a_fixed_window_as_the_model_says(
        count in 1_u32..6,
        window in prop_oneof![Just(7_u64), Just(1000), Just(60_000)],
        steps in proptest::collection::vec((0_u8..8, 0_u64..300), 1..200),
    ) {
        let period = Duration::from_millis(window);
        let quota = Quota::per_period(count, period).unwrap().with_fixed_windows().unwrap();
        let (receiver, hands) = at_start(quota);
        let window = window * 1_000_000;
        let (mut model, mut now) = (Windows::default(), START);
        for (key, step) in steps {
            // Most come at once, some at the boundary or a nanosecond before, some a step back.
            now = match step {
                0..15 => boundary(now, window),
                15..30 => boundary(now, window) - 1,
                30..60 => now - window * (step - 30) / 20,
                60..90 => now + window * step / 100,
                _ => now,
            };
            hands.set_ticks(Ticks::from_nanos(now));
            let fits = model.take(key, boundary(now, window), 1, count.into());
            prop_assert_eq!(passes(&receiver, key, 0), fits, "at {}", now);
        }
    }

    #[test]
    fn waiting_retry_after_is_enough_for_bytes_and_windows(
        in_windows: bool,
        count in 1_u64..3000,
        steps in proptest::collection::vec((0_u8..40, 1_usize..3000, -900_i64..1000), 1..100),
    ) {
        let quota = Quota::bytes_per_minute(count).unwrap();
        let quota = if in_windows { quota.with_fixed_windows().unwrap() } else { quota };
        let (receiver, hands) = at_start(quota);
        let mut now = START;
        for (key, size, millis) in steps {
            now = now.saturating_add_signed(millis * 1_000_000);
            hands.set_ticks(Ticks::from_nanos(now));
            let address = format!("192.0.2.{key}");
            let response = send(&receiver, with_bytes(stranger(&address), size));
            let never = u64::try_from(size).unwrap() > count;
            prop_assert_eq!(response.status() == StatusCode::PAYLOAD_TOO_LARGE, never);
            if let Some(wait) = retry_after(&response) {
                now += u64::try_from(wait.as_nanos()).unwrap();
                hands.set_ticks(Ticks::from_nanos(now));
                prop_assert!(passes(&receiver, key, size), "refused after {:?}", wait);
            }
        }
    }

    #[test]
    fn remaining_never_rises_within_a_window(
        in_windows: bool,
        sizes in proptest::collection::vec(0_usize..300, 1..60),
    ) {
        let quota = Quota::bytes_per_minute(5000).unwrap();
        let quota = if in_windows { quota.with_fixed_windows().unwrap() } else { quota };
        let limit = layer(Key::endpoint(), quota, &clock().0);
        let receiver = receiver(&limit);
        let mut left = 5000;
        for size in sizes {
            let response = send(&receiver, with_bytes(verified("192.0.2.1", "a"), size));
            let field = header(&response, "ratelimit").unwrap();
            let told = field.split(";r=").nth(1).and_then(|rest| rest.split(';').next());
            let told: u64 = told.unwrap().parse().unwrap();
            if response.status().is_success() {
                left -= u64::try_from(size.max(1)).unwrap();
                prop_assert_eq!(told, left);
            } else {
                prop_assert_eq!(told, 0);
            }
        }
    }
}

#[test]
fn exactly_the_quota_of_many_concurrent_requests_passes_for_each_kind() {
    let bytes = Quota::bytes_per_minute(1000).unwrap();
    let windows = Quota::per_minute(100).unwrap().with_fixed_windows();
    for quota in [bytes, windows.unwrap(), bytes.with_fixed_windows().unwrap()] {
        let receiver = receiver(&layer(Key::network(), quota, &clock().0));
        let start = Barrier::new(4);
        let passed: usize = thread::scope(|scope| {
            let worker = || {
                let receiver = receiver.clone();
                let start = &start;
                scope.spawn(move || {
                    start.wait();
                    (0..50).filter(|_| passes(&receiver, 1, 10)).count()
                })
            };
            let workers: Vec<_> = (0..4).map(|_| worker()).collect();
            workers.into_iter().map(|it| it.join().unwrap()).sum()
        });
        assert_eq!(passed, 100, "{quota:?}");
    }
}

#[test]
fn a_fixed_window_ends_at_the_wall_clocks_boundary_and_retry_after_says_so() {
    let quota = Quota::per_minute(2).unwrap().with_fixed_windows().unwrap();
    let (receiver, hands) = at_start(quota);
    assert!(passes(&receiver, 1, 0) && passes(&receiver, 1, 0));
    // 1_700_000_000 is 20 s past a minute, so 39.877 s are left.
    let wait = retry_after(&send(&receiver, stranger("192.0.2.1"))).unwrap();
    assert_eq!(wait, Duration::from_secs(40));
    let end = START + 39_877_000_000;
    hands.set_ticks(Ticks::from_nanos(end - 1));
    assert!(!passes(&receiver, 1, 0));
    hands.set_ticks(Ticks::from_nanos(end));
    // Twice the quota within a moment, as the docs say.
    assert!(passes(&receiver, 1, 0) && passes(&receiver, 1, 0));
    assert!(!passes(&receiver, 1, 0));
    // Back in the window before, the later one goes on counting.
    hands.set_ticks(Ticks::from_nanos(end - 1));
    assert!(!passes(&receiver, 1, 0));
}

#[test]
fn a_wall_clock_that_is_set_gives_no_window_twice() {
    let quota = Quota::per_minute(2).unwrap().with_fixed_windows().unwrap();
    let (receiver, hands) = at_start(quota);
    assert!(passes(&receiver, 1, 0) && passes(&receiver, 1, 0));
    for seconds in [
        0,
        1_600_000_000,
        1_800_000_000,
        i64::MAX / 1000,
        i64::MIN / 1000,
    ] {
        hands.set_wall(Timestamp::from_unix_seconds(seconds));
        assert!(!passes(&receiver, 1, 0), "{seconds}");
    }
}

#[test]
fn a_body_that_does_not_say_its_size_counts_as_the_largest() {
    let quota = Quota::bytes_per_minute(10_000)
        .unwrap()
        .with_undeclared_size(4000)
        .unwrap();
    let limit = layer(Key::network(), quota, &clock().0);
    let handler = tower::service_fn(async |_: Request<Chunked>| {
        Ok::<_, Infallible>(http::Response::new(Body::default()))
    });
    let mut service = limit.layer(handler);
    let mut tries = || {
        let request = stranger("192.0.2.1").map(|_| Chunked);
        common::now(tower::Service::call(&mut service, request))
            .unwrap()
            .status()
    };
    let statuses = [tries(), tries(), tries()];
    assert_eq!(statuses.map(|it| it.as_u16()), [200, 200, 429]);
    // What a layer outside has buffered counts as what it is.
    let inside = limit.clone().with_quota(quota);
    let handler = tower::service_fn(async |_: Request<BufferedBody>| {
        Ok::<_, Infallible>(http::Response::new(Body::default()))
    });
    let mut service = inside.layer(handler);
    let passed = (0..200).filter(|_| {
        let body = BufferedBody::from(Bytes::from_static(&[0; 100]));
        let request = stranger("192.0.2.1").map(|_| body);
        let answer = common::now(tower::Service::call(&mut service, request));
        answer.unwrap().status().is_success()
    });
    assert_eq!(passed.count(), 100);
}

/// A body that does not say its size, as one in chunks does not.
struct Chunked;

impl http_body::Body for Chunked {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(None)
    }
}
