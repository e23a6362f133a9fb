//! What the layer asks beyond its lists: bans, run-time denials, https; what it tells: the origin, a
//! stale list, an explanation.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers outside #[test] functions may fail a test too"
)]

mod bans;
mod denials;
mod drift;
#[path = "../events/mod.rs"]
mod events;
mod explanations;
mod https;
mod origins;
mod shadow;

use std::{convert::Infallible, net::SocketAddr, sync::Arc, sync::Mutex};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use tower::{Layer, ServiceExt, service_fn};
use webhook_core::{
    Check, Clock, DeliveryRecord, Facts, ManualClock, PeerAddr, Problem, Reason, Rejection,
    RequestId, Timestamp, Verification,
    change::{Change, ChangeLog},
};
use webhook_ip_layer::{ClientAddressSource, IpLayer};

type Answer = Response<Full<Bytes>>;

/// As a layer that verifies: `signature: good` passes and is noted, everything else is refused.
async fn verifier(mut request: Request<()>) -> Result<Answer, Infallible> {
    let is_good = request
        .headers()
        .get("signature")
        .is_some_and(|value| value == "good");
    if is_good {
        let verification = Verification::new("acme").with_signed_body();
        Facts::of_mut(request.extensions_mut()).set_verification(verification);
        return Ok(Response::new(Full::default()));
    }
    let (parts, ()) = request.into_parts();
    let rejection = Rejection::new(Reason::SignatureMismatch, Check::Signature);
    Ok(rejection.answer(&Problem::default(), &parts))
}

fn from(peer: &str) -> Request<()> {
    let mut request = Request::new(());
    let peer: SocketAddr = peer.parse().unwrap();
    request.extensions_mut().insert(PeerAddr::new(peer));
    request
}

fn with(mut request: Request<()>, name: &'static str, value: &str) -> Request<()> {
    request.headers_mut().append(name, value.parse().unwrap());
    request
}

fn good(peer: &str) -> Request<()> {
    with(from(peer), "signature", "good")
}

fn behind_proxy(layer: IpLayer, source: ClientAddressSource) -> IpLayer {
    layer
        .with_source(source)
        .with_trusted_proxies(["10.0.0.0/8", "127.0.0.1"])
        .unwrap()
}

async fn send(layer: &IpLayer, request: Request<()>) -> Answer {
    layer
        .layer(service_fn(verifier))
        .oneshot(request)
        .await
        .unwrap()
}

/// Why the request was refused, by whomever.
async fn refusal(layer: &IpLayer, request: Request<()>) -> Option<Reason> {
    let answer = send(layer, request).await;
    answer.extensions().get().map(Rejection::reason)
}

/// The same, with a record that an audit layer keeps.
async fn recorded(layer: &IpLayer, mut request: Request<()>) -> (Option<Reason>, DeliveryRecord) {
    let record = DeliveryRecord::new(RequestId::generate(&Clock::system()));
    Facts::of_mut(request.extensions_mut()).set_record(record.clone());
    (refusal(layer, request).await, record)
}

fn clock() -> (Clock, ManualClock) {
    Clock::manual(Timestamp::from_unix_seconds(1_700_000_000))
}

/// A log, and the changes that come into it.
fn log(clock: &Clock) -> (ChangeLog, Arc<Mutex<Vec<Change>>>) {
    let changes = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&changes);
    let log = ChangeLog::new(clock.clone(), move |change| {
        kept.lock().unwrap().push(change);
    });
    (log, changes)
}
