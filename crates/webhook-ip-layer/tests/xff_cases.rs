//! The cases of `xff_cases.json`: who the client is, from peer, headers and trust.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "helpers outside #[test] functions may fail a test too"
)]

mod common;

use std::net::{IpAddr, SocketAddr};

use common::texts;
use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;
use webhook_core::{AddressError, ClientAddr, PeerAddr};
use webhook_ip_layer::{
    ClientAddressConfig, ClientAddressSource, TrustedProxies, explain, resolve,
};

/// A case that names the PROXY protocol is one for a server, not for a layer.
const OTHER_CRATE: &str = "proxy-protocol";

fn check(case: &Value) {
    let Some(headers) = headers(case) else {
        assert_eq!(
            case["id"], "xff-114",
            "the one case that no server can deliver"
        );
        return;
    };
    let (peer, config) = (peer(case), config(case));
    let resolved = resolve(peer, &headers, &config);
    let explained = explain(peer, &headers, &config);
    assert_eq!(explained.client, resolved, "{}", case["id"]);
    assert!(!explained.why.is_empty(), "{}", case["id"]);

    let client = resolved.as_ref().map(ClientAddr::ip).ok();
    let expected = case["expect"]["client"]
        .as_str()
        .map(|text| text.parse().expect("an address"));
    assert_eq!(
        client, expected,
        "{}: {}: {resolved:?}",
        case["id"], case["why"]
    );
    let error = resolved.err().map(AddressError::as_str);
    assert_eq!(
        error,
        case["expect"]["error"].as_str(),
        "{}: {}",
        case["id"],
        case["why"]
    );
}

fn peer(case: &Value) -> Option<PeerAddr> {
    match case["peer"].as_str() {
        Some("unix:") => Some(PeerAddr::Unix),
        Some(text) => {
            let address: IpAddr = text.parse().expect("an address");
            Some(PeerAddr::new(SocketAddr::new(address, 0)))
        }
        None => None,
    }
}

fn headers(case: &Value) -> Option<HeaderMap> {
    let mut headers = HeaderMap::new();
    for header in case["headers"].as_array().expect("a list") {
        let name = header[0]
            .as_str()
            .expect("a name")
            .parse::<HeaderName>()
            .expect("a name");
        let value = match header[1].as_str() {
            Some(text) => HeaderValue::from_bytes(text.as_bytes()),
            None => HeaderValue::from_bytes(&hex(header[1]["hex"].as_str().expect("hex"))),
        };
        headers.append(name, value.ok()?);
    }
    Some(headers)
}

fn hex(text: &str) -> Vec<u8> {
    let pairs = text
        .as_bytes()
        .chunks(2)
        .map(|pair| str::from_utf8(pair).expect("ASCII"));
    pairs
        .map(|pair| u8::from_str_radix(pair, 16).expect("two digits"))
        .collect()
}

fn config(case: &Value) -> ClientAddressConfig {
    let trust = &case["config"]["trust"];
    let trusted = match trust["hops"].as_u64() {
        Some(hops) => TrustedProxies::hops(usize::try_from(hops).expect("few")).expect("few"),
        None if trust["cidrs"].is_null() => TrustedProxies::nobody(),
        None => TrustedProxies::networks(texts(&trust["cidrs"])).expect("networks"),
    };
    let source = match case["config"]["source"].as_str().expect("a source") {
        "none" => ClientAddressSource::Peer,
        source => source.parse().expect("a source"),
    };
    ClientAddressConfig::new(source, trusted)
}

#[test]
fn representative_cases() {
    let cases = common::own("xff_cases.json");
    assert!(cases.len() >= 25);
    cases.iter().for_each(check);
}

#[test]
fn promise_06_all_shared_cases() {
    let cases = common::shared("xff_cases.json");
    cases
        .iter()
        .filter(|case| case["config"]["source"] != OTHER_CRATE)
        .for_each(check);
}
