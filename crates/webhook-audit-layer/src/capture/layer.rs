use std::{
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use http::Request;
use tower_layer::Layer;
use webhook_core::{BufferedBody, Clock, Facts, Settings};

use super::{Capture, CaptureSettings, CaptureSink, Captured};
use crate::guard::discard_payload;

/// Hands a copy of what is asked for of each verified delivery to a sink; see the [module](super).
///
/// It belongs inside the layers that verify and the one that handles a delivery once, next to the
/// handler. Without an audit layer outside there is no record to join a capture with, and nothing is
/// captured.
pub struct CaptureLayer<K> {
    settings: Settings<CaptureSettings>,
    sink: Arc<K>,
    clock: Clock,
}

/// What the services of one layer share.
pub(super) struct Shared<K> {
    settings: Settings<CaptureSettings>,
    sink: Arc<K>,
    clock: Clock,
    has_complained: AtomicBool,
}

impl<K> CaptureLayer<K> {
    /// Captures what these settings say, for this sink.
    #[must_use]
    pub fn new(settings: CaptureSettings, sink: K) -> Self {
        Self::with_settings(Settings::fixed(settings), sink)
    }

    /// A layer whose settings are fixed, swappable at run time, or per endpoint. Nothing is captured
    /// of a request for which there are none.
    ///
    /// ```
    /// use webhook_audit_layer::capture::{CaptureLayer, CaptureSettings, Captured};
    /// use webhook_core::{Settings, change::Cause};
    ///
    /// let (settings, handle) = Settings::swappable(CaptureSettings::metadata());
    /// let layer = CaptureLayer::with_settings(settings, |captured: Captured| ());
    /// // For as long as something is looked into:
    /// handle.replace(CaptureSettings::body(), &Cause::new("alice", "ticket 4711"));
    /// handle.replace(CaptureSettings::metadata(), &Cause::new("alice", "found it"));
    /// ```
    #[must_use]
    pub fn with_settings(settings: Settings<CaptureSettings>, sink: K) -> Self {
        Self {
            settings,
            sink: Arc::new(sink),
            clock: Clock::system(),
        }
    }

    /// Takes the time from another clock; default the system's.
    #[must_use]
    pub fn with_clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }
}

impl<K: CaptureSink> Shared<K> {
    /// Captures what the settings say, and hands it over.
    pub(super) fn take(&self, request: &Request<BufferedBody>) {
        let extensions = request.extensions();
        let settings = self.settings.load(extensions);
        let Some(settings) = settings.filter(|settings| !settings.keeps_nothing()) else {
            return;
        };
        let facts = Facts::of(extensions);
        let is_verified = facts.is_some_and(|facts| facts.verification().is_some());
        if !is_verified && !settings.takes_unverified {
            return;
        }
        let Some(id) = facts.and_then(|facts| facts.record().id()) else {
            return self.complain();
        };
        let captured = Captured::of(&settings, id, self.clock.now(), request);
        let hand_over = || self.sink.capture(captured);
        if let Err(payload) = catch_unwind(AssertUnwindSafe(hand_over)) {
            discard_payload(payload);
            tracing::error!(target: "webhook_audit", %id, "the sink of captures panicked; this capture is lost");
        }
    }

    fn complain(&self) {
        if !self.has_complained.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                target: "webhook_audit",
                "nothing is captured: there is no record to join a capture with. Put an AuditLayer outside of the CaptureLayer"
            );
        }
    }
}

impl<S, K> Layer<S> for CaptureLayer<K> {
    type Service = Capture<S, K>;

    fn layer(&self, inner: S) -> Self::Service {
        let shared = Shared {
            settings: self.settings.clone(),
            sink: Arc::clone(&self.sink),
            clock: self.clock.clone(),
            has_complained: AtomicBool::new(false),
        };
        Capture::new(inner, Arc::new(shared))
    }
}

impl<K> Clone for CaptureLayer<K> {
    fn clone(&self) -> Self {
        Self {
            settings: self.settings.clone(),
            sink: Arc::clone(&self.sink),
            clock: self.clock.clone(),
        }
    }
}

/// Without the sink, which may be a closure.
impl<K> fmt::Debug for CaptureLayer<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CaptureLayer")
            .field("settings", &self.settings)
            .field("clock", &self.clock)
            .finish_non_exhaustive()
    }
}
