use std::{
    fmt,
    future::Ready,
    pin::Pin,
    task::{Context, Poll, ready},
};

use http::{Request, Response};
use pin_project_lite::pin_project;
use tokio::time::{Sleep, sleep};
use tower_service::Service;
use webhook_core::{BufferedBody, Deferred, Reject};

use crate::{
    DedupStore, Settled, StoreError,
    entry::{Claimed, Entry, Next},
    held::settlement_of,
};

pin_project! {
    /// The response future of [`Dedup`](crate::Dedup): claims, calls the inner service, settles.
    ///
    /// Dropped at any point, it releases its claim; once the handler has answered, it settles as that
    /// answer has it.
    pub struct ResponseFuture<S, St, R>
    where
        S: Service<Request<BufferedBody>>,
        St: DedupStore,
    {
        #[pin]
        state: State<S, St, R>,
    }
}

pin_project! {
    // Everything is inside the variants, so that the future is as large as the largest of them.
    #[project = StateProj]
    enum State<S, St, R>
    where
        S: Service<Request<BufferedBody>>,
        St: DedupStore,
    {
        Claiming {
            #[pin]
            claim: St::ClaimFuture,
            entry: Option<Entry<S, St, R>>,
        },
        Waiting {
            #[pin]
            pause: Sleep,
            entry: Option<Entry<S, St, R>>,
        },
        Calling {
            // Dropped before the claim, so that the handler is gone when the next copy may claim.
            #[pin]
            call: Call<S>,
            claimed: Option<Claimed<St>>,
        },
        Settling {
            #[pin]
            settle: St::SettleFuture,
            claimed: Option<Claimed<St>>,
            result: Option<Result<S::Response, S::Error>>,
        },
        Passing {
            #[pin]
            call: Call<S>,
        },
        Ended {
            response: Option<S::Response>,
        },
    }
}

/// The inner service's call: at once where that is ready. Nothing but that is waited for.
type Call<S> = Deferred<
    Ready<Result<Request<BufferedBody>, <S as Service<Request<BufferedBody>>>::Response>>,
    S,
    Request<BufferedBody>,
>;

impl<S, St, R> ResponseFuture<S, St, R>
where
    S: Service<Request<BufferedBody>>,
    St: DedupStore,
{
    pub(crate) fn claiming(entry: Entry<S, St, R>) -> Self {
        Self {
            state: State::claiming(entry),
        }
    }

    pub(crate) fn passing(inner: &mut S, request: Request<BufferedBody>) -> Self
    where
        S: Clone,
    {
        Self {
            state: State::Passing {
                call: Call::calling(inner, request),
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

impl<S, St, R> State<S, St, R>
where
    S: Service<Request<BufferedBody>>,
    St: DedupStore,
{
    fn claiming(mut entry: Entry<S, St, R>) -> Self {
        Self::Claiming {
            claim: entry.claim(),
            entry: Some(entry),
        }
    }

    fn settling<ResBody>(
        mut claimed: Claimed<St>,
        result: Result<Response<ResBody>, S::Error>,
    ) -> Self
    where
        S: Service<Request<BufferedBody>, Response = Response<ResBody>>,
    {
        let settlement = settlement_of(&result, claimed.keep);
        Self::Settling {
            settle: claimed.held.settle(settlement),
            claimed: Some(claimed),
            result: Some(result),
        }
    }
}

impl<S, St, R, ResBody> From<Next<S, St, R, ResBody>> for State<S, St, R>
where
    S: Service<Request<BufferedBody>, Response = Response<ResBody>> + Clone,
    St: DedupStore,
{
    fn from(next: Next<S, St, R, ResBody>) -> Self {
        match next {
            Next::Call(mut inner, request, claimed) => Self::Calling {
                call: Call::calling(&mut inner, request),
                claimed: Some(claimed),
            },
            Next::Pass(mut inner, request) => Self::Passing {
                call: Call::calling(&mut inner, request),
            },
            Next::Wait(pause, entry) => Self::Waiting {
                pause: sleep(pause),
                entry: Some(entry),
            },
            Next::End(response) => Self::Ended {
                response: Some(response),
            },
        }
    }
}

impl<St: DedupStore> Claimed<St> {
    /// Takes note of what came of the settlement. The handler's answer goes out in any case.
    fn conclude(mut self, settled: Result<Settled, StoreError>) {
        match settled {
            Ok(Settled::Applied) => {}
            Ok(Settled::Lost) => self.shared.diagnoses.lost(),
            // It is tried once more, without anybody who waits, when `held` goes.
            Err(error) => return self.shared.diagnoses.store_fails(&error),
        }
        self.held.let_go();
    }
}

impl<S, St, R, ResBody> Future for ResponseFuture<S, St, R>
where
    S: Service<Request<BufferedBody>, Response = Response<ResBody>> + Clone,
    St: DedupStore,
    R: Reject<ResBody>,
{
    type Output = Result<S::Response, S::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.project().state;
        loop {
            // Polled after it was ready, it has nothing more to say.
            let next = match state.as_mut().project() {
                StateProj::Claiming { claim, entry } => {
                    let claim = ready!(claim.poll(cx));
                    let Some(entry) = entry.take() else {
                        return Poll::Pending;
                    };
                    entry.proceed(claim).into()
                }
                StateProj::Waiting { pause, entry } => {
                    ready!(pause.poll(cx));
                    let Some(entry) = entry.take() else {
                        return Poll::Pending;
                    };
                    State::claiming(entry)
                }
                StateProj::Calling { call, claimed } => {
                    let result = ready!(call.poll(cx));
                    let Some(claimed) = claimed.take() else {
                        return Poll::Pending;
                    };
                    State::settling(claimed, result)
                }
                StateProj::Settling {
                    settle,
                    claimed,
                    result,
                } => {
                    let settled = ready!(settle.poll(cx));
                    if let Some(claimed) = claimed.take() {
                        claimed.conclude(settled);
                    }
                    return result.take().map_or(Poll::Pending, Poll::Ready);
                }
                StateProj::Passing { call } => return call.poll(cx),
                StateProj::Ended { response } => {
                    return response
                        .take()
                        .map_or(Poll::Pending, |response| Poll::Ready(Ok(response)));
                }
            };
            state.set(next);
        }
    }
}

impl<S, St, R> fmt::Debug for ResponseFuture<S, St, R>
where
    S: Service<Request<BufferedBody>>,
    St: DedupStore,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match &self.state {
            State::Claiming { .. } => "ResponseFuture(claiming)",
            State::Waiting { .. } => "ResponseFuture(waiting)",
            State::Calling { .. } => "ResponseFuture(calling)",
            State::Settling { .. } => "ResponseFuture(settling)",
            State::Passing { .. } => "ResponseFuture(passing)",
            State::Ended { .. } => "ResponseFuture(ended)",
        })
    }
}
