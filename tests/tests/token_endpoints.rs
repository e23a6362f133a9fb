//! Endpoints that are guarded by a token, over real sockets: no cut body reaches the handler, no
//! upload starts without the token, and providers' handshakes are answered.
// Clippy knows the functions of a test, not their helpers.
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used
)]

use std::{
    convert::Infallible,
    fs,
    net::SocketAddr,
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Request, Response, Version};
use http_body_util::Full;
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
    service::TowerToHyperService,
};
use serde_json::Value;
use tokio::{net::TcpListener, task::JoinHandle};
use tower::{ServiceBuilder, service_fn};
use webhook_layers::{
    AuditLayer, BufferedBody, Reason, Secret, Sink, Timestamp,
    audit::AuditRecord,
    core::{Outcome, body::BodyLimits},
    signature::handshake::{self, Responder},
};
use webhook_tests::{
    cargo::root,
    client::{Connection, Delivery, Http1},
    hosts::Watch,
};
use webhook_token_layer::{Token, TokenLayer, TokenSettings, TokenSource};

const TOKEN: &str = "tok-0123456789abcdef";
const AUTHORIZED: (&str, &str) = ("authorization", "Bearer tok-0123456789abcdef");

/// A hyper server whose handler is guarded by a token.
struct Endpoint {
    address: SocketAddr,
    watch: Watch,
    calls: Arc<AtomicUsize>,
    records: Kept,
    server: JoinHandle<()>,
}

#[derive(Clone, Debug, Default)]
struct Kept(Arc<Mutex<Vec<AuditRecord>>>);

impl Sink for Kept {
    fn record(&self, record: AuditRecord) {
        self.0.lock().unwrap().push(record);
    }
}

impl Endpoint {
    async fn start(settings: TokenSettings) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (watch, records, calls) = (Watch::default(), Kept::default(), Arc::default());
        let counted: Arc<AtomicUsize> = Arc::clone(&calls);
        let handler = service_fn(move |request: Request<BufferedBody>| {
            counted.fetch_add(1, Ordering::SeqCst);
            let body = Full::new(request.into_body().into_bytes());
            async { Ok::<_, Infallible>(Response::new(body)) }
        });
        let guarded = ServiceBuilder::new()
            .layer(watch.clone())
            .layer(AuditLayer::new(records.clone()))
            .layer(TokenLayer::from(settings).buffered())
            .service(handler);
        let server = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let guarded = TowerToHyperService::new(guarded.clone());
                tokio::spawn(async move {
                    // How a connection ends is the client's affair.
                    let _ended = auto::Builder::new(TokioExecutor::new())
                        .serve_connection(TokioIo::new(stream), guarded)
                        .await;
                });
            }
        });
        Self {
            address,
            watch,
            calls,
            records,
            server,
        }
    }

    fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }

    /// The record of the only request so far.
    async fn record(&self) -> AuditRecord {
        for _ in 0..1000 {
            if let [record] = self.records.0.lock().unwrap().as_slice() {
                return record.clone();
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("no record after ten seconds");
    }
}

impl Drop for Endpoint {
    fn drop(&mut self) {
        self.server.abort();
    }
}

fn bearer() -> TokenSettings {
    let token = Token::new("2026-q4", Secret::new(TOKEN).unwrap()).unwrap();
    TokenSettings::new(TokenSource::Bearer, token)
}

fn delivery(body: &'static str) -> Delivery {
    let at = Timestamp::from_unix_seconds(0);
    let delivery = Delivery::signed(false, body, at).unsigned();
    delivery.with_header(AUTHORIZED.0, AUTHORIZED.1)
}

/// The cases http-279, -280, -282 and -283 of the project's attacks, and the same over HTTP/1.1.
#[tokio::test]
async fn a_body_that_was_cut_short_does_not_reach_the_handler() {
    for version in [Version::HTTP_11, Version::HTTP_2] {
        for declared in [None, Some(400)] {
            for reason in [h2::Reason::NO_ERROR, h2::Reason::CANCEL] {
                let case = format!("{version:?}, declared {declared:?}, {reason}");
                let endpoint = Endpoint::start(bearer()).await;
                let mut cut = delivery("{\"amount\":1");
                cut.declared = declared;
                let mut connection = Connection::open(endpoint.address, version).await;
                let upload = connection.begin(&cut).await.unwrap();
                endpoint.watch.bytes("{\"amount\":1".len()).await;
                // Over HTTP/1.1 the answer may still be read.
                let answer = upload.cut(reason).await;
                assert!(
                    answer.is_err() || answer.is_ok_and(|answer| answer.status == 400),
                    "{case}"
                );
                let record = endpoint.record().await;
                assert_eq!(record.outcome, Outcome::Aborted, "{case}");
                let is_told = matches!(record.reason, Reason::BodyIncomplete | Reason::ClientGone);
                assert!(is_told, "{case}: {:?}", record.reason);
                assert_eq!(endpoint.calls(), 0, "{case}");
            }
        }
    }
}

#[tokio::test]
async fn a_whole_body_reaches_the_handler_as_it_came() {
    for version in [Version::HTTP_11, Version::HTTP_2] {
        for whole in [
            delivery("{\"amount\":1}"),
            delivery("{\"amount\":1}").without_length().in_frames_of(3),
        ] {
            let endpoint = Endpoint::start(bearer()).await;
            let mut connection = Connection::open(endpoint.address, version).await;
            let answer = connection.send(&whole).await.unwrap();
            assert_eq!((answer.status.as_u16(), answer.body), (200, whole.body()));
            let record = endpoint.record().await;
            assert_eq!((record.reason, record.body_bytes), (Reason::Ok, Some(12)));
        }
    }
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_however_it_is_framed() {
    let small = || bearer().with_limits(BodyLimits::default().with_max_bytes(11));
    for version in [Version::HTTP_11, Version::HTTP_2] {
        for large in [
            delivery("{\"amount\":1}"),
            delivery("{\"amount\":1}").without_length().in_frames_of(3),
        ] {
            let endpoint = Endpoint::start(small()).await;
            let mut connection = Connection::open(endpoint.address, version).await;
            let answer = connection.send(&large).await.unwrap();
            assert_eq!(answer.status, 413);
            assert_eq!(endpoint.record().await.reason, Reason::BodyTooLarge);
            assert_eq!(endpoint.calls(), 0);
        }
    }
}

#[tokio::test]
async fn an_upload_without_the_token_is_refused_before_it_starts() {
    for (authorization, due) in [
        ("", (401, Reason::AuthMissing)),
        (
            "authorization: Bearer tok-fedcba9876543210\r\n",
            (401, Reason::AuthInvalid),
        ),
        (
            "authorization: Bearer tok-0123456789abcdef\r\n",
            (413, Reason::BodyTooLarge),
        ),
    ] {
        let endpoint = Endpoint::start(bearer()).await;
        let mut connection = Http1::open(endpoint.address).await;
        let head = format!(
            "POST / HTTP/1.1\r\nhost: receiver\r\nexpect: 100-continue\r\ncontent-length: 26214400\r\n{authorization}\r\n"
        );
        connection.write(head.as_bytes()).await;
        let answer = connection.answer().await.unwrap();
        assert_eq!(answer.interim, [0_u16; 0], "told to go on");
        assert_eq!(answer.status, due.0);
        assert_eq!(endpoint.watch.polls(), 0, "the body was asked for");
        let record = endpoint.record().await;
        assert_eq!((record.reason, record.body_bytes), (due.1, None));
    }
}

/// The providers that authenticate with a token and introduce themselves, with what is published
/// of it.
const INTRODUCED: [&str; 3] = ["azure-event-grid", "microsoft-graph", "okta"];

fn introduced(provider: &str, source: TokenSource) -> TokenSettings {
    let token = Token::new("2026-q4", Secret::new(TOKEN).unwrap()).unwrap();
    let responder = Responder::new(handshake::by_name(provider).unwrap());
    TokenSettings::new(source, token).with_handshake(responder.unsigned().unwrap())
}

/// Sends a request to an endpoint of its own.
async fn ask(settings: TokenSettings, request: Delivery) -> (u16, Bytes, AuditRecord) {
    let endpoint = Endpoint::start(settings).await;
    let mut connection = Connection::open(endpoint.address, Version::HTTP_11).await;
    let answer = connection.send(&request).await.unwrap();
    assert_eq!(endpoint.calls(), 0, "the handler was called");
    (answer.status.as_u16(), answer.body, endpoint.record().await)
}

fn request_of(case: &Value, token: &str) -> Delivery {
    let asked = &case["request"];
    let body: &'static str = String::from(asked["body"].as_str().unwrap()).leak();
    let mut request = delivery(body).without_header("authorization");
    let method = asked["method"].as_str().unwrap();
    request.method = Method::from_bytes(method.as_bytes()).unwrap();
    let path = asked["url"]
        .as_str()
        .unwrap()
        .strip_prefix("https://example.com")
        .unwrap();
    let separator = if path.contains('?') { '&' } else { '?' };
    request.path = format!("{path}{separator}token={token}").leak();
    for (name, value) in asked["headers"].as_object().unwrap() {
        let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
        let value = HeaderValue::from_str(value.as_str().unwrap()).unwrap();
        request.headers.insert(name, value);
    }
    request
}

#[tokio::test]
async fn published_handshakes_of_token_providers_are_answered() {
    let path = root().join("../shared/data/vectors/challenges.json");
    let Some(cases) = read(&path) else { return };
    let mut seen = Vec::new();
    for case in cases.as_array().unwrap() {
        let provider = case["provider"].as_str().unwrap();
        if !INTRODUCED.contains(&provider) {
            continue;
        }
        let due = &case["response"];
        let due = (
            u16::try_from(due["status"].as_u64().unwrap()).unwrap(),
            Bytes::copy_from_slice(due["body"].as_str().unwrap().as_bytes()),
        );
        // The token in a header, which the provider leaves out, and in the URL that it calls.
        let header = || introduced(provider, TokenSource::Bearer);
        let query = || introduced(provider, TokenSource::query("token").unwrap());
        for settings in [header(), query()] {
            let (status, body, record) = ask(settings, request_of(case, TOKEN)).await;
            assert_eq!((status, body), due, "{provider}");
            assert_eq!(record.reason, Reason::Ok);
            assert_eq!(record.note.unwrap().as_raw(), "handshake");
        }
        let (status, _, record) = ask(query(), request_of(case, "wrong")).await;
        assert_eq!((status, record.reason), (401, Reason::AuthInvalid));
        seen.push(provider);
    }
    seen.sort_unstable();
    assert_eq!(seen, INTRODUCED);
}

fn read(path: &Path) -> Option<Value> {
    let Ok(text) = fs::read(path) else {
        println!("skipped: {} is not there", path.display());
        return None;
    };
    Some(serde_json::from_slice(&text).unwrap())
}

/// Azure Event Grid in the schema of `CloudEvents` asks with `OPTIONS`
/// (<https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/http-webhook.md#4-abuse-protection>).
#[tokio::test]
async fn abuse_protection_is_answered_with_the_origin() {
    let settings = introduced("azure-event-grid", TokenSource::Bearer);
    let endpoint = Endpoint::start(settings).await;
    let mut connection = Connection::open(endpoint.address, Version::HTTP_11).await;
    let asked = delivery("")
        .without_header("authorization")
        .with_method(Method::OPTIONS)
        .with_header("webhook-request-origin", "eventgrid.azure.net");
    let answer = connection.send(&asked).await.unwrap();
    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.header("webhook-allowed-origin"),
        Some("eventgrid.azure.net")
    );
    assert_eq!(endpoint.calls(), 0);
}

/// Mailchimp has a secret in the URL, and asks with `GET` and `HEAD` whether anybody is there.
#[tokio::test]
async fn whoever_asks_with_the_secret_of_the_url_is_told_that_somebody_is_there() {
    for method in [Method::GET, Method::HEAD] {
        for (path, due) in [
            ("/in?key=tok-0123456789abcdef", 200),
            ("/in?key=tok-fedcba9876543210", 401),
            ("/in", 401),
        ] {
            let settings = introduced("mailchimp", TokenSource::query("key").unwrap());
            let endpoint = Endpoint::start(settings).await;
            let mut asked = delivery("").without_header("authorization");
            (asked.method, asked.path) = (method.clone(), path);
            let mut connection = Connection::open(endpoint.address, Version::HTTP_2).await;
            let answer = connection.send(&asked).await.unwrap();
            assert_eq!(answer.status, due, "{method} {path}");
            assert_eq!(endpoint.calls(), 0);
            // No record holds a query.
            let record = format!("{:?}", endpoint.record().await);
            assert!(!record.contains("tok-"), "{record}");
        }
    }
}
