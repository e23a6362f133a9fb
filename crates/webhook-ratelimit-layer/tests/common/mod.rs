//! A receiver behind a limit, a clock turned by hand, and requests from anywhere.
#![allow(dead_code, reason = "each test file uses its own part")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a helper that fails fails its test"
)]

use std::{
    convert::Infallible,
    net::SocketAddr,
    pin::pin,
    task::{Context, Poll, Waker},
    time::Duration,
};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use tower::{Layer, Service, ServiceExt, service_fn, util::BoxCloneSyncService};
use webhook_core::{
    Clock, Endpoint, Facts, ManualClock, PeerAddr, Reject, Timestamp, Verification,
};
use webhook_ratelimit_layer::{Key, Quota, RateLimitLayer};

pub(crate) type Body = Full<Bytes>;
pub(crate) type Receiver = BoxCloneSyncService<Request<Body>, Response<Body>, Infallible>;

/// A clock that stands until its hands are moved.
pub(crate) fn clock() -> (Clock, ManualClock) {
    Clock::manual(Timestamp::from_unix_seconds(1_700_000_000))
}

/// A handler behind `layer` that answers 200.
pub(crate) fn receiver<R>(layer: &RateLimitLayer<R>) -> Receiver
where
    R: Reject<Body> + Clone + Send + Sync + 'static,
{
    let handler = service_fn(async |_: Request<Body>| Ok(Response::new(Body::default())));
    BoxCloneSyncService::new(layer.layer(handler))
}

pub(crate) fn layer(key: Key, quota: Quota, clock: &Clock) -> RateLimitLayer {
    RateLimitLayer::new("test", key, quota)
        .unwrap()
        .with_clock(clock.clone())
}

/// A request that nothing verified.
pub(crate) fn stranger(address: &str) -> Request<Body> {
    let peer = SocketAddr::new(address.parse().unwrap(), 50_000);
    Request::builder()
        .extension(PeerAddr::new(peer))
        .body(Body::default())
        .unwrap()
}

/// A request that was verified as `endpoint`'s.
pub(crate) fn verified(address: &str, endpoint: &'static str) -> Request<Body> {
    let mut request = stranger(address);
    let facts = Facts::of_mut(request.extensions_mut());
    facts.set_endpoint(Endpoint::new(endpoint));
    facts.set_verification(Verification::new("github"));
    request
}

/// The answer to one request, now.
pub(crate) fn send(receiver: &Receiver, request: Request<Body>) -> Response<Body> {
    let mut receiver = receiver.clone();
    now(async move { receiver.ready().await.unwrap().call(request).await.unwrap() })
}

/// How many of `count` such requests are let through, now.
pub(crate) fn passed(
    receiver: &Receiver,
    count: usize,
    request: impl Fn() -> Request<Body>,
) -> usize {
    (0..count)
        .filter(|_| send(receiver, request()).status().is_success())
        .count()
}

/// What `Retry-After` says.
pub(crate) fn retry_after(response: &Response<Body>) -> Option<Duration> {
    let seconds = response
        .headers()
        .get("retry-after")?
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    Some(Duration::from_secs(seconds))
}

pub(crate) fn header<'a>(response: &'a Response<Body>, name: &str) -> Option<&'a str> {
    response
        .headers()
        .get(name)
        .map(|value| value.to_str().unwrap())
}

/// The handlers of these tests answer at once, so one poll is all it takes.
pub(crate) fn now<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("the receiver did not answer at once"),
    }
}
