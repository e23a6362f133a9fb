use std::{
    fmt,
    sync::Arc,
    task::{Context, Poll},
};

use http::{HeaderValue, Request, Response, StatusCode, header::RETRY_AFTER};
use http_body::Body;
use tower_service::Service;
use webhook_core::{Problem, Reject, Rejection};

use crate::{
    ResponseFuture,
    judge::{Judge, Judgement, Told},
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
            Judgement::Pass(passage) => ResponseFuture::passed(self.inner.call(request), passage),
            Judgement::Refuse(rejection, told) => {
                // The service that was made ready is given up, and with it any permit that it
                // holds: a refused client that stays connected must not keep one.
                self.inner = self.inner.clone();
                ResponseFuture::refused(answer(rejection, told, &self.rejection, request))
            }
        }
    }
}

/// The refusal in the policy's words. A 429 carries `Retry-After` whatever the policy.
fn answer<ReqBody, ResBody, R: Reject<ResBody>>(
    rejection: Rejection,
    told: Option<Told>,
    policy: &R,
    request: Request<ReqBody>,
) -> Response<ResBody> {
    let retry_after = rejection.retry_after_seconds();
    let (mut parts, _unread) = request.into_parts();
    let mut response = rejection.end(policy, &mut parts);
    if response.status() == StatusCode::TOO_MANY_REQUESTS {
        // A value costs more than the look for it; a look-up by hash, 100 instructions more than a look
        // at each of the few names.
        let is_there = response.headers().keys().any(|name| *name == RETRY_AFTER);
        if let Some(seconds) = retry_after.filter(|_| !is_there) {
            let seconds = HeaderValue::from(seconds);
            response.headers_mut().insert(RETRY_AFTER, seconds);
        }
        if let Some(told) = told {
            told.write(response.headers_mut());
        }
    }
    response
}

impl<S: fmt::Debug, R> fmt::Debug for RateLimit<S, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RateLimit")
            .field("inner", &self.inner)
            .field("rules", &self.judge.rules)
            .finish_non_exhaustive()
    }
}
