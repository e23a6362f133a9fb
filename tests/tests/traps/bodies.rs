//! Bodies: limits, allocation, cut ends.

use allocation_counter::measure;
use axum::{Json, Router, routing::post};
use http::{StatusCode, Version};
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;
use webhook_layers::{Clock, Secret, Verified, WebhookLayers, presets};
use webhook_tests::stand::{End, NOW, SECRET, ScriptedBody, Sender, Stand, poll_once};

use super::SENDER;

#[tokio::test]
async fn truncation_instead_of_refusal() {
    let (content, truncated) = ("x".repeat(1025), "x".repeat(1024));
    let stand = Stand::with(|setup| setup.max_body(1024));
    for size in [1, 7, 1024, 1025] {
        // Signed over the whole, and over what a truncated body would be.
        for signed in [&content, &truncated] {
            let headers = Sender::new().headers(signed.as_bytes(), NOW);
            let mut request = Sender::nobody(SENDER, "");
            request.headers_mut().extend(headers);
            let request = request.map(|_| ScriptedBody::chunked(content.clone(), size));
            assert_eq!(
                stand.judge(request).await,
                (413, "body_too_large"),
                "frames of {size}"
            );
        }
    }
    let exact = Sender::new().delivery(SENDER, &truncated);
    assert_eq!(stand.judge(exact).await, (200, "ok"));
    assert_eq!(stand.calls(), 1);
}

#[test]
fn allocation_by_the_declared_length() {
    for declared in [10 * 1024 * 1024 * 1024, u64::MAX - 1, u64::MAX] {
        for limit in [1024 * 1024, u64::MAX] {
            let stand = Stand::with(|setup| setup.max_body(limit));
            let request = || {
                let mut request = Sender::new().delivery(SENDER, "{}");
                request
                    .headers_mut()
                    .insert("content-length", declared.into());
                request.map(|body| body.declaring(declared))
            };
            poll_once(stand.judge(request()));
            let request = request();
            let mut verdict = None;
            let info = measure(|| verdict = poll_once(stand.judge(request)));
            // What is let in by its length is found to be short of it.
            let expected = if declared > limit {
                (413, "body_too_large")
            } else {
                (400, "body_incomplete")
            };
            assert_eq!(verdict, Some(expected), "{declared} of {limit}");
            assert!(
                info.bytes_max < 16 * 1024,
                "{declared} of {limit}: {} bytes",
                info.bytes_max
            );
            assert_eq!(stand.calls(), 0);
        }
    }
}

#[tokio::test]
async fn reset_that_looks_like_a_clean_end() {
    let stand = Stand::new();
    // Everything that was signed has come, and then the connection broke, or the stream was reset.
    let broken = Sender::new()
        .delivery(SENDER, "{}")
        .map(|body| body.ending(End::Broken));
    assert_eq!(stand.judge(broken).await, (400, "body_incomplete"));
    let headers = Sender::new().headers(b"{}", NOW);
    let mut short = Sender::nobody(SENDER, "").map(|_| ScriptedBody::chunked("{}", 2).declaring(3));
    short.headers_mut().extend(headers);
    *short.version_mut() = Version::HTTP_2;
    assert_eq!(stand.judge(short).await, (400, "body_incomplete"));
    assert_eq!(stand.calls(), 0);
}

#[tokio::test]
async fn limit_of_the_layer_and_limit_of_the_extractor_disagree() {
    async fn handle(event: Verified<Json<serde_json::Value>>) -> String {
        event.body["text"].as_str().unwrap().len().to_string()
    }
    let size = 3 * 1024 * 1024;
    let hooks = WebhookLayers::builder(&presets::STANDARD_WEBHOOKS)
        .secret("test", Secret::new(SECRET))
        .clock(Clock::manual(NOW).0)
        .max_body(4 * 1024 * 1024)
        .build()
        .unwrap();
    let app = Router::new().route("/webhooks", post(handle)).layer(hooks);
    let content = serde_json::json!({ "text": "x".repeat(size) }).to_string();
    let delivery = Sender::new()
        .delivery(SENDER, &content)
        .map(axum::body::Body::new);
    let response = app.oneshot(delivery).await.unwrap();
    assert_eq!(
        response.status(),
        StatusCode::OK,
        "axum's own default is 2 MB"
    );
    let answer = response.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(answer, size.to_string());
}
