//! Who shares a bucket with whom.
#![allow(clippy::unwrap_used, reason = "a helper that fails fails its test")]

mod common;

use common::{Body, clock, header, layer, passed, receiver, send, stranger, verified};
use http::{HeaderName, Request, StatusCode};
use webhook_core::{ClientAddr, Facts, PeerAddr, Rejection};
use webhook_ratelimit_layer::{Key, Quota, RateLimitLayer};

const X_ENDPOINT_ID: HeaderName = HeaderName::from_static("x-endpoint-id");

fn quota() -> Quota {
    Quota::per_minute(3).unwrap()
}

fn with_id(mut request: Request<Body>, id: &'static str) -> Request<Body> {
    request
        .headers_mut()
        .append(X_ENDPOINT_ID, id.parse().unwrap());
    request
}

#[test]
fn promise_23_an_address_and_its_ipv4_mapped_spelling_share_a_bucket() {
    let receiver = receiver(&layer(Key::network(), quota(), &clock().0));
    assert_eq!(passed(&receiver, 9, || stranger("192.0.2.1")), 3);
    assert_eq!(passed(&receiver, 9, || stranger("::ffff:192.0.2.1")), 0);
    assert_eq!(
        passed(&receiver, 9, || stranger("::ffff:192.0.2.2")),
        3,
        "not all of IPv4"
    );
}

#[test]
fn promise_23_an_ipv6_client_is_its_64() {
    let receiver = receiver(&layer(Key::network(), quota(), &clock().0));
    assert_eq!(passed(&receiver, 9, || stranger("2001:db8::1")), 3);
    assert_eq!(passed(&receiver, 9, || stranger("2001:db8::ffff:0:0:2")), 0);
    assert_eq!(passed(&receiver, 9, || stranger("2001:db8:0:1::1")), 3);
}

#[test]
fn the_resolved_client_goes_before_the_peer() {
    let receiver = receiver(&layer(Key::network(), quota(), &clock().0));
    let behind_a_proxy = |client: &str| {
        let mut request = stranger("10.0.0.1");
        let client = ClientAddr::new(client.parse().unwrap(), None);
        Facts::of_mut(request.extensions_mut()).set_client(client);
        request
    };
    assert_eq!(passed(&receiver, 9, || behind_a_proxy("192.0.2.1")), 3);
    assert_eq!(passed(&receiver, 9, || behind_a_proxy("192.0.2.2")), 3);
    assert_eq!(
        passed(&receiver, 9, || stranger("10.0.0.1")),
        3,
        "the proxy was never charged"
    );
}

#[test]
fn forwarding_headers_are_never_read() {
    let receiver = receiver(&layer(Key::network(), quota(), &clock().0));
    let spoofed = |number: usize| {
        let mut request = stranger("192.0.2.1");
        for name in [
            "x-forwarded-for",
            "forwarded",
            "x-real-ip",
            "cf-connecting-ip",
        ] {
            let value = format!("203.0.113.{number}").parse().unwrap();
            request
                .headers_mut()
                .insert(HeaderName::from_static(name), value);
        }
        request
    };
    let passed = (0..9)
        .filter(|&n| send(&receiver, spoofed(n)).status().is_success())
        .count();
    assert_eq!(passed, 3);
}

#[test]
fn a_client_that_is_not_known_is_refused_where_networks_are_counted() {
    let unknown = || Request::new(Body::default());
    let unix = || {
        Request::builder()
            .extension(PeerAddr::Unix)
            .body(Body::default())
            .unwrap()
    };
    for key in [
        Key::network(),
        Key::endpoint(),
        Key::network().and(Key::endpoint()),
    ] {
        let receiver = receiver(&layer(key, quota(), &clock().0));
        for request in [unknown(), unix()] {
            let response = send(&receiver, request);
            assert_eq!(response.status(), StatusCode::FORBIDDEN);
            let rejection = response.extensions().get::<Rejection>().unwrap();
            assert_eq!(rejection.reason().as_str(), "ip_unresolved");
            assert_eq!(header(&response, "retry-after"), None);
        }
    }
    let all = receiver(&layer(Key::all(), quota(), &clock().0));
    assert_eq!(
        passed(&all, 9, unknown),
        3,
        "a limit on all needs no client"
    );
}

#[test]
fn one_bucket_for_all() {
    let receiver = receiver(&layer(Key::all(), quota(), &clock().0));
    assert_eq!(passed(&receiver, 2, || stranger("192.0.2.1")), 2);
    assert_eq!(passed(&receiver, 9, || verified("2001:db8::1", "a")), 1);
}

#[test]
fn verified_endpoints_are_counted_apart_wherever_they_come_from() {
    let receiver = receiver(&layer(Key::endpoint(), quota(), &clock().0));
    assert_eq!(passed(&receiver, 2, || verified("192.0.2.1", "a")), 2);
    assert_eq!(passed(&receiver, 9, || verified("192.0.2.2", "a")), 1);
    assert_eq!(passed(&receiver, 9, || verified("192.0.2.1", "b")), 3);
}

#[test]
fn strangers_never_spend_a_verified_quota_nor_share_one_across_networks() {
    let receiver = receiver(&layer(Key::endpoint(), quota(), &clock().0));
    let claims_a = |address: &'static str| {
        move || {
            let mut request = stranger(address);
            // An endpoint is resolved from the path; it proves nothing until something verifies.
            let endpoint = webhook_core::Endpoint::new("a");
            Facts::of_mut(request.extensions_mut()).set_endpoint(endpoint);
            request
        }
    };
    assert_eq!(
        passed(&receiver, 500, claims_a("192.0.2.1")),
        3,
        "charged to its network"
    );
    assert_eq!(passed(&receiver, 500, claims_a("192.0.2.2")), 3);
    assert_eq!(
        passed(&receiver, 9, || verified("192.0.2.1", "a")),
        3,
        "untouched"
    );
}

#[test]
fn a_header_never_acts_on_a_request_that_nothing_verified() {
    const IDS: [&str; 9] = ["a", "b", "c", "d", "e", "f", "g", "h", "i"];
    let receiver = receiver(&layer(Key::header(X_ENDPOINT_ID), quota(), &clock().0));
    let tries = |request: fn() -> Request<Body>| {
        IDS.iter()
            .filter(|id| {
                send(&receiver, with_id(request(), id))
                    .status()
                    .is_success()
            })
            .count()
    };
    assert_eq!(
        tries(|| stranger("192.0.2.1")),
        3,
        "nine names, one network"
    );
    assert_eq!(
        tries(|| verified("192.0.2.1", "a")),
        9,
        "nine names, nine buckets"
    );
}

#[test]
fn a_header_counts_within_its_verified_endpoint() {
    let receiver = receiver(&layer(Key::header(X_ENDPOINT_ID), quota(), &clock().0));
    assert_eq!(
        passed(&receiver, 9, || with_id(verified("192.0.2.1", "a"), "x")),
        3
    );
    assert_eq!(
        passed(&receiver, 9, || with_id(verified("192.0.2.1", "b"), "x")),
        3
    );
    assert_eq!(
        passed(&receiver, 9, || verified("192.0.2.1", "a")),
        3,
        "none is a value too"
    );
    let twice = || with_id(with_id(verified("192.0.2.1", "a"), "x"), "y");
    assert_eq!(passed(&receiver, 9, twice), 3);
    assert_eq!(
        passed(&receiver, 9, || with_id(verified("192.0.2.1", "a"), "xy")),
        3
    );
}

#[test]
fn values_of_several_headers_never_run_together() {
    const OTHER: HeaderName = HeaderName::from_static("x-other-id");
    let key = Key::header(X_ENDPOINT_ID).and(Key::header(OTHER));
    let receiver = receiver(&layer(key, quota(), &clock().0));
    let with = |ids: &'static [&'static str], others: &'static [&'static str]| {
        move || {
            let mut request = verified("192.0.2.1", "a");
            for (name, values) in [(X_ENDPOINT_ID, ids), (OTHER, others)] {
                for value in values {
                    request.headers_mut().append(&name, value.parse().unwrap());
                }
            }
            request
        }
    };
    assert_eq!(passed(&receiver, 9, with(&["x", "y"], &["z"])), 3);
    assert_eq!(passed(&receiver, 9, with(&["x"], &["y", "z"])), 3);
    assert_eq!(passed(&receiver, 9, with(&["x"], &["y", "z"])), 0);
}

#[test]
fn a_combination_counts_each_pair() {
    let key = Key::network().and(Key::header(X_ENDPOINT_ID));
    let receiver = receiver(&layer(key, quota(), &clock().0));
    assert_eq!(
        passed(&receiver, 9, || with_id(verified("192.0.2.1", "a"), "x")),
        3
    );
    assert_eq!(
        passed(&receiver, 9, || with_id(verified("192.0.2.1", "a"), "y")),
        3
    );
    assert_eq!(
        passed(&receiver, 9, || with_id(verified("192.0.2.2", "a"), "x")),
        3
    );
    assert_eq!(
        passed(&receiver, 9, || with_id(verified("192.0.2.2", "a"), "x")),
        0
    );
}

#[test]
fn a_flood_from_one_network_leaves_the_others_untouched() {
    let receiver = receiver(&RateLimitLayer::per_network().with_clock(clock().0));
    assert_eq!(passed(&receiver, 5000, || stranger("192.0.2.1")), 600);
    assert_eq!(passed(&receiver, 600, || stranger("192.0.2.2")), 600);
    assert_eq!(passed(&receiver, 600, || stranger("2001:db8::1")), 600);
}

#[test]
fn all_routes_of_one_layer_share_its_buckets() {
    let layer = layer(Key::network(), quota(), &clock().0);
    let (one, other) = (receiver(&layer), receiver(&layer.clone()));
    assert_eq!(passed(&one, 2, || stranger("192.0.2.1")), 2);
    assert_eq!(passed(&other, 9, || stranger("192.0.2.1")), 1);
    let afresh = receiver(&layer.with_quota(quota()));
    assert_eq!(passed(&afresh, 9, || stranger("192.0.2.1")), 3);
}
