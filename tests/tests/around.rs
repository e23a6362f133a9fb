//! The stack around a whole axum router, over a real socket: it judges before anybody looks for a
//! route, and the handler reads what was verified.
// Clippy knows the functions of a test, not their helpers.
#![allow(clippy::unwrap_used)]

use std::net::SocketAddr;

use axum::{Router, ServiceExt, routing::post};
use bytes::Bytes;
use http::{Request, Response};
use tokio::net::TcpListener;
use tower::Layer as _;
use webhook_layers::{Secret, Verified, WebhookLayers, presets};
use webhook_tests::stand::{Ledger, exchange};

/// GitHub's own example, from its documentation of `X-Hub-Signature-256`.
const SECRET: &str = "It's a Secret to Everybody";
const PAYLOAD: &str = "Hello, World!";
const SIGNATURE: &str = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";

async fn handle(push: Verified<Bytes>) -> Bytes {
    push.body
}

async fn receiver(ledger: Ledger) -> SocketAddr {
    let hooks = WebhookLayers::builder(&presets::GITHUB)
        .secret("2026-q4", Secret::new(SECRET))
        .audit(ledger)
        .build()
        .unwrap();
    let app = hooks.layer(Router::new().route("/webhooks/github", post(handle)));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let app = ServiceExt::<axum::extract::Request>::into_make_service_with_connect_info::<SocketAddr>(
        app,
    );
    tokio::spawn(async move { axum::serve(listener, app).await });
    address
}

async fn send(to: SocketAddr, path: &str, signature: Option<&str>) -> Response<Bytes> {
    let mut request = Request::post(path);
    if let Some(signature) = signature {
        request = request.header("x-hub-signature-256", signature);
    }
    let body = Bytes::from_static(PAYLOAD.as_bytes());
    exchange(to, &request.body(body).unwrap()).await
}

#[tokio::test]
async fn a_stack_around_a_router_judges_before_there_is_a_route() {
    let ledger = Ledger::default();
    let address = receiver(ledger.clone()).await;

    let accepted = send(address, "/webhooks/github", Some(SIGNATURE)).await;
    assert_eq!(accepted.status().as_u16(), 200);
    assert_eq!(accepted.body(), PAYLOAD);
    assert!(accepted.headers().contains_key("ratelimit"));

    // Whoever cannot sign does not learn which routes there are.
    for path in ["/webhooks/github", "/elsewhere"] {
        let refused = send(address, path, None).await;
        assert_eq!(refused.status().as_u16(), 401, "{path}");
        assert_eq!(
            refused.headers()["content-type"],
            "application/problem+json"
        );
    }
    let elsewhere = send(address, "/elsewhere", Some(SIGNATURE)).await;
    assert_eq!(elsewhere.status().as_u16(), 404);

    let conclusions = [
        ("accepted", "ok"),
        ("denied", "signature_missing"),
        ("denied", "signature_missing"),
        ("accepted", "ok"),
    ];
    assert_eq!(ledger.conclusions(), conclusions);
}
