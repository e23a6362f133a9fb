use std::{
    fmt,
    sync::Arc,
    task::{Context, Poll},
};

use http::{Request, Response};
use http_body::Body;
use tower_service::Service;
use webhook_core::{Problem, Reject};

use crate::{
    ResponseFuture,
    judge::{Judge, Refusal},
};

/// Lets a request through while its buckets have room; made by [`RateLimitLayer`](crate::RateLimitLayer).
#[derive(Clone)]
pub struct RateLimit<S, R = Problem> {
    inner: S,
    judge: Arc<Judge>,
    rejection: R,
}

impl<S, R> RateLimit<S, R> {
    pub(crate) const fn new(inner: S, judge: Arc<Judge>, rejection: R) -> Self {
        Self {
            inner,
            judge,
            rejection,
        }
    }
}

impl<S, R, ReqBody, ResBody> Service<Request<ReqBody>> for RateLimit<S, R>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>> + Clone,
    R: Reject<ResBody>,
    ReqBody: Body,
{
    type Response = Response<ResBody>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future, ResBody>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    // In one piece with the layers around it, the inner service's future is written where it stays;
    // else each layer copies it.
    #[inline]
    fn call(&mut self, request: Request<ReqBody>) -> Self::Future {
        match self.judge.judge_request(&request) {
            Ok(passage) => ResponseFuture::passed(self.inner.call(request), passage),
            Err(refusal) => self.refuse(refusal, request),
        }
    }
}

impl<S: Clone, R> RateLimit<S, R> {
    #[cold]
    fn refuse<F, ReqBody, ResBody>(
        &mut self,
        refusal: Refusal,
        request: Request<ReqBody>,
    ) -> ResponseFuture<F, ResBody>
    where
        R: Reject<ResBody>,
    {
        // The service that was made ready is given up, and with it any permit that it holds: a
        // refused client that stays connected must not keep one.
        self.inner = self.inner.clone();
        let (mut parts, _unread) = request.into_parts();
        ResponseFuture::refused(refusal.answer(&self.judge, &self.rejection, &mut parts))
    }
}

impl<S: fmt::Debug, R> fmt::Debug for RateLimit<S, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RateLimit")
            .field("inner", &self.inner)
            .field("rules", &self.judge.rules)
            .finish_non_exhaustive()
    }
}
