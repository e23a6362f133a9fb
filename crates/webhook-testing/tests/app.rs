//! The app under test, its answers, and the routes that are not protected.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test fails by panicking, and its helpers with it"
)]

use axum::{Router, http::StatusCode, routing::post};
use http::Request;
use webhook_core::{Clock, Reason, Timestamp};
use webhook_layers::{Secret, WebhookLayers, presets};
use webhook_signature::{Kind, SecretEncoding};
use webhook_testing::{End, HandlerProbe, TestApp, TestBody, signed};

const SECRET: &str = "0123456789abcdef0123456789abcdef";
const NOW: Timestamp = Timestamp::from_unix_seconds(1_700_000_000);

/// A guarded router with one route outside the layer.
fn app() -> TestApp {
    let (clock, _hands) = Clock::manual(NOW);
    let hooks = WebhookLayers::builder(&presets::STANDARD_WEBHOOKS)
        .secret("default", Secret::new(SECRET))
        .allow(["140.82.112.0/20"])
        .clock(clock.clone())
        .build()
        .unwrap();
    let handler = || post(async |body: String| body).layer(HandlerProbe);
    let router = Router::new()
        .route("/webhooks", handler())
        .layer(hooks)
        .route("/forgotten", handler());
    TestApp::new(router).peer("140.82.115.9:443").clock(clock)
}

fn delivery() -> webhook_testing::SignedRequest {
    signed(&presets::STANDARD_WEBHOOKS, SECRET)
}

fn message(panic: Box<dyn std::any::Any + Send>) -> String {
    *panic.downcast::<String>().unwrap()
}

/// What a failed assertion panics with.
fn catch(assertion: impl FnOnce()) -> Box<dyn std::any::Any + Send> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(assertion)).unwrap_err()
}

#[tokio::test]
async fn a_signed_request_is_accepted_and_its_answer_is_whole() {
    let answer = app().send(delivery().json("{\"a\":1}")).await;
    answer.assert_accepted().assert_handled(1);
    assert_eq!(answer.body(), "{\"a\":1}");
    assert_eq!(answer.bytes_read(), 7);
}

#[tokio::test]
async fn refusals_are_told_by_their_reason() {
    let app = app();
    let stale = delivery().at(Timestamp::from_unix_seconds(1_699_990_000));
    app.send(stale)
        .await
        .assert_rejected(Reason::TimestampTooOld);
    let plain = Request::post("/webhooks").body(TestBody::unread()).unwrap();
    app.send(plain).await.assert_rejected(Reason::IdMissing);
    let broken = TestBody::new("{\"a\"").declaring(7).ending(End::Broken);
    let mut signed = Request::post("/webhooks").body(broken).unwrap();
    for (name, value) in [
        ("webhook-id", "msg_1"),
        ("webhook-timestamp", "1700000000"),
        (
            "webhook-signature",
            "v1,AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        ),
    ] {
        signed.headers_mut().insert(name, value.parse().unwrap());
    }
    app.send(signed)
        .await
        .assert_rejected(Reason::BodyIncomplete);
    let outside = app.clone().peer("192.0.2.1:443");
    outside
        .send(delivery())
        .await
        .assert_rejected(Reason::IpDenied);
}

#[tokio::test]
async fn without_a_rejection_the_status_or_the_code_decides() {
    let unauthorized = || async { StatusCode::UNAUTHORIZED };
    let app = TestApp::new(Router::new().route("/webhooks", post(unauthorized)));
    let answer = app.send(delivery()).await;
    answer.assert_rejected(Reason::SignatureMismatch);
    let wrong = catch(|| {
        answer.assert_rejected(Reason::BodyTooLarge);
    });
    assert!(message(wrong).contains("expected a refusal for body_too_large, got: 401"));
}

#[tokio::test]
async fn a_failed_assertion_says_what_to_do() {
    let elsewhere = app().send(delivery().url("/nowhere")).await;
    let failed = catch(|| {
        elsewhere.assert_accepted();
    });
    assert!(message(failed).contains("TestApp::path"));
}

#[tokio::test]
async fn the_route_outside_the_layer_is_named() {
    let app = app();
    app.assert_every_route_protected(["/webhooks"]).await;
    let checked = tokio::spawn(async move {
        app.assert_every_route_protected(["/webhooks", "/forgotten"])
            .await;
    });
    let text = message(checked.await.unwrap_err().into_panic());
    assert!(
        text.contains("/forgotten unsigned: the handler ran (200, handled)"),
        "{text}"
    );
    assert!(
        text.contains("/forgotten with an empty signature"),
        "{text}"
    );
    assert!(
        text.contains("/forgotten with a forged signature"),
        "{text}"
    );
    assert!(!text.contains("/webhooks unsigned"), "{text}");
}

#[tokio::test]
async fn a_route_that_is_not_there_shows_nothing() {
    let app = TestApp::new(Router::new());
    let checked = tokio::spawn(async move {
        app.assert_every_route_protected(["/nowhere"]).await;
    });
    let text = message(checked.await.unwrap_err().into_panic());
    assert!(
        text.contains("/nowhere unsigned: there is no such route (404)"),
        "{text}"
    );
}

/// Each preset whose secret signs has its request, and the verifier of the same scheme takes it.
#[tokio::test]
async fn every_signing_preset_has_a_signed_request() {
    let mut count = 0;
    for preset in presets::all() {
        let scheme = preset
            .scheme()
            .with_base_url("https://hooks.example.com")
            .unwrap();
        let is_named = !scheme.signature_place().contains("your choice");
        let is_secret = matches!(
            scheme.secret_encoding(),
            SecretEncoding::Raw
                | SecretEncoding::Hex
                | SecretEncoding::Base64
                | SecretEncoding::Whsec
        );
        let signs = !matches!(preset.kind(), Kind::Unsigned);
        if !(is_named && is_secret && signs) {
            continue;
        }
        let (clock, _hands) = Clock::manual(NOW);
        let hooks = WebhookLayers::builder(scheme.clone())
            .secret("default", Secret::new(SECRET))
            .clock(clock.clone())
            .build()
            .unwrap();
        let router = Router::new().fallback(async || "ok").layer(hooks);
        let app = TestApp::new(router).clock(clock);
        let answer = app.send(signed(scheme, SECRET).id("1")).await;
        assert!(
            answer.is_success(),
            "{}: {}",
            preset.name(),
            answer.summary()
        );
        count += 1;
    }
    assert!(count >= 125, "{count}");
}
