//! The switch, alone in a `PauseLayer`, and toggled under load.
#![allow(clippy::unwrap_used, reason = "a helper that fails fails its test")]

mod common;

use std::{
    convert::Infallible,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use common::{Answer, AnyBody, NOW, handler, path, request, retry_after, served, status};
use http::{Request, Response, StatusCode, header::CONTENT_TYPE};
use http_body_util::Full;
use tower::{Layer, ServiceBuilder, ServiceExt, service_fn};
use webhook_core::{
    Check, Clock, Endpoint, Facts, Reason, Timestamp, Verdict,
    change::{Cause, ChangeLog},
};
use webhook_endpoint_layer::{
    EndpointErrorKind, EndpointLayer, EndpointMap, PauseLayer, PauseSwitch,
};

const MINUTE: Duration = Duration::from_secs(60);

fn cause() -> Cause {
    Cause::new("alice", "the database moves")
}

async fn send(switch: &PauseSwitch, request: Request<AnyBody>) -> Answer {
    let service = PauseLayer::new(switch.clone()).layer(service_fn(handler));
    service.oneshot(request).await.unwrap()
}

#[tokio::test]
async fn a_pause_of_all_needs_no_endpoints_and_ends_by_itself() {
    let (clock, hands) = Clock::manual(NOW);
    let switch = PauseSwitch::with_clock(clock);
    let passing = request("/any");
    let record = Facts::record_of(passing.extensions());
    assert_eq!(served(&send(&switch, passing).await), Some("nobody"));
    assert_eq!(record.verdict(Check::Pause), Some(Verdict::Pass));

    switch.pause_all(MINUTE, &cause());
    hands.advance(Duration::from_millis(500));
    let refused = request("/any");
    let record = Facts::record_of(refused.extensions());
    let answer = send(&switch, refused).await;
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(retry_after(&answer), Some(MINUTE), "59.5 s, rounded up");
    assert_eq!(record.refusal(), Some((Reason::Paused, Check::Pause)));

    // Setting the wall clock ends no pause; waiting as long as was said does.
    hands.set_wall(Timestamp::from_unix_seconds(0));
    assert_eq!(send(&switch, request("/any")).await.status(), 503);
    hands.advance(retry_after(&answer).unwrap());
    assert_eq!(send(&switch, request("/any")).await.status(), 200);
    assert!(switch.paused().is_empty() && !switch.resume_all(&cause()));
}

#[tokio::test]
async fn a_pause_without_an_end_lasts_until_it_is_ended() {
    let (clock, hands) = Clock::manual(NOW);
    let switch = PauseSwitch::with_clock(clock);
    switch.pause_all(None, &cause());
    hands.advance(Duration::from_secs(365 * 24 * 60 * 60));
    let answer = send(&switch, request("/any")).await;
    assert_eq!(
        (answer.status().as_u16(), retry_after(&answer)),
        (503, Some(MINUTE))
    );
    assert!(switch.resume_all(&cause()));
    assert_eq!(send(&switch, request("/any")).await.status(), 200);
}

#[tokio::test]
async fn single_pauses_end_by_themselves_too() {
    let (clock, hands) = Clock::manual(NOW);
    let switch = PauseSwitch::with_clock(clock);
    let map = EndpointMap::new()
        .with("a", Endpoint::new("a"))
        .with("b", Endpoint::new("b"));
    let layer = EndpointLayer::new(path(), map).with_pause(switch.clone());
    switch.pause("a", MINUTE, &cause()).unwrap();
    assert_eq!(
        (status(&layer, "a").await, status(&layer, "b").await),
        (503, 200)
    );
    // A later word replaces an earlier one.
    switch.pause("a", 2 * MINUTE, &cause()).unwrap();
    hands.advance(MINUTE);
    assert_eq!(status(&layer, "a").await, 503);
    hands.advance(MINUTE);
    assert_eq!(status(&layer, "a").await, 200);
}

#[tokio::test]
async fn grpc_callers_are_told_to_wait() {
    let switch = PauseSwitch::new();
    switch.pause_all(None, &cause());
    let mut request = request("/package.Service/Method");
    let content_type = "application/grpc+proto".parse().unwrap();
    request.headers_mut().insert(CONTENT_TYPE, content_type);
    let answer = send(&switch, request).await;
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.headers()["grpc-status"], "14");
    assert_eq!(answer.headers()["grpc-retry-pushback-ms"], "60000");
}

#[test]
fn what_is_paused_is_told_with_until_when_and_why() {
    let switch = PauseSwitch::with_clock(Clock::manual(NOW).0);
    switch.pause("b", None, &cause()).unwrap();
    switch.pause("a", MINUTE, &cause()).unwrap();
    switch.pause_all(2 * MINUTE, &cause());
    let told: Vec<_> = switch
        .paused()
        .into_iter()
        .map(|paused| {
            assert_eq!(paused.cause, cause());
            (paused.endpoint.map(|name| name.to_string()), paused.until)
        })
        .collect();
    let in_a_minute = NOW.saturating_add(MINUTE);
    assert_eq!(
        told,
        [
            (None, Some(in_a_minute.saturating_add(MINUTE))),
            (Some("a".to_owned()), Some(in_a_minute)),
            (Some("b".to_owned()), None),
        ]
    );
}

#[test]
fn each_change_is_noted_and_what_changes_nothing_is_not() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let (clock, _hands) = Clock::manual(NOW);
    let log = ChangeLog::new(clock.clone(), {
        let seen = Arc::clone(&seen);
        move |change| seen.lock().unwrap().push(change)
    });
    let switch = PauseSwitch::with_clock(clock).with_log(log);
    assert!(!switch.resume_all(&cause()) && !switch.resume("acme", &cause()));
    switch.pause_all(MINUTE, &cause());
    switch.pause("acme", None, &cause()).unwrap();
    switch.resume_all(&cause());
    switch.clone().resume("acme", &cause());
    let seen = seen.lock().unwrap();
    let told = seen.iter().map(|change| {
        assert_eq!(change.cause, cause());
        (
            change.kind.as_str(),
            change.target.as_str(),
            change.until.is_some(),
        )
    });
    assert_eq!(
        told.collect::<Vec<_>>(),
        [
            ("paused", "all endpoints", true),
            ("paused", "acme", false),
            ("resumed", "all endpoints", false),
            ("resumed", "acme", false),
        ]
    );
}

#[test]
fn single_pauses_are_bounded_and_ended_ones_make_room() {
    let (clock, hands) = Clock::manual(NOW);
    let switch = PauseSwitch::with_clock(clock);
    for n in 0..PauseSwitch::MAX_ENDPOINTS {
        switch
            .pause(&format!("tenant-{n}"), MINUTE, &cause())
            .unwrap();
    }
    let error = switch.pause("one more", None, &cause()).unwrap_err();
    assert_eq!(error.kind(), &EndpointErrorKind::TooManyPauses);
    assert!(error.to_string().contains("1024 endpoints"), "{error}");
    switch
        .pause("tenant-0", None, &cause())
        .expect("it has its place");
    switch.pause_all(None, &cause());
    hands.advance(MINUTE);
    switch.pause("one more", None, &cause()).unwrap();
    assert_eq!(switch.paused().len(), 3);
}

/// Every request is answered, by the handler or with 503; what the handler begins, it ends.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn toggled_under_load_no_request_is_lost() {
    let (begun, ended) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let switch = PauseSwitch::new();
    let map = EndpointMap::new().with("acme", Endpoint::new("acme"));
    let service = ServiceBuilder::new()
        .layer(PauseLayer::new(switch.clone()))
        .layer(EndpointLayer::new(path(), map).with_pause(switch.clone()))
        .service(service_fn({
            let (begun, ended) = (Arc::clone(&begun), Arc::clone(&ended));
            move |_: Request<()>| {
                let (begun, ended) = (Arc::clone(&begun), Arc::clone(&ended));
                async move {
                    begun.fetch_add(1, Ordering::SeqCst);
                    tokio::task::yield_now().await;
                    ended.fetch_add(1, Ordering::SeqCst);
                    Ok::<_, Infallible>(Response::new(Full::<bytes::Bytes>::from("done")))
                }
            }
        }));
    let senders: Vec<_> = (0..8)
        .map(|_| {
            let service = service.clone();
            tokio::spawn(async move {
                let mut counts = [0_usize; 2];
                // As long as it takes to meet both, at least.
                while counts[0] < 1000 || counts[1] < 1000 {
                    let request = Request::post("/webhooks/acme").body(()).unwrap();
                    let answer = service.clone().oneshot(request).await.unwrap();
                    let is_refused = answer.status() == StatusCode::SERVICE_UNAVAILABLE;
                    assert_eq!(is_refused, answer.headers().contains_key("retry-after"));
                    assert!(is_refused || answer.status() == StatusCode::OK);
                    counts[usize::from(is_refused)] += 1;
                    tokio::task::yield_now().await;
                }
                counts
            })
        })
        .collect();
    while !senders.iter().all(tokio::task::JoinHandle::is_finished) {
        switch.pause_all(None, &cause());
        tokio::task::yield_now().await;
        switch.resume_all(&cause());
        switch.pause("acme", None, &cause()).unwrap();
        tokio::task::yield_now().await;
        switch.resume("acme", &cause());
        tokio::task::yield_now().await;
    }
    let mut sums = [0; 2];
    for sender in senders {
        let counts = sender.await.unwrap();
        sums[0] += counts[0];
        sums[1] += counts[1];
    }
    assert_eq!(begun.load(Ordering::SeqCst), sums[0]);
    assert_eq!(ended.load(Ordering::SeqCst), sums[0]);
}
