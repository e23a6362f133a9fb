//! What an operator sees of a key, and resets; and quotas from settings.
#![allow(clippy::unwrap_used, reason = "a helper that fails fails its test")]

mod common;

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use common::{Body, clock, layer, passed, receiver, send, stranger, verified};
use http::{HeaderName, HeaderValue, Request, StatusCode};
use webhook_core::{
    Clock, Endpoint, Facts, Rejection, Settings, Verification,
    change::{Cause, ChangeKind, ChangeLog},
};
use webhook_ratelimit_layer::{Key, Quota, RateLimitLayer, Subject};

const ID: HeaderName = HeaderName::from_static("x-endpoint-id");

fn cause() -> Cause {
    Cause::new("alice", "a false alarm")
}

fn network(address: &str) -> Subject {
    Subject::network(address.parse().unwrap())
}

#[test]
fn a_key_can_be_looked_into_by_network_endpoint_and_header() {
    let quota = Quota::per_minute(60).unwrap().with_burst(10).unwrap();
    for (key, request, subject, other) in [
        (
            Key::network(),
            stranger("2001:db8::1"),
            network("2001:db8::2"),
            network("2001:db8:0:1::1"),
        ),
        (
            Key::endpoint(),
            verified("192.0.2.1", "a"),
            Subject::endpoint(Endpoint::new("a"), "github"),
            Subject::endpoint(Endpoint::new("b"), "github"),
        ),
        (
            Key::header(ID),
            {
                let mut request = verified("192.0.2.1", "a");
                request
                    .headers_mut()
                    .insert(ID, HeaderValue::from_static("x"));
                request
            },
            Subject::endpoint(Endpoint::new("a"), "github")
                .with_header(ID, HeaderValue::from_static("x")),
            Subject::endpoint(Endpoint::new("a"), "github"),
        ),
        (
            Key::all(),
            stranger("192.0.2.1"),
            Subject::all(),
            network("192.0.2.1"),
        ),
    ] {
        let is_all = key == Key::all();
        let limit = layer(key, quota, &clock().0);
        let (receiver, handle) = (receiver(&limit), limit.handle());
        for _ in 0..3 {
            send(&receiver, request.clone());
        }
        let state = handle.inspect("test", &subject).unwrap();
        assert_eq!((state.remaining, state.limit), (7, 10));
        assert_eq!(state.full_in, Duration::from_secs(3));
        assert!(!state.is_shared);
        let untouched = handle.inspect("test", &other).unwrap();
        assert_eq!(untouched.remaining, if is_all { 7 } else { 10 });
        assert!(!untouched.is_shared);
        assert_eq!(handle.keys_in_use(), 1);
        assert_eq!(handle.keys_in_use_by("test"), Some(1));
        assert_eq!(handle.inspect("other", &subject), None);
        assert_eq!(
            handle.inspect("test", &subject),
            Some(state),
            "looking charges nothing"
        );
    }
    let limit = layer(Key::endpoint(), quota, &clock().0);
    let stranger = network("192.0.2.1");
    assert_eq!(
        limit.handle().inspect("test", &stranger),
        None,
        "not a sender"
    );
}

#[test]
fn a_reset_fills_the_bucket_and_is_noted() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = ChangeLog::new(Clock::system(), {
        let seen = Arc::clone(&seen);
        move |change| seen.lock().unwrap().push(change)
    });
    for quota in [
        Quota::per_minute(3).unwrap(),
        Quota::per_minute(3).unwrap().with_fixed_windows().unwrap(),
    ] {
        let limit = layer(Key::network(), quota, &clock().0);
        let (receiver, handle) = (receiver(&limit), limit.handle().with_log(log.clone()));
        for client in ["192.0.2.1", "192.0.2.2"] {
            assert_eq!(passed(&receiver, 9, || stranger(client)), 3);
        }
        assert!(handle.reset("test", &network("192.0.2.1"), &cause()));
        assert_eq!(passed(&receiver, 9, || stranger("192.0.2.1")), 3);
        assert_eq!(passed(&receiver, 9, || stranger("192.0.2.2")), 0);
        assert!(
            !handle.reset("test", &network("192.0.2.3"), &cause()),
            "no such bucket"
        );
        assert!(!handle.reset("other", &network("192.0.2.1"), &cause()));

        let changes = std::mem::take(&mut *seen.lock().unwrap());
        assert_eq!(changes.len(), 1);
        assert_eq!(changes[0].kind, ChangeKind::Reset);
        assert_eq!(changes[0].target.as_str(), "test: 192.0.2.1/32");
        assert_eq!(changes[0].cause, cause());
    }
}

fn of_endpoint(name: &str, quota: Option<Quota>) -> Request<Body> {
    let mut request = stranger("192.0.2.1");
    let endpoint = Endpoint::new(name.to_owned());
    let endpoint = match quota {
        Some(quota) => endpoint.with(quota),
        None => endpoint,
    };
    let facts = Facts::of_mut(request.extensions_mut());
    facts.set_endpoint(endpoint);
    facts.set_verification(Verification::new("github"));
    request
}

#[test]
fn ten_thousand_endpoints_each_have_their_own_quota_in_one_table() {
    let limit = RateLimitLayer::per_endpoint()
        .with_quota(Settings::per_endpoint())
        .with_clock(clock().0);
    let receiver = receiver(&limit);
    let bytes = limit.table_bytes();
    assert!(bytes <= 20 * RateLimitLayer::DEFAULT_CAPACITY);
    let quota = |number: u32| {
        let quota = Quota::per_minute(1 + number % 4).unwrap();
        if number.is_multiple_of(3) {
            quota.with_fixed_windows().unwrap()
        } else {
            quota
        }
    };
    let mut passed = vec![0; 10_000];
    for _ in 0..6 {
        for number in 0..10_000 {
            let request = of_endpoint(&format!("tenant-{number}"), Some(quota(number)));
            let is_passed = send(&receiver, request).status().is_success();
            passed[usize::try_from(number).unwrap()] += u32::from(is_passed);
        }
    }
    // 8192 sets of eight: that more than eight of 10,000 fall into one is a matter of chance.
    let right = (0..)
        .zip(&passed)
        .filter(|&(number, &passed)| passed == 1 + number % 4);
    assert!(right.count() >= 9_900);
    assert!(
        (0..)
            .zip(&passed)
            .all(|(number, &passed)| passed <= 1 + number % 4)
    );
    assert_eq!(limit.table_bytes(), bytes);
}

#[test]
fn buckets_are_never_mixed_between_endpoints_whatever_the_key() {
    for key in [Key::network(), Key::all(), Key::endpoint()] {
        let limit = layer(key, Quota::per_minute(1).unwrap(), &clock().0)
            .with_quota(Settings::per_endpoint());
        let receiver = receiver(&limit);
        let quota = |count| Some(Quota::per_minute(count).unwrap());
        assert_eq!(passed(&receiver, 9, || of_endpoint("a", quota(2))), 2);
        assert_eq!(passed(&receiver, 9, || of_endpoint("b", quota(4))), 4);
        assert_eq!(passed(&receiver, 9, || of_endpoint("a", quota(2))), 0);
    }
}

#[test]
fn an_endpoint_without_a_quota_is_refused_unless_there_is_one_for_all() {
    let quota = Quota::per_minute(1).unwrap();
    let limit = layer(Key::endpoint(), quota, &clock().0);
    let strict = limit.clone().with_quota(Settings::per_endpoint());
    assert_eq!(strict.quota(), None);
    let strict = receiver(&strict);
    let response = send(&strict, of_endpoint("a", None));
    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
    let rejection = response.extensions().get::<Rejection>().unwrap();
    assert_eq!(rejection.reason().as_str(), "misconfigured");
    let lenient = receiver(&limit.with_quota(Settings::per_endpoint_or(quota)));
    assert_eq!(passed(&lenient, 9, || of_endpoint("a", None)), 1);
    let own = Some(Quota::per_minute(3).unwrap());
    assert_eq!(passed(&lenient, 9, || of_endpoint("b", own)), 3);
    let told = send(&lenient, of_endpoint("c", own));
    assert_eq!(
        common::header(&told, "ratelimit-policy"),
        Some("\"test\";q=3;w=60")
    );
}

#[test]
fn a_changed_quota_is_in_force_at_once_and_forgets_nothing() {
    for in_windows in [false, true] {
        let quota = |count| {
            let quota = Quota::per_minute(count).unwrap();
            if in_windows {
                quota.with_fixed_windows().unwrap()
            } else {
                quota
            }
        };
        let (settings, changer) = Settings::swappable(quota(10));
        let limit = layer(Key::network(), quota(1), &clock().0).with_quota(settings);
        let receiver = receiver(&limit);
        assert_eq!(passed(&receiver, 5, || stranger("192.0.2.1")), 5);
        // Half of it is used: of the bucket where it fills up evenly, of the count in a window.
        changer.replace(quota(20), &cause());
        let left = if in_windows { 15 } else { 10 };
        assert_eq!(passed(&receiver, 99, || stranger("192.0.2.1")), left);
        changer.replace(quota(2), &cause());
        assert_eq!(passed(&receiver, 99, || stranger("192.0.2.1")), 0);
        assert_eq!(passed(&receiver, 99, || stranger("192.0.2.2")), 2);
    }
}
