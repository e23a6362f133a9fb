use std::{
    fmt,
    task::{Context, Poll},
    time::Duration,
};

use http::{Request, Response};
use tower_service::Service;
use webhook_core::{
    Check, Facts, Problem, Reason, Reject, Rejection, Verdict, rejection::ResponseFuture,
};

use super::PauseSwitch;

/// Lets requests through to `S` unless all endpoints are paused; made by
/// [`PauseLayer`](crate::PauseLayer).
#[derive(Clone)]
pub struct Pause<S, R = Problem> {
    inner: S,
    switch: PauseSwitch,
    rejection: R,
}

impl<S, R> Pause<S, R> {
    pub(super) const fn new(inner: S, switch: PauseSwitch, rejection: R) -> Self {
        Self {
            inner,
            switch,
            rejection,
        }
    }
}

impl<S, R, ReqBody, ResBody> Service<Request<ReqBody>> for Pause<S, R>
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
    fn call(&mut self, request: Request<ReqBody>) -> Self::Future {
        match self.switch.all() {
            None => {
                if let Some(facts) = Facts::of(request.extensions()) {
                    facts.record().set_verdict(Check::Pause, Verdict::Pass);
                }
                // The instance that said it is ready is called at once, and need not be cloned.
                ResponseFuture::admitted(self.inner.call(request))
            }
            Some(left) => self.refuse(request, left),
        }
    }
}

impl<S: Clone, R> Pause<S, R> {
    #[cold]
    fn refuse<F, ReqBody, ResBody>(
        &mut self,
        request: Request<ReqBody>,
        left: Duration,
    ) -> ResponseFuture<F, ResBody>
    where
        R: Reject<ResBody>,
    {
        // The instance that said it is ready is not called, so what it reserved to be ready, such as
        // a concurrency permit, goes with it.
        self.inner = self.inner.clone();
        let (mut parts, _unread) = request.into_parts();
        let rejection = Rejection::new(Reason::Paused, Check::Pause).with_retry_after(left);
        ResponseFuture::refused(rejection.end(&self.rejection, &mut parts))
    }
}

impl<S: fmt::Debug, R> fmt::Debug for Pause<S, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pause")
            .field("inner", &self.inner)
            .field("switch", &self.switch)
            .finish_non_exhaustive()
    }
}
