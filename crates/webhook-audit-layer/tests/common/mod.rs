//! What the tests of the layer share.
#![allow(dead_code)] // Each test binary uses a part of it.

use std::{
    io::{self, Write},
    sync::{Arc, Mutex},
};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use tracing_subscriber::fmt::MakeWriter;
use webhook_audit_layer::{AuditLayer, AuditRecord, Sink};

pub(crate) type Answer = Response<Full<Bytes>>;

/// A sink that keeps every record.
#[derive(Clone, Default)]
pub(crate) struct Records(Arc<Mutex<Vec<AuditRecord>>>);

impl Records {
    pub(crate) fn layer(&self) -> AuditLayer<Self> {
        AuditLayer::new(self.clone())
    }

    pub(crate) fn all(&self) -> Vec<AuditRecord> {
        self.0.lock().unwrap().clone()
    }

    pub(crate) fn count(&self) -> usize {
        self.0.lock().unwrap().len()
    }

    /// The only record.
    pub(crate) fn one(&self) -> AuditRecord {
        let all = self.all();
        assert_eq!(all.len(), 1, "{all:?}");
        all.into_iter().next().unwrap()
    }

    /// Outcome and reason of the only record.
    pub(crate) fn words(&self) -> (&'static str, &'static str) {
        let record = self.one();
        (record.outcome.as_str(), record.reason.as_str())
    }
}

impl Sink for Records {
    fn record(&self, record: AuditRecord) {
        self.0.lock().unwrap().push(record);
    }
}

/// A writer that remembers what was written, for sinks and for subscribers.
#[derive(Clone, Default)]
pub(crate) struct Paper(Arc<Mutex<Vec<u8>>>);

impl Paper {
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Paper {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

pub(crate) fn delivery() -> Request<()> {
    Request::post("/webhooks/github").body(()).unwrap()
}

pub(crate) fn answer(status: u16) -> Answer {
    let mut response = Response::new(Full::default());
    *response.status_mut() = StatusCode::from_u16(status).unwrap();
    response
}
