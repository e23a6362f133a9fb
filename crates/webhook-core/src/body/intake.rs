use std::fmt;

use bytes::Bytes;
use http::HeaderMap;
use http_body::{Frame, SizeHint};

use super::{BodyError, BodyLimits, BufferedBody, Reservation, frames::Frames};

/// Sees the bytes of a body as they come, such as a MAC. Any `FnMut(&[u8])` is one.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot watch the bytes of a body",
    note = "implement `Observer` for it, or give a closure `|bytes: &[u8]| …`"
)]
pub trait Observer {
    /// The next bytes of the body. They are not the whole of it, and not verified.
    fn observe(&mut self, bytes: &[u8]);
}

impl<F: FnMut(&[u8])> Observer for F {
    fn observe(&mut self, bytes: &[u8]) {
        self(bytes);
    }
}

/// Takes in the frames of one body, counts them, and says when it is too much.
pub(super) struct Intake<O> {
    pub(super) limits: BodyLimits,
    pub(super) counts: Counts,
    observer: Option<O>,
    frames: Frames,
    trailers: Option<Box<HeaderMap>>,
    reservation: Option<Reservation>,
}

/// What came so far, and what was declared.
#[derive(Clone, Copy, Default)]
pub(super) struct Counts {
    declared: Option<u64>,
    pub(super) at_least: u64,
    bytes: u64,
    frames: u32,
}

impl<O: Observer> Intake<O> {
    pub(super) fn new(
        hint: &SizeHint,
        limits: &BodyLimits,
        reservation: Reservation,
        observer: O,
    ) -> Self {
        Self {
            limits: *limits,
            counts: Counts {
                declared: hint.exact(),
                at_least: hint.lower(),
                bytes: 0,
                frames: 0,
            },
            observer: Some(observer),
            frames: Frames::default(),
            trailers: None,
            reservation: Some(reservation),
        }
    }

    pub(super) fn take(&mut self, frame: Frame<Bytes>) -> Result<(), BodyError> {
        let data = match frame.into_data() {
            Ok(data) => data,
            Err(frame) => {
                self.trailers = frame.into_trailers().ok().map(Box::new);
                return Ok(());
            }
        };
        let size = u64::try_from(data.len()).unwrap_or(u64::MAX);
        self.counts.frames = self.counts.frames.saturating_add(1);
        self.counts.bytes = self.counts.bytes.saturating_add(size);
        if self.counts.bytes > self.limits.max_bytes()
            || self.counts.frames > self.limits.max_frames()
        {
            return Err(BodyError::TooLarge);
        }
        if !self
            .reservation
            .as_mut()
            .is_some_and(|reservation| reservation.grow(size))
        {
            return Err(BodyError::MemoryExhausted);
        }
        if let Some(observer) = &mut self.observer {
            observer.observe(&data);
        }
        self.frames.push(data);
        Ok(())
    }

    /// The whole body, where it is whole: the stream says so, and so does the declared length.
    pub(super) fn finish(&mut self, is_whole: bool) -> Result<Collected<O>, BodyError> {
        if !is_whole
            || self
                .counts
                .declared
                .is_some_and(|length| length != self.counts.bytes)
        {
            return Err(BodyError::Incomplete);
        }
        let body = std::mem::take(&mut self.frames).finish(self.trailers.take());
        self.hand_over(body)
    }

    /// A body that was buffered before: only the observer has not seen it.
    pub(super) fn finish_buffered(
        &mut self,
        body: BufferedBody,
    ) -> Result<Collected<O>, BodyError> {
        if let Some(observer) = &mut self.observer {
            body.chunks().for_each(|chunk| observer.observe(chunk));
        }
        self.hand_over(body)
    }

    fn hand_over(&mut self, body: BufferedBody) -> Result<Collected<O>, BodyError> {
        // There is no observer where the future is polled again after it was ready.
        let observer = self.observer.take().ok_or(BodyError::Incomplete)?;
        Ok(Collected {
            body,
            observer,
            reservation: self.reservation.take(),
        })
    }
}

/// A body that came whole, with its observer.
///
/// It holds its share of the memory budget until the body is taken out of it: verify first.
pub struct Collected<O> {
    body: BufferedBody,
    observer: O,
    reservation: Option<Reservation>,
}

impl<O> Collected<O> {
    /// The body.
    #[must_use]
    pub const fn body(&self) -> &BufferedBody {
        &self.body
    }

    /// The body; its share of the memory budget is given back.
    #[must_use]
    pub fn into_body(self) -> BufferedBody {
        self.body
    }

    /// The body, the observer, and the share of the memory budget.
    #[must_use]
    pub fn into_parts(self) -> (BufferedBody, O, Option<Reservation>) {
        (self.body, self.observer, self.reservation)
    }
}

impl<O> fmt::Debug for Collected<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Collected")
            .field("body", &self.body)
            .finish_non_exhaustive()
    }
}
