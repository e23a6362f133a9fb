use std::{
    fmt,
    future::Future,
    marker::PhantomData,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use pin_project_lite::pin_project;
use tower_service::Service;
use webhook_core::{BufferedBody, Deferred, Reject, body::Collect};

use crate::{held::Held, judge::Hashing};

pin_project! {
    /// The response future of [`VerifySignature`](crate::VerifySignature): the inner service's, where
    /// the body was there with the head; else it reads, verifies, and then calls the inner service.
    pub struct ResponseFuture<S, B, R>
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
pub(crate) struct Reading<B, R, Response> {
    collect: Collect<B>,
    held: Option<Held<R>>,
    response: PhantomData<fn() -> Response>,
}

impl<S, B, R> ResponseFuture<S, B, R>
where
    S: Service<Request<BufferedBody>>,
{
    /// Calls the inner service.
    pub(crate) fn calling(inner: &mut S, request: Request<BufferedBody>) -> Self
    where
        S: Clone,
    {
        Self {
            call: Deferred::calling(inner, request),
        }
    }

    /// Waits for the body, which the inner service is called with.
    pub(crate) fn reading(collect: Collect<B>, held: Held<R>, inner: S) -> Self {
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
    pub(crate) const fn answered(response: S::Response) -> Self {
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
        let Some(reading) = held else {
            // Polled after it was ready.
            return Poll::Pending;
        };
        reading.case.start();
        let mut hashing = Hashing(&mut reading.pending);
        let collected = ready!(collect.poll_observed(cx, &mut hashing));
        match held.take() {
            Some(held) => Poll::Ready(held.conclude(collected)),
            None => Poll::Pending,
        }
    }
}

impl<S, B, R, ResBody> Future for ResponseFuture<S, B, R>
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

impl<S, B, R> fmt::Debug for ResponseFuture<S, B, R>
where
    S: Service<Request<BufferedBody>>,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ResponseFuture").field(&self.call).finish()
    }
}
