//! Duplicates that wait for the first copy. Time is tokio's, paused.

#![allow(clippy::unwrap_used, reason = "a helper that fails fails its test")]

mod common;

use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use http::{Request, Response, StatusCode};
use tokio::time::{Instant, sleep};
use tower::{ServiceExt as _, service_fn};
use tower_layer::Layer as _;
use webhook_core::{BufferedBody, Settings};
use webhook_dedup_layer::{DedupLayer, DedupSettings, InFlight};

use common::{Body, answer, delivery, header, is_duplicate};

fn waiting(limit: Duration, waiters: usize) -> DedupLayer {
    let in_flight = InFlight::wait(limit).unwrap();
    let in_flight = in_flight.with_waiters(waiters).unwrap();
    let settings = DedupSettings::new().with_in_flight(in_flight);
    DedupLayer::new().with_settings(Settings::fixed(settings))
}

/// Sends a copy whose handler takes `time` and answers `status`, if it runs.
fn send(
    layer: &DedupLayer,
    runs: &Arc<AtomicUsize>,
    time: Duration,
    status: u16,
) -> impl Future<Output = Response<Body>> + Send + 'static {
    let runs = Arc::clone(runs);
    let service = layer.layer(service_fn(move |_: Request<BufferedBody>| {
        runs.fetch_add(1, Ordering::SeqCst);
        async move {
            sleep(time).await;
            Ok::<_, Infallible>(answer(status))
        }
    }));
    async move { service.oneshot(delivery("evt_1")).await.unwrap() }
}

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(start_paused = true)]
async fn a_copy_that_waits_shares_the_first_ones_success() {
    let (layer, runs) = (waiting(5 * SECOND, 64), Arc::default());
    let first = tokio::spawn(send(&layer, &runs, 2 * SECOND, 202));
    tokio::task::yield_now().await;
    let second = send(&layer, &runs, SECOND, 200).await;
    assert!(is_duplicate(&second));
    assert_eq!(second.status(), StatusCode::OK);
    assert_eq!(header(&second, "webhook-duplicate-status"), Some("202"));
    assert_eq!(first.await.unwrap().status(), StatusCode::ACCEPTED);
    assert_eq!(runs.load(Ordering::SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn where_the_first_copy_fails_one_that_waits_runs() {
    let (layer, runs) = (waiting(5 * SECOND, 64), Arc::default());
    let first = tokio::spawn(send(&layer, &runs, SECOND, 500));
    tokio::task::yield_now().await;
    let others: Vec<_> = (0..5)
        .map(|_| tokio::spawn(send(&layer, &runs, SECOND, 200)))
        .collect();
    assert_eq!(first.await.unwrap().status(), 500);
    let mut handled = 0;
    for other in others {
        let other = other.await.unwrap();
        assert_eq!(other.status(), StatusCode::OK);
        handled += usize::from(!is_duplicate(&other));
    }
    assert_eq!(handled, 1);
    assert_eq!(runs.load(Ordering::SeqCst), 2);
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_for_longer_than_the_limit() {
    let (layer, runs) = (waiting(3 * SECOND, 64), Arc::default());
    let _first = tokio::spawn(send(&layer, &runs, 60 * SECOND, 200));
    tokio::task::yield_now().await;
    let start = Instant::now();
    let second = send(&layer, &runs, SECOND, 200).await;
    assert_eq!(second.status(), StatusCode::CONFLICT);
    let waited = start.elapsed();
    assert!(waited >= 3 * SECOND && waited < 4 * SECOND, "{waited:?}");
}

#[tokio::test(start_paused = true)]
async fn no_more_wait_than_may_and_a_dropped_one_makes_room() {
    let (layer, runs) = (waiting(30 * SECOND, 2), Arc::default());
    let first = tokio::spawn(send(&layer, &runs, 10 * SECOND, 200));
    tokio::task::yield_now().await;
    let waiters: Vec<_> = (0..2)
        .map(|_| tokio::spawn(send(&layer, &runs, SECOND, 200)))
        .collect();
    tokio::task::yield_now().await;
    let refused = send(&layer, &runs, SECOND, 200).await;
    assert_eq!(refused.status(), StatusCode::CONFLICT);
    for waiter in waiters {
        waiter.abort();
        waiter.await.unwrap_err();
    }
    assert!(is_duplicate(&send(&layer, &runs, SECOND, 200).await));
    assert_eq!(first.await.unwrap().status(), StatusCode::OK);
    assert_eq!(runs.load(Ordering::SeqCst), 1);
}
