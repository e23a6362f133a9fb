//! What an operator is told, once.
#![allow(clippy::unwrap_used, reason = "a helper that fails fails its test")]

mod common;

use std::{
    convert::Infallible,
    io,
    sync::{Arc, Mutex, atomic::Ordering},
    time::Duration,
};

use http::{Request, Response, request::Parts};
use tower::{ServiceExt as _, service_fn};
use tower_layer::Layer as _;
use tracing_subscriber::{fmt::MakeWriter, util::SubscriberInitExt};
use webhook_core::{BufferedBody, ManualClock, Reject, Rejection, Settings, Verification};
use webhook_dedup_layer::{DedupLayer, DedupStore};

use common::{Body, Fallible, answer, delivery, now, store, stranger, verified};

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }

    fn count(&self, words: &str) -> usize {
        self.text().matches(words).count()
    }
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

fn send<St, R>(layer: &DedupLayer<St, R>, request: Request<BufferedBody>) -> Response<Body>
where
    St: DedupStore + Clone,
    R: Reject<Body> + Clone,
{
    handle(layer, request, || ())
}

fn handle<St, R>(
    layer: &DedupLayer<St, R>,
    request: Request<BufferedBody>,
    act: impl Fn() + Clone,
) -> Response<Body>
where
    St: DedupStore + Clone,
    R: Reject<Body> + Clone,
{
    let service = layer.layer(service_fn(move |_: Request<BufferedBody>| {
        act();
        async { Ok::<_, Infallible>(answer(200)) }
    }));
    now(service.oneshot(request)).unwrap()
}

/// Longer than the lease.
fn dawdle(hands: &ManualClock) {
    hands.advance(Duration::from_secs(301));
}

#[test]
fn each_cause_is_told_once_for_a_layer_and_not_for_each_request() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_ansi(false)
        .with_writer(log.clone())
        .finish();
    let _guard = subscriber.set_default();

    let (memory, hands) = store();
    let layer = DedupLayer::with_store(memory);
    send(&layer, delivery("1"));
    send(&layer, delivery("1"));
    assert_eq!(log.text(), "", "nothing to tell of a layer in its place");

    let per_endpoint = DedupLayer::new().with_settings(Settings::per_endpoint());
    let in_words = |rejection: &Rejection, _: &Parts| answer(rejection.code().status().as_u16());
    let without_bodies = DedupLayer::new().with_rejection(in_words);
    for _ in 0..3 {
        send(&layer, stranger("event"));
        send(&per_endpoint, delivery("1"));
        send(&without_bodies, delivery("1"));
        send(
            &layer,
            verified(Verification::new("acme").with_signed_body(), ""),
        );
    }
    for id in ["2", "3"] {
        // A handler that takes longer than its lease, so that another copy took the claim over.
        let other = layer.clone();
        handle(&layer, delivery(id), || {
            dawdle(&hands);
            send(&other, delivery(id));
        });
    }
    for (code, fix) in [
        ("WHK-D301", "inside the layer that verifies"),
        ("WHK-D302", "Settings::per_endpoint_or"),
        ("WHK-D303", "in place of a closure"),
        ("WHK-D304", "neither a signed id nor a body"),
        ("WHK-D305", "give a longer lease"),
    ] {
        assert_eq!(
            (log.count(code), log.count(fix)),
            (1, 1),
            "{code}: {}",
            log.text()
        );
    }
}

#[test]
fn a_store_that_fails_is_told_once_until_it_answers() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_ansi(false)
        .with_writer(log.clone())
        .finish();
    let _guard = subscriber.set_default();

    let failing = Fallible::default();
    let layer = DedupLayer::with_store(failing.clone());
    for round in 1..=2 {
        failing.fails.store(true, Ordering::SeqCst);
        for _ in 0..3 {
            send(&layer, delivery("1"));
        }
        failing.fails.store(false, Ordering::SeqCst);
        send(&layer, delivery("1"));
        assert_eq!(log.count("connection refused"), round);
        assert_eq!(log.count("answers again"), round);
    }
}
