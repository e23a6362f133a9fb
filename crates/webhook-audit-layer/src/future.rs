use std::{
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    task::{Context, Poll, ready},
};

use http::Response;
use pin_project_lite::pin_project;
use webhook_core::{Problem, Reject};

use crate::{
    Sink,
    guard::{Guard, discard_payload},
    pending::Pending,
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
        // What the response still waits for is boxed, and only where the sink has responses wait.
        Answered {
            response: Option<Response<ResBody>>,
            pending: Option<Box<Pending<K, R>>>,
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
                pending: None,
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
            StateProjection::Answered { response, pending } => {
                return poll_answered(response, pending, context).map(Ok);
            }
        };
        // Nothing of a future that panicked is looked at again: it is dropped.
        let poll = || match guard {
            Some(guard) => guard.within(|| future.as_mut().poll(context)),
            None => future.as_mut().poll(context),
        };
        match catch_unwind(AssertUnwindSafe(poll)) {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(result)) => {
                let pending = guard.take().and_then(|guard| guard.conclude(&result));
                match (result, pending) {
                    (Ok(response), Some(pending)) => {
                        replace(&mut state, Some(response), Some(pending));
                        match state.project() {
                            StateProjection::Answered { response, pending } => {
                                poll_answered(response, pending, context).map(Ok)
                            }
                            _ => Poll::Pending,
                        }
                    }
                    (result, _) => Poll::Ready(result),
                }
            }
            Err(payload) => {
                discard_payload(payload);
                let guard = guard.take();
                replace(&mut state, None, None);
                guard.map_or(Poll::Pending, |guard| Poll::Ready(Ok(guard.answer_panic())))
            }
        }
    }
}

/// Drops the inner future, which may panic, and leaves what is left to say.
fn replace<F, ResBody, K: Sink, R>(
    state: &mut Pin<&mut State<F, ResBody, K, R>>,
    response: Option<Response<ResBody>>,
    pending: Option<Box<Pending<K, R>>>,
) {
    let answered = State::Answered { response, pending };
    if let Err(again) = catch_unwind(AssertUnwindSafe(|| state.set(answered))) {
        discard_payload(again);
    }
}

/// Polled again after it is done, it has nothing more to say.
fn poll_answered<ResBody, K, R: Reject<ResBody>>(
    response: &mut Option<Response<ResBody>>,
    pending: &mut Option<Box<Pending<K, R>>>,
    context: &mut Context<'_>,
) -> Poll<Response<ResBody>> {
    if let Some(waiting) = pending {
        let refusal = ready!(waiting.poll(context));
        *pending = None;
        if refusal.is_some() {
            *response = refusal;
        }
    }
    response.take().map_or(Poll::Pending, Poll::Ready)
}

impl<F, ResBody, K: Sink, R> fmt::Debug for ResponseFuture<F, ResBody, K, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}
