use std::{
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    task::{Context, Poll},
};

use http::Response;
use pin_project_lite::pin_project;
use webhook_core::{Problem, Reject};

use crate::{
    Sink,
    guard::{Guard, discard_payload},
};

pin_project! {
    /// The response of [`Audit`](crate::Audit): the inner service's, or the one after a panic.
    ///
    /// Dropped before it is ready, it leaves the record of a client that went away.
    pub struct ResponseFuture<F, ResBody, K, R = Problem>
    where
        K: Sink,
    {
        #[pin]
        state: State<F, ResBody, K, R>,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<F, ResBody, K, R>
    where
        K: Sink,
    {
        Watched {
            // Dropped before the guard, so that what its layers note on the way out is recorded.
            #[pin]
            future: F,
            guard: Option<Guard<K, R>>,
        },
        // An outer layer keeps the record already.
        Unwatched {
            #[pin]
            future: F,
        },
        Answered {
            response: Option<Response<ResBody>>,
        },
    }
}

impl<F, ResBody, K: Sink, R> ResponseFuture<F, ResBody, K, R> {
    pub(crate) const fn watched(future: F, guard: Guard<K, R>) -> Self {
        Self {
            state: State::Watched {
                future,
                guard: Some(guard),
            },
        }
    }

    pub(crate) const fn unwatched(future: F) -> Self {
        Self {
            state: State::Unwatched { future },
        }
    }

    pub(crate) const fn answered(response: Response<ResBody>) -> Self {
        Self {
            state: State::Answered {
                response: Some(response),
            },
        }
    }
}

impl<F, ResBody, K, R, E> Future for ResponseFuture<F, ResBody, K, R>
where
    F: Future<Output = Result<Response<ResBody>, E>>,
    K: Sink,
    R: Reject<ResBody>,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.project().state;
        let (mut future, guard) = match state.as_mut().project() {
            StateProjection::Watched { future, guard } => (future, guard),
            StateProjection::Unwatched { future } => return future.poll(context),
            // Polled again after it is done, it has nothing more to say.
            StateProjection::Answered { response } => {
                return response
                    .take()
                    .map_or(Poll::Pending, |response| Poll::Ready(Ok(response)));
            }
        };
        // Nothing of a future that panicked is looked at again: it is dropped.
        let poll = || match guard {
            Some(guard) => guard.span().in_scope(|| future.as_mut().poll(context)),
            None => future.as_mut().poll(context),
        };
        match catch_unwind(AssertUnwindSafe(poll)) {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(result)) => {
                if let Some(guard) = guard.take() {
                    guard.conclude(&result);
                }
                Poll::Ready(result)
            }
            Err(payload) => {
                discard_payload(payload);
                let guard = guard.take();
                let done = State::Answered { response: None };
                if let Err(again) = catch_unwind(AssertUnwindSafe(|| state.set(done))) {
                    discard_payload(again);
                }
                guard.map_or(Poll::Pending, |guard| Poll::Ready(Ok(guard.answer_panic())))
            }
        }
    }
}

impl<F, ResBody, K: Sink, R> fmt::Debug for ResponseFuture<F, ResBody, K, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}
