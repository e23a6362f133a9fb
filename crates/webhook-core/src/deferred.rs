//! The call of an inner service, at once where that can be, and later where something has to be
//! waited for first.

use std::{
    fmt,
    future::Future,
    mem,
    pin::Pin,
    task::{Context, Poll, Waker, ready},
};

use pin_project_lite::pin_project;
use tower_service::Service;

pin_project! {
    /// The response future of a layer that may have to wait before it calls the inner service `S`:
    /// for `G`, such as a body that is still coming in, and for the inner service itself.
    ///
    /// What has to wait is boxed, which is one allocation, and rare. So the future is hardly larger
    /// than the inner service's own: it is handed on by value from layer to layer, and a large one
    /// is dear to move and, where a framework boxes it, to allocate.
    pub struct Deferred<G, S, Request>
    where
        S: Service<Request>,
    {
        #[pin]
        state: State<G, S, Request>,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<G, S, Request>
    where
        S: Service<Request>,
    {
        Calling {
            #[pin]
            call: S::Future,
        },
        Waiting {
            waiting: Pin<Box<Waiting<G, S, Request>>>,
        },
        Ended {
            result: Option<Result<S::Response, S::Error>>,
        },
    }
}

pin_project! {
    struct Waiting<G, S, Request> {
        #[pin]
        gate: Option<G>,
        request: Option<Request>,
        inner: S,
    }
}

impl<G, S, Request> Deferred<G, S, Request>
where
    S: Service<Request>,
{
    /// Calls the inner service: now, if it is ready. If it is not, the instance that was asked is
    /// called once it is, and a clone takes its place.
    ///
    /// It is asked by nobody in particular, so that it wakes nobody: this future asks it again.
    pub fn calling(inner: &mut S, request: Request) -> Self
    where
        S: Clone,
    {
        match inner.poll_ready(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(Ok(())) => Self {
                state: State::Calling {
                    call: inner.call(request),
                },
            },
            Poll::Ready(Err(error)) => Self::ended(Err(error)),
            Poll::Pending => {
                let fresh = inner.clone();
                Self::waiting(None, Some(request), mem::replace(inner, fresh))
            }
        }
    }

    /// Waits for `gate`, which gives the request for the inner service or the answer in its place.
    pub fn after(gate: G, inner: S) -> Self {
        Self::waiting(Some(gate), None, inner)
    }

    /// The answer is there, and the inner service is not asked.
    pub const fn answered(response: S::Response) -> Self {
        Self::ended(Ok(response))
    }

    const fn ended(result: Result<S::Response, S::Error>) -> Self {
        Self {
            state: State::Ended {
                result: Some(result),
            },
        }
    }

    fn waiting(gate: Option<G>, request: Option<Request>, inner: S) -> Self {
        let waiting = Waiting {
            gate,
            request,
            inner,
        };
        Self {
            state: State::Waiting {
                waiting: Box::pin(waiting),
            },
        }
    }
}

impl<G, S, Request> Waiting<G, S, Request>
where
    G: Future<Output = Result<Request, S::Response>>,
    S: Service<Request>,
{
    /// The call of the inner service, or what this ends with.
    #[allow(clippy::type_complexity)]
    fn poll(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<S::Future, Result<S::Response, S::Error>>> {
        let mut this = self.project();
        if let Some(gate) = this.gate.as_mut().as_pin_mut() {
            match ready!(gate.poll(cx)) {
                Ok(request) => *this.request = Some(request),
                Err(response) => return Poll::Ready(Err(Ok(response))),
            }
            this.gate.set(None);
        }
        ready!(this.inner.poll_ready(cx)).map_err(Err)?;
        match this.request.take() {
            Some(request) => Poll::Ready(Ok(this.inner.call(request))),
            // Polled after it was ready.
            None => Poll::Pending,
        }
    }
}

impl<G, S, Request> Future for Deferred<G, S, Request>
where
    G: Future<Output = Result<Request, S::Response>>,
    S: Service<Request>,
{
    type Output = Result<S::Response, S::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.project().state;
        loop {
            let called = match state.as_mut().project() {
                StateProjection::Calling { call } => return call.poll(cx),
                // Polled again after it is done, it has nothing more to say.
                StateProjection::Ended { result } => {
                    return result.take().map_or(Poll::Pending, Poll::Ready);
                }
                StateProjection::Waiting { waiting } => ready!(waiting.as_mut().poll(cx)),
            };
            state.set(match called {
                Ok(call) => State::Calling { call },
                Err(result) => State::Ended {
                    result: Some(result),
                },
            });
        }
    }
}

impl<G, S, Request> fmt::Debug for Deferred<G, S, Request>
where
    S: Service<Request>,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match &self.state {
            State::Calling { .. } => "Deferred(calling)",
            State::Waiting { .. } => "Deferred(waiting)",
            State::Ended { .. } => "Deferred(ended)",
        })
    }
}

#[cfg(test)]
mod tests {
    use std::{
        future::{Ready, pending, ready},
        sync::{
            Arc,
            atomic::{AtomicU32, Ordering::Relaxed},
        },
        task::{Context, Poll},
    };

    use tower_service::Service;

    use super::Deferred;

    /// Ready once it was asked so often; answers with the request and its own number.
    struct Busy {
        asks: u32,
        number: u32,
        calls: Arc<AtomicU32>,
    }

    impl Busy {
        fn new(asks: u32) -> Self {
            let calls = Arc::default();
            Self {
                asks,
                number: 1,
                calls,
            }
        }
    }

    impl Clone for Busy {
        fn clone(&self) -> Self {
            Self {
                asks: 1,
                number: self.number + 1,
                calls: Arc::clone(&self.calls),
            }
        }
    }

    impl Service<&'static str> for Busy {
        type Response = (&'static str, u32);
        type Error = &'static str;
        type Future = Ready<Result<Self::Response, Self::Error>>;

        fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
            self.asks = self.asks.saturating_sub(1);
            if self.asks > 0 {
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            Poll::Ready(if self.number == 0 {
                Err("broken")
            } else {
                Ok(())
            })
        }

        fn call(&mut self, request: &'static str) -> Self::Future {
            self.calls.fetch_add(1, Relaxed);
            ready(Ok((request, self.number)))
        }
    }

    type Gate = Ready<Result<&'static str, (&'static str, u32)>>;
    type Call = Deferred<Gate, Busy, &'static str>;

    #[tokio::test]
    async fn a_service_that_is_ready_is_called_at_once() {
        let mut inner = Busy::new(1);
        let call = Call::calling(&mut inner, "now");
        assert_eq!(inner.calls.load(Relaxed), 1);
        assert_eq!(call.await, Ok(("now", 1)));
        assert_eq!(inner.number, 1, "and is no clone");
    }

    #[tokio::test]
    async fn the_instance_that_was_asked_is_called_once_it_is_ready() {
        let mut inner = Busy::new(3);
        let call = Call::calling(&mut inner, "later");
        assert_eq!(inner.calls.load(Relaxed), 0);
        assert_eq!(inner.number, 2, "a clone is in its place");
        assert_eq!(call.await, Ok(("later", 1)));
    }

    #[tokio::test]
    async fn a_service_that_is_broken_is_not_called() {
        let mut inner = Busy::new(1);
        inner.number = 0;
        assert_eq!(Call::calling(&mut inner, "").await, Err("broken"));
        assert_eq!(inner.calls.load(Relaxed), 0);
    }

    #[tokio::test]
    async fn the_gate_gives_the_request_or_the_answer() {
        let inner = Busy::new(3);
        let calls = Arc::clone(&inner.calls);
        assert_eq!(Call::after(ready(Ok("in")), inner).await, Ok(("in", 1)));
        let refused = Call::after(ready(Err(("no", 0))), Busy::new(1));
        assert_eq!(refused.await, Ok(("no", 0)));
        assert_eq!(calls.load(Relaxed), 1);
        assert_eq!(Call::answered(("no", 0)).await, Ok(("no", 0)));
    }

    #[test]
    fn what_waits_is_boxed() {
        type Large =
            Deferred<std::future::Pending<Result<[u8; 900], (&'static str, u32)>>, Sink, [u8; 900]>;
        #[derive(Clone)]
        struct Sink;
        impl Service<[u8; 900]> for Sink {
            type Response = (&'static str, u32);
            type Error = &'static str;
            type Future = Ready<Result<Self::Response, Self::Error>>;
            fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
                Poll::Ready(Ok(()))
            }
            fn call(&mut self, _: [u8; 900]) -> Self::Future {
                ready(Ok(("", 0)))
            }
        }
        let call = Large::after(pending(), Sink);
        assert!(size_of_val(&call) < 64);
    }
}
