//! The layer around a service: who gets in, what inner layers learn, what the caller is told.
#![allow(
    clippy::unwrap_used,
    reason = "helpers outside #[test] functions may fail a test too"
)]

mod events;

use std::{convert::Infallible, net::SocketAddr};

use bytes::Bytes;
use events::Events;
use http::{Request, Response, StatusCode, request::Parts};
use http_body_util::Full;
use tower::{Layer, Service, ServiceExt, service_fn};
use webhook_core::{
    AddressError, Check, Clock, DeliveryRecord, Endpoint, Facts, PeerAddr, Reason, Rejection,
    RequestId, Settings, Verdict, change::Cause,
};
use webhook_ip_layer::{AccessList, ClientAddressSource, IpLayer};

/// A body of our own: the layer must take it and hand it on.
#[derive(Debug, PartialEq)]
struct AnyBody(&'static str);

type Answer = Response<Full<Bytes>>;

/// Tells whom the handler saw, as a header of its response.
async fn handler(request: Request<AnyBody>) -> Result<Answer, Infallible> {
    assert_eq!(request.body(), &AnyBody("as it came"));
    let seen = Facts::of(request.extensions()).and_then(Facts::client);
    let seen = seen.map_or("nobody".to_owned(), |client| client.to_string());
    Ok(Response::builder()
        .header("seen", seen)
        .body(Full::default())
        .unwrap())
}

fn request(peer: &str) -> Request<AnyBody> {
    let mut request = Request::new(AnyBody("as it came"));
    let record = DeliveryRecord::new(RequestId::generate(&Clock::system()));
    Facts::of_mut(request.extensions_mut()).set_record(record);
    match peer {
        "" => None,
        "unix:" => request.extensions_mut().insert(PeerAddr::Unix),
        _ => {
            let peer: SocketAddr = peer.parse().unwrap();
            request.extensions_mut().insert(PeerAddr::new(peer))
        }
    };
    request
}

fn forwarded_for(peer: &str, header: &str) -> Request<AnyBody> {
    let mut request = request(peer);
    request
        .headers_mut()
        .insert("x-forwarded-for", header.parse().unwrap());
    request
}

fn behind_proxy(layer: IpLayer) -> IpLayer {
    let source = ClientAddressSource::XForwardedFor;
    layer
        .with_source(source)
        .with_trusted_proxies(["10.0.0.0/8"])
        .unwrap()
}

async fn send(layer: &IpLayer, request: Request<AnyBody>) -> (Answer, DeliveryRecord) {
    let record = Facts::record_of(request.extensions());
    let response = layer
        .layer(service_fn(handler))
        .oneshot(request)
        .await
        .unwrap();
    (response, record)
}

fn reason(response: &Answer) -> Option<Reason> {
    response.extensions().get().map(Rejection::reason)
}

#[tokio::test]
async fn the_example_of_the_founding_documents() {
    let layer = IpLayer::allow(["192.168.1.0/24", "10.0.0.100", "2001:db8::/32"]).unwrap();
    for inside in [
        "192.168.1.7:1",
        "10.0.0.100:1",
        "[2001:db8::1]:1",
        "[::ffff:192.168.1.7]:1",
    ] {
        let (response, record) = send(&layer, request(inside)).await;
        assert_eq!(response.status(), StatusCode::OK, "{inside}");
        assert_eq!(record.verdict(Check::Ip), Some(Verdict::Pass), "{inside}");
    }
    for outside in ["8.8.8.8:1", "10.0.0.101:1", "[2001:db9::1]:1"] {
        let (response, record) = send(&layer, request(outside)).await;
        assert_eq!(response.status(), StatusCode::FORBIDDEN, "{outside}");
        assert_eq!(reason(&response), Some(Reason::IpDenied), "{outside}");
        assert_eq!(
            record.refusal(),
            Some((Reason::IpDenied, Check::Ip)),
            "{outside}"
        );
        assert!(record.client().is_some(), "{outside}");
    }
}

#[tokio::test]
async fn deny_beats_allow() {
    let layer = IpLayer::allow(["203.0.113.7"])
        .unwrap()
        .with_deny(["203.0.113.0/24"])
        .unwrap();
    let (response, _) = send(&layer, request("203.0.113.7:1")).await;
    assert_eq!(reason(&response), Some(Reason::IpDenied));
}

#[tokio::test]
async fn a_spoofed_header_never_changes_the_verdict() {
    let layer = behind_proxy(IpLayer::allow(["203.0.113.0/24"]).unwrap());
    let (response, record) = send(&layer, forwarded_for("10.0.0.1:1", "203.0.113.7")).await;
    assert_eq!(response.headers()["seen"], "203.0.113.7");
    assert_eq!(record.client().unwrap().to_string(), "203.0.113.7");

    let by_a_stranger = forwarded_for("198.51.100.66:1", "203.0.113.7");
    assert_eq!(
        reason(&send(&layer, by_a_stranger).await.0),
        Some(Reason::IpDenied)
    );
    let through_the_proxy = forwarded_for("10.0.0.1:1", "203.0.113.7, 198.51.100.66");
    assert_eq!(
        reason(&send(&layer, through_the_proxy).await.0),
        Some(Reason::IpDenied)
    );
}

#[tokio::test]
async fn what_is_refused_looks_the_same_whatever_the_reason() {
    let layer = behind_proxy(IpLayer::allow(["203.0.113.0/24"]).unwrap());
    let mut answers = Vec::new();
    for request in [
        forwarded_for("10.0.0.1:1", "198.51.100.66"),
        forwarded_for("10.0.0.1:1", "junk"),
        request("198.51.100.66:1"),
        request(""),
    ] {
        let mut request = request;
        // The id of the record is in the answer.
        Facts::of_mut(request.extensions_mut()).set_record(DeliveryRecord::default());
        let (response, _) = send(&layer, request).await;
        let (parts, body) = response.into_parts();
        let body = http_body_util::BodyExt::collect(body)
            .await
            .unwrap()
            .to_bytes();
        answers.push((parts.status, parts.headers, body));
    }
    assert!(
        answers.windows(2).all(|pair| pair[0] == pair[1]),
        "{answers:?}"
    );
    let body = String::from_utf8_lossy(&answers[0].2);
    for told in ["198.51.100", "203.0.113", "ip_", "hop", "junk"] {
        assert!(!body.contains(told), "{body}");
    }
}

#[tokio::test]
async fn an_address_that_cannot_be_told_is_refused_where_anything_needs_it() {
    for (layer, request, error) in [
        (
            IpLayer::allow(["0.0.0.0/0", "::/0"]).unwrap(),
            request(""),
            AddressError::NoPeer,
        ),
        (
            IpLayer::deny(["203.0.113.7"]).unwrap(),
            request(""),
            AddressError::NoPeer,
        ),
        (
            IpLayer::deny(["203.0.113.7"]).unwrap(),
            request("unix:"),
            AddressError::NoPeer,
        ),
        (
            behind_proxy(IpLayer::new()),
            request(""),
            AddressError::NoPeer,
        ),
        (
            behind_proxy(IpLayer::new()),
            forwarded_for("10.0.0.1:1", "203.0.113.7, unknown"),
            AddressError::UnknownHop,
        ),
        (
            IpLayer::new().with_access(Settings::fixed(AccessList::deny(["::1"]).unwrap())),
            request(""),
            AddressError::NoPeer,
        ),
        (
            IpLayer::new().with_source(ClientAddressSource::XForwardedFor),
            request(""),
            AddressError::NoPeer,
        ),
        (
            IpLayer::new().with_trusted_proxies(["10.0.0.0/8"]).unwrap(),
            request(""),
            AddressError::NoPeer,
        ),
    ] {
        let (response, record) = send(&layer, request).await;
        assert_eq!(reason(&response), Some(Reason::IpUnresolved), "{layer:?}");
        assert_eq!(response.status(), StatusCode::FORBIDDEN, "{layer:?}");
        assert_eq!(record.address_error(), Some(error), "{layer:?}");
        assert_eq!(record.verdict(Check::Ip), Some(Verdict::Fail), "{layer:?}");
    }
}

#[tokio::test]
async fn with_nothing_configured_everybody_passes_known_or_not() {
    for (peer, seen) in [
        ("203.0.113.7:1", "203.0.113.7"),
        ("", "nobody"),
        ("unix:", "nobody"),
    ] {
        let (response, record) = send(&IpLayer::new(), request(peer)).await;
        assert_eq!(response.headers()["seen"], seen);
        assert_eq!(record.verdict(Check::Ip), Some(Verdict::Skipped));
        assert_eq!(record.address_error(), None);
    }
}

#[tokio::test]
async fn shadow_mode_records_and_lets_pass() {
    let layer = IpLayer::allow(["203.0.113.0/24"])
        .unwrap()
        .with_insecure_shadow(true);
    let (response, record) = send(&layer, request("198.51.100.66:1")).await;
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(record.verdict(Check::Ip), Some(Verdict::ShadowFail));
    assert_eq!(record.shadow_refusal(), Some((Reason::IpDenied, Check::Ip)));
    assert_eq!(record.refusal(), None);

    let (_, record) = send(&layer, request("")).await;
    assert_eq!(
        record.shadow_refusal(),
        Some((Reason::IpUnresolved, Check::Ip))
    );
    assert_eq!(record.address_error(), Some(AddressError::NoPeer));
}

#[tokio::test]
async fn lists_are_swapped_at_run_time_on_top_of_the_layers_own() {
    let (settings, handle) = Settings::swappable(AccessList::open());
    let layer = IpLayer::deny(["203.0.113.7"])
        .unwrap()
        .with_access(settings);
    let mut service = layer.layer(service_fn(handler));
    let mut status = async |peer| {
        let service = service.ready().await.unwrap();
        service.call(request(peer)).await.unwrap().status()
    };
    assert_eq!(status("203.0.113.8:1").await, StatusCode::OK);
    handle.replace(
        AccessList::allow(["203.0.113.7"]).unwrap(),
        &Cause::new("alice", "test"),
    );
    assert_eq!(status("203.0.113.8:1").await, StatusCode::FORBIDDEN);
    assert_eq!(status("203.0.113.7:1").await, StatusCode::FORBIDDEN);
    handle.replace(
        AccessList::allow(["203.0.113.0/24"]).unwrap(),
        &Cause::new("alice", "test"),
    );
    assert_eq!(status("203.0.113.8:1").await, StatusCode::OK);
}

#[tokio::test]
async fn a_client_has_to_be_on_every_allow_list() {
    let lists = [["203.0.113.0/24"], ["198.51.100.0/24"]];
    for (own, other) in [(lists[0], lists[1]), (lists[1], lists[0])] {
        let other = Settings::fixed(AccessList::allow(other).unwrap());
        let layer = IpLayer::allow(own).unwrap().with_access(other);
        for peer in ["203.0.113.7:1", "198.51.100.7:1"] {
            let (response, _) = send(&layer, request(peer)).await;
            assert_eq!(reason(&response), Some(Reason::IpDenied), "{own:?} {peer}");
        }
    }
}

#[tokio::test]
async fn a_number_of_trusted_hops_names_the_client() {
    let layer = IpLayer::new().with_source(ClientAddressSource::XForwardedFor);
    let layer = layer.with_trusted_hops(1).unwrap();
    let request = || forwarded_for("192.0.2.1:1", "198.51.100.66, 203.0.113.7");
    let (response, _) = send(&layer, request()).await;
    assert_eq!(response.headers()["seen"], "203.0.113.7");
    let layer = layer.with_trusted_hops(2).unwrap();
    let (response, _) = send(&layer, request()).await;
    assert_eq!(response.headers()["seen"], "198.51.100.66");
}

#[test]
fn every_source_reads_back_what_it_writes() {
    for name in [
        "peer",
        "x-forwarded-for",
        "forwarded",
        "x-real-ip",
        "header:cf-connecting-ip",
    ] {
        let source: ClientAddressSource = name.parse().unwrap();
        assert_eq!(source.to_string(), name);
        let layer = IpLayer::new().with_source(source.clone());
        assert_eq!(layer.client_address().source(), &source);
    }
    for unknown in ["", "X-Real-IP", "cf-connecting-ip", "header:", "header:a b"] {
        assert!(unknown.parse::<ClientAddressSource>().is_err(), "{unknown}");
    }
}

#[tokio::test]
async fn an_endpoint_without_lists_is_misconfigured_not_open() {
    let layer = IpLayer::new().with_access(Settings::per_endpoint());
    let (response, _) = send(&layer, request("203.0.113.7:1")).await;
    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(reason(&response), Some(Reason::Misconfigured));

    let list = AccessList::allow(["203.0.113.7"]).unwrap();
    let mut request = request("203.0.113.7:1");
    Facts::of_mut(request.extensions_mut()).set_endpoint(Endpoint::new("shop").with(list));
    assert_eq!(send(&layer, request).await.0.status(), StatusCode::OK);
}

#[tokio::test]
async fn refusals_are_worded_by_the_policy() {
    let policy =
        |rejection: &Rejection, _: &Parts| Response::new(Full::from(rejection.code().as_str()));
    let layer = IpLayer::allow(["203.0.113.0/24"])
        .unwrap()
        .with_rejection(policy);
    let service = layer.layer(service_fn(handler));
    let response = service.oneshot(request("198.51.100.66:1")).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(reason(&response), Some(Reason::IpDenied));
}

#[tokio::test]
async fn grpc_callers_are_told_in_their_own_terms() {
    let mut request = request("198.51.100.66:1");
    request
        .headers_mut()
        .insert("content-type", "application/grpc".parse().unwrap());
    let (response, _) = send(&IpLayer::allow(["203.0.113.0/24"]).unwrap(), request).await;
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()["grpc-status"], "7");
}

#[tokio::test]
async fn the_operator_is_told_once_for_a_layer_not_for_each_request() {
    let (events, _guard) = Events::collect();
    let layer = IpLayer::allow(["203.0.113.0/24"]).unwrap();
    for _ in 0..3 {
        send(&layer, request("")).await;
        send(
            &layer.clone(),
            forwarded_for("203.0.113.7:1", "198.51.100.66"),
        )
        .await;
    }
    let told = events.take();
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[0].contains("WHK-I110"), "{told:?}");
    assert!(
        told[0].contains("into_make_service_with_connect_info::<SocketAddr>()"),
        "{told:?}"
    );
    assert!(told[1].contains("WHK-I101"), "{told:?}");
    assert!(told[1].contains("203.0.113.7"), "{told:?}");

    // A header that is believed, or a missing peer that nothing needs, is no fault.
    send(
        &behind_proxy(IpLayer::new()),
        forwarded_for("10.0.0.1:1", "203.0.113.7"),
    )
    .await;
    send(&IpLayer::new(), request("")).await;
    assert_eq!(events.take(), Vec::<String>::new());

    let _everyone = IpLayer::new().with_trusted_proxies(["0.0.0.0/0"]).unwrap();
    assert_eq!(events.take().len(), 1);
}
