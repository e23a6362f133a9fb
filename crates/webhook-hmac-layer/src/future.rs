use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http::{Request, Response, request::Parts};
use http_body::Body;
use pin_project_lite::pin_project;
use tower::util::Oneshot;
use tower_service::Service;
use webhook_core::{
    BufferedBody, Facts, Reject, Ticks,
    body::{BodyError, Collect, Collected, raise_host_limit},
};

use crate::judge::{Case, Hashing};

pin_project! {
    /// The response future of [`VerifySignature`](crate::VerifySignature): reads, verifies, then
    /// calls the inner service.
    pub struct ResponseFuture<S, B, R>
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
            collect: Collect<B, Hashing>,
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

/// What waits while the body comes in.
pub(crate) struct Reading<S, R> {
    pub(crate) case: Case,
    pub(crate) parts: Parts,
    pub(crate) inner: S,
    pub(crate) rejection: R,
}

impl<S, R> Reading<S, R> {
    /// The request for the inner service, or the answer in its place.
    fn conclude<ResBody>(
        mut self,
        start: Option<Ticks>,
        collected: Result<Collected<Hashing>, BodyError>,
    ) -> Result<(S, Request<BufferedBody>), Response<ResBody>>
    where
        R: Reject<ResBody>,
    {
        let judged = match collected {
            Err(error) => Err(self.case.give_up(&self.parts, error)),
            Ok(collected) => {
                // What the body held of the memory budget is given back at the end of this block.
                let (body, hashing, reservation) = collected.into_parts();
                let verdict = self.case.judge_body(&self.parts, &body, hashing);
                let is_verified = verdict
                    .as_ref()
                    .is_ok_and(|verified| verified.verification.is_some());
                if let (true, Some(reservation)) = (is_verified, reservation) {
                    reservation.verified();
                }
                verdict.map(|verified| (body, verified))
            }
        };
        self.case.stop(start);
        self.case.close(judged.is_ok());
        match judged {
            Ok((body, verified)) => {
                let extensions = &mut self.parts.extensions;
                if let Some(verification) = verified.verification {
                    Facts::of_mut(extensions).set_verification(verification);
                }
                if let Some(confirmation) = verified.confirmation {
                    extensions.insert(confirmation);
                }
                let mut request = Request::from_parts(self.parts, body);
                raise_host_limit(&mut request, self.case.settings.limits.max_bytes());
                Ok((self.inner, request))
            }
            Err(ending) => Err(ending.response(&self.rejection, &self.parts)),
        }
    }
}

impl<S, B, R> ResponseFuture<S, B, R>
where
    S: Service<Request<BufferedBody>>,
{
    pub(crate) fn reading(collect: Collect<B, Hashing>, reading: Reading<S, R>) -> Self {
        Self {
            state: State::Reading {
                collect,
                reading: Some(reading),
            },
        }
    }

    pub(crate) fn ended(response: S::Response) -> Self {
        Self {
            state: State::Ended {
                response: Some(response),
            },
        }
    }
}

impl<S, B, R, ResBody> Future for ResponseFuture<S, B, R>
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
                StateProj::Ended { response } => match response.take() {
                    Some(response) => return Poll::Ready(Ok(response)),
                    // Polled after it was ready.
                    None => return Poll::Pending,
                },
                StateProj::Reading { collect, reading } => {
                    let start = reading.as_ref().and_then(|reading| reading.case.start());
                    let collected = ready!(collect.poll(cx));
                    let Some(reading) = reading.take() else {
                        return Poll::Pending;
                    };
                    match reading.conclude(start, collected) {
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

impl<S, B, R> fmt::Debug for ResponseFuture<S, B, R>
where
    S: Service<Request<BufferedBody>>,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match &self.state {
            State::Reading { .. } => "ResponseFuture(reading)",
            State::Calling { .. } => "ResponseFuture(calling)",
            State::Ended { .. } => "ResponseFuture(ended)",
        })
    }
}
