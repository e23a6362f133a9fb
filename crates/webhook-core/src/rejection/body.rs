use bytes::Bytes;
use http_body_util::{
    BodyExt as _, Full,
    combinators::{BoxBody, UnsyncBoxBody},
};

use crate::BufferedBody;

/// A response body that can be made of the bytes of a refusal.
///
/// An empty body says so at once (`is_end_stream`), so that HTTP/2 ends the stream with the head
/// and a gRPC client sees a trailers-only response.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be made of the bytes of a refusal",
    note = "implement `RejectionBody` for it, or give the layer a closure with `.with_rejection(…)`",
    note = "axum's body needs the feature `axum`, tonic's the feature `tonic`"
)]
pub trait RejectionBody {
    /// A body of these bytes.
    fn from_bytes(bytes: Bytes) -> Self;
}

impl RejectionBody for Full<Bytes> {
    fn from_bytes(bytes: Bytes) -> Self {
        Self::new(bytes)
    }
}

impl RejectionBody for BufferedBody {
    fn from_bytes(bytes: Bytes) -> Self {
        Self::new(bytes)
    }
}

impl<E> RejectionBody for BoxBody<Bytes, E> {
    fn from_bytes(bytes: Bytes) -> Self {
        Self::new(Full::new(bytes).map_err(|never| match never {}))
    }
}

impl<E> RejectionBody for UnsyncBoxBody<Bytes, E> {
    fn from_bytes(bytes: Bytes) -> Self {
        Self::new(Full::new(bytes).map_err(|never| match never {}))
    }
}

#[cfg(feature = "axum")]
impl RejectionBody for axum_core::body::Body {
    fn from_bytes(bytes: Bytes) -> Self {
        bytes.into()
    }
}

#[cfg(feature = "tonic")]
impl RejectionBody for tonic::body::Body {
    fn from_bytes(bytes: Bytes) -> Self {
        Self::new(Full::new(bytes))
    }
}
