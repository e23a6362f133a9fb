//! Wiring: guards that are there and do nothing.

use std::convert::Infallible;

use axum::{Router, routing::post};
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use tower::{ServiceBuilder, ServiceExt as _, service_fn};
use webhook_layers::{
    AuditLayer, BufferedBody, HmacLayer, Quota, RateLimitLayer, Secret, Verified, presets,
};
use webhook_tests::stand::{Ledger, Sender};

use super::{SENDER, STRANGER, TEXT_SECRET};

#[tokio::test]
async fn quota_of_the_sender_wired_outside_the_verification() {
    let quota = RateLimitLayer::per_endpoint().with_quota(Quota::per_minute(2).unwrap());
    let hmac = HmacLayer::new(&presets::GITHUB, Secret::new(TEXT_SECRET).unwrap()).unwrap();
    let wrong = ServiceBuilder::new().layer(quota).layer(hmac);
    let guarded = wrong.service(service_fn(async |_: Request<BufferedBody>| {
        Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))
    }));
    let status = async |request| {
        guarded
            .clone()
            .oneshot(request)
            .await
            .unwrap()
            .status()
            .as_u16()
    };
    for expected in [401, 401, 429, 429] {
        assert_eq!(status(Sender::nobody(STRANGER, "{}")).await, expected);
    }
    // What strangers spent was their own.
    let sender = Sender::with(&presets::GITHUB, TEXT_SECRET);
    assert_eq!(status(sender.delivery(SENDER, "{}")).await, 200);
}

#[tokio::test]
async fn guard_that_is_defined_and_never_wired() {
    async fn handle(_: Verified<Bytes>) -> &'static str {
        "handled"
    }
    // Nothing verifies here: the layer was forgotten, or stands around another route.
    let app = Router::new()
        .route("/webhooks", post(handle))
        .layer(AuditLayer::new(Ledger::default()));
    let delivery = Sender::new()
        .delivery(SENDER, "{}")
        .map(axum::body::Body::new);
    let response = app.oneshot(delivery).await.unwrap();
    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
    let answer = response.into_body().collect().await.unwrap().to_bytes();
    assert!(String::from_utf8_lossy(&answer).contains(r#""code":"misconfigured""#));
}
