use std::{
    fmt,
    sync::Arc,
    task::{Context, Poll},
};

use http::{Request, Response};
use tower_service::Service;
use webhook_core::{Problem, Reject, Rejection};

use crate::{Directory, Lookup, ResponseFuture, directory::Found, future::Held, policy::Policy};

/// Lets requests through to `S` whose endpoint takes deliveries; made by
/// [`EndpointLayer`](crate::EndpointLayer).
pub struct FindEndpoint<S, D, R = Problem> {
    inner: S,
    endpoints: D,
    policy: Arc<Policy<R>>,
}

impl<S, D, R> FindEndpoint<S, D, R> {
    pub(crate) const fn new(inner: S, endpoints: D, policy: Arc<Policy<R>>) -> Self {
        Self {
            inner,
            endpoints,
            policy,
        }
    }
}

impl<S, D, R, ReqBody, ResBody> Service<Request<ReqBody>> for FindEndpoint<S, D, R>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>> + Clone,
    D: Directory,
    R: Reject<ResBody>,
{
    type Response = Response<ResBody>;
    type Error = S::Error;
    type Future = ResponseFuture<S, ReqBody, R>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<ReqBody>) -> Self::Future {
        let found = self
            .policy
            .read(&request)
            .map(|key| self.endpoints.find(key.as_str()));
        match found {
            Ok(Found::Known(lookup)) => self.conclude(Some(lookup), request),
            Ok(Found::Unavailable) => self.conclude(None, request),
            Ok(Found::Waiting(waiting)) => {
                self.give_up_readiness();
                let held = Held {
                    request,
                    inner: self.inner.clone(),
                    policy: Arc::clone(&self.policy),
                };
                ResponseFuture::waiting(waiting, held)
            }
            Err(rejection) => self.refuse(rejection, request),
        }
    }
}

impl<S, D, R> FindEndpoint<S, D, R> {
    /// What becomes of a request whose endpoint need not be waited for.
    fn conclude<B, ResBody>(
        &mut self,
        found: Option<Lookup>,
        mut request: Request<B>,
    ) -> ResponseFuture<S, B, R>
    where
        S: Service<Request<B>, Response = Response<ResBody>> + Clone,
        R: Reject<ResBody>,
    {
        match self.policy.admit(&mut request, found) {
            // The instance that said it is ready is called at once, and need not be cloned.
            Ok(()) => ResponseFuture::admitted(self.inner.call(request)),
            Err(rejection) => self.refuse(rejection, request),
        }
    }

    fn refuse<B, ResBody>(
        &mut self,
        rejection: Rejection,
        request: Request<B>,
    ) -> ResponseFuture<S, B, R>
    where
        S: Service<Request<B>, Response = Response<ResBody>> + Clone,
        R: Reject<ResBody>,
    {
        self.give_up_readiness();
        ResponseFuture::ended(self.policy.answer(rejection, request))
    }

    /// The instance that said it is ready is not called, or not yet: what it reserved to be ready,
    /// such as a concurrency permit, goes with it, so that nobody holds one who waits for a look-up.
    fn give_up_readiness(&mut self)
    where
        S: Clone,
    {
        self.inner = self.inner.clone();
    }
}

impl<S: Clone, D: Clone, R> Clone for FindEndpoint<S, D, R> {
    fn clone(&self) -> Self {
        Self {
            inner: self.inner.clone(),
            endpoints: self.endpoints.clone(),
            policy: Arc::clone(&self.policy),
        }
    }
}

impl<S: fmt::Debug, D: fmt::Debug, R> fmt::Debug for FindEndpoint<S, D, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FindEndpoint")
            .field("inner", &self.inner)
            .field("endpoints", &self.endpoints)
            .finish_non_exhaustive()
    }
}
