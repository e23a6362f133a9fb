//! In axum: the route, the peer, and the answer after a panic with axum's body.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // Helpers of tests are tests.
#![cfg(feature = "axum")]

mod common;

use std::net::SocketAddr;

use axum::{Router, body::Body, extract::ConnectInfo, routing::post};
use common::Records;
use http::{Request, StatusCode};
use tower::ServiceExt;

async fn panics() {
    panic!("the handler")
}

fn app(records: &Records) -> Router {
    Router::new()
        .route("/webhooks/{provider}", post(async || "taken"))
        .route("/panic", post(panics))
        .layer(records.layer())
}

fn request(method: &str, path: &str) -> Request<Body> {
    let peer: SocketAddr = "192.0.2.7:4711".parse().unwrap();
    let request = Request::builder().method(method).uri(path);
    request
        .extension(ConnectInfo(peer))
        .body(Body::from("{}"))
        .unwrap()
}

#[tokio::test]
async fn the_route_and_the_peer_are_told() {
    let records = Records::default();
    let response = app(&records)
        .oneshot(request("POST", "/webhooks/github?a=b"))
        .await
        .unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    let record = records.one();
    assert_eq!(record.route.unwrap().as_raw(), "/webhooks/{provider}");
    assert_eq!(record.path.unwrap().as_raw(), "/webhooks/github");
    assert_eq!(record.peer.unwrap().to_string(), "192.0.2.7:4711");
}

#[tokio::test]
async fn what_the_router_has_no_handler_for_is_denied() {
    let records = Records::default();
    app(&records)
        .oneshot(request("POST", "/elsewhere"))
        .await
        .unwrap();
    assert_eq!(records.words(), ("denied", "no_route"));
    let records = Records::default();
    app(&records)
        .oneshot(request("GET", "/panic"))
        .await
        .unwrap();
    assert_eq!(records.words(), ("denied", "method_not_allowed"));
}

#[tokio::test]
async fn a_panic_is_one_500_and_one_record() {
    let records = Records::default();
    let response = app(&records)
        .oneshot(request("POST", "/panic"))
        .await
        .unwrap();
    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(
        response.headers()["content-type"],
        "application/problem+json"
    );
    assert_eq!(records.words(), ("error", "handler_panic"));
}
