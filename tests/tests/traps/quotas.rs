//! Quotas.

use std::{
    convert::Infallible,
    net::SocketAddr,
    sync::{
        Barrier,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use tower::{Layer as _, ServiceExt as _, service_fn};
use webhook_layers::{Clock, Facts, Quota, RateLimitLayer};
use webhook_tests::stand::{NOW, Sender, Stand, poll_once};

use super::SENDER;

#[test]
fn check_then_increment() {
    let (threads, each, quota) = (8, 40, 100);
    let stand = Stand::with(|setup| setup.endpoint_quota(Quota::per_minute(quota)));
    let (accepted, refused) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let start = Barrier::new(threads);
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let requests: Vec<_> = (0..each)
                    .map(|_| Sender::new().delivery(SENDER, "{}"))
                    .collect();
                start.wait();
                for request in requests {
                    match poll_once(stand.judge(request)).unwrap() {
                        (200, "ok") => accepted.fetch_add(1, Ordering::SeqCst),
                        (429, "rate_limited") => refused.fetch_add(1, Ordering::SeqCst),
                        other => panic!("{other:?}"),
                    };
                }
            });
        }
    });
    let quota = usize::try_from(quota).unwrap();
    assert_eq!(
        accepted.into_inner(),
        quota,
        "exactly as many as the quota says"
    );
    assert_eq!(refused.into_inner(), threads * each - quota);
    assert_eq!(stand.calls(), quota);
}

/// The same on the limiter alone, often enough that a step between look and count would show.
#[test]
fn check_then_increment_under_contention() {
    let (threads, each, quota) = (4, 20_000, 60_000);
    let a_day = Duration::from_secs(24 * 60 * 60);
    let layer = RateLimitLayer::per_network()
        .with_quota(Quota::per_period(quota, a_day).unwrap())
        .with_clock(Clock::manual(NOW).0);
    let limited = layer.layer(service_fn(async |_: Request<Full<Bytes>>| {
        Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))
    }));
    let accepted = AtomicUsize::new(0);
    let start = Barrier::new(threads);
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let peer: SocketAddr = "203.0.113.9:4711".parse().unwrap();
                start.wait();
                for _ in 0..each {
                    let request = Request::post("/")
                        .extension(Facts::from_peer(peer))
                        .body(Full::default());
                    let answer = poll_once(limited.clone().oneshot(request.unwrap()));
                    if answer.unwrap().unwrap().status() == StatusCode::OK {
                        accepted.fetch_add(1, Ordering::SeqCst);
                    }
                }
            });
        }
    });
    assert_eq!(accepted.into_inner(), usize::try_from(quota).unwrap());
}
