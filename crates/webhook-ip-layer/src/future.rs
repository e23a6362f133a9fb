use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll, ready},
};

use http::Response;
use pin_project_lite::pin_project;
use webhook_core::rejection;

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
        Plain {
            #[pin]
            future: rejection::ResponseFuture<F, ResBody>,
        },
        Watched {
            #[pin]
            future: F,
            watch: Watch,
        },
    }
}

impl<F, ResBody> ResponseFuture<F, ResBody> {
    pub(crate) fn admitted(future: F, watch: Option<Watch>) -> Self {
        let state = match watch {
            Some(watch) => State::Watched { future, watch },
            None => State::Plain {
                future: rejection::ResponseFuture::admitted(future),
            },
        };
        Self { state }
    }

    pub(crate) const fn refused(response: Response<ResBody>) -> Self {
        Self {
            state: State::Plain {
                future: rejection::ResponseFuture::refused(response),
            },
        }
    }
}

impl<F, ResBody, E> Future for ResponseFuture<F, ResBody>
where
    F: Future<Output = Result<Response<ResBody>, E>>,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().state.project() {
            StateProjection::Plain { future } => future.poll(context),
            StateProjection::Watched { future, watch } => {
                let answer = ready!(future.poll(context));
                if let Ok(response) = &answer {
                    watch.answered(response);
                }
                Poll::Ready(answer)
            }
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
    use std::future::Ready;

    use http::Response;
    use webhook_core::rejection;

    use super::ResponseFuture;
    use crate::watch::Watch;

    type Answer = Result<Response<[u8; 8]>, ()>;
    type Small = Ready<Answer>;

    /// As large as any host's.
    type Large = [u64; 128];

    #[test]
    fn the_future_is_the_shared_one_with_room_for_a_watch() {
        assert!(size_of::<Watch>() <= 48);
        let (own, shared) = (
            size_of::<ResponseFuture<Large, [u8; 8]>>(),
            size_of::<rejection::ResponseFuture<Large, [u8; 8]>>(),
        );
        assert!(own <= shared + size_of::<Watch>(), "{own} against {shared}");
        let own = size_of::<ResponseFuture<Small, [u8; 8]>>();
        assert!(own <= size_of::<Small>() + size_of::<Watch>() + 8, "{own}");
    }
}
