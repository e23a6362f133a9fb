//! What the founding documents ask for: the twelve integration tests that one of them leaves to do,
//! and its two examples with numbers, through the whole stack in axum over real sockets.
//!
//! Clients are played through a trusted proxy on loopback, with `X-Forwarded-For`.
// Clippy knows the functions of a test, not their helpers.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{Router, extract::State, http::StatusCode, routing::post};
use bytes::Bytes;
use http::{Request, Response};
use tokio::{net::TcpListener, task::JoinHandle};
use tower::ServiceBuilder;
use webhook_layers::{
    Builder, Clock, JsonLinesSink, Quota, Scheme, Secret, Verified, WebhookLayers,
    audit::AuditHandle, core::ManualClock, signature::SchemeError,
};
use webhook_tests::stand::{Ledger, Log, NOW, exchange};

/// 128 hexadecimal digits, as the document has secrets.
const SECRET: &str = "1ccd57ed74af9a5fd7811f61ef85a5ba9b02b5e19414d4dd07149832c18d83e58aadc153807e5f7e4aea80514bd091cef4a919a9d6b28f2d1cadef80ecc8ea47";

/// The payload of the document's example, and what `hmac.new(secret.encode(), payload.encode(),
/// hashlib.sha256).hexdigest()` of its Python sender says.
const PAYLOAD: &str = r#"{"event": "push", "ref": "refs/heads/main"}"#;
const SIGNATURE: &str = "sha256=b8bfdc91c3eabc297d68065142536d2a1f201ad7b1569ef25a687fd834dc98e3";

const PATH: &str = "/api/v1/webhooks/wh_k7j2n9";

// ---- the receiver ----

fn attune() -> Result<Scheme, SchemeError> {
    Scheme::hmac_sha256("attune")
        .header("x-webhook-signature")
        .prefix("sha256=")
        .build()
}

type Setup = Builder<(Ledger, JsonLinesSink)>;

/// An axum receiver on a socket of its own, served until it is dropped.
struct Receiver {
    address: SocketAddr,
    calls: Arc<AtomicUsize>,
    hands: ManualClock,
    ledger: Ledger,
    lines: Log,
    audit: AuditHandle,
    server: JoinHandle<()>,
}

async fn handle(State(calls): State<Arc<AtomicUsize>>, event: Verified<Bytes>) -> Bytes {
    calls.fetch_add(1, Ordering::SeqCst);
    event.body
}

async fn handle_unverified(State(calls): State<Arc<AtomicUsize>>) -> StatusCode {
    calls.fetch_add(1, Ordering::SeqCst);
    StatusCode::NO_CONTENT
}

impl Receiver {
    /// With HMAC enabled, and everything else as the test configures it.
    async fn with(change: impl FnOnce(Setup) -> Setup) -> Self {
        let (clock, hands) = Clock::manual(NOW);
        let (ledger, lines) = (Ledger::default(), Log::default());
        let sink = JsonLinesSink::new(lines.clone()).unwrap();
        let audit = sink.handle();
        let builder = WebhookLayers::builder(attune())
            .secret("wh-1", Secret::new(SECRET))
            .trusted_proxies(["127.0.0.0/8"])
            .clock(clock)
            .audit((ledger.clone(), sink));
        let hooks = change(builder).build().unwrap();

        let calls: Arc<AtomicUsize> = Arc::default();
        let app = Router::new()
            .route("/api/v1/webhooks/{key}", post(handle))
            .route("/shadow/{key}", post(handle_unverified))
            .layer(ServiceBuilder::new().layer(hooks))
            .with_state(Arc::clone(&calls))
            .into_make_service_with_connect_info::<SocketAddr>();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self {
            address,
            calls,
            hands,
            ledger,
            lines,
            audit,
            server,
        }
    }

    async fn start() -> Self {
        Self::with(|setup| setup).await
    }

    async fn send(&self, request: Request<Bytes>) -> Response<Bytes> {
        exchange(self.address, &request).await
    }

    async fn status(&self, request: Request<Bytes>) -> u16 {
        self.send(request).await.status().as_u16()
    }

    fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.server.abort();
    }
}

// ---- the sender ----

fn unsigned(from: &str) -> Request<Bytes> {
    Request::post(PATH)
        .header("content-type", "application/json")
        .header("user-agent", "attune-test/1.0")
        .header("x-forwarded-for", from)
        .body(Bytes::from_static(PAYLOAD.as_bytes()))
        .unwrap()
}

fn signed(from: &str) -> Request<Bytes> {
    let mut request = unsigned(from);
    request
        .headers_mut()
        .insert("x-webhook-signature", SIGNATURE.parse().unwrap());
    request
}

fn tampered(from: &str) -> Request<Bytes> {
    signed(from).map(|_| Bytes::from(PAYLOAD.replace("main", "mine")))
}

const CLIENT: &str = "203.0.113.9";

// ---- the twelve ----

#[tokio::test]
async fn enable_hmac_for_a_trigger() {
    // Not enforced yet: whatever comes is let through, and the log says what would be refused.
    let before = Receiver::with(|setup| setup.insecure_shadow(true)).await;
    let mut request = unsigned(CLIENT);
    *request.uri_mut() = "/shadow/wh_k7j2n9".parse().unwrap();
    assert_eq!(before.status(request).await, 204);
    assert_eq!(
        before.ledger.conclusions(),
        [("shadow_denied", "signature_missing")]
    );

    let enabled = Receiver::start().await;
    assert_eq!(enabled.status(unsigned(CLIENT)).await, 401);
    assert_eq!(enabled.status(signed(CLIENT)).await, 200);
}

#[tokio::test]
async fn send_with_a_valid_signature() {
    let receiver = Receiver::start().await;
    let response = receiver.send(signed(CLIENT)).await;
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.body(), PAYLOAD, "the handler reads what was sent");
    assert_eq!(receiver.calls(), 1);
}

#[tokio::test]
async fn send_with_an_invalid_signature() {
    let receiver = Receiver::start().await;
    assert_eq!(receiver.status(tampered(CLIENT)).await, 401);
    for signature in [
        SIGNATURE.replace("98e3", "98e4"),
        SIGNATURE.replace("sha256=", ""),
        SIGNATURE.replace("98e3", ""),
        SIGNATURE.replace("98e3", "98zz"),
        format!("{SIGNATURE}00"),
    ] {
        let mut request = unsigned(CLIENT);
        request
            .headers_mut()
            .insert("x-webhook-signature", signature.parse().unwrap());
        assert_eq!(receiver.status(request).await, 401, "{signature}");
    }
    assert_eq!(receiver.calls(), 0);
}

#[tokio::test]
async fn send_without_a_signature_when_it_is_required() {
    let receiver = Receiver::start().await;
    let response = receiver.send(unsigned(CLIENT)).await;
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(
        response.headers()["www-authenticate"],
        "Webhook realm=\"attune\""
    );
    assert_eq!(receiver.calls(), 0);
    assert_eq!(
        receiver.ledger.conclusions(),
        [("denied", "signature_missing")]
    );
}

#[tokio::test]
async fn configure_a_rate_limit() {
    // 100 requests in 60 seconds, as the document has it where nothing else is said.
    let receiver = Receiver::start().await;
    for _ in 0..100 {
        assert_eq!(receiver.status(signed(CLIENT)).await, 200);
    }
    assert_eq!(receiver.status(signed(CLIENT)).await, 429);
}

#[tokio::test]
async fn send_until_the_limit_overflows() {
    let quota = Quota::per_period(3, Duration::from_secs(60));
    let receiver = Receiver::with(|setup| setup.endpoint_quota(quota)).await;
    let mut statuses = Vec::new();
    for _ in 0..5 {
        statuses.push(receiver.status(signed(CLIENT)).await);
    }
    assert_eq!(statuses, [200, 200, 200, 429, 429]);
    assert_eq!(receiver.calls(), 3);
    assert_eq!(receiver.ledger.last().quota.unwrap().as_str(), "endpoint");
}

#[tokio::test]
async fn configure_an_allow_list() {
    let open = Receiver::start().await;
    assert_eq!(open.status(signed("8.8.8.8")).await, 200);
    let listed = Receiver::with(|setup| setup.allow(["203.0.113.0/24"])).await;
    assert_eq!(listed.status(signed("8.8.8.8")).await, 403);
    let empty = Receiver::with(|setup| setup.allow([""; 0])).await;
    assert_eq!(
        empty.status(signed(CLIENT)).await,
        403,
        "an empty list lets nobody in"
    );
}

#[tokio::test]
async fn send_from_an_allowed_address() {
    let receiver = Receiver::with(|setup| setup.allow(["203.0.113.0/24"])).await;
    assert_eq!(receiver.status(signed(CLIENT)).await, 200);
    assert_eq!(receiver.calls(), 1);
}

#[tokio::test]
async fn send_from_a_disallowed_address() {
    let receiver = Receiver::with(|setup| setup.allow(["203.0.113.0/24"])).await;
    assert_eq!(receiver.status(signed("203.0.114.9")).await, 403);
    // The one in front was written by the client, the one behind by the proxy.
    assert_eq!(
        receiver.status(signed("203.0.113.9, 198.51.100.7")).await,
        403
    );
    assert_eq!(receiver.calls(), 0);
}

#[tokio::test]
async fn the_event_log_is_populated() {
    let receiver = Receiver::with(|setup| setup.allow(["203.0.113.0/24"])).await;
    receiver.send(signed(CLIENT)).await;
    receiver.send(tampered(CLIENT)).await;
    receiver.send(signed("8.8.8.8")).await;

    let audit = receiver.audit.clone();
    let flush = move || audit.flush(Duration::from_secs(10));
    tokio::task::spawn_blocking(flush).await.unwrap().unwrap();
    let text = receiver.lines.text();
    let lines: Vec<serde_json::Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 3, "{text}");
    let column = |key: &str| {
        lines
            .iter()
            .map(|line| line[key].clone())
            .collect::<Vec<_>>()
    };

    // The document's columns: source_ip, user_agent, payload size, status_code, error, flags, time.
    assert_eq!(column("client.address"), [CLIENT, CLIENT, "8.8.8.8"]);
    assert_eq!(column("network.peer.address"), ["127.0.0.1"; 3]);
    assert_eq!(column("user_agent.original"), ["attune-test/1.0"; 3]);
    let size = serde_json::json!(PAYLOAD.len());
    assert_eq!(
        column("http.request.body.size"),
        [size.clone(), size, serde_json::Value::Null]
    );
    assert_eq!(column("http.response.status_code"), [200, 401, 403]);
    assert_eq!(column("outcome"), ["accepted", "denied", "denied"]);
    assert_eq!(column("reason"), ["ok", "signature_mismatch", "ip_denied"]);
    assert_eq!(column("webhook.secret.id")[0], "wh-1");
    assert_eq!(column("http.route"), ["/api/v1/webhooks/{key}"; 3]);
    assert_eq!(column("ts"), ["2023-11-14T22:13:20.000000Z"; 3]);
    let checks = column("checks");
    assert_eq!(
        (&checks[0]["ip"], &checks[0]["signature"]),
        (&"pass".into(), &"pass".into())
    );
    assert_eq!(
        (&checks[1]["ip"], &checks[1]["signature"]),
        (&"pass".into(), &"fail".into())
    );
    assert_eq!(checks[2]["ip"], "fail");
    assert!(checks[2].get("signature").is_none(), "it never ran");
    assert!(lines.iter().all(|line| line["total_us"].is_u64()));
    assert!(
        !text.contains(SIGNATURE.trim_start_matches("sha256=")) && !text.contains("refs/heads")
    );
}

#[tokio::test]
async fn the_payload_size_is_enforced() {
    let size = PAYLOAD.len() as u64;
    let exact = Receiver::with(|setup| setup.max_body(size)).await;
    assert_eq!(exact.status(signed(CLIENT)).await, 200);
    let receiver = Receiver::with(|setup| setup.max_body(size - 1)).await;
    assert_eq!(receiver.status(signed(CLIENT)).await, 413, "and not 400");
    assert_eq!(receiver.calls(), 0);

    // The document's default: 1024 KB.
    let receiver = Receiver::start().await;
    let large = signed(CLIENT).map(|_| Bytes::from(vec![b'x'; 1024 * 1024 + 1]));
    assert_eq!(receiver.status(large).await, 413);
    let largest = signed(CLIENT).map(|_| Bytes::from(vec![b'x'; 1024 * 1024]));
    assert_eq!(
        receiver.status(largest).await,
        401,
        "large enough, and not what was signed"
    );
}

#[tokio::test]
async fn all_features_together() {
    let receiver = Receiver::with(|setup| {
        setup
            .allow(["203.0.113.0/24"])
            .max_body(1024)
            .network_quota(Quota::per_minute(6))
            .endpoint_quota(Quota::per_minute(2))
    })
    .await;
    let long = signed(CLIENT).map(|_| Bytes::from(vec![b'x'; 1025]));
    let requests = [
        (signed("8.8.8.8"), 403, "ip_denied"),
        (unsigned(CLIENT), 401, "signature_missing"),
        (tampered(CLIENT), 401, "signature_mismatch"),
        (long, 413, "body_too_large"),
        (signed(CLIENT), 200, "ok"),
        (signed(CLIENT), 200, "ok"),
        (signed(CLIENT), 429, "rate_limited"),
        // The client's network has had its six by now, and so waits outside.
        (unsigned(CLIENT), 429, "rate_limited"),
        (unsigned("203.0.113.10"), 401, "signature_missing"),
    ];
    for (place, (request, status, reason)) in requests.into_iter().enumerate() {
        assert_eq!(receiver.status(request).await, status, "request {place}");
        assert_eq!(
            receiver.ledger.last().reason.as_str(),
            reason,
            "request {place}"
        );
        assert_eq!(receiver.ledger.all().len(), place + 1);
    }
    assert_eq!(receiver.calls(), 2);
}

// ---- the examples with numbers ----

#[tokio::test]
async fn ten_a_minute_then_429_then_again_after_the_wait() {
    let receiver = Receiver::with(|setup| setup.endpoint_quota(Quota::per_minute(10))).await;
    for _ in 0..10 {
        assert_eq!(receiver.status(signed(CLIENT)).await, 200);
    }
    let refused = receiver.send(signed(CLIENT)).await;
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    let wait: u64 = refused.headers()["retry-after"]
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!((1..=60).contains(&wait), "{wait} s");

    receiver
        .hands
        .advance(Duration::from_millis(wait * 1000 - 1));
    assert_eq!(
        receiver.status(signed(CLIENT)).await,
        429,
        "not a moment sooner than it must"
    );
    receiver.hands.advance(Duration::from_millis(1));
    assert_eq!(
        receiver.status(signed(CLIENT)).await,
        200,
        "waiting that long is enough"
    );

    receiver.hands.advance(Duration::from_secs(60));
    for _ in 0..10 {
        assert_eq!(
            receiver.status(signed(CLIENT)).await,
            200,
            "a minute later it is ten again"
        );
    }
    assert_eq!(receiver.status(signed(CLIENT)).await, 429);
}

#[tokio::test]
async fn two_networks_and_an_address_are_let_in() {
    let networks = ["192.168.1.0/24", "10.0.0.100", "2001:db8::/32"];
    let receiver = Receiver::with(|setup| setup.allow(networks)).await;
    for allowed in [
        "192.168.1.50",
        "192.168.1.0",
        "10.0.0.100",
        "2001:db8:ffff::1",
        "::ffff:10.0.0.100",
    ] {
        assert_eq!(receiver.status(signed(allowed)).await, 200, "{allowed}");
    }
    for refused in [
        "8.8.8.8",
        "192.168.2.50",
        "10.0.0.101",
        "2001:db9::1",
        "::1",
    ] {
        assert_eq!(receiver.status(signed(refused)).await, 403, "{refused}");
    }
}
