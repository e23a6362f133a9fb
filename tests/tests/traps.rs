//! The traps that were found inside the best systems of the field, those that concern these crates:
//! one test each, named after the trap.
// Clippy knows the functions of a test, not their helpers.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

use std::{
    convert::Infallible,
    net::SocketAddr,
    sync::{
        Barrier,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use allocation_counter::measure;
use axum::{Json, Router, routing::post};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Version};
use http_body_util::{BodyExt as _, Full};
use tower::{Layer as _, ServiceBuilder, ServiceExt as _, service_fn};
use webhook_layers::{
    AccessList, AuditLayer, BufferedBody, Clock, Facts, HmacLayer, HmacSettings, IpLayer,
    JsonLinesSink, KeyRing, MemoryBudget, PeerAddr, Quota, RateLimitLayer, Scheme, Secret,
    Settings, TracingSink, Verified, WebhookLayers, core::Endpoint, presets, signature::Primitive,
};
use webhook_tests::stand::{End, Ledger, Log, NOW, SECRET, ScriptedBody, Sender, Stand, poll_once};

const SENDER: &str = "203.0.113.9";
const STRANGER: &str = "198.51.100.7";

fn with_header(
    mut request: Request<ScriptedBody>,
    name: &'static str,
    value: &str,
) -> Request<ScriptedBody> {
    request
        .headers_mut()
        .append(name, HeaderValue::from_str(value).unwrap());
    request
}

async fn text(response: Response<Full<Bytes>>) -> String {
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    String::from_utf8(bytes.to_vec()).unwrap()
}

// ---- who is asking ----

#[tokio::test]
async fn rate_limit_before_auth_keyed_by_what_an_attacker_can_name() {
    let stand = Stand::new();
    let sender = Sender::new();
    let mut refused = Vec::new();
    for n in 0..700 {
        // The attacker writes whatever the real sender would: its address, its id, its endpoint.
        let flood = with_header(Sender::forgery(STRANGER, "{}"), "x-forwarded-for", SENDER);
        let flood = with_header(flood, "x-endpoint-id", "1");
        refused.push(stand.judge(flood).await.0);
        if n % 7 == 0 {
            assert_eq!(
                stand.judge(sender.delivery(SENDER, "{}")).await.0,
                200,
                "after {n}"
            );
        }
    }
    // The flood gets no further than the quota of its own network.
    assert_eq!(refused.iter().filter(|status| **status == 401).count(), 600);
    assert_eq!(refused.iter().filter(|status| **status == 429).count(), 100);
}

#[tokio::test]
async fn allow_list_fed_by_an_unconditional_forwarding_header() {
    let spoofs = [
        ("x-forwarded-for", SENDER),
        ("forwarded", "for=203.0.113.9"),
        ("x-real-ip", SENDER),
        ("cf-connecting-ip", SENDER),
        ("true-client-ip", SENDER),
        ("x-client-ip", SENDER),
    ];
    let sender = Sender::new();
    let peers_only = Stand::with(|setup| setup.allow(["203.0.113.0/24"]));
    let proxied = Stand::with(|setup| {
        setup
            .allow(["203.0.113.0/24"])
            .trusted_proxies(["10.0.0.0/8"])
    });
    for stand in [&peers_only, &proxied] {
        for (name, value) in spoofs {
            let spoofed = with_header(sender.delivery(STRANGER, "{}"), name, value);
            assert_eq!(stand.judge(spoofed).await, (403, "ip_denied"), "{name}");
            let client = stand.ledger.last().client.unwrap();
            assert_eq!(client.ip().to_string(), STRANGER, "{name}");
        }
    }
    // Nor does a header keep out who is let in.
    let framed = with_header(sender.delivery(SENDER, "{}"), "x-forwarded-for", STRANGER);
    assert_eq!(peers_only.judge(framed).await, (200, "ok"));
    // Behind the proxy it is the hop that the proxy added which counts, not what came before.
    let prefixed = format!("{SENDER}, {STRANGER}");
    let prefixed = with_header(
        sender.delivery("10.0.0.1", "{}"),
        "x-forwarded-for",
        &prefixed,
    );
    assert_eq!(proxied.judge(prefixed).await, (403, "ip_denied"));
    let honest = with_header(sender.delivery("10.0.0.1", "{}"), "x-forwarded-for", SENDER);
    assert_eq!(proxied.judge(honest).await, (200, "ok"));
}

#[tokio::test]
async fn bare_ipv6_address_widened_to_a_network() {
    let stand = Stand::with(|setup| setup.allow(["2001:db8::1"]));
    assert_eq!(
        stand
            .judge(Sender::new().delivery("2001:db8::1", "{}"))
            .await
            .0,
        200
    );
    for other in [
        "2001:db8::",
        "2001:db8::2",
        "2001:db8::1:1",
        "2001:db8:1::1",
        "::1",
    ] {
        assert_eq!(
            stand.judge(Sender::new().delivery(other, "{}")).await.0,
            403,
            "{other}"
        );
    }
}

#[tokio::test]
async fn refusal_that_echoes_the_client_address() {
    let stand = Stand::with(|setup| {
        setup
            .deny([STRANGER])
            .trusted_proxies(["10.0.0.0/8"])
            .network_quota(Quota::per_minute(1))
    });
    let behind = |from: &str| {
        let request = Sender::nobody("10.0.0.1", "{}");
        with_header(request, "x-forwarded-for", from)
    };
    for (from, status) in [(STRANGER, 403), (SENDER, 401), (SENDER, 429)] {
        let response = stand.send(behind(from)).await;
        assert_eq!(response.status(), status);
        let head = format!("{:?}", response.headers());
        let whole = head + &text(response).await;
        for told in [from, "10.0.0.1", "198.51", "203.0", "list"] {
            assert!(!whole.contains(told), "{told} in {whole}");
        }
    }
}

// ---- bodies ----

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

// ---- secrets and schemes ----

#[test]
fn empty_or_absent_secret_means_no_check() {
    for text in ["", " ", "\n", "\t \r\n"] {
        assert!(Secret::new(text).is_err(), "{text:?}");
        assert!(Secret::insecure_short(text).is_err(), "{text:?}");
    }
    assert!(Secret::from_env("NO_SUCH_WEBHOOK_SECRET").is_err());
    for preset in presets::all() {
        assert!(
            WebhookLayers::builder(preset).build().is_err(),
            "{}",
            preset.name()
        );
        // A text that is there, and a key that is not.
        if let Ok(secret) = Secret::insecure_short("whsec_") {
            let is_standard = ["standard-webhooks", "svix"].contains(&preset.name());
            assert!(
                HmacLayer::new(preset, secret).is_err() || !is_standard,
                "{}",
                preset.name()
            );
        }
    }
}

#[test]
fn variable_left_literal_is_a_public_secret() {
    for text in ["${GITHUB_WEBHOOK_SECRET}", "${WEBHOOK_SECRET:-changeme}"] {
        let error = Secret::new(text).unwrap_err();
        assert!(error.to_string().contains("${…}"), "{error}");
        let mistakes = WebhookLayers::builder(&presets::GITHUB)
            .secret("ci", Secret::new(text))
            .build();
        assert_eq!(mistakes.unwrap_err().all()[0].code(), "WHK-C015");
    }
}

#[tokio::test]
async fn trouble_with_the_store_reported_as_an_invalid_signature() {
    // Settings come from the endpoint, and there is none.
    let handler = service_fn(async |_: Request<BufferedBody>| {
        Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))
    });
    let hmac = HmacLayer::with_settings(Settings::per_endpoint()).layer(handler);
    let response = hmac
        .oneshot(Sender::new().delivery(SENDER, "{}"))
        .await
        .unwrap();
    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert!(text(response).await.contains(r#""code":"misconfigured""#));

    let open = service_fn(async |_: Request<ScriptedBody>| {
        Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))
    });
    let lists = Settings::<AccessList>::per_endpoint();
    let ip = IpLayer::new().with_access(lists).layer(open);
    let response = ip
        .oneshot(Sender::new().delivery(SENDER, "{}"))
        .await
        .unwrap();
    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);

    // There is no memory left for one more body.
    let stand = Stand::with(|setup| setup.memory_budget(MemoryBudget::new(1)));
    let delivery = Sender::new().delivery(SENDER, "{}");
    assert_eq!(stand.judge(delivery).await, (503, "memory_exhausted"));
    assert_eq!(stand.calls(), 0);
}

#[tokio::test]
async fn signature_mismatch_is_a_server_error() {
    let stand = Stand::new();
    let response = stand.send(Sender::forgery(SENDER, "{}")).await;
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(
        response.headers()["content-type"],
        "application/problem+json"
    );
    assert!(response.headers().contains_key("www-authenticate"));
    assert_eq!(
        stand.ledger.conclusions(),
        [("denied", "signature_mismatch")]
    );
}

/// The secret's text is the key.
const TEXT_SECRET: &str = "It's a Secret to Everybody";

/// The header `name: label=HEX` with the digest that `primitive` really makes of `{}`.
fn labelled(primitive: Primitive, name: &'static str, label: &str) -> HeaderMap {
    let scheme = Scheme::builder("any", primitive)
        .header(name)
        .prefix(format!("{label}="));
    Sender::with(scheme.build().unwrap(), TEXT_SECRET).headers(b"{}", NOW)
}

async fn status_of(scheme: impl Into<Scheme>, headers: HeaderMap) -> StatusCode {
    let layer = HmacLayer::new(scheme, Secret::new(TEXT_SECRET).unwrap()).unwrap();
    let guarded = layer.layer(service_fn(async |_: Request<BufferedBody>| {
        Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))
    }));
    let mut request = Sender::nobody(SENDER, "{}");
    request.headers_mut().extend(headers);
    guarded.oneshot(request).await.unwrap().status()
}

#[tokio::test]
async fn algorithm_chosen_by_the_header() {
    let header = "x-hub-signature-256";
    let right = labelled(Primitive::HmacSha256, header, "sha256");
    assert_eq!(status_of(&presets::GITHUB, right).await, StatusCode::OK);
    // Each of these is a true HMAC under the right secret, with another algorithm.
    for (primitive, label) in [
        (Primitive::HmacSha1, "sha1"),
        (Primitive::HmacSha512, "sha512"),
        (Primitive::HmacSha384, "sha384"),
        (Primitive::HmacSha1, "sha256"),
        (Primitive::HmacSha512, "sha256"),
        (Primitive::HmacSha256, "sha1"),
        (Primitive::HmacSha256, "SHA256"),
        (Primitive::HmacSha256, "none"),
    ] {
        let headers = labelled(primitive, header, label);
        let status = status_of(&presets::GITHUB, headers).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{primitive:?} as {label}");
    }
    let older = labelled(Primitive::HmacSha1, "x-hub-signature", "sha1");
    assert_eq!(
        status_of(&presets::GITHUB, older).await,
        StatusCode::UNAUTHORIZED
    );
}

#[tokio::test]
async fn label_lies() {
    // ServiceStack writes sha1= and means SHA-256.
    let lie = labelled(Primitive::HmacSha256, "x-hub-signature", "sha1");
    assert_eq!(
        status_of(&presets::SERVICESTACK, lie.clone()).await,
        StatusCode::OK
    );
    assert_eq!(
        status_of(&presets::GITHUB_SHA1, lie).await,
        StatusCode::UNAUTHORIZED
    );
    let truth = labelled(Primitive::HmacSha1, "x-hub-signature", "sha1");
    assert_eq!(
        status_of(&presets::SERVICESTACK, truth.clone()).await,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(
        status_of(&presets::GITHUB_SHA1, truth).await,
        StatusCode::OK
    );
}

#[test]
fn mutable_secret_shared_across_requests() {
    let tenants = ["secret of the first tenant", "secret of the second tenant"];
    let settings =
        |secret: &str| HmacSettings::new(&presets::GITHUB, Secret::new(secret).unwrap()).unwrap();
    let endpoints = [0, 1].map(|n| Endpoint::new(format!("tenant-{n}")).with(settings(tenants[n])));
    let senders = tenants.map(|secret| Sender::with(&presets::GITHUB, secret));
    let layer = HmacLayer::with_settings(Settings::per_endpoint());
    let guarded = layer.layer(service_fn(async |_: Request<BufferedBody>| {
        Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))
    }));
    thread::scope(|scope| {
        for thread in 0..8 {
            let (guarded, endpoints, senders) = (&guarded, &endpoints, &senders);
            scope.spawn(move || {
                for n in 0..100 {
                    let (endpoint, sender) = ((thread + n) % 2, n / 2 % 2);
                    let mut request = senders[sender].delivery(SENDER, "{}");
                    Facts::of_mut(request.extensions_mut())
                        .set_endpoint(endpoints[endpoint].clone());
                    let response = poll_once(guarded.clone().oneshot(request))
                        .unwrap()
                        .unwrap();
                    let expected = if endpoint == sender { 200 } else { 401 };
                    assert_eq!(response.status(), expected);
                }
            });
        }
    });
}

// ---- quotas ----

#[test]
fn check_then_increment() {
    let (threads, each, quota) = (8, 40, 100);
    let stand = Stand::with(|setup| setup.endpoint_quota(Quota::per_minute(quota)));
    let (accepted, refused) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let start = Barrier::new(threads);
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let requests: Vec<_> = (0..each)
                    .map(|_| Sender::new().delivery(SENDER, "{}"))
                    .collect();
                start.wait();
                for request in requests {
                    match poll_once(stand.judge(request)).unwrap() {
                        (200, "ok") => accepted.fetch_add(1, Ordering::SeqCst),
                        (429, "rate_limited") => refused.fetch_add(1, Ordering::SeqCst),
                        other => panic!("{other:?}"),
                    };
                }
            });
        }
    });
    let quota = usize::try_from(quota).unwrap();
    assert_eq!(
        accepted.into_inner(),
        quota,
        "exactly as many as the quota says"
    );
    assert_eq!(refused.into_inner(), threads * each - quota);
    assert_eq!(stand.calls(), quota);
}

/// The same on the limiter alone, often enough that a step between look and count would show.
#[test]
fn check_then_increment_under_contention() {
    let (threads, each, quota) = (4, 20_000, 60_000);
    let a_day = Duration::from_secs(24 * 60 * 60);
    let layer = RateLimitLayer::per_network()
        .with_quota(Quota::per_period(quota, a_day).unwrap())
        .with_clock(Clock::manual(NOW).0);
    let limited = layer.layer(service_fn(async |_: Request<()>| {
        Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))
    }));
    let accepted = AtomicUsize::new(0);
    let start = Barrier::new(threads);
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let peer: SocketAddr = "203.0.113.9:4711".parse().unwrap();
                start.wait();
                for _ in 0..each {
                    let request = Request::post("/")
                        .extension(Facts::from_peer(peer))
                        .body(());
                    let answer = poll_once(limited.clone().oneshot(request.unwrap()));
                    if answer.unwrap().unwrap().status() == StatusCode::OK {
                        accepted.fetch_add(1, Ordering::SeqCst);
                    }
                }
            });
        }
    });
    assert_eq!(accepted.into_inner(), usize::try_from(quota).unwrap());
}

// ---- wiring ----

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

// ---- what is told ----

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
