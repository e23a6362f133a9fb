//! Sinks made of functions and of other sinks.

use std::sync::Arc;

use webhook_core::change::Change;

use super::Sink;
use crate::{Acknowledgement, AuditRecord, Ended};

impl<F: Fn(AuditRecord)> Sink for F {
    fn record(&self, record: AuditRecord) {
        self(record);
    }
}

impl<K: Sink + ?Sized> Sink for Arc<K> {
    fn record(&self, record: AuditRecord) {
        (**self).record(record);
    }

    fn ended(&self, request: Ended) {
        (**self).ended(request);
    }

    fn is_awaited(&self) -> bool {
        (**self).is_awaited()
    }

    fn record_awaited(&self, record: AuditRecord) -> Option<Acknowledgement> {
        (**self).record_awaited(record)
    }

    fn change(&self, change: Change) {
        (**self).change(change);
    }
}

/// `None` forgets every record.
impl<K: Sink> Sink for Option<K> {
    fn record(&self, record: AuditRecord) {
        if let Some(sink) = self {
            sink.record(record);
        }
    }

    fn ended(&self, request: Ended) {
        if let Some(sink) = self {
            sink.ended(request);
        }
    }

    fn is_awaited(&self) -> bool {
        self.as_ref().is_some_and(Sink::is_awaited)
    }

    fn record_awaited(&self, record: AuditRecord) -> Option<Acknowledgement> {
        self.as_ref()?.record_awaited(record)
    }

    fn change(&self, change: Change) {
        if let Some(sink) = self {
            sink.change(change);
        }
    }
}

/// Each in turn.
impl<K: Sink> Sink for Vec<K> {
    fn record(&self, record: AuditRecord) {
        if let Some((last, others)) = self.split_last() {
            for sink in others {
                sink.record(record.clone());
            }
            last.record(record);
        }
    }

    fn ended(&self, request: Ended) {
        if let Some((last, others)) = self.split_last() {
            for sink in others {
                sink.ended(request.clone());
            }
            last.ended(request);
        }
    }

    fn is_awaited(&self) -> bool {
        self.iter().any(Sink::is_awaited)
    }

    fn record_awaited(&self, record: AuditRecord) -> Option<Acknowledgement> {
        let (last, others) = self.split_last()?;
        let others = others
            .iter()
            .map(|sink| sink.record_awaited(record.clone()));
        let others = Acknowledgement::all(others);
        Acknowledgement::all([others, last.record_awaited(record)])
    }

    fn change(&self, change: Change) {
        for sink in self {
            sink.change(change.clone());
        }
    }
}

/// First the left, then the right.
impl<A: Sink, B: Sink> Sink for (A, B) {
    fn record(&self, record: AuditRecord) {
        self.0.record(record.clone());
        self.1.record(record);
    }

    fn ended(&self, request: Ended) {
        self.0.ended(request.clone());
        self.1.ended(request);
    }

    fn is_awaited(&self) -> bool {
        self.0.is_awaited() || self.1.is_awaited()
    }

    fn record_awaited(&self, record: AuditRecord) -> Option<Acknowledgement> {
        let left = self.0.record_awaited(record.clone());
        Acknowledgement::all([left, self.1.record_awaited(record)])
    }

    fn change(&self, change: Change) {
        self.0.change(change.clone());
        self.1.change(change);
    }
}

/// From left to right.
impl<A: Sink, B: Sink, C: Sink> Sink for (A, B, C) {
    fn record(&self, record: AuditRecord) {
        self.0.record(record.clone());
        self.1.record(record.clone());
        self.2.record(record);
    }

    fn ended(&self, request: Ended) {
        self.0.ended(request.clone());
        self.1.ended(request.clone());
        self.2.ended(request);
    }

    fn is_awaited(&self) -> bool {
        self.0.is_awaited() || self.1.is_awaited() || self.2.is_awaited()
    }

    fn record_awaited(&self, record: AuditRecord) -> Option<Acknowledgement> {
        let left = self.0.record_awaited(record.clone());
        let middle = self.1.record_awaited(record.clone());
        Acknowledgement::all([left, middle, self.2.record_awaited(record)])
    }

    fn change(&self, change: Change) {
        self.0.change(change.clone());
        self.1.change(change.clone());
        self.2.change(change);
    }
}
