//! A stack that captures what its deliveries hold: known when it compiles, so that a stack without it
//! carries nothing of it.

use tower_layer::Stack;
use webhook_audit_layer::capture::CaptureLayer;
use webhook_core::Clock;

use crate::{Builder, Once};

/// What a stack does about deliveries that come again, with a capture of those that are handled; made by
/// [`Builder::capture`].
#[derive(Debug)]
pub struct Capturing<D, C> {
    once: D,
    capture: CaptureLayer<C>,
}

impl<R, D: Once<R>, C> Once<R> for Capturing<D, C> {
    type Layer = Stack<CaptureLayer<C>, D::Layer>;

    fn into_layer(self, rejection: R, clock: &Clock, is_shadow: bool) -> Self::Layer {
        let capture = self.capture.with_clock(clock.clone());
        Stack::new(capture, self.once.into_layer(rejection, clock, is_shadow))
    }
}

impl<K, R, D> Builder<K, R, D> {
    /// Keeps what verified deliveries hold, as far as the layer's settings say, apart from the audit;
    /// default nothing. Only what reaches the handler is captured. What is kept tells of persons more
    /// often than not: see [`capture`](webhook_audit_layer::capture).
    ///
    /// It comes after [`dedup`](Self::dedup), and takes the stack's clock.
    ///
    /// ```
    /// use webhook_layers::{CaptureLayer, CaptureSettings, Secret, WebhookLayers, audit::capture::Captured, presets};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let settings = CaptureSettings::body().with_redacted(["/sender/email"])?;
    /// let hooks = WebhookLayers::builder(&presets::GITHUB)
    ///     .secret("2026-q4", Secret::new("a secret of this quarter"))
    ///     .capture(CaptureLayer::new(settings, |captured: Captured| ()))
    ///     .build()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn capture<C>(self, capture: CaptureLayer<C>) -> Builder<K, R, Capturing<D, C>> {
        self.map_once(|once| Capturing { once, capture })
    }
}
