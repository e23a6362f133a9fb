use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll, ready},
};

use http::Response;
use pin_project_lite::pin_project;

use crate::watch::Watch;

pin_project! {
    /// The response future of [`IpFilter`](crate::IpFilter): the inner service's, perhaps with a
    /// look at its response, or a refusal.
    pub struct ResponseFuture<F, ResBody> {
        #[pin]
        state: State<F, ResBody>,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<F, ResBody> {
        Admitted {
            #[pin]
            future: F,
            watch: Option<Watch>,
        },
        Refused {
            response: Option<Response<ResBody>>,
        },
    }
}

impl<F, ResBody> ResponseFuture<F, ResBody> {
    pub(crate) const fn admitted(future: F, watch: Option<Watch>) -> Self {
        Self {
            state: State::Admitted { future, watch },
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
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().state.project() {
            StateProjection::Admitted { future, watch } => {
                let Some(watch) = watch else {
                    return future.poll(context);
                };
                let answer = ready!(future.poll(context));
                if let Ok(response) = &answer {
                    watch.answered(response);
                }
                Poll::Ready(answer)
            }
            // Polled again after it is done, it has nothing more to say.
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

#[cfg(test)]
mod tests {
    use webhook_core::rejection;

    use super::ResponseFuture;
    use crate::watch::Watch;

    /// As large as a small host's.
    type Host = [u64; 16];

    #[test]
    fn the_future_is_the_shared_one_with_room_for_a_watch() {
        let own = size_of::<ResponseFuture<Host, [u8; 8]>>();
        let shared = size_of::<rejection::ResponseFuture<Host, [u8; 8]>>();
        assert!(size_of::<Option<Watch>>() <= 40);
        assert!(own <= shared + 40, "{own} against {shared}");
    }
}
