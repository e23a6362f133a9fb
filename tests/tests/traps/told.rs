//! What is told: answers, logs, records.

use std::{convert::Infallible, net::SocketAddr, time::Duration};

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::Full;
use tower::{Layer as _, ServiceExt as _, service_fn};
use webhook_layers::{
    BufferedBody, Facts, HmacSettings, JsonLinesSink, KeyRing, MemoryBudget, PeerAddr, Quota,
    Secret, TracingSink, WebhookLayers, presets,
};
use webhook_tests::stand::{End, Ledger, Log, NOW, ScriptedBody, Sender, Stand, poll_once};

use super::{SENDER, STRANGER, TEXT_SECRET, text, with_header};

/// Every refusal that a head or a body can bring about.
fn refusals() -> Vec<(Stand, Request<ScriptedBody>, &'static str)> {
    let sender = Sender::new();
    let delivery = || sender.delivery(SENDER, "{}");
    let mut unresolved = delivery();
    unresolved.extensions_mut().remove::<Facts>();
    let mut put = delivery();
    *put.method_mut() = Method::PUT;
    let stale = sender.headers(
        b"{}",
        webhook_layers::Timestamp::from_unix_seconds(1_600_000_000),
    );
    let mut old = Sender::nobody(SENDER, "{}");
    old.headers_mut().extend(stale);
    let spent = Stand::with(|setup| setup.endpoint_quota(Quota::per_minute(1)));
    poll_once(spent.send(delivery())).unwrap();
    let flooded = Stand::with(|setup| setup.network_quota(Quota::per_minute(1)));
    poll_once(flooded.send(Sender::nobody(SENDER, "{}"))).unwrap();
    let small = || Stand::with(|setup| setup.max_body(1));
    let poor = Stand::with(|setup| setup.memory_budget(MemoryBudget::new(1)));
    vec![
        (Stand::new(), Sender::nobody(SENDER, "{}"), "16"),
        (Stand::new(), Sender::forgery(SENDER, "{}"), "16"),
        (Stand::new(), old, "16"),
        (Stand::with(|setup| setup.deny([SENDER])), delivery(), "7"),
        (Stand::new(), unresolved, "7"),
        (small(), delivery(), "8"),
        (
            small(),
            delivery().map(|_| ScriptedBody::chunked("{}", 1)),
            "8",
        ),
        (spent, delivery(), "8"),
        (flooded, delivery(), "8"),
        (
            Stand::new(),
            with_header(delivery(), "content-encoding", "gzip"),
            "3",
        ),
        (
            Stand::new(),
            delivery().map(|body| body.ending(End::Broken)),
            "3",
        ),
        (Stand::new(), put, "12"),
        (poor, delivery(), "14"),
        (
            Stand::new(),
            with_header(delivery(), "x-handler", "panic"),
            "13",
        ),
    ]
}

#[tokio::test]
async fn plain_http_refusal_reaches_a_grpc_caller() {
    for content_type in [
        "application/grpc",
        "application/grpc+proto",
        "application/grpc;foo=bar",
    ] {
        for (stand, mut request, grpc_status) in refusals() {
            let value = HeaderValue::from_static(content_type);
            request.headers_mut().insert("content-type", value);
            let response = stand.send(request).await;
            let reason = stand.ledger.last().reason;
            assert_eq!(
                response.status(),
                StatusCode::OK,
                "{reason}: gRPC has its own statuses"
            );
            assert_eq!(
                response.headers()["content-type"],
                "application/grpc",
                "{reason}"
            );
            assert_eq!(response.headers()["grpc-status"], grpc_status, "{reason}");
            assert_eq!(text(response).await, "", "{reason}: the head is all");
        }
    }
    // And nobody else is answered so.
    for (stand, request, _) in refusals() {
        let response = stand.send(request).await;
        assert!(!response.status().is_success());
        assert_eq!(
            response.headers()["content-type"],
            "application/problem+json"
        );
        assert!(!response.headers().contains_key("grpc-status"));
    }
}

/// A request that is full of what nobody may tell.
fn deliver(from: &str, signature: HeaderValue) -> Request<ScriptedBody> {
    let mut request = Sender::nobody(from, "canary-body");
    let uri = "/webhooks?token=canary-query&api_key=canary-key";
    *request.uri_mut() = uri.parse().unwrap();
    request
        .headers_mut()
        .insert("x-hub-signature-256", signature);
    for (name, value) in [
        ("authorization", "Bearer canary-token"),
        ("cookie", "session=canary-cookie"),
        ("x-api-key", "canary-api-key"),
        ("referer", "https://example.com/?canary-referer"),
    ] {
        request = with_header(request, name, value);
    }
    request
}

#[tokio::test]
async fn secrets_and_urls_in_logs() {
    let (log, _guard) = Log::of_this_thread();
    let lines = Log::default();
    let sink = JsonLinesSink::new(lines.clone()).unwrap();
    let audit = sink.handle();
    let ledger = Ledger::default();

    let secret = "canary-secret-canary-secret";
    let keys = || KeyRing::new("id", Secret::new(secret).unwrap()).unwrap();
    let settings = || HmacSettings::new(&presets::GITHUB, keys()).unwrap();
    let builder = WebhookLayers::builder(&presets::GITHUB)
        .secret("id", Secret::new(secret))
        .deny([STRANGER])
        .endpoint_quota(Quota::per_minute(2))
        .audit((TracingSink::new(), sink, ledger.clone()));
    let mut told = vec![
        format!("{builder:?}"),
        format!("{:?}", Secret::new(secret).unwrap()),
        format!("{:?} {:?}", keys(), settings()),
    ];
    let hooks = builder.build().unwrap();
    let guarded = hooks.layer(service_fn(async |request: Request<BufferedBody>| {
        assert!(!request.headers().contains_key("x-panic"), "asked for");
        Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))
    }));

    let sender = Sender::with(&presets::GITHUB, secret);
    let signature = sender.headers(b"canary-body", NOW)["x-hub-signature-256"].clone();
    let forged = format!("sha256={}", "cafe0123".repeat(8));
    let forged = HeaderValue::from_str(&forged).unwrap();
    let malformed = HeaderValue::from_static("canary-malformed-signature");
    let requests = [
        deliver(SENDER, signature.clone()),
        deliver(SENDER, forged.clone()),
        deliver(SENDER, malformed),
        deliver(STRANGER, signature.clone()),
        deliver(SENDER, signature.clone()).map(|body| body.ending(End::Broken)),
        with_header(
            deliver(SENDER, signature.clone()),
            "x-panic",
            "canary-panic",
        ),
        deliver(SENDER, signature.clone()),
        with_header(
            deliver(SENDER, signature.clone()),
            "x-hub-signature-256",
            "canary-second",
        ),
    ];
    for request in requests {
        let response = guarded.clone().oneshot(request).await.unwrap();
        told.push(format!("{response:?}"));
        told.push(text(response).await);
    }
    audit.flush(Duration::from_secs(10)).unwrap();

    let reasons: Vec<_> = ledger
        .conclusions()
        .into_iter()
        .map(|(_, reason)| reason)
        .collect();
    let expected = [
        "ok",
        "signature_mismatch",
        "signature_malformed",
        "ip_denied",
        "body_incomplete",
        "handler_panic",
        "rate_limited",
        "signature_duplicate_header",
    ];
    assert_eq!(reasons, expected);
    told.push(format!("{:?} {guarded:?}", ledger.all()));
    let told = told.concat();
    let (log, lines) = (log.text(), lines.text());
    assert!(
        log.contains("webhook_audit") && log.contains("signature_mismatch"),
        "{log}"
    );
    assert_eq!(lines.lines().count(), expected.len());

    let expected_mac = signature.to_str().unwrap().trim_start_matches("sha256=");
    for (place, output) in [
        ("answers and Debug", &told),
        ("log", &log),
        ("lines", &lines),
    ] {
        for canary in ["canary", "cafe0123", expected_mac] {
            assert!(!output.contains(canary), "{canary} in {place}: {output}");
        }
    }
}

#[tokio::test]
async fn request_that_breaks_out_of_its_line() {
    let lines = Log::default();
    let sink = JsonLinesSink::new(lines.clone()).unwrap();
    let audit = sink.handle();
    let hooks = WebhookLayers::builder(&presets::GITHUB)
        .secret("id", Secret::new(TEXT_SECRET))
        .audit(sink)
        .build()
        .unwrap();
    let guarded = hooks.layer(service_fn(async |_: Request<BufferedBody>| {
        Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))
    }));
    let hostile: [&[u8]; 8] = [
        b"\"},{\"outcome\":\"accepted\"",
        b"\\\"\\n\\u000a\\",
        b"\xe2\x80\xa8\xe2\x80\xa9\xe2\x80\xae",
        b"\x9b31m\x85\xff\xfe",
        b"\tx\ty",
        &[b'\\'; 8000],
        &[0xff; 8000],
        b"${jndi:ldap://x} %0a %0d",
    ];
    for value in hostile {
        let mut request = Sender::nobody(SENDER, "{}");
        *request.uri_mut() = "/a%0a%22%7D?x=%0a".parse().unwrap();
        for name in [
            "user-agent",
            "x-github-delivery",
            "x-github-event",
            "x-hub-signature-256",
        ] {
            request
                .headers_mut()
                .insert(name, HeaderValue::from_bytes(value).unwrap());
        }
        guarded.clone().oneshot(request).await.unwrap();
    }
    audit.flush(Duration::from_secs(10)).unwrap();

    let text = lines.text();
    assert_eq!(
        text.lines().count(),
        hostile.len(),
        "one line for each request"
    );
    assert!(text.ends_with('\n'));
    for line in text.lines() {
        assert!(line.len() < 2048);
        assert!(!line.chars().any(char::is_control), "{line:?}");
        let record: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(record["outcome"], "denied", "{line}");
        assert_eq!(line.matches("\"outcome\":").count(), 1, "{line}");
        assert_eq!(record["client.address"], SENDER);
    }
}

/// The peer in the form in which a host tells it, for whoever has no `Facts` to give.
#[tokio::test]
async fn key_that_nobody_sets() {
    // The limiter counts by an extension: where nobody set it, nobody is let through unlimited.
    let stand = Stand::with(|setup| setup.network_quota(Quota::per_minute(1)));
    let bare = || {
        let mut request = Sender::nobody(SENDER, "{}");
        request.extensions_mut().remove::<Facts>();
        request
    };
    for _ in 0..3 {
        assert_eq!(stand.judge(bare()).await, (403, "ip_unresolved"));
    }
    let told = || {
        let mut request = bare();
        let peer: SocketAddr = "203.0.113.9:4711".parse().unwrap();
        request.extensions_mut().insert(PeerAddr::new(peer));
        request
    };
    assert_eq!(stand.judge(told()).await.0, 401);
    assert_eq!(stand.judge(told()).await, (429, "rate_limited"));
}
