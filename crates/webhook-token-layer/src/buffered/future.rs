use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http::{Request, Response, request::Parts};
use http_body::Body;
use pin_project_lite::pin_project;
use tower::util::Oneshot;
use tower_service::Service;
use webhook_core::{
    BufferedBody, Facts, Reject,
    body::{BodyError, Collect, Collected, Observer, raise_host_limit},
};

use super::Case;
use crate::BufferedTokenLayer;

pin_project! {
    /// The response future of [`VerifyTokenBuffered`](crate::VerifyTokenBuffered): reads, then calls
    /// the inner service.
    pub struct BufferingFuture<S, B, R>
    where
        S: Service<Request<BufferedBody>>,
    {
        #[pin]
        state: State<S, B, R>,
    }
}

pin_project! {
    // Everything is inside the variants, so that the future is as large as the largest of them.
    #[project = StateProj]
    enum State<S, B, R>
    where
        S: Service<Request<BufferedBody>>,
    {
        Reading {
            #[pin]
            collect: Collect<B, Unobserved>,
            reading: Option<Reading<S, R>>,
        },
        Calling {
            #[pin]
            call: Oneshot<S, Request<BufferedBody>>,
        },
        Ended {
            response: Option<S::Response>,
        },
    }
}

/// A token covers no byte of the body, so that nothing watches it.
pub(super) struct Unobserved;

impl Observer for Unobserved {
    fn observe(&mut self, _: &[u8]) {}
}

/// What waits while the body comes in.
pub(super) struct Reading<S, R> {
    pub(super) case: Case,
    pub(super) parts: Parts,
    pub(super) inner: S,
    pub(super) layer: Arc<BufferedTokenLayer<R>>,
}

impl<S, R> Reading<S, R> {
    /// The request for the inner service, or the answer in its place.
    fn conclude<ResBody>(
        self,
        collected: Result<Collected<Unobserved>, BodyError>,
    ) -> Result<(S, Request<BufferedBody>), Response<ResBody>>
    where
        R: Reject<ResBody>,
    {
        let tokens = &self.layer.tokens;
        let judged = match collected {
            Err(error) => Err(self.case.give_up(tokens, &self.parts, error)),
            Ok(collected) => {
                // What the body held of the memory budget is given back at the end of this block.
                let (body, _, reservation) = collected.into_parts();
                let verdict = self.case.judge_body(tokens, &self.parts, &body);
                let facts = Facts::of(&self.parts.extensions);
                let is_verified = facts.is_some_and(|facts| facts.verification().is_some());
                if let (true, Some(reservation)) = (is_verified, reservation) {
                    reservation.verified();
                }
                verdict.map(|()| body)
            }
        };
        match judged {
            Ok(body) => {
                let mut request = Request::from_parts(self.parts, body);
                raise_host_limit(&mut request, self.case.settings.limits().max_bytes());
                Ok((self.inner, request))
            }
            Err(ending) => Err(ending.response(&tokens.rejection, &self.parts)),
        }
    }
}

impl<S, B, R> BufferingFuture<S, B, R>
where
    S: Service<Request<BufferedBody>>,
{
    pub(super) fn reading(collect: Collect<B, Unobserved>, reading: Reading<S, R>) -> Self {
        Self {
            state: State::Reading {
                collect,
                reading: Some(reading),
            },
        }
    }

    pub(super) fn ended(response: S::Response) -> Self {
        Self {
            state: State::Ended {
                response: Some(response),
            },
        }
    }
}

impl<S, B, R, ResBody> Future for BufferingFuture<S, B, R>
where
    S: Service<Request<BufferedBody>, Response = Response<ResBody>>,
    B: Body<Data = Bytes>,
    R: Reject<ResBody>,
{
    type Output = Result<S::Response, S::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.project().state;
        loop {
            let next = match state.as_mut().project() {
                StateProj::Calling { call } => return call.poll(cx),
                // Polled after it was ready, it has nothing more to say.
                StateProj::Ended { response } => {
                    return response
                        .take()
                        .map_or(Poll::Pending, |response| Poll::Ready(Ok(response)));
                }
                StateProj::Reading { collect, reading } => {
                    let collected = ready!(collect.poll(cx));
                    let Some(reading) = reading.take() else {
                        return Poll::Pending;
                    };
                    match reading.conclude(collected) {
                        Ok((inner, request)) => State::Calling {
                            call: Oneshot::new(inner, request),
                        },
                        Err(response) => State::Ended {
                            response: Some(response),
                        },
                    }
                }
            };
            state.set(next);
        }
    }
}

impl<S, B, R> fmt::Debug for BufferingFuture<S, B, R>
where
    S: Service<Request<BufferedBody>>,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match &self.state {
            State::Reading { .. } => "BufferingFuture(reading)",
            State::Calling { .. } => "BufferingFuture(calling)",
            State::Ended { .. } => "BufferingFuture(ended)",
        })
    }
}
