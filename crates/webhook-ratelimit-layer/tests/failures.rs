//! Failed verifications cost their network more, and nobody else.
#![allow(clippy::unwrap_used, reason = "a helper that fails fails its test")]

mod common;

use std::convert::Infallible;

use common::{Body, clock, layer, passed, stranger, verified};
use http::{Request, Response, StatusCode};
use tower::{Layer, service_fn, util::BoxCloneSyncService};
use webhook_core::{Check, Endpoint, Facts, Problem, Reason, Rejection, Settings};
use webhook_ratelimit_layer::{Key, Quota, RateLimitErrorKind, RateLimitLayer, Subject};

/// A receiver whose inner layer refuses requests that carry a reason for it.
fn verifying(layer: &RateLimitLayer) -> common::Receiver {
    BoxCloneSyncService::new(layer.layer(service_fn(async |request: Request<Body>| {
        let reason = request.extensions().get::<Reason>().copied();
        let (parts, _) = request.into_parts();
        Ok::<_, Infallible>(match reason {
            Some(reason) => {
                Rejection::new(reason, Check::Signature).answer(&Problem::default(), &parts)
            }
            None => Response::new(Body::default()),
        })
    })))
}

fn failing(mut request: Request<Body>, reason: Reason) -> Request<Body> {
    request.extensions_mut().insert(reason);
    request
}

fn forged() -> Request<Body> {
    failing(stranger("192.0.2.1"), Reason::SignatureMismatch)
}

fn statuses(receiver: &common::Receiver, count: usize) -> Vec<u16> {
    (0..count)
        .map(|_| common::send(receiver, forged()).status().as_u16())
        .collect()
}

#[test]
fn a_failure_costs_its_network_more_and_an_accepted_delivery_never() {
    let limit = layer(Key::network(), Quota::per_minute(10).unwrap(), &clock().0)
        .and_quota("all", Key::all(), Quota::per_minute(100).unwrap())
        .unwrap()
        .with_failure_cost(4)
        .unwrap();
    let receiver = verifying(&limit);
    assert_eq!(statuses(&receiver, 4), [401, 401, 429, 429]);
    assert_eq!(
        passed(&receiver, 20, || stranger("192.0.2.2")),
        10,
        "another network"
    );
    let left = limit
        .handle()
        .inspect("all", &Subject::all())
        .unwrap()
        .remaining;
    assert_eq!(left, 100 - 12, "a quota on all is not charged for failures");
}

#[test]
fn a_failure_costs_requests_and_no_bytes() {
    let limit = layer(Key::network(), Quota::per_minute(100).unwrap(), &clock().0)
        .and_quota(
            "bytes",
            Key::network(),
            Quota::bytes_per_minute(1000).unwrap(),
        )
        .unwrap()
        .with_failure_cost(10)
        .unwrap();
    assert_eq!(statuses(&verifying(&limit), 1), [401]);
    let handle = limit.handle();
    let network = Subject::network("192.0.2.1".parse().unwrap());
    assert_eq!(handle.inspect("test", &network).unwrap().remaining, 89);
    // The empty body itself cost one.
    assert_eq!(handle.inspect("bytes", &network).unwrap().remaining, 999);
}

#[test]
fn the_bucket_is_emptied_and_no_further() {
    let limit = layer(Key::network(), Quota::per_minute(10).unwrap(), &clock().0);
    let receiver = verifying(&limit.with_failure_cost(1_000_000).unwrap());
    let _first = statuses(&receiver, 1);
    let refused = common::send(&receiver, forged());
    assert_eq!(
        common::header(&refused, "retry-after"),
        Some("6"),
        "one comes back as ever"
    );

    let windows = Quota::per_minute(10).unwrap().with_fixed_windows().unwrap();
    let limit = layer(Key::network(), windows, &clock().0)
        .with_failure_cost(1000)
        .unwrap();
    assert_eq!(statuses(&verifying(&limit), 2), [401, 429]);
}

#[test]
fn a_real_senders_endpoint_never_pays_for_forgeries() {
    let limit = RateLimitLayer::per_network()
        .and_quota("endpoint", Key::endpoint(), Quota::per_minute(10).unwrap())
        .unwrap()
        .with_failure_cost(5)
        .unwrap();
    let receiver = verifying(&limit);
    let failed = || failing(verified("192.0.2.1", "a"), Reason::SignatureMismatch);
    assert_eq!(
        common::send(&receiver, failed()).status(),
        StatusCode::UNAUTHORIZED
    );
    let handle = limit.handle();
    let endpoint = Subject::endpoint(Endpoint::new("a"), "github");
    assert_eq!(handle.inspect("endpoint", &endpoint).unwrap().remaining, 9);
    let network = Subject::network("192.0.2.1".parse().unwrap());
    assert_eq!(handle.inspect("network", &network).unwrap().remaining, 594);
}

#[test]
fn which_reasons_cost_can_be_picked() {
    let quota = Quota::per_minute(100).unwrap();
    let of = |limit: RateLimitLayer, reason| {
        let receiver = verifying(&limit);
        common::send(&receiver, failing(stranger("192.0.2.1"), reason));
        let client = Subject::network("192.0.2.1".parse().unwrap());
        100 - limit.handle().inspect("test", &client).unwrap().remaining
    };
    let limit = || layer(Key::network(), quota, &clock().0);
    let on_401 = || limit().with_failure_cost(9).unwrap();
    assert_eq!(of(on_401(), Reason::AuthInvalid), 10);
    assert_eq!(of(on_401(), Reason::BodyTooLarge), 1);
    let picked = || {
        limit()
            .with_failure_cost_for(9, [Reason::BodyTooLarge])
            .unwrap()
    };
    assert_eq!(of(picked(), Reason::AuthInvalid), 1);
    assert_eq!(of(picked(), Reason::BodyTooLarge), 10);
    assert_eq!(
        of(limit(), Reason::AuthInvalid),
        1,
        "nothing extra by default"
    );
    assert_eq!(
        of(on_401().with_failure_cost(0).unwrap(), Reason::AuthInvalid),
        1
    );
}

#[test]
fn a_failure_is_charged_within_the_endpoints_quota() {
    let limit = layer(Key::network(), Quota::per_minute(1).unwrap(), &clock().0)
        .with_quota(Settings::per_endpoint())
        .with_failure_cost(4)
        .unwrap();
    let receiver = verifying(&limit);
    let request = |name: &'static str| {
        let mut request = forged();
        let endpoint = Endpoint::new(name).with(Quota::per_minute(10).unwrap());
        Facts::of_mut(request.extensions_mut()).set_endpoint(endpoint);
        common::send(&receiver, request).status().as_u16()
    };
    assert_eq!([request("a"), request("a"), request("a")], [401, 401, 429]);
    assert_eq!(request("b"), 401);
}

#[test]
fn a_layer_without_a_quota_by_network_cannot_charge_failures() {
    let bytes = Quota::bytes_per_minute(10).unwrap();
    for layer in [
        RateLimitLayer::per_endpoint(),
        RateLimitLayer::per_network().with_quota(bytes),
        RateLimitLayer::per_network().with_quota(Quota::concurrent(5).unwrap()),
    ] {
        let error = layer.with_failure_cost(9).unwrap_err();
        assert_eq!(error.kind(), &RateLimitErrorKind::NoNetworkQuota);
        assert!(
            error
                .to_string()
                .contains("start from RateLimitLayer::per_network()")
        );
    }
}
