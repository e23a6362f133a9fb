use std::{
    any::TypeId,
    pin::Pin,
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use http::Version;
use http_body::{Body, Frame};

use super::{BodyLimits, BufferedBody, Collect, MemoryBudget};
use crate::ClientNetwork;

/// The body, where all of it came with its head and in one frame, as most bodies do; else what
/// [collects](Collect) it, with the frame that is there.
///
/// Such a body is handed over as it is. Whoever judges it at once, before anything is waited for,
/// holds nothing of the memory budget meanwhile: it is only seen to that there would be room, and once
/// the body is verified [`MemoryBudget::verified`] is told.
///
/// The body is asked once, by nobody in particular, so that it wakes nobody: whoever gets a
/// [`Collect`] has to poll it, or to drop it.
///
/// ```
/// use bytes::Bytes;
/// use http::Version;
/// use http_body_util::Full;
/// use webhook_core::body::{BodyLimits, MemoryBudget, arrived};
///
/// let (limits, budget) = (BodyLimits::default(), MemoryBudget::default());
/// let body = Full::new(Bytes::from_static(b"{}"));
/// let body = arrived(body, &limits, &budget, None, Version::HTTP_11).unwrap();
/// assert_eq!(body.into_bytes(), "{}");
/// ```
///
/// # Errors
/// What collects the body, where it is not whole yet, came in pieces, or is to be refused: it was
/// cut short, or is over a limit.
#[allow(
    clippy::result_large_err,
    reason = "a body that has to be collected is boxed where it waits"
)]
pub fn arrived<B>(
    mut body: B,
    limits: &BodyLimits,
    budget: &MemoryBudget,
    network: Option<ClientNetwork>,
    version: Version,
) -> Result<BufferedBody, Collect<B>>
where
    B: Body<Data = Bytes> + Unpin + 'static,
{
    let hint = body.size_hint();
    let collect = |body, first| {
        let reservation = budget.reserve_for(network);
        Collect::after(first, &hint, body, limits, reservation).with_version(version)
    };
    let is_buffered = TypeId::of::<B>() == TypeId::of::<BufferedBody>();
    if is_buffered || hint.lower() > limits.max_bytes() {
        return Err(collect(body, None));
    }
    let mut nobody = Context::from_waker(Waker::noop());
    let Poll::Ready(first) = Pin::new(&mut body).poll_frame(&mut nobody) else {
        return Err(collect(body, None).awaited());
    };
    let Some(Ok(frame)) = first else {
        return Err(collect(body, Some(first.map(|frame| frame.map_err(drop)))));
    };
    let is_whole = body.is_end_stream();
    let fits = |data: &Bytes| {
        let size = u64::try_from(data.len()).unwrap_or(u64::MAX);
        is_whole
            && hint.exact().is_none_or(|declared| declared == size)
            && size <= limits.max_bytes()
            && limits.max_frames() > 0
            && budget.has_room_for(network, size)
    };
    match frame.into_data() {
        Ok(data) if fits(&data) => Ok(BufferedBody::new(data)),
        Ok(data) => Err(collect(body, Some(Some(Ok(Frame::data(data)))))),
        Err(trailers) => Err(collect(body, Some(Some(Ok(trailers))))),
    }
}

#[cfg(test)]
mod tests;
