//! The extractor `Verified<T>`, and axum's own limit on bodies.
#![cfg(feature = "axum")]
// Clippy knows the functions of a test, not their helpers.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

use axum::{Json, Router, body::Body, body::Bytes, routing::post};
use http::{Request, StatusCode};
use tower::ServiceExt as _;
use webhook_core::{Secret, Timestamp, Verification, body::BodyLimits};
use webhook_hmac_layer::{HmacLayer, HmacSettings, Verified};
use webhook_signature::{SignRequest, Verifier, presets};

const SECRET: &str = "current-secret-0123456789abcdef";

fn settings() -> HmacSettings {
    HmacSettings::new(presets::GITHUB.scheme(), Secret::new(SECRET).unwrap()).unwrap()
}

fn signed(body: &[u8]) -> Request<Body> {
    let verifier = Verifier::new(presets::GITHUB.scheme(), Secret::new(SECRET).unwrap()).unwrap();
    let mut request = Request::post("/").body(Body::from(body.to_vec())).unwrap();
    let headers = request.headers_mut();
    headers.insert("content-type", "application/json".parse().unwrap());
    let sign = SignRequest::new(body, Timestamp::from_unix_seconds(0)).with_event("push");
    for (name, value) in verifier.sign(&sign).unwrap() {
        headers.insert(name, value);
    }
    request
}

async fn event(push: Verified<Json<serde_json::Value>>) -> String {
    format!(
        "{} {}",
        push.delivery.event_type().unwrap_or_default(),
        push.body["zen"]
    )
}

#[tokio::test]
async fn a_verified_delivery_is_extracted() {
    let app: Router = Router::new()
        .route("/", post(event))
        .layer(HmacLayer::from(settings()));
    let response = app.clone().oneshot(signed(br#"{"zen":1}"#)).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    let body = axum::body::to_bytes(response.into_body(), 100)
        .await
        .unwrap();
    assert_eq!(body, "push 1");

    let response = app.oneshot(signed(b"no json")).await.unwrap();
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn without_a_layer_nobody_gets_in() {
    let app: Router = Router::new()
        .route("/", post(event))
        .route("/head", post(|_: Verification| async { "never" }));
    let response = app.clone().oneshot(signed(br#"{"zen":1}"#)).await.unwrap();
    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
    let body = axum::body::to_bytes(response.into_body(), 1000)
        .await
        .unwrap();
    assert!(body.windows(13).any(|window| window == b"misconfigured"));
    let head = Request::post("/head").body(Body::empty()).unwrap();
    assert_eq!(
        app.oneshot(head).await.unwrap().status(),
        StatusCode::INTERNAL_SERVER_ERROR
    );
}

#[tokio::test]
async fn axum_takes_what_the_layer_took() {
    let three_mebibytes = vec![b' '; 3 << 20];
    let limits = BodyLimits::default().with_max_bytes(4 << 20);
    let app: Router = Router::new()
        .route(
            "/",
            post(|bytes: Bytes| async move { bytes.len().to_string() }),
        )
        .layer(HmacLayer::from(settings().with_limits(limits)));
    let response = app.oneshot(signed(&three_mebibytes)).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    let body = axum::body::to_bytes(response.into_body(), 100)
        .await
        .unwrap();
    assert_eq!(body, three_mebibytes.len().to_string());
}
