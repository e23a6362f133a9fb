use std::{
    any::Any,
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Bytes;
use http::Version;
use http_body::Body;
use pin_project_lite::pin_project;
use tokio::time::Sleep;

use super::{
    BodyError, BodyLimits, BufferedBody, MemoryBudget, Reservation,
    intake::{Collected, Intake, Observer},
};

pin_project! {
    /// Reads a body within its [`BodyLimits`]; see the [module](super).
    ///
    /// Must be polled within a tokio runtime with its timer on where the body keeps it waiting.
    #[must_use = "futures do nothing unless polled"]
    pub struct Collect<B, O> {
        #[pin]
        source: Source<B>,
        intake: Intake<O>,
        // Made when the body first keeps us waiting: most bodies are there with the head.
        deadline: Option<Pin<Box<Sleep>>>,
        must_end_stream: bool,
    }
}

pin_project! {
    #[project = SourceProj]
    enum Source<B> {
        Buffered { body: Option<BufferedBody> },
        Incoming { #[pin] body: B },
    }
}

impl<B, O> Collect<B, O>
where
    B: Body<Data = Bytes> + 'static,
    O: Observer,
{
    /// Starts to read. The observer is shown every byte once, and comes back with the body.
    pub fn new(body: B, limits: &BodyLimits, budget: &MemoryBudget, observer: O) -> Self {
        Self::within(body, limits, budget.reserve(), observer)
    }

    /// As [`new`](Self::new), with a part of a budget that is [reserved](MemoryBudget::reserve_for)
    /// for the client's network.
    pub fn within(body: B, limits: &BodyLimits, reservation: Reservation, observer: O) -> Self {
        let mut body = Some(body);
        let any: &mut dyn Any = &mut body;
        let buffered = any
            .downcast_mut::<Option<BufferedBody>>()
            .and_then(Option::take);
        let (source, hint) = match (buffered, body) {
            (None, Some(body)) => {
                let hint = body.size_hint();
                (Source::Incoming { body }, hint)
            }
            (buffered, _) => {
                let body = buffered.unwrap_or_default();
                let hint = body.size_hint();
                (Source::Buffered { body: Some(body) }, hint)
            }
        };
        let intake = Intake::new(&hint, limits, reservation, observer);
        Self {
            source,
            intake,
            deadline: None,
            must_end_stream: false,
        }
    }

    /// Says the request's HTTP version. A body of HTTP/2 or later must say that its stream ended:
    /// a client's reset with `NO_ERROR` otherwise looks like a clean end.
    pub fn with_version(mut self, version: Version) -> Self {
        self.must_end_stream = version >= Version::HTTP_2;
        self
    }
}

impl<B, O> Future for Collect<B, O>
where
    B: Body<Data = Bytes>,
    O: Observer,
{
    type Output = Result<Collected<O>, BodyError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        if this.intake.counts.at_least > this.intake.limits.max_bytes() {
            return Poll::Ready(Err(BodyError::TooLarge));
        }
        let mut body = match this.source.as_mut().project() {
            SourceProj::Incoming { body } => body,
            SourceProj::Buffered { body } => {
                let body = body.take().unwrap_or_default();
                return Poll::Ready(this.intake.finish_buffered(body));
            }
        };
        loop {
            let Poll::Ready(frame) = body.as_mut().poll_frame(cx) else {
                ready!(poll_deadline(
                    this.deadline,
                    this.intake.limits.deadline(),
                    cx
                ));
                return Poll::Ready(Err(BodyError::Timeout));
            };
            match frame {
                Some(Ok(frame)) => this.intake.take(frame)?,
                Some(Err(_)) => return Poll::Ready(Err(BodyError::Incomplete)),
                None => break,
            }
        }
        let is_whole = !*this.must_end_stream || body.is_end_stream();
        Poll::Ready(this.intake.finish(is_whole))
    }
}

fn poll_deadline(
    deadline: &mut Option<Pin<Box<Sleep>>>,
    after: Duration,
    cx: &mut Context<'_>,
) -> Poll<()> {
    deadline
        .get_or_insert_with(|| Box::pin(tokio::time::sleep(after)))
        .as_mut()
        .poll(cx)
}

impl<B, O> fmt::Debug for Collect<B, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Collect")
            .field("limits", &self.intake.limits)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
