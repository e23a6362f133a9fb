//! The request's body, read once, within bounds.
//!
//! A layer that needs the body takes any [`http_body::Body`] and [collects](Collect) it:
//!
//! - a declared length over the limit is refused before a byte is read, and every frame is counted,
//!   so that a sender that declares nothing, or lies, gets no further;
//! - frames are bounded as well as bytes, and small frames are gathered, so that neither empty nor
//!   one-byte frames make a body dearer than its bytes;
//! - the whole body has one [deadline](BodyLimits::with_deadline), which no trickle can push ahead;
//! - nothing is reserved by the declared length: memory grows with what really came;
//! - an [observer](Collect::poll_observed) sees each frame as it comes, so that a MAC is ready with the last;
//! - a body that ends before its declared length, or an HTTP/2 stream that was reset, is never taken
//!   for a whole one;
//! - all unverified bodies together draw on one [memory budget](MemoryBudget), of which no client
//!   network takes more than its share;
//! - a body that came with its head, in one frame, [is there at once](arrived()), and is that frame;
//! - a body that already is a [`BufferedBody`] is recognised and not read again.
//!
//! ```
//! use bytes::Bytes;
//! use http_body_util::Full;
//! use webhook_core::body::{BodyError, BodyLimits, Collect, MemoryBudget};
//!
//! # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
//! let limits = BodyLimits::default().with_max_bytes(8);
//! let body = Full::new(Bytes::from_static(b"12345678"));
//! let collected = Collect::new(body, &limits, &MemoryBudget::default()).await.unwrap();
//! assert_eq!(collected.into_body().into_bytes(), "12345678");
//!
//! let body = Full::new(Bytes::from_static(b"123456789"));
//! let refused = Collect::new(body, &limits, &MemoryBudget::default()).await;
//! assert_eq!(refused.unwrap_err(), BodyError::TooLarge);
//! # });
//! ```

mod arrived;
mod budget;
mod buffered;
mod collect;
mod error;
mod frames;
mod host;
mod intake;
mod limits;
#[cfg(test)]
mod scripted;

pub use self::{
    arrived::arrived,
    budget::{MemoryBudget, Reservation},
    buffered::BufferedBody,
    collect::Collect,
    error::BodyError,
    host::raise_host_limit,
    intake::{Collected, Observer},
    limits::BodyLimits,
};
