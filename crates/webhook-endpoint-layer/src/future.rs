use std::{
    fmt,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use http::{Request, Response};
use pin_project_lite::pin_project;
use tower::util::Oneshot;
use tower_service::Service;
use webhook_core::Reject;

use crate::{Lookup, cache::Waiting, policy::Policy};

pin_project! {
    /// The response future of [`FindEndpoint`](crate::FindEndpoint): waits for a look-up where the
    /// endpoint is not remembered, and for the inner service.
    pub struct ResponseFuture<S, B, R>
    where
        S: Service<Request<B>>,
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
        S: Service<Request<B>>,
    {
        Admitted {
            #[pin]
            future: S::Future,
        },
        Waiting {
            #[pin]
            waiting: Waiting,
            held: Option<Held<S, B, R>>,
        },
        Calling {
            #[pin]
            call: Oneshot<S, Request<B>>,
        },
        Ended {
            response: Option<S::Response>,
        },
    }
}

/// What waits for a look-up.
pub(crate) struct Held<S, B, R> {
    pub(crate) request: Request<B>,
    pub(crate) inner: S,
    pub(crate) policy: Arc<Policy<R>>,
}

impl<S, B, R> Held<S, B, R> {
    /// The request for the inner service, or the answer in its place.
    fn conclude<ResBody>(
        mut self,
        found: Option<Lookup>,
    ) -> Result<(S, Request<B>), Response<ResBody>>
    where
        R: Reject<ResBody>,
    {
        match self.policy.admit(&mut self.request, found) {
            Ok(()) => Ok((self.inner, self.request)),
            Err(rejection) => Err(self.policy.answer(rejection, self.request)),
        }
    }
}

impl<S, B, R> ResponseFuture<S, B, R>
where
    S: Service<Request<B>>,
{
    pub(crate) const fn admitted(future: S::Future) -> Self {
        Self {
            state: State::Admitted { future },
        }
    }

    pub(crate) const fn waiting(waiting: Waiting, held: Held<S, B, R>) -> Self {
        Self {
            state: State::Waiting {
                waiting,
                held: Some(held),
            },
        }
    }

    pub(crate) const fn ended(response: S::Response) -> Self {
        Self {
            state: State::Ended {
                response: Some(response),
            },
        }
    }
}

impl<S, B, R, ResBody> Future for ResponseFuture<S, B, R>
where
    S: Service<Request<B>, Response = Response<ResBody>>,
    R: Reject<ResBody>,
{
    type Output = Result<S::Response, S::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.project().state;
        loop {
            let next = match state.as_mut().project() {
                StateProj::Admitted { future } => return future.poll(cx),
                StateProj::Calling { call } => return call.poll(cx),
                StateProj::Ended { response } => match response.take() {
                    Some(response) => return Poll::Ready(Ok(response)),
                    // Polled after it was ready.
                    None => return Poll::Pending,
                },
                StateProj::Waiting { waiting, held } => {
                    let found = ready!(waiting.poll(cx));
                    let Some(held) = held.take() else {
                        return Poll::Pending;
                    };
                    match held.conclude(found) {
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
    S: Service<Request<B>>,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match &self.state {
            State::Admitted { .. } => "ResponseFuture(admitted)",
            State::Waiting { .. } => "ResponseFuture(waiting)",
            State::Calling { .. } => "ResponseFuture(calling)",
            State::Ended { .. } => "ResponseFuture(ended)",
        })
    }
}
