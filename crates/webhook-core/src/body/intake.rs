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

/// Watches nothing.
pub(super) struct Unobserved;

impl Observer for Unobserved {
    fn observe(&mut self, _: &[u8]) {}
}

/// Takes in the frames of one body, counts them, and says when it is too much.
pub(super) struct Intake {
    pub(super) limits: BodyLimits,
    declared: Option<u64>,
    at_least: u64,
    bytes: u64,
    frames: u32,
    kept: Frames,
    trailers: Option<Box<HeaderMap>>,
    reservation: Option<Reservation>,
}

impl Intake {
    #[inline]
    pub(super) fn new(hint: &SizeHint, limits: &BodyLimits, reservation: Reservation) -> Self {
        Self {
            limits: *limits,
            declared: hint.exact(),
            at_least: hint.lower(),
            bytes: 0,
            frames: 0,
            kept: Frames::None,
            trailers: None,
            reservation: Some(reservation),
        }
    }

    /// Refuses a declared length over the limit.
    pub(super) const fn admit(&self) -> Result<(), BodyError> {
        if self.at_least > self.limits.max_bytes() {
            return Err(BodyError::TooLarge);
        }
        Ok(())
    }

    pub(super) fn take(
        &mut self,
        frame: Frame<Bytes>,
        observer: &mut impl Observer,
    ) -> Result<(), BodyError> {
        let data = match frame.into_data() {
            Ok(data) => data,
            Err(frame) => {
                self.trailers = frame.into_trailers().ok().map(Box::new);
                return Ok(());
            }
        };
        let size = u64::try_from(data.len()).unwrap_or(u64::MAX);
        self.frames = self.frames.saturating_add(1);
        self.bytes = self.bytes.saturating_add(size);
        if self.bytes > self.limits.max_bytes() || self.frames > self.limits.max_frames() {
            return Err(BodyError::TooLarge);
        }
        if !self
            .reservation
            .as_mut()
            .is_some_and(|reservation| reservation.grow(size))
        {
            return Err(BodyError::MemoryExhausted);
        }
        observer.observe(&data);
        self.kept.push(data);
        Ok(())
    }

    /// What was taken so far.
    pub(super) fn chunks(&self) -> impl Iterator<Item = &[u8]> {
        self.kept.chunks()
    }

    /// The body, now that the stream has ended; its declared length must say the same.
    #[inline]
    pub(super) fn finish(&mut self) -> Result<BufferedBody, BodyError> {
        if self.declared.is_some_and(|length| length != self.bytes) {
            return Err(BodyError::Incomplete);
        }
        Ok(std::mem::take(&mut self.kept).finish(self.trailers.take()))
    }

    #[inline]
    pub(super) fn hand_over(&mut self, body: BufferedBody) -> Result<Collected, BodyError> {
        // There is none where it is asked again after it was ready.
        let reservation = self.reservation.take().ok_or(BodyError::Incomplete)?;
        Ok(Collected { body, reservation })
    }
}

/// A body that came whole.
///
/// It holds its share of the memory budget until the body is taken out of it: verify first.
pub struct Collected {
    body: BufferedBody,
    reservation: Reservation,
}

impl Collected {
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

    /// The body, and its share of the memory budget.
    #[must_use]
    pub fn into_parts(self) -> (BufferedBody, Reservation) {
        (self.body, self.reservation)
    }
}

impl fmt::Debug for Collected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Collected")
            .field("body", &self.body)
            .finish_non_exhaustive()
    }
}
