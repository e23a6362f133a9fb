//! Where records go: the trait, and the sinks that come with the crate.

pub(crate) mod detectors;
pub(crate) mod json_lines;
#[cfg(feature = "metrics")]
pub(crate) mod metrics;
mod several;
pub(crate) mod shadow;
pub(crate) mod tracing;

use webhook_core::change::Change;

use crate::{Acknowledgement, AuditRecord, Ended};

/// Takes the record of each request.
///
/// # Contract
///
/// `record` is called once for each request, on the request's own path, also while a future is
/// dropped or a panic unwinds. It must not block and must not panic; a panic is caught, logged and
/// costs that record. Work that can wait belongs behind a bounded queue, as [`JsonLinesSink`] does
/// it, with the records that found no room counted.
///
/// A closure is a sink; so are an `Option`, an `Arc`, and, to feed several, a tuple or a `Vec`.
///
/// ```
/// use std::sync::atomic::{AtomicU64, Ordering};
///
/// use webhook_audit_layer::{AuditRecord, Sink};
/// use webhook_core::Outcome;
///
/// /// Counts deliveries that were not accepted.
/// #[derive(Default)]
/// struct Refused(AtomicU64);
///
/// impl Sink for Refused {
///     fn record(&self, record: AuditRecord) {
///         if record.outcome != Outcome::Accepted {
///             self.0.fetch_add(1, Ordering::Relaxed);
///         }
///     }
/// }
/// ```
///
/// [`JsonLinesSink`]: crate::JsonLinesSink
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no sink for audit records",
    label = "cannot take records",
    note = "a closure is one: `|record: AuditRecord| …`; `TracingSink` and `JsonLinesSink` come with the crate",
    note = "a tuple, a `Vec` or an `Option` of sinks is a sink too"
)]
pub trait Sink {
    /// Takes one record, without blocking.
    fn record(&self, record: AuditRecord);

    /// Takes a request whose record is not put together yet, without blocking. It is this that the
    /// layer calls; [`record`](Self::record) gets what it is put together to, unless a sink says
    /// otherwise.
    ///
    /// For sinks that hand each record to another thread: what they hand over is four words instead
    /// of a copy of the whole record, and that thread does the rest.
    ///
    /// ```
    /// use std::sync::mpsc::SyncSender;
    ///
    /// use webhook_audit_layer::{AuditRecord, Ended, Sink};
    ///
    /// struct Sender(SyncSender<Ended>);
    ///
    /// impl Sink for Sender {
    ///     fn record(&self, _: AuditRecord) {}
    ///
    ///     fn ended(&self, request: Ended) {
    ///         // The receiver calls `into_record`.
    ///         let _full = self.0.try_send(request);
    ///     }
    /// }
    /// ```
    fn ended(&self, request: Ended) {
        self.record(request.into_record());
    }

    /// Whether responses wait for what [`record_awaited`](Self::record_awaited) returns. `false`
    /// unless a sink says otherwise; then nothing is paid for it.
    fn is_awaited(&self) -> bool {
        false
    }

    /// Takes one record, without blocking, whose response waits until it is acknowledged. Called in
    /// place of [`record`](Self::record) where [`is_awaited`](Self::is_awaited) and there is a
    /// response. `None` lets the response go at once.
    ///
    /// Where the record is acknowledged as lost, the caller gets 503 in the response's place: what
    /// the handler did is done, and the sender tries again.
    fn record_awaited(&self, record: AuditRecord) -> Option<Acknowledgement> {
        self.record(record);
        None
    }

    /// Takes a change of the running stack, from
    /// [`AuditLayer::changes`](crate::AuditLayer::changes), without blocking. Unless a sink keeps
    /// changes itself, each is an event of `tracing`.
    fn change(&self, change: Change) {
        tracing::emit_change(&change);
    }
}
