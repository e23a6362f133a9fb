use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll},
};

use http::Response;
use pin_project_lite::pin_project;

use crate::judge::Passage;

pin_project! {
    /// The response future of [`RateLimit`](crate::RateLimit).
    pub struct ResponseFuture<F, ResBody> {
        #[pin]
        state: State<F, ResBody>,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<F, ResBody> {
        Passed { #[pin] future: F, passage: Passage },
        Refused { response: Option<Response<ResBody>> },
    }
}

impl<F, ResBody> ResponseFuture<F, ResBody> {
    pub(crate) const fn passed(future: F, passage: Passage) -> Self {
        Self {
            state: State::Passed { future, passage },
        }
    }

    pub(crate) const fn refused(response: Response<ResBody>) -> Self {
        Self {
            state: State::Refused {
                response: Some(response),
            },
        }
    }
}

impl<F, ResBody, E> Future for ResponseFuture<F, ResBody>
where
    F: Future<Output = Result<Response<ResBody>, E>>,
{
    type Output = F::Output;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().state.project() {
            StateProjection::Passed { future, passage } => {
                if passage.is_empty() {
                    return future.poll(cx);
                }
                // Permits are held here meanwhile: where the future panics they go back at once.
                let extras = passage.take_extras();
                let mut poll = future.poll(cx);
                passage.put_back(extras);
                if let Poll::Ready(result) = &mut poll {
                    passage.end(result.as_mut().ok());
                }
                poll
            }
            // Polled again after the end, which nothing may do: stay silent.
            StateProjection::Refused { response } => response
                .take()
                .map_or(Poll::Pending, |response| Poll::Ready(Ok(response))),
        }
    }
}

impl<F, ResBody> fmt::Debug for ResponseFuture<F, ResBody> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}
