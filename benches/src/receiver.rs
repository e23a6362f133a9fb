//! A guarded receiver on hyper, on a thread of its own.

use std::{convert::Infallible, error::Error, net::SocketAddr, sync::mpsc, thread};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::{body::Incoming, server::conn::http1};
use hyper_util::{rt::TokioIo, service::TowerToHyperService};
use tokio::net::TcpListener;
use tower::{Layer as _, ServiceExt as _, service_fn};
use webhook_layers::{
    BufferedBody, Facts, Quota, Secret, WebhookLayers,
    audit::{AuditRecord, Sink},
    presets,
};

/// The secret of the real sender.
pub const SECRET: &str = "the secret of the benchmark's sender";

/// Starts a receiver of GitHub's deliveries behind a trusted proxy on loopback, so that its clients
/// can play any address, and says where it listens. It lives as long as the process.
///
/// # Errors
/// No free port, or no thread.
pub fn start(network_quota: u32) -> Result<SocketAddr, Box<dyn Error + Send + Sync>> {
    let hooks = WebhookLayers::builder(&presets::GITHUB)
        .secret("current", Secret::new(SECRET))
        .trusted_proxies(["127.0.0.0/8"])
        .network_quota(Quota::per_minute(network_quota))
        .endpoint_quota(Quota::per_second(100_000))
        .audit(Forget)
        .build()?;
    let (told, address) = mpsc::channel();
    thread::Builder::new()
        .name("receiver".into())
        .spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            if let Ok(runtime) = runtime {
                runtime.block_on(serve(hooks, told));
            }
        })?;
    Ok(address.recv()?)
}

/// Records are made and dropped: what becomes of them is another benchmark's matter.
#[derive(Clone, Debug)]
struct Forget;

impl Sink for Forget {
    fn record(&self, record: AuditRecord) {
        drop(record);
    }
}

async fn serve(hooks: WebhookLayers<Forget>, told: mpsc::Sender<SocketAddr>) {
    let Ok(listener) = TcpListener::bind("127.0.0.1:0").await else {
        return;
    };
    let Ok(address) = listener.local_addr() else {
        return;
    };
    let _nobody_waits = told.send(address);
    let guarded = hooks.layer(service_fn(handle));
    while let Ok((stream, peer)) = listener.accept().await {
        let guarded = guarded.clone();
        let told = service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(Facts::from_peer(peer));
            guarded.clone().oneshot(request)
        });
        tokio::spawn(async move {
            // How a connection ends is the client's affair.
            let _ended = http1::Builder::new()
                .serve_connection(TokioIo::new(stream), TowerToHyperService::new(told))
                .await;
        });
    }
}

async fn handle(request: Request<BufferedBody>) -> Result<Response<Full<Bytes>>, Infallible> {
    drop(request);
    Ok(Response::new(Full::default()))
}
