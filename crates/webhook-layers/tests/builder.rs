//! What the builder reports, and that what it builds is in the right order.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a helper that fails fails its test"
)]

use std::{
    convert::Infallible,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use tower::{Layer as _, ServiceExt as _, service_fn};
use webhook_layers::{
    BufferedBody, Cause, ClientAddressSource, DedupSettings, PeerAddr, Quota, Reason, Rejection,
    Secret, SignRequest, Timestamp, Verifier, WebhookLayers,
    audit::{AuditRecord, Sink},
    core::change::Change,
    presets,
};

const SECRET: &str = "current-secret-0123456789abcdef";

fn codes(mistakes: &webhook_layers::Mistakes) -> Vec<&'static str> {
    mistakes
        .all()
        .iter()
        .map(webhook_layers::Mistake::code)
        .collect()
}

#[test]
fn every_mistake_is_reported_at_once_with_its_fix() {
    let mistakes = WebhookLayers::builder(&presets::GITHUB)
        .secret("new", Secret::from_env("WEBHOOK_LAYERS_TEST_IS_NOT_SET"))
        .secret("new", Secret::new(SECRET))
        .secret("new", Secret::new("another-secret-0123456789abcdef"))
        .secret("short", Secret::new("hunter2"))
        .allow(["10.0.0.0/8", "10.0.0.1/8", "localhost"])
        .deny(["10.0.0.0/99"])
        .client_address(ClientAddressSource::Forwarded)
        .max_body(0)
        .network_quota(Quota::per_minute(0))
        .endpoint_quota(Quota::per_period(1, Duration::from_secs(1 << 40)))
        .build()
        .unwrap_err();
    assert_eq!(
        codes(&mistakes),
        [
            "WHK-I003", "WHK-I001", "WHK-I002", "WHK-I005", "WHK-R001", "WHK-R002", "WHK-B001",
            "WHK-C011", "WHK-C017", "WHK-C013"
        ]
    );
    let text = mistakes.to_string();
    assert_eq!(text.lines().count(), mistakes.all().len());
    for part in [
        "error[WHK-I003]: allow entry",
        "10.0.0.0/8",
        "WEBHOOK_LAYERS_TEST_IS_NOT_SET",
    ] {
        assert!(text.contains(part), "{part} is not in:\n{text}");
    }
    assert!(!text.contains("hunter2") && !text.contains(SECRET));
}

#[test]
fn a_stack_without_a_secret_or_with_two_ways_to_trust_cannot_be_built() {
    let none = WebhookLayers::builder(&presets::GITHUB)
        .build()
        .unwrap_err();
    assert_eq!(codes(&none), ["WHK-C010"]);
    let both = WebhookLayers::builder(&presets::GITHUB)
        .secret("a", Secret::new(SECRET))
        .trusted_hops(1)
        .trusted_proxies(["10.0.0.0/8"])
        .build()
        .unwrap_err();
    assert_eq!(codes(&both), ["WHK-I004"]);
    let hops = WebhookLayers::builder(&presets::GITHUB)
        .secret("a", Secret::new(SECRET))
        .trusted_hops(1000)
        .build()
        .unwrap_err();
    assert_eq!(codes(&hops), ["WHK-I004"]);
}

#[test]
fn a_handshake_is_answered_only_where_one_is_known() {
    let build = |preset| {
        let secret = Secret::new(SECRET);
        WebhookLayers::builder(preset)
            .secret("a", secret)
            .provider_handshake()
            .build()
    };
    assert!(build(&presets::SLACK).is_ok());
    assert_eq!(codes(&build(&presets::GITHUB).unwrap_err()), ["WHK-C020"]);
}

fn signed(body: &'static str, forwarded_for: &str) -> Request<Full<Bytes>> {
    let secret = Secret::new(SECRET).unwrap();
    let verifier = Verifier::new(presets::GITHUB.scheme(), secret).unwrap();
    let mut request = Request::post("/webhooks")
        .extension(PeerAddr::new(([10, 0, 0, 1], 4711).into()))
        .header("x-forwarded-for", forwarded_for)
        .body(Full::new(Bytes::from_static(body.as_bytes())))
        .unwrap();
    let sign = SignRequest::new(body.as_bytes(), Timestamp::from_unix_seconds(0));
    for (name, value) in verifier.sign(&sign).unwrap() {
        request.headers_mut().insert(name, value);
    }
    request
}

#[tokio::test]
async fn trusted_proxies_name_the_client_and_strangers_never_spend_the_endpoints_quota() {
    let records = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&records);
    let hooks = WebhookLayers::builder(&presets::GITHUB)
        .secret("2026-q4", Secret::new(SECRET))
        .trusted_proxies(["10.0.0.0/8"])
        .deny(["198.51.100.0/24"])
        .network_quota(Quota::per_minute(2))
        .endpoint_quota(Quota::per_minute(1))
        .audit(move |record: AuditRecord| kept.lock().unwrap().push(record))
        .build()
        .unwrap();
    let guarded = hooks.layer(service_fn(|_: Request<BufferedBody>| async {
        Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))
    }));
    let send = |body: &'static str, client: &str, forge: bool| {
        let mut request = signed(body, client);
        if forge {
            *request.body_mut() = Full::new(Bytes::from_static(b"forged"));
        }
        guarded.clone().oneshot(request)
    };
    let reason = |response: Result<Response<_>, Infallible>| {
        let response = response.unwrap();
        let rejection = response.extensions().get::<Rejection>();
        (
            response.status().as_u16(),
            rejection.map_or(Reason::Ok, Rejection::reason),
        )
    };
    assert_eq!(
        reason(send("a", "198.51.100.7", false).await),
        (403, Reason::IpDenied)
    );
    for expected in [(401, Reason::SignatureMismatch); 2] {
        assert_eq!(reason(send("a", "203.0.113.1", true).await), expected);
    }
    assert_eq!(
        reason(send("a", "203.0.113.1", true).await),
        (429, Reason::RateLimited)
    );
    assert_eq!(
        reason(send("a", "203.0.113.2", false).await),
        (200, Reason::Ok)
    );
    assert_eq!(
        reason(send("b", "203.0.113.3", false).await),
        (429, Reason::RateLimited)
    );
    assert_eq!(records.lock().unwrap().len(), 6);
}

/// Keeps the reasons of requests and the kinds of changes, in the order in which they came.
#[derive(Clone, Default)]
struct Words(Arc<Mutex<Vec<&'static str>>>);

impl Sink for Words {
    fn record(&self, record: AuditRecord) {
        self.0.lock().unwrap().push(record.reason.as_str());
    }

    fn change(&self, change: Change) {
        self.0.lock().unwrap().push(change.kind.as_str());
    }
}

#[tokio::test]
async fn a_pause_is_recorded_among_the_requests_that_it_turned_away() {
    let words = Words::default();
    let hooks = WebhookLayers::builder(&presets::GITHUB)
        .secret("2026-q4", Secret::new(SECRET))
        .audit(words.clone())
        .build()
        .unwrap();
    let guarded = hooks.layer(service_fn(|_: Request<BufferedBody>| async {
        Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))
    }));
    let switch = hooks.pause_switch();
    let cause = Cause::new("alice", "the database moves");
    switch.pause_all(Duration::from_secs(60), &cause);
    let paused = guarded.clone().oneshot(signed("a", "")).await.unwrap();
    assert_eq!(paused.status(), 503);
    assert_eq!(paused.headers()["retry-after"], "60");
    assert!(switch.resume_all(&cause));
    let resumed = guarded.oneshot(signed("a", "")).await.unwrap();
    assert_eq!(resumed.status(), 200);
    assert_eq!(
        *words.0.lock().unwrap(),
        ["paused", "paused", "resumed", "ok"]
    );
}

#[tokio::test]
async fn with_dedup_each_delivery_is_handled_once_and_without_it_every_copy() {
    let runs = Arc::new(AtomicUsize::new(0));
    let handler = {
        let runs = Arc::clone(&runs);
        service_fn(move |_: Request<BufferedBody>| {
            runs.fetch_add(1, Ordering::SeqCst);
            async { Ok::<_, Infallible>(Response::new(Full::<Bytes>::default())) }
        })
    };
    let builder = || WebhookLayers::builder(&presets::GITHUB).secret("a", Secret::new(SECRET));

    let every_copy = builder().build().unwrap().layer(handler.clone());
    for _ in 0..2 {
        let response = every_copy.clone().oneshot(signed("a", "")).await.unwrap();
        assert!(!response.headers().contains_key("webhook-duplicate"));
    }
    assert_eq!(runs.swap(0, Ordering::SeqCst), 2);

    let once = builder().dedup(DedupSettings::new()).build().unwrap();
    let once = once.layer(handler);
    let mut told = Vec::new();
    for body in ["a", "a", "b"] {
        let response = once.clone().oneshot(signed(body, "")).await.unwrap();
        assert_eq!(response.status(), 200);
        told.push(response.headers().contains_key("webhook-duplicate"));
    }
    assert_eq!(told, [false, true, false]);
    assert_eq!(runs.load(Ordering::SeqCst), 2);
}

#[cfg(feature = "capture")]
#[tokio::test]
async fn what_reaches_the_handler_is_captured_once_and_nothing_else() {
    use webhook_layers::{CaptureLayer, CaptureSettings, audit::capture::Captured};

    let captures = Arc::new(Mutex::new(Vec::new()));
    let layer = CaptureLayer::new(CaptureSettings::body(), {
        let captures = Arc::clone(&captures);
        move |captured: Captured| captures.lock().unwrap().push(captured)
    });
    let ids = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&ids);
    let hooks = WebhookLayers::builder(&presets::GITHUB)
        .secret("a", Secret::new(SECRET))
        .audit(Arc::new(move |record: AuditRecord| {
            told.lock().unwrap().push(record.id);
        }))
        .dedup(DedupSettings::new())
        .capture(layer)
        .build()
        .unwrap();
    let guarded = hooks.layer(service_fn(async |_: Request<BufferedBody>| {
        Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))
    }));
    let mut forged = signed("b", "");
    *forged.body_mut() = Full::new(Bytes::from_static(b"forged"));
    for request in [signed("a", ""), signed("a", ""), forged] {
        guarded.clone().oneshot(request).await.unwrap();
    }
    let captures = captures.lock().unwrap();
    assert_eq!(captures.len(), 1);
    assert_eq!(captures[0].id, ids.lock().unwrap()[0]);
    assert!(captures[0].is_verified);
}

#[tokio::test]
async fn records_tell_a_digest_of_the_body_where_the_builder_is_told_to() {
    use webhook_layers::signature::BodyDigestKey;

    let secret = || Secret::new("a key for digests alone");
    let digests = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&digests);
    let hooks = WebhookLayers::builder(&presets::GITHUB)
        .secret("a", Secret::new(SECRET))
        .body_digest(secret())
        .audit(Arc::new(move |record: AuditRecord| {
            told.lock().unwrap().push(record.body_digest);
        }))
        .build()
        .unwrap();
    let guarded = hooks.layer(service_fn(async |_: Request<BufferedBody>| {
        Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))
    }));
    guarded.oneshot(signed("a", "")).await.unwrap();
    let expected = BodyDigestKey::new(&secret().unwrap()).digest(b"a");
    assert_eq!(*digests.lock().unwrap(), [Some(expected)]);
}

#[test]
fn a_secret_that_is_not_there_cannot_end_and_a_short_key_makes_no_digest() {
    let mistakes = WebhookLayers::builder(&presets::GITHUB)
        .secret("a", Secret::new(SECRET))
        .secret_ends("b", Timestamp::from_unix_seconds(0))
        .body_digest(Secret::new("hunter2"))
        .build()
        .unwrap_err();
    assert_eq!(codes(&mistakes).len(), 2, "{mistakes}");
    assert!(!mistakes.to_string().contains("hunter2"));
}
