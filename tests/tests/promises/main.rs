//! The forty promises of `SECURITY.md`, each a test with its number in front: those that need the
//! whole stack, or a socket, stand here; the others beside the crate that keeps them.
//!
//! `table.rs` holds the table in `SECURITY.md` to what is there.
// Clippy knows the functions of a test, not their helpers.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

mod audit;
mod authenticity;
mod bodies;
mod client_address;
mod cost;
mod freshness;
mod http2;
mod protocols;
mod readiness;
mod refusals;
mod secrets;
mod table;

use std::{
    pin::pin,
    task::{Context, Poll, Waker},
};

use http::{HeaderMap, HeaderValue, Request};
use webhook_layers::Quota;
use webhook_tests::stand::{ScriptedBody, Sender, Setup, Stand, poll_once};

/// The client of every request that is about something else.
const CLIENT: &str = "203.0.113.9";

/// Quotas that are in nobody's way.
fn generous(setup: Setup) -> Setup {
    setup
        .network_quota(Quota::per_minute(10_000_000))
        .endpoint_quota(Quota::per_minute(10_000_000))
}

/// A request from [`CLIENT`] with these headers and this body.
fn request(headers: HeaderMap, body: ScriptedBody) -> Request<ScriptedBody> {
    let mut request = Sender::nobody(CLIENT, "").map(|_| body);
    request.headers_mut().extend(headers);
    request
}

/// Status and reason of a request that nothing keeps waiting.
fn judged(stand: &Stand, request: Request<ScriptedBody>) -> (u16, &'static str) {
    poll_once(stand.judge(request)).expect("an answer at once")
}

fn value(text: impl AsRef<[u8]>) -> HeaderValue {
    HeaderValue::from_bytes(text.as_ref()).unwrap()
}

/// Polls a future at most so often and drops it: what it gave, or `None` where it still waits.
fn poll_times<F: Future>(future: F, times: usize) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    (0..times).find_map(|_| match future.as_mut().poll(&mut context) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    })
}
