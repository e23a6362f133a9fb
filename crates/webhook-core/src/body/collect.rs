use std::{
    any::{Any, TypeId},
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll, Waker, ready},
    time::Duration,
};

use bytes::Bytes;
use http::Version;
use http_body::{Body, Frame, SizeHint};
use tokio::time::Sleep;

use super::{
    BodyError, BodyLimits, BufferedBody, MemoryBudget, Reservation,
    intake::{Collected, Intake, Observer, Unobserved},
};

/// Reads a body within its [`BodyLimits`]; see the [module](super).
///
/// What is there at once can be taken [without waiting](Self::now). As a future it must be polled
/// within a tokio runtime with its timer on where the body keeps it waiting.
#[must_use = "futures do nothing unless polled"]
pub struct Collect<B> {
    source: Source<B>,
    intake: Intake,
    // Made when the body first keeps us waiting: most bodies are there with the head.
    deadline: Option<Pin<Box<Sleep>>>,
    must_end_stream: bool,
    /// What the body gave when it was asked before.
    first: Option<Given>,
    /// It was asked before, and gave nothing: it is not there yet.
    is_awaited: bool,
}

/// What a body gives when it is asked: a frame, a fault, or its end.
pub(super) type Given = Option<Result<Frame<Bytes>, ()>>;

enum Source<B> {
    Buffered(BufferedBody),
    Incoming(B),
}

impl<B> Collect<B>
where
    B: Body<Data = Bytes> + Unpin + 'static,
{
    /// Starts to read.
    pub fn new(body: B, limits: &BodyLimits, budget: &MemoryBudget) -> Self {
        Self::within(body, limits, budget.reserve())
    }

    /// As [`new`](Self::new), with a part of a budget that is [reserved](MemoryBudget::reserve_for)
    /// for the client's network.
    pub fn within(body: B, limits: &BodyLimits, reservation: Reservation) -> Self {
        let hint = body.size_hint();
        Self::after(None, &hint, body, limits, reservation)
    }

    /// Begins with what the body gave already, where it did. The hint is of the whole body: that of
    /// what is left of it says less.
    pub(super) fn after(
        first: Option<Given>,
        hint: &SizeHint,
        body: B,
        limits: &BodyLimits,
        reservation: Reservation,
    ) -> Self {
        Self {
            source: Source::of(body),
            intake: Intake::new(hint, limits, reservation),
            deadline: None,
            must_end_stream: false,
            first,
            is_awaited: false,
        }
    }

    /// Says that the body was asked just now, and has to be waited for.
    pub(super) const fn awaited(mut self) -> Self {
        self.is_awaited = true;
        self
    }

    /// Says the request's HTTP version. A body of HTTP/2 or later must say that its stream ended:
    /// a client's reset with `NO_ERROR` otherwise looks like a clean end.
    pub fn with_version(mut self, version: Version) -> Self {
        self.must_end_stream = version >= Version::HTTP_2;
        self
    }

    /// The body, where all of it is there already, as most bodies come with their head. `None` where
    /// it is not: what is there is kept, and the future gives the whole.
    ///
    /// The body is asked once, by nobody in particular, so that it wakes nobody: whoever gets `None`
    /// has to poll the future, or to drop it. One that [was asked already](crate::body::arrived()) and was
    /// not there is not asked again.
    ///
    /// ```
    /// use bytes::Bytes;
    /// use http_body_util::Full;
    /// use webhook_core::body::{BodyLimits, Collect, MemoryBudget};
    ///
    /// let (limits, budget) = (BodyLimits::default(), MemoryBudget::default());
    /// let body = Full::new(Bytes::from_static(b"{}"));
    /// let collected = Collect::new(body, &limits, &budget).now().unwrap()?;
    /// assert_eq!(collected.into_body().into_bytes(), "{}");
    /// # Ok::<_, webhook_core::body::BodyError>(())
    /// ```
    ///
    /// # Errors
    /// As the future.
    #[must_use]
    pub fn now(&mut self) -> Option<Result<Collected, BodyError>> {
        if std::mem::take(&mut self.is_awaited) {
            return None;
        }
        match self.poll_whole(&mut Context::from_waker(Waker::noop()), &mut Unobserved) {
            Poll::Ready(collected) => Some(collected),
            Poll::Pending => None,
        }
    }

    /// What was taken so far, for an observer that comes later.
    pub fn chunks(&self) -> impl Iterator<Item = &[u8]> {
        self.intake.chunks()
    }

    /// As the future's `poll`, and shows the observer each piece that is taken.
    pub fn poll_observed(
        &mut self,
        cx: &mut Context<'_>,
        observer: &mut impl Observer,
    ) -> Poll<Result<Collected, BodyError>> {
        if let Poll::Ready(collected) = self.poll_whole(cx, observer) {
            return Poll::Ready(collected);
        }
        let after = self.intake.limits.deadline();
        ready!(poll_deadline(&mut self.deadline, after, cx));
        Poll::Ready(Err(BodyError::Timeout))
    }

    fn poll_whole(
        &mut self,
        cx: &mut Context<'_>,
        observer: &mut impl Observer,
    ) -> Poll<Result<Collected, BodyError>> {
        self.intake.admit()?;
        let body = match &mut self.source {
            Source::Incoming(body) => {
                let (intake, first) = (&mut self.intake, &mut self.first);
                let is_strict = self.must_end_stream;
                ready!(poll_frames(body, first, intake, observer, is_strict, cx))?;
                self.intake.finish()?
            }
            Source::Buffered(body) => {
                body.chunks().for_each(|chunk| observer.observe(chunk));
                std::mem::take(body)
            }
        };
        Poll::Ready(self.intake.hand_over(body))
    }
}

impl<B: Body + 'static> Source<B> {
    /// Recognises a body that was buffered before.
    fn of(body: B) -> Self {
        if TypeId::of::<B>() != TypeId::of::<BufferedBody>() {
            return Self::Incoming(body);
        }
        let mut body = Some(body);
        let any: &mut dyn Any = &mut body;
        let buffered = any
            .downcast_mut::<Option<BufferedBody>>()
            .and_then(Option::take);
        match (buffered, body) {
            (None, Some(body)) => Self::Incoming(body),
            (buffered, _) => Self::Buffered(buffered.unwrap_or_default()),
        }
    }
}

/// Takes frame after frame, to the end of the body.
fn poll_frames<B: Body<Data = Bytes> + Unpin>(
    body: &mut B,
    first: &mut Option<Given>,
    intake: &mut Intake,
    observer: &mut impl Observer,
    must_end_stream: bool,
    cx: &mut Context<'_>,
) -> Poll<Result<(), BodyError>> {
    loop {
        let given = match first.take() {
            Some(first) => first,
            None => ready!(Pin::new(&mut *body).poll_frame(cx)).map(|it| it.map_err(drop)),
        };
        match given {
            Some(Ok(frame)) => intake.take(frame, observer)?,
            Some(Err(())) => return Poll::Ready(Err(BodyError::Incomplete)),
            None if must_end_stream && !body.is_end_stream() => {
                return Poll::Ready(Err(BodyError::Incomplete));
            }
            None => return Poll::Ready(Ok(())),
        }
        // A body that says so has neither a frame nor an error left.
        if body.is_end_stream() {
            return Poll::Ready(Ok(()));
        }
    }
}

impl<B> Future for Collect<B>
where
    B: Body<Data = Bytes> + Unpin + 'static,
{
    type Output = Result<Collected, BodyError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.get_mut().poll_observed(cx, &mut Unobserved)
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

impl<B> fmt::Debug for Collect<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Collect")
            .field("limits", &self.intake.limits)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
