use std::{
    fmt,
    sync::Arc,
    task::{Context, Poll},
};

use http::{Request, Response};
use tower_service::Service;
use webhook_core::{BufferedBody, Problem, Reject};

use crate::{
    DedupLayer, DedupStore, MemoryStore, ResponseFuture,
    entry::Entry,
    held::Held,
    judge::{Opening, open},
};

/// The service that [`DedupLayer`] makes; see the [crate's page](crate).
#[derive(Clone)]
pub struct Dedup<S, St = MemoryStore, R = Problem> {
    inner: S,
    layer: DedupLayer<St, R>,
}

impl<S, St, R> Dedup<S, St, R> {
    pub(crate) const fn new(inner: S, layer: DedupLayer<St, R>) -> Self {
        Self { inner, layer }
    }
}

impl<S, St, R, ResBody> Service<Request<BufferedBody>> for Dedup<S, St, R>
where
    S: Service<Request<BufferedBody>, Response = Response<ResBody>> + Clone,
    St: DedupStore + Clone,
    R: Reject<ResBody> + Clone,
{
    type Response = Response<ResBody>;
    type Error = S::Error;
    type Future = ResponseFuture<S, St, R>;

    /// Always ready: the inner service is asked once the delivery is claimed, so that a duplicate
    /// holds none of its permits. Its back-pressure is not seen by an outer `LoadShed`.
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<BufferedBody>) -> Self::Future {
        let DedupLayer {
            store,
            settings,
            rejection,
            shared,
        } = &self.layer;
        match open(settings, shared, rejection, &request) {
            Ok(Opening::Claim(plan)) => ResponseFuture::claiming(Entry {
                held: Held::new(store.clone(), plan.key),
                plan,
                request,
                inner: self.inner.clone(),
                rejection: rejection.clone(),
                shared: Arc::clone(shared),
                wait: None,
            }),
            Ok(Opening::Pass) => ResponseFuture::passing(&mut self.inner, request),
            Err(refusal) => {
                let (mut parts, _body) = request.into_parts();
                ResponseFuture::ended(refusal.end(rejection, &mut parts))
            }
        }
    }
}

impl<S: fmt::Debug, St, R> fmt::Debug for Dedup<S, St, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dedup")
            .field("inner", &self.inner)
            .field("settings", &self.layer.settings)
            .finish_non_exhaustive()
    }
}
