//! What the callers of a limited receiver read, and what the record keeps.
#![allow(clippy::unwrap_used, reason = "a helper that fails fails its test")]

mod common;

use std::{cell::Cell, convert::Infallible, rc::Rc, time::Duration};

use common::{Body, clock, header, layer, passed, receiver, retry_after, send, stranger, verified};
use http::{Request, Response, StatusCode, request::Parts};
use tower::{Layer, Service, ServiceExt, limit::ConcurrencyLimitLayer, service_fn};
use tower_test::mock;
use webhook_core::{
    Check, Clock, DeliveryRecord, Facts, Problem, Reason, Rejection, RequestId, Verdict,
};
use webhook_ratelimit_layer::{HeaderStyle, Key, Quota, RateLimitLayer};

fn kept() -> DeliveryRecord {
    DeliveryRecord::new(RequestId::generate(&Clock::system()))
}

fn recorded(mut request: Request<Body>, record: &DeliveryRecord) -> Request<Body> {
    Facts::of_mut(request.extensions_mut()).set_record(record.clone());
    request
}

#[test]
fn a_layer_tells_its_quota() {
    let even = Quota::per_minute(10).unwrap();
    let windows = even.with_fixed_windows().unwrap();
    for (quota, has_windows) in [(even, false), (windows, true)] {
        let limit = layer(Key::network(), quota, &clock().0);
        assert_eq!(limit.name(), "test");
        assert_eq!(limit.quota(), Some(quota));
        assert_eq!(quota.has_fixed_windows(), has_windows);
    }
}

#[test]
fn ten_a_minute_and_the_eleventh_is_told_to_wait() {
    let (clock, hands) = clock();
    let receiver = receiver(&layer(
        Key::network(),
        Quota::per_minute(10).unwrap(),
        &clock,
    ));
    assert_eq!(passed(&receiver, 10, || stranger("192.0.2.1")), 10);
    let refused = send(&receiver, stranger("192.0.2.1"));
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(
        header(&refused, "content-type"),
        Some("application/problem+json")
    );
    assert_eq!(header(&refused, "retry-after"), Some("6"));
    hands.advance(Duration::from_secs(60));
    assert_eq!(passed(&receiver, 11, || stranger("192.0.2.1")), 10);
}

#[test]
fn the_defaults_are_600_a_minute_per_network_and_100_per_verified_endpoint() {
    let (clock, _) = clock();
    let network = receiver(&RateLimitLayer::per_network().with_clock(clock.clone()));
    assert_eq!(passed(&network, 700, || stranger("192.0.2.1")), 600);
    let endpoint = receiver(&RateLimitLayer::per_endpoint().with_clock(clock));
    assert_eq!(passed(&endpoint, 200, || verified("192.0.2.1", "a")), 100);
}

/// Its record knows the time of its head, and something has had it wait since.
#[test]
fn a_request_that_waited_is_judged_by_the_time_it_is() {
    let (clock, hands) = clock();
    let quota = Quota::per_period(1, Duration::from_secs(10)).unwrap();
    let receiver = receiver(&layer(Key::network(), quota, &clock));
    let begun = || DeliveryRecord::begin(&clock, |_| {});
    let early = [begun(), begun(), begun()];
    let recorded = |record: &DeliveryRecord| recorded(stranger("192.0.2.1"), record);
    assert_eq!(
        send(&receiver, recorded(&early[0])).status(),
        StatusCode::OK
    );
    hands.advance(Duration::from_secs(10));
    assert_eq!(send(&receiver, recorded(&begun())).status(), StatusCode::OK);
    hands.advance(Duration::from_secs(10));
    assert_eq!(
        send(&receiver, recorded(&early[1])).status(),
        StatusCode::OK
    );
    hands.advance(Duration::from_secs(4));
    let refused = send(&receiver, recorded(&early[2]));
    assert_eq!(retry_after(&refused), Some(Duration::from_secs(6)));
}

#[test]
fn sub_second_quotas_round_retry_after_up_to_a_second() {
    let quota = Quota::per_period(1, Duration::from_millis(100)).unwrap();
    let receiver = receiver(&layer(Key::network(), quota, &clock().0));
    assert_eq!(passed(&receiver, 1, || stranger("192.0.2.1")), 1);
    let wait = retry_after(&send(&receiver, stranger("192.0.2.1"))).unwrap();
    assert_eq!(wait, Duration::from_secs(1));
}

#[test]
fn verified_senders_are_told_of_their_quota() {
    let receiver = receiver(&layer(
        Key::endpoint(),
        Quota::per_minute(3).unwrap(),
        &clock().0,
    ));
    for left in ["2", "1", "0"] {
        let passed = send(&receiver, verified("192.0.2.1", "a"));
        assert_eq!(
            header(&passed, "ratelimit-policy"),
            Some("\"test\";q=3;w=60")
        );
        assert_eq!(
            header(&passed, "ratelimit"),
            Some(format!("\"test\";r={left};t=20").as_str())
        );
        assert_eq!(header(&passed, "retry-after"), None);
    }
    let refused = send(&receiver, verified("192.0.2.1", "a"));
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(
        header(&refused, "ratelimit-policy"),
        Some("\"test\";q=3;w=60")
    );
    assert_eq!(header(&refused, "ratelimit"), Some("\"test\";r=0;t=20"));
    assert_eq!(header(&refused, "retry-after"), Some("20"));
}

#[test]
fn strangers_are_told_when_to_come_back_and_nothing_else() {
    for key in [Key::network(), Key::endpoint(), Key::all()] {
        for style in [HeaderStyle::Draft, HeaderStyle::Legacy] {
            let limit = layer(key.clone(), Quota::per_minute(1).unwrap(), &clock().0);
            let receiver = receiver(&limit.with_headers(style));
            for status in [StatusCode::OK, StatusCode::TOO_MANY_REQUESTS] {
                let response = send(&receiver, stranger("192.0.2.1"));
                assert_eq!(response.status(), status);
                let names = response.headers().keys().map(http::HeaderName::as_str);
                assert_eq!(names.filter(|name| name.contains("ratelimit")).count(), 0);
                assert_eq!(
                    header(&response, "retry-after").is_some(),
                    !status.is_success()
                );
            }
        }
    }
}

#[test]
fn the_older_fields_and_none_at_all() {
    let quota = Quota::per_minute(3).unwrap();
    let limit = layer(Key::endpoint(), quota, &clock().0);
    let legacy = receiver(&limit.clone().with_headers(HeaderStyle::Legacy));
    let response = send(&legacy, verified("192.0.2.1", "a"));
    assert_eq!(header(&response, "ratelimit-limit"), Some("3"));
    assert_eq!(header(&response, "ratelimit-remaining"), Some("2"));
    assert_eq!(header(&response, "ratelimit-reset"), Some("20"));
    let silent = receiver(&limit.with_headers(HeaderStyle::None));
    assert!(
        send(&silent, verified("192.0.2.1", "a"))
            .headers()
            .is_empty()
    );
}

#[test]
fn a_grpc_caller_reads_resource_exhausted_with_pushback() {
    let receiver = receiver(&layer(
        Key::endpoint(),
        Quota::per_minute(1).unwrap(),
        &clock().0,
    ));
    let call = || {
        let mut request = verified("192.0.2.1", "a");
        request
            .headers_mut()
            .insert("content-type", "application/grpc+proto".parse().unwrap());
        request
    };
    assert_eq!(passed(&receiver, 1, call), 1);
    let refused = send(&receiver, call());
    assert_eq!(refused.status(), StatusCode::OK);
    assert_eq!(header(&refused, "grpc-status"), Some("8"));
    assert_eq!(header(&refused, "grpc-retry-pushback-ms"), Some("60000"));
    assert_eq!(
        header(&refused, "ratelimit"),
        None,
        "never in what may become trailers"
    );
}

#[test]
fn the_record_keeps_the_verdict_and_the_name_of_the_quota() {
    for (key, check) in [
        (Key::network(), Check::RateNetwork),
        (Key::endpoint(), Check::RateEndpoint),
    ] {
        let receiver = receiver(&layer(key, Quota::per_minute(1).unwrap(), &clock().0));
        let (first, second) = (kept(), kept());
        send(&receiver, recorded(verified("192.0.2.1", "a"), &first));
        send(&receiver, recorded(verified("192.0.2.1", "a"), &second));
        assert_eq!(first.verdict(check), Some(Verdict::Pass));
        assert_eq!((first.refusal(), first.quota()), (None, None));
        assert_eq!(second.verdict(check), Some(Verdict::Fail));
        assert_eq!(second.refusal(), Some((Reason::RateLimited, check)));
        assert_eq!(second.quota().unwrap().as_str(), "test");
    }
}

#[test]
fn shadow_mode_judges_records_and_lets_pass() {
    let limit = layer(Key::network(), Quota::per_minute(1).unwrap(), &clock().0);
    let receiver = receiver(&limit.with_insecure_shadow(true));
    let (over, unknown) = (kept(), kept());
    assert_eq!(passed(&receiver, 5, || verified("192.0.2.1", "a")), 5);
    let response = send(&receiver, recorded(verified("192.0.2.1", "a"), &over));
    assert!(
        response.headers().is_empty(),
        "nobody is told of a quota that is not in force"
    );
    assert_eq!(over.verdict(Check::RateNetwork), Some(Verdict::ShadowFail));
    assert_eq!(
        over.shadow_refusal(),
        Some((Reason::RateLimited, Check::RateNetwork))
    );
    assert_eq!(
        (over.refusal(), over.quota().unwrap().as_str()),
        (None, "test")
    );

    assert!(
        send(&receiver, recorded(Request::new(Body::default()), &unknown))
            .status()
            .is_success()
    );
    assert_eq!(
        unknown.shadow_refusal(),
        Some((Reason::IpUnresolved, Check::RateNetwork))
    );
}

#[test]
fn a_pass_does_not_cover_up_the_shadow_refusal_of_another_quota() {
    let quota = Quota::per_minute(1).unwrap();
    let (clock, _) = clock();
    let inner = receiver(&layer(Key::all(), Quota::per_minute(100).unwrap(), &clock));
    let limit = layer(Key::network(), quota, &clock).with_insecure_shadow(true);
    let mut stack = limit.layer(inner);
    let record = kept();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    for _ in 0..2 {
        let request = recorded(stranger("192.0.2.1"), &record);
        runtime.block_on(async { stack.ready().await.unwrap().call(request).await.unwrap() });
    }
    assert_eq!(
        record.verdict(Check::RateNetwork),
        Some(Verdict::ShadowFail)
    );
}

#[test]
fn a_policy_of_the_users_own_still_says_when_to_come_back() {
    let limit = layer(Key::network(), Quota::per_minute(1).unwrap(), &clock().0);
    let receiver = receiver(&limit.with_rejection(|rejection: &Rejection, _: &Parts| {
        let mut response = Response::new(Body::default());
        *response.status_mut() = rejection.code().status();
        response
    }));
    assert_eq!(passed(&receiver, 1, || stranger("192.0.2.1")), 1);
    assert_eq!(
        header(&send(&receiver, stranger("192.0.2.1")), "retry-after"),
        Some("60")
    );
}

#[tokio::test]
async fn readiness_is_the_inner_services() {
    let limit = RateLimitLayer::per_network();
    let (mut service, mut handle) = mock::spawn_layer::<Request<Body>, Response<Body>, _>(limit);
    handle.allow(0);
    assert!(service.poll_ready().is_pending());
    handle.allow(1);
    assert!(service.poll_ready().is_ready());
    let answer = service.call(stranger("192.0.2.1"));
    let (_, respond) = handle.next_request().await.unwrap();
    respond.send_response(Response::new(Body::default()));
    assert_eq!(answer.await.unwrap().status(), StatusCode::OK);
}

#[tokio::test]
async fn a_refused_client_keeps_no_permit_of_the_inner_service() {
    let handler =
        service_fn(async |_: Request<Body>| Ok::<_, Infallible>(Response::new(Body::default())));
    let limited = ConcurrencyLimitLayer::new(1).layer(handler);
    let limit = layer(Key::network(), Quota::per_minute(1).unwrap(), &clock().0);
    let mut held = limit.layer(limited);
    let mut other = held.clone();
    for status in [StatusCode::OK, StatusCode::TOO_MANY_REQUESTS] {
        let response = held
            .ready()
            .await
            .unwrap()
            .call(stranger("192.0.2.1"))
            .await
            .unwrap();
        assert_eq!(response.status(), status);
    }
    let ready = tokio::time::timeout(Duration::from_secs(5), other.ready()).await;
    assert!(
        ready.is_ok(),
        "`held` is alive and idle, and must not keep the only permit"
    );
    drop(held);
}

#[tokio::test]
async fn the_inner_service_is_not_called_for_a_refused_request() {
    let calls = Rc::new(Cell::new(0));
    let counted = Rc::clone(&calls);
    let handler = service_fn(move |_: Request<Body>| {
        counted.set(counted.get() + 1);
        std::future::ready(Ok::<_, Infallible>(Response::new(Body::default())))
    });
    let mut service = layer(Key::all(), Quota::per_minute(2).unwrap(), &clock().0).layer(handler);
    for _ in 0..5 {
        service
            .ready()
            .await
            .unwrap()
            .call(Request::new(Body::default()))
            .await
            .unwrap();
    }
    assert_eq!(calls.get(), 2);
}

#[test]
fn names_and_capacities_out_of_range_are_refused_with_text() {
    let long = "n".repeat(65);
    for name in [
        "",
        "two words",
        "quo\"te",
        "ümlaut",
        "line\n",
        long.as_str(),
    ] {
        let error = RateLimitLayer::new(name.to_owned(), Key::all(), Quota::per_second(1).unwrap());
        assert!(
            error
                .unwrap_err()
                .to_string()
                .contains("give a short plain name"),
            "{name:?}"
        );
    }
    for keys in [0, 7, RateLimitLayer::MAX_CAPACITY + 1, usize::MAX] {
        let error = RateLimitLayer::per_network()
            .with_capacity(keys)
            .unwrap_err();
        assert!(error.to_string().ends_with("give 8 to 16777216"), "{error}");
    }
}

#[test]
fn layer_and_service_are_clonable_sendable_and_printable() {
    fn check<T: Clone + Send + Sync + std::fmt::Debug + 'static>(_: &T) {}
    check(&RateLimitLayer::per_network());
    let layer = RateLimitLayer::per_endpoint().with_rejection(Problem::default());
    check(&layer);
    check(&layer.layer(()));
}
