//! The guard that a request's future owns: whatever becomes of the future, it leaves one record.

use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use http::{Request, Response, request::Parts};
use tracing::Span;
use webhook_core::{
    Check, Clock, DeliveryRecord, Facts, Reason, Reject, Rejection, RequestId, Ticks, Timestamp,
};

use crate::{
    Acknowledgement, AuditRecord, Sink, conclusion::End, pending::Pending, record::Moment, span,
    told::Told,
};

/// What the services of one layer share.
pub(crate) struct Shared<K, R> {
    pub(crate) sink: Arc<K>,
    pub(crate) rejection: R,
    pub(crate) clock: Clock,
    pub(crate) with_path: bool,
    pub(crate) with_span: bool,
}

/// Watches one request. Dropped before the request came to an end, it records that nobody waited.
pub(crate) struct Guard<K: Sink, R> {
    shared: Arc<Shared<K, R>>,
    open: Option<Open>,
    span: Span,
}

/// A request that is not recorded yet.
struct Open {
    record: DeliveryRecord,
    told: Told,
    id: RequestId,
    received_at: Timestamp,
    started_at: Ticks,
}

impl Open {
    fn sketch(&self) -> Parts {
        self.told.sketch(&self.record)
    }
}

impl<K: Sink, R> Guard<K, R> {
    /// Puts a record into the request's facts. `None` where an outer layer keeps one already.
    pub(crate) fn attach<B>(shared: &Arc<Shared<K, R>>, request: &mut Request<B>) -> Option<Self> {
        if Facts::of(request.extensions()).is_some_and(|facts| facts.record().is_kept()) {
            return None;
        }
        let id = RequestId::generate(&shared.clock);
        let record = DeliveryRecord::new(id);
        let told = Told::of(request, shared.with_path);
        Facts::of_mut(request.extensions_mut()).set_record(record.clone());
        let open = Open {
            record,
            told,
            id,
            received_at: shared.clock.now(),
            started_at: shared.clock.ticks(),
        };
        Some(Self {
            shared: Arc::clone(shared),
            open: Some(open),
            span: if shared.with_span {
                span::open()
            } else {
                Span::none()
            },
        })
    }

    /// The request's span, which does nothing where the layer is told of none.
    pub(crate) const fn span(&self) -> &Span {
        &self.span
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
        self.open.as_ref().is_some_and(|open| open.told.is_grpc)
    }

    /// Answers for an inner service that panicked, and records it.
    ///
    /// The panic's own message stays in the process's panic hook: it can hold anything.
    pub(crate) fn answer_panic<ResBody>(mut self) -> Response<ResBody>
    where
        R: Reject<ResBody>,
    {
        let rejection = Rejection::new(Reason::HandlerPanic, Check::Handler);
        let parts = self
            .open
            .as_ref()
            .map_or_else(|| Request::new(()).into_parts().0, Open::sketch);
        // Should the policy panic too, dropping `self` records the refusal all the same.
        let response = rejection.answer(&self.shared.rejection, &parts);
        self.emit(End::answered(&response, self.is_grpc()));
        response
    }

    fn emit(&mut self, end: End) {
        if let Some(open) = self.open.take() {
            self.hand_over(open, end, |sink, record| {
                sink.record(record);
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
        let open = self.open.take()?;
        let sketch = open.sketch();
        let acknowledgement = self.hand_over(open, end, K::record_awaited);
        acknowledgement.map(|acknowledgement| {
            let shared = Arc::clone(&self.shared);
            Box::new(Pending::new(acknowledgement, shared, sketch))
        })
    }

    fn hand_over(
        &self,
        open: Open,
        end: End,
        hand: impl FnOnce(&K, AuditRecord) -> Option<Acknowledgement>,
    ) -> Option<Acknowledgement> {
        let moment = Moment {
            id: open.id,
            received_at: open.received_at,
            started_at: open.started_at,
            ended_at: self.shared.clock.ticks(),
        };
        let record = AuditRecord::gather(&moment, open.told, end, &open.record);
        span::conclude(&self.span, &record);
        // The record's own event stands inside the request's span.
        let _inside = self.span.enter();
        // A sink that panics while a panic drops this guard would abort the process.
        let sink = &self.shared.sink;
        catch_unwind(AssertUnwindSafe(|| hand(sink, record))).unwrap_or_else(|payload| {
            discard_payload(payload);
            tracing::error!(target: "webhook_audit", "a sink of the audit layer panicked");
            None
        })
    }
}

impl<K: Sink, R> Drop for Guard<K, R> {
    fn drop(&mut self) {
        self.emit(End::Gone);
    }
}

/// Drops what a panic carried; that can panic again.
pub(crate) fn discard_payload(payload: Box<dyn Any + Send>) {
    if let Err(again) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        std::mem::forget(again);
    }
}
