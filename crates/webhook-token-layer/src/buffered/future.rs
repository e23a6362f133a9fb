use std::{
    fmt,
    future::Future,
    marker::PhantomData,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http::{Request, Response, request::Parts};
use http_body::Body;
use pin_project_lite::pin_project;
use tower_service::Service;
use webhook_core::{
    BufferedBody, Deferred, Facts, Reject,
    body::{BodyError, Collect, Collected, raise_host_limit},
};

use super::Case;
use crate::BufferedTokenLayer;

pin_project! {
    /// The response future of [`VerifyTokenBuffered`](crate::VerifyTokenBuffered): the inner service's,
    /// where the body was there with the head; else it reads, and then calls the inner service.
    pub struct BufferingFuture<S, B, R>
    where
        S: Service<Request<BufferedBody>>,
    {
        #[pin]
        call: Call<S, B, R>,
    }
}

type Call<S, B, R> = Deferred<
    Reading<B, R, <S as Service<Request<BufferedBody>>>::Response>,
    S,
    Request<BufferedBody>,
>;

/// A body that is still coming in, and what waits for it.
pub(super) struct Reading<B, R, Response> {
    collect: Collect<B>,
    held: Option<Held<R>>,
    response: PhantomData<fn() -> Response>,
}

/// What waits while the body comes in.
pub(super) struct Held<R> {
    pub(super) case: Case,
    pub(super) parts: Parts,
    pub(super) layer: Arc<BufferedTokenLayer<R>>,
}

impl<R> Held<R> {
    /// The request for the inner service, or the answer in its place.
    pub(super) fn conclude<ResBody>(
        mut self,
        collected: Result<Collected, BodyError>,
    ) -> Result<Request<BufferedBody>, Response<ResBody>>
    where
        R: Reject<ResBody>,
    {
        let tokens = &self.layer.tokens;
        let judged = match collected {
            Err(error) => Err(self.case.give_up(tokens, &self.parts, error)),
            Ok(collected) => {
                // What the body held of the memory budget is given back at the end of this block.
                let (body, reservation) = collected.into_parts();
                let verdict = self.case.judge_body(tokens, &self.parts, &body);
                let facts = Facts::of(&self.parts.extensions);
                if facts.is_some_and(|facts| facts.verification().is_some()) {
                    reservation.verified();
                }
                verdict.map(|()| body)
            }
        };
        match judged {
            Ok(body) => {
                let mut request = Request::from_parts(self.parts, body);
                raise_host_limit(&mut request, self.case.settings.limits().max_bytes());
                Ok(request)
            }
            Err(ending) => Err(ending.response(&tokens.rejection, &mut self.parts)),
        }
    }
}

impl<S, B, R> BufferingFuture<S, B, R>
where
    S: Service<Request<BufferedBody>>,
{
    /// Calls the inner service.
    pub(super) fn calling(inner: &mut S, request: Request<BufferedBody>) -> Self
    where
        S: Clone,
    {
        Self {
            call: Deferred::calling(inner, request),
        }
    }

    /// Waits for the body, which the inner service is called with.
    pub(super) fn reading(collect: Collect<B>, held: Held<R>, inner: S) -> Self {
        let reading = Reading {
            collect,
            held: Some(held),
            response: PhantomData,
        };
        Self {
            call: Deferred::after(reading, inner),
        }
    }

    /// Something else than the handler answers.
    pub(super) const fn answered(response: S::Response) -> Self {
        Self {
            call: Deferred::answered(response),
        }
    }
}

/// Nothing in it is pinned in place.
impl<B: Unpin, R, Response> Unpin for Reading<B, R, Response> {}

impl<B, R, ResBody> Future for Reading<B, R, Response<ResBody>>
where
    B: Body<Data = Bytes> + Unpin + 'static,
    R: Reject<ResBody>,
{
    type Output = Result<Request<BufferedBody>, Response<ResBody>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Self { collect, held, .. } = self.get_mut();
        let collected = ready!(Pin::new(collect).poll(cx));
        // Polled after it was ready, it has nothing more to say.
        held.take()
            .map_or(Poll::Pending, |held| Poll::Ready(held.conclude(collected)))
    }
}

impl<S, B, R, ResBody> Future for BufferingFuture<S, B, R>
where
    S: Service<Request<BufferedBody>, Response = Response<ResBody>>,
    B: Body<Data = Bytes> + Unpin + 'static,
    R: Reject<ResBody>,
{
    type Output = Result<S::Response, S::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.project().call.poll(cx)
    }
}

impl<S, B, R> fmt::Debug for BufferingFuture<S, B, R>
where
    S: Service<Request<BufferedBody>>,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("BufferingFuture").field(&self.call).finish()
    }
}
