use std::{
    fmt,
    sync::Arc,
    task::{Context, Poll},
};

use http::{Request, Response};
use tower_service::Service;
use webhook_core::{Problem, Reject, Rejection};

use crate::{ResponseFuture, policy::Policy};

/// Lets requests through to `S` whose client address the lists permit; see the [crate](crate).
pub struct IpFilter<S, R = Problem> {
    inner: S,
    policy: Arc<Policy<R>>,
}

impl<S, R> IpFilter<S, R> {
    pub(crate) fn new(inner: S, policy: Policy<R>) -> Self {
        Self {
            inner,
            policy: Arc::new(policy),
        }
    }
}

impl<S, R, ReqBody, ResBody> Service<Request<ReqBody>> for IpFilter<S, R>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>> + Clone,
    R: Reject<ResBody>,
{
    type Response = Response<ResBody>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future, ResBody>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context)
    }

    // In one piece with the layers around it, the inner service's future is written where it stays;
    // else each layer copies it.
    #[inline]
    fn call(&mut self, mut request: Request<ReqBody>) -> Self::Future {
        match self.policy.admit(&mut request) {
            // The instance that said it is ready is called at once, and need not be cloned.
            Ok(watch) => ResponseFuture::admitted(self.inner.call(request), watch),
            Err((reason, check)) => {
                // The instance that said it is ready is not called, so what it reserved to be ready,
                // such as a concurrency permit, goes with it.
                self.inner = self.inner.clone();
                let (mut parts, _unread) = request.into_parts();
                let rejection = Rejection::new(reason, check);
                ResponseFuture::refused(rejection.end(&self.policy.rejection, &mut parts))
            }
        }
    }
}

impl<S: Clone, R> Clone for IpFilter<S, R> {
    fn clone(&self) -> Self {
        Self {
            inner: self.inner.clone(),
            policy: Arc::clone(&self.policy),
        }
    }
}

impl<S: fmt::Debug, R> fmt::Debug for IpFilter<S, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IpFilter")
            .field("inner", &self.inner)
            .finish_non_exhaustive()
    }
}
