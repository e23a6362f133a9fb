use std::{
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    task::{Context, Poll},
};

use http::{Request, Response};
use tower_service::Service;
use webhook_core::{Problem, Reject};

use crate::{
    ResponseFuture, Sink,
    guard::{Guard, Shared, discard_payload},
};

/// Leaves one record of each request that it hands to `S`; see the [crate](crate).
pub struct Audit<S, K, R = Problem> {
    inner: S,
    shared: Arc<Shared<K, R>>,
}

impl<S, K, R> Audit<S, K, R> {
    pub(crate) const fn new(inner: S, shared: Arc<Shared<K, R>>) -> Self {
        Self { inner, shared }
    }
}

impl<S, K, R, ReqBody, ResBody> Service<Request<ReqBody>> for Audit<S, K, R>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>>,
    K: Sink,
    R: Reject<ResBody>,
{
    type Response = Response<ResBody>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future, ResBody, K, R>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<ReqBody>) -> Self::Future {
        let Some(guard) = Guard::attach(&self.shared, &mut request) else {
            return ResponseFuture::unwatched(self.inner.call(request));
        };
        // The instance that said it is ready is called at once, and need not be cloned.
        let call = || guard.within(|| self.inner.call(request));
        match catch_unwind(AssertUnwindSafe(call)) {
            Ok(future) => ResponseFuture::watched(future, guard),
            Err(payload) => {
                discard_payload(payload);
                ResponseFuture::answered(guard.answer_panic())
            }
        }
    }
}

impl<S: Clone, K, R> Clone for Audit<S, K, R> {
    fn clone(&self) -> Self {
        Self {
            inner: self.inner.clone(),
            shared: Arc::clone(&self.shared),
        }
    }
}

impl<S: fmt::Debug, K, R> fmt::Debug for Audit<S, K, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Audit")
            .field("inner", &self.inner)
            .finish_non_exhaustive()
    }
}
