use std::{
    fmt,
    sync::Arc,
    task::{Context, Poll},
};

use http::Request;
use tower_service::Service;
use webhook_core::BufferedBody;

use super::{CaptureSink, layer::Shared};

/// Captures what is asked for of each delivery that it hands to `S`; see the [module](super).
///
/// Its future is the inner service's own.
pub struct Capture<S, K> {
    inner: S,
    shared: Arc<Shared<K>>,
}

impl<S, K> Capture<S, K> {
    pub(super) const fn new(inner: S, shared: Arc<Shared<K>>) -> Self {
        Self { inner, shared }
    }
}

impl<S, K> Service<Request<BufferedBody>> for Capture<S, K>
where
    S: Service<Request<BufferedBody>>,
    K: CaptureSink,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<BufferedBody>) -> S::Future {
        self.shared.take(&request);
        self.inner.call(request)
    }
}

impl<S: Clone, K> Clone for Capture<S, K> {
    fn clone(&self) -> Self {
        Self {
            inner: self.inner.clone(),
            shared: Arc::clone(&self.shared),
        }
    }
}

impl<S: fmt::Debug, K> fmt::Debug for Capture<S, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Capture")
            .field("inner", &self.inner)
            .finish_non_exhaustive()
    }
}
