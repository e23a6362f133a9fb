use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    task::{Context, Poll},
};

use http::{Extensions, Request};
use tower_layer::Layer;
use tower_service::Service;

/// What travels with a request of the kit: how often its handler ran.
#[derive(Clone, Debug, Default)]
pub(crate) struct Runs {
    count: Arc<AtomicUsize>,
    panics: Arc<AtomicBool>,
}

impl Runs {
    pub(crate) fn count(&self) -> usize {
        self.count.load(Ordering::SeqCst)
    }

    /// Has the probe panic in the handler's place.
    pub(crate) fn panicking(self) -> Self {
        self.panics.store(true, Ordering::SeqCst);
        self
    }
}

/// The text of the panic that the kit lets a handler have; no answer may tell it.
pub(crate) const PANIC: &str = "webhook-testing lets the handler panic, on purpose";

/// Counts the handler's runs: a layer for the innermost place, around the handler alone.
///
/// Without it the kit judges by the answer, and takes each success for a run of the handler. With it
/// a handler is also found that ran although the request was refused afterwards. It looks only at
/// requests of the kit, so it may stay in the router that is deployed.
///
/// ```
/// use axum::{Router, routing::post};
/// use webhook_testing::HandlerProbe;
///
/// let app: Router = Router::new().route("/webhooks", post(async || "ok").layer(HandlerProbe));
/// # drop(app);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct HandlerProbe;

impl HandlerProbe {
    /// Counts a run of the handler, for a handler that no layer can go around.
    ///
    /// # Panics
    /// Where the attack is a panic of the handler.
    pub fn note(extensions: &Extensions) {
        if let Some(runs) = extensions.get::<Runs>() {
            runs.count.fetch_add(1, Ordering::SeqCst);
            assert!(!runs.panics.load(Ordering::SeqCst), "{PANIC}");
        }
    }
}

impl<S> Layer<S> for HandlerProbe {
    type Service = Probed<S>;

    fn layer(&self, inner: S) -> Probed<S> {
        Probed(inner)
    }
}

/// The service of [`HandlerProbe`].
#[derive(Clone, Copy, Debug)]
pub struct Probed<S>(S);

impl<S, B> Service<Request<B>> for Probed<S>
where
    S: Service<Request<B>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> S::Future {
        HandlerProbe::note(request.extensions());
        self.0.call(request)
    }
}
