//! The guard that a request's future owns: whatever becomes of the future, it leaves one record.

use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use http::{Request, Response, request::Parts};
use tracing::Span;
use webhook_core::{
    Check, Clock, DeliveryRecord, Facts, PeerAddr, Reason, Reject, Rejection, record::RecordPool,
};

use crate::{Acknowledgement, Ended, Sink, conclusion::End, pending::Pending, span, told};

/// What the services of one layer share.
pub(crate) struct Shared<K, R> {
    pub(crate) sink: Arc<K>,
    pub(crate) rejection: R,
    pub(crate) clock: Clock,
    pub(crate) records: RecordPool,
    pub(crate) with_path: bool,
    pub(crate) with_span: bool,
}

/// Watches one request. Dropped before the request came to an end, it records that nobody waited.
///
/// It is moved with the request's future, so it is small: what is known of the request is in the
/// record's one allocation.
pub(crate) struct Guard<K: Sink, R> {
    shared: Arc<Shared<K, R>>,
    /// Kept until the request is recorded.
    record: DeliveryRecord,
    span: Option<Box<Span>>,
}

impl<K: Sink, R> Guard<K, R> {
    /// Puts a record into the request's facts. `None` where an outer layer keeps one already.
    pub(crate) fn attach<B>(shared: &Arc<Shared<K, R>>, request: &mut Request<B>) -> Option<Self> {
        let facts = Facts::of(request.extensions());
        if facts.is_some_and(|facts| facts.record().is_kept()) {
            return None;
        }
        let peer = facts.and_then(Facts::peer);
        let peer = peer.or_else(|| PeerAddr::find(request.extensions()));
        let record = shared.records.begin(&shared.clock, |head| {
            told::copy(request, peer, shared.with_path, head);
        });
        let facts = Facts::of_mut(request.extensions_mut());
        facts.set_record(record.clone());
        if let Some(peer) = peer {
            facts.set_peer(peer);
        }
        Some(Self {
            shared: Arc::clone(shared),
            record,
            span: shared.with_span.then(span::open).and_then(wanted),
        })
    }

    /// Runs what is inside of the layer, within the request's span where there is one.
    #[inline]
    pub(crate) fn within<T>(&self, run: impl FnOnce() -> T) -> T {
        let _inside = self.span.as_ref().map(|span| span.enter());
        run()
    }

    /// Records how the request ended, and returns what the response has to wait for.
    pub(crate) fn conclude<B, E>(
        mut self,
        result: &Result<Response<B>, E>,
    ) -> Option<Box<Pending<K, R>>> {
        let Ok(response) = result else {
            self.emit(End::Failed);
            return None;
        };
        let end = End::answered(response, self.is_grpc());
        self.emit_awaited(end)
    }

    fn is_grpc(&self) -> bool {
        self.record.head().is_some_and(|head| head.is_grpc)
    }

    fn sketch(&self) -> Parts {
        told::sketch(&self.record)
    }

    /// Answers for an inner service that panicked, and records it.
    ///
    /// The panic's own message stays in the process's panic hook: it can hold anything.
    #[cold]
    pub(crate) fn answer_panic<ResBody>(mut self) -> Response<ResBody>
    where
        R: Reject<ResBody>,
    {
        let rejection = Rejection::new(Reason::HandlerPanic, Check::Handler);
        // Should the policy panic too, dropping `self` records the refusal all the same.
        let response = rejection.answer(&self.shared.rejection, &self.sketch());
        self.emit(End::answered(&response, self.is_grpc()));
        response
    }

    fn emit(&mut self, end: End) {
        if let Some(ended) = self.end(end) {
            self.hand_over(ended, |sink, ended| {
                sink.ended(ended);
                None
            });
        }
    }

    /// As `emit`; boxed only where the sink has responses wait.
    fn emit_awaited(&mut self, end: End) -> Option<Box<Pending<K, R>>> {
        if !self.shared.sink.is_awaited() {
            self.emit(end);
            return None;
        }
        let sketch = self.sketch();
        let ended = self.end(end)?;
        let acknowledgement = self.hand_over(ended, |sink, ended| {
            sink.record_awaited(ended.into_record())
        });
        acknowledgement.map(|acknowledgement| {
            let shared = Arc::clone(&self.shared);
            Box::new(Pending::new(acknowledgement, shared, sketch))
        })
    }

    /// The request has ended now; `None` where it had before.
    fn end(&mut self, end: End) -> Option<Ended> {
        let record = std::mem::take(&mut self.record);
        let at = self.shared.clock.moment();
        record.is_kept().then(|| Ended::new(record, end, at))
    }

    fn hand_over(
        &self,
        ended: Ended,
        hand: impl FnOnce(&K, Ended) -> Option<Acknowledgement>,
    ) -> Option<Acknowledgement> {
        // The record's own event stands inside the request's span.
        let _inside = self.span.as_ref().map(|span| {
            span::conclude(span, &ended);
            span.enter()
        });
        // A sink that panics while a panic drops this guard would abort the process.
        let sink = &self.shared.sink;
        catch_unwind(AssertUnwindSafe(|| hand(sink, ended))).unwrap_or_else(|payload| {
            discard_payload(payload);
            tracing::error!(target: "webhook_audit", "a sink of the audit layer panicked");
            None
        })
    }
}

impl<K: Sink, R> Drop for Guard<K, R> {
    fn drop(&mut self) {
        if self.record.is_kept() {
            self.emit(End::Gone);
        }
    }
}

/// The span, where a subscriber wants it.
fn wanted(span: Span) -> Option<Box<Span>> {
    (!span.is_disabled()).then(|| Box::new(span))
}

/// Drops what a panic carried; that can panic again.
#[cold]
pub(crate) fn discard_payload(payload: Box<dyn Any + Send>) {
    if let Err(again) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        std::mem::forget(again);
    }
}
