use std::{fmt, sync::Arc};

use tower_layer::Layer;
use webhook_core::{Clock, Problem, change::ChangeLog, record::RecordPool};

use crate::{Audit, Sink, guard::Shared};

/// Leaves exactly one record of each request; see the [crate](crate).
///
/// It belongs outside every other layer.
///
/// The memory of records that were told is used again: a layer and its clones keep at most 1 MiB of it
/// ([`MAX_POOLED_RECORDS`](webhook_core::record::MAX_POOLED_RECORDS)).
///
/// | setting | default |
/// |---|---|
/// | path | recorded, without its query |
/// | span of `tracing` | none |
/// | rejection (the answer after a panic) | [`Problem`] |
/// | clock | the system's |
pub struct AuditLayer<K, R = Problem> {
    sink: Arc<K>,
    rejection: R,
    clock: Clock,
    records: RecordPool,
    with_path: bool,
    with_span: bool,
}

impl<K> AuditLayer<K> {
    /// Hands each record to `sink`; see [`Sink`](crate::Sink).
    ///
    /// ```
    /// use webhook_audit_layer::{AuditLayer, AuditRecord, TracingSink};
    ///
    /// let logged = AuditLayer::new(TracingSink::new());
    /// let counted = AuditLayer::new(|record: AuditRecord| {
    ///     // count by record.outcome and record.reason
    /// });
    /// let both = AuditLayer::new((TracingSink::new(), |record: AuditRecord| ()));
    /// ```
    #[must_use]
    pub fn new(sink: K) -> Self {
        Self {
            sink: Arc::new(sink),
            rejection: Problem::default(),
            clock: Clock::system(),
            records: RecordPool::default(),
            with_path: true,
            with_span: false,
        }
    }
}

impl<K: Sink + Send + Sync + 'static, R> AuditLayer<K, R> {
    /// A log whose changes go to this layer's sink, among the records of requests. Give it to
    /// whatever changes the stack at run time, and set the clock before.
    ///
    /// ```
    /// use webhook_audit_layer::{AuditLayer, TracingSink};
    /// use webhook_core::{Settings, change::Cause};
    ///
    /// let audit = AuditLayer::new(TracingSink::new());
    /// let (settings, handle) = Settings::swappable(vec!["203.0.113.0/24"]);
    /// let handle = handle.with_log("networks of acme", audit.changes());
    /// handle.replace(vec!["198.51.100.0/24"], &Cause::new("alice", "acme has moved"));
    /// ```
    #[must_use]
    pub fn changes(&self) -> ChangeLog {
        let sink = Arc::clone(&self.sink);
        ChangeLog::new(self.clock.clone(), move |change| sink.change(change))
    }
}

impl<K, R> AuditLayer<K, R> {
    /// Leaves the path out of the records. Default: the path is recorded, without its query.
    ///
    /// For receivers whose paths hold a secret, such as `/webhooks/{key}`. With the feature `axum`
    /// the route is recorded all the same.
    ///
    /// ```
    /// use webhook_audit_layer::{AuditLayer, TracingSink};
    ///
    /// let layer = AuditLayer::new(TracingSink::new()).without_path();
    /// ```
    #[must_use]
    pub fn without_path(mut self) -> Self {
        self.with_path = false;
        self
    }

    /// Puts each request into a span of `tracing`: `webhook.receive`, at INFO, target
    /// `webhook_audit`. Default: no span.
    ///
    /// Everything inside runs in it: the layers, the handler, and the sink, so that the record's own
    /// event stands in it. Its fields have OpenTelemetry's names, where there are some, so that
    /// `tracing-opentelemetry` makes a server's span of it: `otel.kind` is `server`, and
    /// `otel.status_code` is `ERROR` where the server erred. The others are declared empty and recorded
    /// at the end; layers and handlers inside may record them earlier. They hold what the record holds:
    /// no header but the user agent, no body, no query.
    ///
    /// A request costs nothing more where no subscriber wants the span.
    ///
    /// ```
    /// use webhook_audit_layer::{AuditLayer, TracingSink};
    ///
    /// let layer = AuditLayer::new(TracingSink::new()).with_span(true);
    /// ```
    #[must_use]
    pub const fn with_span(mut self, with_span: bool) -> Self {
        self.with_span = with_span;
        self
    }

    /// Sets the clock, for tests. Default: the system's.
    #[must_use]
    pub fn with_clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Sets how the answer after a panic of the inner service is worded. Default: [`Problem`].
    ///
    /// The policy is not shown the request, which was handed on, but its outline: method, path
    /// (where it is recorded), version, and `Content-Type` and `Accept` in so far as they ask for
    /// gRPC or for plain text.
    ///
    /// ```
    /// use http::{Response, StatusCode, request::Parts};
    /// use webhook_audit_layer::{AuditLayer, TracingSink};
    /// use webhook_core::Rejection;
    ///
    /// let layer = AuditLayer::new(TracingSink::new()).with_rejection(
    ///     |rejection: &Rejection, _: &Parts| {
    ///         let mut response = Response::new(String::from("sorry"));
    ///         *response.status_mut() = rejection.code().status();
    ///         response
    ///     },
    /// );
    /// ```
    #[must_use]
    pub fn with_rejection<P>(self, rejection: P) -> AuditLayer<K, P> {
        AuditLayer {
            sink: self.sink,
            rejection,
            clock: self.clock,
            records: self.records,
            with_path: self.with_path,
            with_span: self.with_span,
        }
    }
}

impl<S, K, R: Clone> Layer<S> for AuditLayer<K, R> {
    type Service = Audit<S, K, R>;

    fn layer(&self, inner: S) -> Self::Service {
        let shared = Shared {
            sink: Arc::clone(&self.sink),
            rejection: self.rejection.clone(),
            clock: self.clock.clone(),
            records: self.records.clone(),
            with_path: self.with_path,
            with_span: self.with_span,
        };
        Audit::new(inner, Arc::new(shared))
    }
}

impl<K, R: Clone> Clone for AuditLayer<K, R> {
    fn clone(&self) -> Self {
        Self {
            sink: Arc::clone(&self.sink),
            rejection: self.rejection.clone(),
            clock: self.clock.clone(),
            records: self.records.clone(),
            with_path: self.with_path,
            with_span: self.with_span,
        }
    }
}

/// Without the sink and the rejection policy, which may be closures.
impl<K, R> fmt::Debug for AuditLayer<K, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuditLayer")
            .field("with_path", &self.with_path)
            .field("with_span", &self.with_span)
            .field("clock", &self.clock)
            .finish_non_exhaustive()
    }
}
