//! The cases of class `shared-credential` in `http_attacks.json`: who gets in, and the reason in the
//! record for whom that is not.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "helpers outside #[test] functions may fail a test too"
)]

mod common;

use std::convert::Infallible;

use bytes::Bytes;
use http::{HeaderValue, Request, Response};
use http_body_util::{BodyExt, Full};
use serde_json::Value;
use tower::{Layer, ServiceExt, service_fn};
use webhook_core::{Check, Clock, DeliveryRecord, Facts, RequestId, Secret, Verdict};
use webhook_token_layer::{Token, TokenLayer, TokenSource};

/// The endpoints that the cases are for.
fn layer(endpoint: &str) -> TokenLayer {
    let (source, token) = match endpoint {
        "bearer" => (TokenSource::Bearer, "tok-0123456789abcdef"),
        _ => (TokenSource::basic("hook").expect("a user"), "pa:ss"),
    };
    let token = Secret::insecure_short(token).expect("a secret");
    TokenLayer::new(source, Token::new("current", token).expect("a token"))
}

/// The request that a server would make of the bytes on the wire.
fn request(case: &Value) -> Request<()> {
    let wire = case["steps"][0]["send"].as_str().expect("a request");
    let (head, _body) = wire.split_once("\r\n\r\n").expect("a whole head");
    let mut lines = head.split("\r\n");
    let mut line = lines.next().expect("a request line").split(' ');
    let mut request = Request::builder()
        .method(line.next().expect("a method"))
        .uri(line.next().expect("a target"));
    for line in lines.filter(|line| !line.contains("{{LEN}}")) {
        let (name, value) = line.split_once(':').expect("a header");
        let value = value.trim_matches([' ', '\t']).as_bytes();
        request = request.header(name, HeaderValue::from_bytes(value).expect("a value"));
    }
    let mut request = request.body(()).expect("a request");
    let record = DeliveryRecord::new(RequestId::generate(&Clock::system()));
    Facts::of_mut(request.extensions_mut()).set_record(record);
    request
}

async fn check(case: &Value) {
    let (id, endpoint) = (&case["id"], case["endpoint"].as_str().expect("an endpoint"));
    let request = request(case);
    let record = Facts::record_of(request.extensions());
    let handler = service_fn(|_: Request<()>| async {
        Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))
    });
    let response = layer(endpoint).layer(handler).oneshot(request).await;
    let response = response.expect("an answer");

    let status = u64::from(response.status().as_u16());
    assert_eq!(case["expect"]["status"][0], status, "{id}");
    let reason = record.refusal().map_or("ok", |(reason, _)| reason.as_str());
    assert_eq!(case["expect"]["audit"][0]["reason"], reason, "{id}");
    let calls = record.verdict(Check::Token) == Some(Verdict::Pass);
    assert_eq!(case["expect"]["handler_calls"], u64::from(calls), "{id}");

    let head = format!("{:?}", response.headers());
    let body = response.into_body().collect().await.expect("a body");
    let told = format!(
        "{head} {:?} {record:?} {:?}",
        body.to_bytes(),
        record.verification()
    );
    let canaries = case["expect"]["audit_must_not_contain"].as_array();
    for canary in canaries.into_iter().flatten() {
        assert!(!told.contains(canary.as_str().expect("a text")), "{id}");
    }
}

async fn check_all(cases: Vec<Value>) -> usize {
    let is_ours = |case: &&Value| case["class"] == "shared-credential";
    let ours: Vec<_> = cases.iter().filter(is_ours).collect();
    for case in &ours {
        check(case).await;
    }
    ours.len()
}

#[tokio::test]
async fn representative_cases() {
    assert!(check_all(common::own("http_attacks.json")).await >= 12);
}

#[tokio::test]
async fn all_shared_cases() {
    let cases = common::shared("http_attacks.json");
    let are_there = !cases.is_empty();
    assert_eq!(check_all(cases).await > 0, are_there);
}
