//! Every order in which a request can come to its end while somebody still writes to its record, tried
//! by loom: a task that the handler left behind, say.
//!
//! ```sh
//! RUSTFLAGS="--cfg webhook_loom" cargo test -p webhook-audit-layer --lib --release model
//! ```

use std::{
    convert::Infallible,
    pin::pin,
    sync::{Arc, Mutex},
    task::{Context, Waker},
};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use loom::thread;
use tower::service_fn;
use tower_layer::Layer as _;
use tower_service::Service as _;
use webhook_core::{Check, DeliveryRecord, Facts, Outcome, Reason, Verdict};

use crate::{AuditLayer, AuditRecord, Sink};

#[derive(Clone, Debug, Default)]
struct Kept(Arc<Mutex<Vec<AuditRecord>>>);

impl Sink for Kept {
    fn record(&self, record: AuditRecord) {
        self.0.lock().unwrap().push(record);
    }
}

/// Writes as a layer does that refuses, and then as a handler does.
fn write(record: &DeliveryRecord) {
    record.set_refusal(Reason::SignatureMismatch, Check::Signature);
    record.set_note("late");
}

/// One request, whose handler answers or is dropped while it waits, and which is written to meanwhile.
fn play(is_answered: bool, check: fn(&AuditRecord)) {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(3);
    model.check(move || {
        let kept = Kept::default();
        let late = Arc::new(Mutex::new(None));
        let left_behind = Arc::clone(&late);
        let mut service = AuditLayer::new(kept.clone()).layer(service_fn(move |request| {
            let request: Request<()> = request;
            let record = Facts::record_of(request.extensions());
            let task = thread::spawn(move || write(&record));
            *left_behind.lock().unwrap() = Some(task);
            async move {
                if !is_answered {
                    std::future::pending::<()>().await;
                }
                Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))
            }
        }));
        {
            let mut future = pin!(service.call(Request::new(())));
            let polled = future
                .as_mut()
                .poll(&mut Context::from_waker(Waker::noop()));
            assert_eq!(polled.is_ready(), is_answered);
            // Dropped here.
        }
        let task = late.lock().unwrap().take();
        task.unwrap().join().unwrap();
        let kept = kept.0.lock().unwrap();
        assert_eq!(kept.len(), 1, "one record for one request");
        check(&kept[0]);
    });
}

/// A refusal that is told is told as a whole.
fn is_whole(record: &AuditRecord) {
    let verdict = record.checks.get(Check::Signature);
    if record.reason == Reason::SignatureMismatch {
        assert_eq!(record.outcome, Outcome::Denied);
        assert_eq!(record.stage, Some(Check::Signature));
        assert_eq!(verdict, Some(Verdict::Fail));
    }
    if let Some(note) = &record.note {
        assert_eq!(note.to_string(), "late");
    }
}

#[test]
fn a_request_that_is_dropped_leaves_one_record_whatever_is_written_meanwhile() {
    play(false, |record| {
        is_whole(record);
        let is_gone = record.reason == Reason::ClientGone;
        assert!(is_gone || record.reason == Reason::SignatureMismatch);
        assert_eq!(record.status, None);
    });
}

#[test]
fn a_request_that_is_answered_leaves_one_record_whatever_is_written_meanwhile() {
    play(true, |record| {
        is_whole(record);
        let is_ok = record.reason == Reason::Ok;
        assert!(is_ok || record.reason == Reason::SignatureMismatch);
    });
}
