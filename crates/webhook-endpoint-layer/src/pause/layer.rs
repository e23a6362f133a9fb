use std::fmt;

use tower_layer::Layer;
use webhook_core::Problem;

use super::{Pause, PauseSwitch};

/// Answers 503 with `Retry-After` while a [`PauseSwitch`] pauses all endpoints. For the outside of
/// the stack, just inside of the audit; it needs no [`EndpointLayer`](crate::EndpointLayer).
///
/// ```
/// use std::{convert::Infallible, time::Duration};
///
/// use bytes::Bytes;
/// use http::{Request, Response};
/// use http_body_util::Full;
/// use tower::{Layer, ServiceExt, service_fn};
/// use webhook_core::change::Cause;
/// use webhook_endpoint_layer::{PauseLayer, PauseSwitch};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Infallible> {
/// let switch = PauseSwitch::new();
/// let service = PauseLayer::new(switch.clone()).layer(service_fn(async |_: Request<()>| {
///     Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))
/// }));
/// assert_eq!(service.clone().oneshot(Request::new(())).await?.status(), 200);
///
/// switch.pause_all(Duration::from_secs(600), &Cause::new("alice", "the database moves"));
/// let response = service.oneshot(Request::new(())).await?;
/// assert_eq!(response.status(), 503);
/// assert_eq!(response.headers()["retry-after"], "600");
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct PauseLayer<R = Problem> {
    switch: PauseSwitch,
    rejection: R,
}

impl PauseLayer {
    /// Obeys this switch.
    #[must_use]
    pub fn new(switch: PauseSwitch) -> Self {
        Self {
            switch,
            rejection: Problem::default(),
        }
    }
}

impl<R> PauseLayer<R> {
    /// Sets how refusals are worded; default [`Problem`].
    #[must_use]
    pub fn with_rejection<P>(self, rejection: P) -> PauseLayer<P> {
        PauseLayer {
            switch: self.switch,
            rejection,
        }
    }
}

impl<S, R: Clone> Layer<S> for PauseLayer<R> {
    type Service = Pause<S, R>;

    fn layer(&self, inner: S) -> Self::Service {
        Pause::new(inner, self.switch.clone(), self.rejection.clone())
    }
}

/// Without the rejection policy, which may be a closure.
impl<R> fmt::Debug for PauseLayer<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PauseLayer")
            .field("switch", &self.switch)
            .finish_non_exhaustive()
    }
}
