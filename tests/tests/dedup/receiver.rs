//! A handler for webhooks and gRPC, and the hosts that serve it behind the stack.

use std::{
    convert::Infallible,
    net::SocketAddr,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
};

use axum::Router;
use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body_util::Full;
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
    service::TowerToHyperService,
};
use prost::Message as _;
use tokio::{net::TcpListener, sync::Semaphore, task::JoinHandle};
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{body::Body, server::NamedService, transport::Server};
use tower::{Service, ServiceBuilder};
use webhook_dedup_layer::DedupLayer;
use webhook_layers::{AuditLayer, BufferedBody, Clock, HmacLayer, HmacSettings};
use webhook_tests::{
    hosts::{DELIVER, Host, Receipt, START, verifier},
    stand::Ledger,
};

/// The handler fails the first attempt that carries this header.
pub(crate) const FAIL: &str = "x-test-fail";
/// The handler waits until the test lets it go on.
pub(crate) const SLOW: &str = "x-test-slow";

/// Counts its runs.
#[derive(Clone, Debug)]
pub(crate) struct Handler {
    runs: Arc<AtomicUsize>,
    failures: Arc<AtomicUsize>,
    /// A slow run takes one permit.
    pub(crate) gate: Arc<Semaphore>,
}

impl Handler {
    pub(crate) fn new() -> Self {
        Self {
            runs: Arc::default(),
            failures: Arc::default(),
            gate: Arc::new(Semaphore::new(0)),
        }
    }

    pub(crate) fn runs(&self) -> usize {
        self.runs.load(Ordering::SeqCst)
    }
}

impl NamedService for Handler {
    const NAME: &'static str = "hook.Events";
}

impl<B> Service<Request<B>> for Handler {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        self.runs.fetch_add(1, Ordering::SeqCst);
        let headers = request.headers().clone();
        let is_grpc = request.uri().path() == DELIVER;
        let handler = self.clone();
        Box::pin(async move {
            if headers.contains_key(SLOW) {
                handler.gate.acquire().await.unwrap().forget();
            }
            let fails =
                headers.contains_key(FAIL) && handler.failures.fetch_add(1, Ordering::SeqCst) == 0;
            Ok(match (is_grpc, fails) {
                (true, true) => tonic::Status::internal("as asked").into_http(),
                (true, false) => in_grpc(),
                (false, fails) => {
                    let status = if fails { 500 } else { 200 };
                    let body = Body::new(Full::from("handled"));
                    Response::builder().status(status).body(body).unwrap()
                }
            })
        })
    }
}

/// One message, and OK in the trailers.
fn in_grpc() -> Response<Body> {
    let message = Receipt::of(b"handled").encode_to_vec();
    let mut frame = vec![0];
    frame.extend(u32::try_from(message.len()).unwrap().to_be_bytes());
    frame.extend(message);
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", "0".parse().unwrap());
    let body = BufferedBody::new(frame).with_trailers(trailers);
    let response = Response::builder().header("content-type", "application/grpc");
    response.body(Body::new(body)).unwrap()
}

/// A guarded receiver, served until it is dropped.
pub(crate) struct Receiver {
    pub(crate) address: SocketAddr,
    pub(crate) handler: Handler,
    pub(crate) ledger: Ledger,
    server: JoinHandle<()>,
}

impl Receiver {
    pub(crate) async fn start(host: Host, dedup: DedupLayer) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (handler, ledger) = (Handler::new(), Ledger::default());
        let clock = Clock::manual(START).0;
        let hmac = HmacLayer::from(HmacSettings::from_verifier(verifier())).with_clock(clock);
        let stack = ServiceBuilder::new()
            .layer(AuditLayer::new(ledger.clone()))
            .layer(hmac)
            .layer(dedup);
        let inner = handler.clone();
        let server = match host {
            Host::Axum => tokio::spawn(async move {
                let app = Router::new().fallback_service(inner).layer(stack);
                axum::serve(listener, app).await.unwrap();
            }),
            Host::Tonic => tokio::spawn(async move {
                let router = Server::builder().layer(stack).add_service(inner);
                let incoming = TcpListenerStream::new(listener);
                router.serve_with_incoming(incoming).await.unwrap();
            }),
            Host::Hyper => tokio::spawn(async move {
                let guarded = stack.service(inner);
                loop {
                    let (stream, _) = listener.accept().await.unwrap();
                    let guarded = TowerToHyperService::new(guarded.clone());
                    tokio::spawn(async move {
                        let _ended = auto::Builder::new(TokioExecutor::new())
                            .serve_connection(TokioIo::new(stream), guarded)
                            .await;
                    });
                }
            }),
        };
        Self {
            address,
            handler,
            ledger,
            server,
        }
    }

    /// Waits until the handler has run so often.
    pub(crate) async fn runs(&self, at_least: usize) {
        for _ in 0..3000 {
            if self.handler.runs() >= at_least {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        panic!("the handler did not run {at_least} times in 30 s");
    }

    /// Waits for so many records, and returns what they conclude.
    pub(crate) async fn conclusions(&self, count: usize) -> Vec<(&'static str, &'static str)> {
        for _ in 0..3000 {
            if self.ledger.all().len() >= count {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        let conclusions = self.ledger.conclusions();
        assert_eq!(conclusions.len(), count, "{conclusions:?}");
        conclusions
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// A webhook with these headers, to be sent in HTTP/1.1.
pub(crate) fn webhook(headers: HeaderMap, body: &'static str) -> Request<Bytes> {
    let mut request = Request::post("/webhooks")
        .body(Bytes::from_static(body.as_bytes()))
        .unwrap();
    *request.headers_mut() = headers;
    request
}
