//! One route, any number of endpoints: each delivery is held against the settings of its own
//! endpoint, in every layer, and what is changed at run time is in force for the next one, whole.
// Clippy knows the functions of a test, not their helpers.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

use std::{
    collections::HashMap,
    convert::Infallible,
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc, RwLock,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tower::{BoxError, Service, ServiceBuilder, ServiceExt, service_fn, util::BoxCloneSyncService};
use webhook_endpoint_layer::{
    CacheSettings, Directory, EndpointCache, EndpointKey, EndpointLayer, EndpointMap, Key, Lookup,
};
use webhook_layers::{
    AccessList, AuditLayer, BufferedBody, Facts, HmacLayer, HmacSettings, IpLayer, Quota,
    RateLimitLayer, Reason, Rejection, Secret, Settings, SignRequest, Verifier,
    core::{Check, Endpoint, Verdict, change::Cause},
    presets,
};
use webhook_tests::stand::{Ledger, NOW, ScriptedBody};

type Receiver = BoxCloneSyncService<Request<ScriptedBody>, Response<Full<Bytes>>, Infallible>;

const DAY: Duration = Duration::from_secs(86_400);

const CONTENT: &str = r#"{"action":"opened"}"#;

fn cause() -> Cause {
    Cause::new("alice", "test")
}

/// The address, the signature and the quota layer, each with the settings of the endpoint; endpoints
/// without a quota have one that no test meets.
fn receiver<D>(layer: EndpointLayer<D>, ledger: &Ledger) -> Receiver
where
    D: Directory + Clone + Send + Sync + 'static,
{
    let guarded = ServiceBuilder::new()
        .layer(AuditLayer::new(ledger.clone()))
        .layer(layer)
        .layer(IpLayer::new().with_access(Settings::per_endpoint()))
        .layer(HmacLayer::with_settings(Settings::per_endpoint()))
        .layer(RateLimitLayer::per_endpoint().with_quota(quotas()))
        .service(service_fn(async |request: Request<BufferedBody>| {
            let facts = Facts::of(request.extensions()).unwrap();
            assert!(facts.verification().is_some());
            let name = facts.endpoint().unwrap().name().to_string();
            Ok::<_, Infallible>(Response::new(Full::from(name)))
        }));
    BoxCloneSyncService::new(guarded)
}

fn quotas() -> Settings<Quota> {
    Settings::per_endpoint_or(Quota::per_second(1_000_000).unwrap())
}

/// How many deliveries a day the endpoint of this number takes: one to three.
fn daily(number: u32) -> u32 {
    number % 3 + 1
}

fn on_path() -> EndpointKey {
    EndpointKey::path("/webhooks/{key}").unwrap()
}

fn secret(number: u32) -> Secret {
    Secret::new(format!("the secret of number {number}")).unwrap()
}

fn address(number: u32) -> Ipv4Addr {
    Ipv4Addr::from_bits(u32::from(Ipv4Addr::new(10, 0, 0, 0)) + number)
}

/// An endpoint with the secret and the list of this number.
fn endpoint(name: String, number: u32) -> Endpoint {
    Endpoint::new(name)
        .with(HmacSettings::new(&presets::GITHUB, secret(number)).unwrap())
        .with(AccessList::allow([address(number).to_string()]).unwrap())
}

/// A delivery to `key`, signed with the secret of one number and sent from the address of another.
fn delivery(key: &str, signed: u32, from: u32) -> Request<ScriptedBody> {
    let sender = Verifier::new(&presets::GITHUB, secret(signed)).unwrap();
    let headers = sender.sign(&SignRequest::new(CONTENT.as_bytes(), NOW));
    let peer = SocketAddr::new(address(from).into(), 4711);
    let mut request = Request::post(format!("/webhooks/{key}"))
        .extension(Facts::from_peer(peer))
        .body(ScriptedBody::new(CONTENT))
        .unwrap();
    request.headers_mut().extend(headers.unwrap());
    request
}

/// What becomes of a request: whom the handler served, or why it was refused.
async fn send(receiver: &Receiver, request: Request<ScriptedBody>) -> Result<String, Reason> {
    let answer = receiver.clone().oneshot(request).await.unwrap();
    if let Some(rejection) = answer.extensions().get::<Rejection>() {
        return Err(rejection.reason());
    }
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    Ok(String::from_utf8(body.to_vec()).unwrap())
}

#[tokio::test]
async fn ten_thousand_endpoints_on_one_route_each_with_its_own_secret_list_and_quota() {
    const ENDPOINTS: u32 = 10_000;
    let asked = Arc::new(AtomicUsize::new(0));
    let cache = EndpointCache::new({
        let asked = Arc::clone(&asked);
        move |key: Key| {
            asked.fetch_add(1, Ordering::SeqCst);
            let number = key
                .as_str()
                .strip_prefix("k-")
                .and_then(|number| number.parse().ok());
            let known = number.filter(|number| (0..ENDPOINTS).contains(number));
            let found = known.map(|number| {
                let quota = Quota::per_period(daily(number), DAY).unwrap();
                endpoint(format!("tenant {number}"), number).with(quota)
            });
            async { Ok::<Lookup, Infallible>(found.into()) }
        }
    });
    let ledger = Ledger::default();
    let receiver = receiver(EndpointLayer::new(on_path(), cache.clone()), &ledger);
    for number in 0..ENDPOINTS {
        let (key, neighbour) = (format!("k-{number}"), (number + 1) % ENDPOINTS);
        for _ in 0..daily(number) {
            let own = send(&receiver, delivery(&key, number, number)).await;
            assert_eq!(own, Ok(format!("tenant {number}")));
        }
        let one_more = send(&receiver, delivery(&key, number, number)).await;
        assert_eq!(one_more, Err(Reason::RateLimited), "{number}");
        let others_secret = send(&receiver, delivery(&key, neighbour, number)).await;
        assert_eq!(others_secret, Err(Reason::SignatureMismatch), "{number}");
        let others_address = send(&receiver, delivery(&key, number, neighbour)).await;
        assert_eq!(others_address, Err(Reason::IpDenied), "{number}");
    }
    assert_eq!(cache.endpoints(), ENDPOINTS as usize);
    assert_eq!(
        asked.load(Ordering::SeqCst),
        ENDPOINTS as usize,
        "each once"
    );

    let records = ledger.all();
    let own: u32 = (0..ENDPOINTS).map(|number| daily(number) + 1).sum();
    assert_eq!(records.len(), (own + 2 * ENDPOINTS) as usize);
    let last = records.last().unwrap();
    assert_eq!(last.endpoint.as_ref().unwrap().as_str(), "tenant 9999");
}

#[tokio::test]
async fn what_is_for_no_active_endpoint_gets_no_further_and_its_body_is_not_read() {
    let map = EndpointMap::new()
        .with("closed", Lookup::Disabled(endpoint("closed".into(), 1)))
        .with("bare", Endpoint::new("bare"));
    let ledger = Ledger::default();
    let receiver = receiver(EndpointLayer::new(on_path(), map), &ledger);
    for (key, reason) in [
        ("nobody", Reason::EndpointUnknown),
        ("..", Reason::EndpointUnknown),
        ("closed", Reason::EndpointDisabled),
        // No layer takes the lack of settings for leave to pass.
        ("bare", Reason::Misconfigured),
    ] {
        let request = delivery(key, 1, 1);
        let polls = request.body().polls();
        assert_eq!(send(&receiver, request).await, Err(reason), "{key}");
        assert_eq!(polls.load(Ordering::SeqCst), 0, "{key}");
        assert_eq!(ledger.last().reason, reason, "{key}");
    }
    let record = ledger.all().into_iter().nth(2).unwrap();
    assert_eq!(record.endpoint.as_ref().unwrap().as_str(), "closed");
    assert_eq!(record.checks.get(Check::Endpoint), Some(Verdict::Fail));
}

/// Each version of an endpoint has its own secret and its own address. A request with the secret of
/// one and the address of another would pass only if somebody saw half of a change.
async fn change_under_load(receiver: Receiver, change: impl Fn(u32) + Send + 'static) {
    const VERSIONS: u32 = 300;
    let version = Arc::new(AtomicU64::new(0));
    let is_over = Arc::new(AtomicBool::new(false));
    let senders: Vec<_> = (0..4_u32)
        .map(|_| {
            let (receiver, version) = (receiver.clone(), Arc::clone(&version));
            let is_over = Arc::clone(&is_over);
            tokio::spawn(async move {
                let mut refused = 0;
                while !is_over.load(Ordering::SeqCst) {
                    let now = u32::try_from(version.load(Ordering::SeqCst)).unwrap();
                    for (signed, from) in [(now, now + 1), (now + 1, now)] {
                        let answer = send(&receiver, delivery("acme", signed, from)).await;
                        let reason = answer.expect_err("half of one version, half of another");
                        let ours = [Reason::IpDenied, Reason::SignatureMismatch];
                        assert!(ours.contains(&reason), "{reason}");
                        refused += 1;
                    }
                    let _either = send(&receiver, delivery("acme", now, now)).await;
                    tokio::task::yield_now().await;
                }
                refused
            })
        })
        .collect();
    for next in 1..=VERSIONS {
        change(next);
        let answer = send(&receiver, delivery("acme", next, next)).await;
        assert_eq!(
            answer,
            Ok("acme".to_owned()),
            "in force for the next request"
        );
        let answer = send(&receiver, delivery("acme", next - 1, next - 1)).await;
        assert_eq!(answer, Err(Reason::IpDenied), "and the old one is not");
        version.store(u64::from(next), Ordering::SeqCst);
        tokio::task::yield_now().await;
    }
    is_over.store(true, Ordering::SeqCst);
    for sender in senders {
        assert!(sender.await.unwrap() > 0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_endpoint_in_memory_is_changed_whole_and_for_the_next_request() {
    let map = EndpointMap::new().with("acme", endpoint("acme".into(), 0));
    let receiver = receiver(
        EndpointLayer::new(on_path(), map.clone()),
        &Ledger::default(),
    );
    change_under_load(receiver, move |next| {
        map.replace("acme", endpoint("acme".into(), next), &cause());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_endpoint_of_a_store_is_changed_whole_and_for_the_next_request() {
    let store = Arc::new(RwLock::new(HashMap::from([("acme", 0)])));
    let cache = EndpointCache::with_settings(
        {
            let store = Arc::clone(&store);
            move |key: Key| {
                let store = Arc::clone(&store);
                async move {
                    let read = || store.read().unwrap().get(key.as_str()).copied();
                    let number = read();
                    // What was read is old by the time that it is answered.
                    tokio::task::yield_now().await;
                    let found = number.map(|number| endpoint(key.to_string(), number));
                    Ok::<Lookup, Infallible>(found.into())
                }
            }
        },
        CacheSettings::new(),
    );
    let receiver = receiver(
        EndpointLayer::new(on_path(), cache.clone()),
        &Ledger::default(),
    );
    change_under_load(receiver, move |next| {
        store.write().unwrap().insert("acme", next);
        cache.invalidate("acme", &cause());
    })
    .await;
}

/// Secrets by the name of the event: an event's secret is worth nothing for another.
#[tokio::test]
async fn secrets_by_event_name() {
    let key = on_path().and(EndpointKey::header("x-github-event").unwrap());
    let map: EndpointMap = [("push", 1), ("release", 2)]
        .map(|(event, number)| {
            let name = format!("acme {event}");
            (name.clone(), endpoint(name, number))
        })
        .into_iter()
        .collect();
    let receiver = receiver(EndpointLayer::new(key, map), &Ledger::default());
    let event = |name: &str, number| {
        let mut request = delivery("acme", number, number);
        request
            .headers_mut()
            .insert("x-github-event", name.parse().unwrap());
        request
    };
    assert_eq!(
        send(&receiver, event("push", 1)).await.unwrap(),
        "acme push"
    );
    assert_eq!(
        send(&receiver, event("release", 2)).await.unwrap(),
        "acme release"
    );

    let mut claimed = event("release", 2);
    claimed
        .headers_mut()
        .insert("x-github-event", "push".parse().unwrap());
    let peer = SocketAddr::new(address(1).into(), 4711);
    claimed.extensions_mut().insert(Facts::from_peer(peer));
    assert_eq!(
        send(&receiver, claimed).await,
        Err(Reason::SignatureMismatch)
    );
    assert_eq!(
        send(&receiver, event("ping", 1)).await,
        Err(Reason::EndpointUnknown)
    );
    assert_eq!(
        send(&receiver, delivery("acme", 1, 1)).await,
        Err(Reason::EndpointUnknown)
    );
}

// ---- axum ----

/// The status that the target of a request line gets, as it stands on the wire.
async fn status_of(address: SocketAddr, target: &str) -> u16 {
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let request = format!(
        "POST {target} HTTP/1.1\r\nhost: localhost\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer.split(' ').nth(1).unwrap().parse().unwrap()
}

#[tokio::test]
async fn on_the_wire_an_endpoint_has_one_spelling() -> Result<(), BoxError> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let map = EndpointMap::new().with("acme", Endpoint::new("acme"));
    // Whatever the router makes of a path, this handler would answer it.
    let hooks = axum::Router::new()
        .route("/{key}", axum::routing::post(async || "served"))
        .fallback(async || "served")
        .layer(EndpointLayer::new(on_path(), map));
    let router = axum::Router::new().nest("/webhooks", hooks);
    let server = tokio::spawn(axum::serve(listener, router).into_future());
    for target in [
        "/webhooks/acme",
        "/webhooks/acme?x=/../y",
        "http://localhost/webhooks/acme",
    ] {
        assert_eq!(status_of(address, target).await, 200, "{target}");
    }
    for target in [
        "/webhooks/nobody",
        "/webhooks/acme/",
        "/webhooks/acme/more",
        "/webhooks//acme",
        "//webhooks/acme",
        "/webhooks/./acme",
        "/webhooks/x/../acme",
        "/webhooks/%61cme",
        "/webhooks/acme%2f",
        "/webhooks/%2e%2e/webhooks/acme",
        "/webhooks/acme\\",
        "/WEBHOOKS/acme",
    ] {
        let status = status_of(address, target).await;
        assert!(status == 404 || status == 400, "{target}: {status}");
    }
    server.abort();
    Ok(())
}

// ---- tonic ----

/// A service that has no methods: what it says was let through.
#[derive(Clone)]
struct NoMethods;

impl tonic::server::NamedService for NoMethods {
    const NAME: &'static str = "hook.Events";
}

impl<B> Service<Request<B>> for NoMethods {
    type Response = Response<tonic::body::Body>;
    type Error = Infallible;
    type Future = std::future::Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<B>) -> Self::Future {
        std::future::ready(Ok(tonic::Status::unimplemented("let through").into_http()))
    }
}

#[tokio::test]
async fn a_grpc_server_finds_endpoints_by_metadata() -> Result<(), BoxError> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let map = EndpointMap::new()
        .with("acme", Endpoint::new("acme"))
        .with("closed", Lookup::Disabled(Endpoint::new("closed")));
    let layer = EndpointLayer::new(EndpointKey::header("x-endpoint")?, map);
    let incoming = tokio_stream::wrappers::TcpListenerStream::new(listener);
    let server = tonic::transport::Server::builder()
        .layer(layer)
        .add_service(NoMethods);
    let server = tokio::spawn(server.serve_with_incoming(incoming));

    let channel = tonic::transport::Endpoint::from_shared(format!("http://{address}"))?;
    let mut client = tonic::client::Grpc::new(channel.connect().await?);
    for (key, code) in [
        ("acme", tonic::Code::Unimplemented),
        ("closed", tonic::Code::NotFound),
        ("nobody", tonic::Code::NotFound),
    ] {
        client.ready().await?;
        let mut request = tonic::Request::new(());
        request.metadata_mut().insert("x-endpoint", key.parse()?);
        let path = http::uri::PathAndQuery::from_static("/hook.Events/Deliver");
        let codec = tonic_prost::ProstCodec::<(), ()>::default();
        let status = client.unary(request, path, codec).await.unwrap_err();
        assert_eq!(status.code(), code, "{key}");
    }
    server.abort();
    Ok(())
}
