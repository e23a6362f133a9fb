//! What an operator is told, once.
#![allow(clippy::unwrap_used, reason = "a helper that fails fails its test")]

mod common;

use std::{
    io,
    sync::{Arc, Mutex},
};

use common::{Body, clock, layer, receiver, send, stranger, verified};
use http::Request;
use tracing_subscriber::{fmt::MakeWriter, util::SubscriberInitExt};
use webhook_ratelimit_layer::{Key, Quota, Subject};

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn lines(&self) -> Vec<String> {
        let bytes = self.0.lock().unwrap().clone();
        String::from_utf8(bytes)
            .unwrap()
            .lines()
            .map(str::to_owned)
            .collect()
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

#[test]
fn each_cause_is_told_once_for_a_layer_and_not_for_each_request() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_ansi(false)
        .with_writer(writer)
        .finish();
    let _guard = subscriber.set_default();

    let quota = Quota::per_minute(100).unwrap();
    let limit = layer(Key::endpoint(), quota, &clock().0);
    let (one, other) = (receiver(&limit), receiver(&limit));
    send(&one, verified("192.0.2.1", "a"));
    assert!(
        log.lines().is_empty(),
        "nothing to tell of a layer in its place"
    );
    let network = Subject::network("192.0.2.1".parse().unwrap());
    assert_eq!(limit.handle().inspect("test", &network), None);
    assert!(log.lines().is_empty(), "nor of an operator who looks");

    for _ in 0..5 {
        send(&one, stranger("192.0.2.1"));
        send(&other, stranger("192.0.2.2"));
    }
    let lines = log.lines();
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].contains("WARN webhook_ratelimit: "), "{lines:?}");
    assert!(lines[0].contains("WHK-O202") && lines[0].contains("runs before verification"));

    for _ in 0..5 {
        send(&one, Request::new(Body::default()));
    }
    let lines = log.lines();
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(lines[1].contains("ERROR webhook_ratelimit: ") && lines[1].contains("WHK-I110"));
    assert!(
        lines[1].contains("into_make_service_with_connect_info"),
        "the fix is named"
    );
}
