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
    /// A body of these bytes, and no others: the head tells their length.
    fn from_bytes(bytes: Bytes) -> Self;

    /// The same body, whole with its trailers; `None`, as by default, where the type has no room
    /// for trailers. A gRPC answer that carries a message ends in them.
    fn from_buffered(body: BufferedBody) -> Option<Self>
    where
        Self: Sized,
    {
        let _has_no_trailers = body;
        None
    }
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

    fn from_buffered(body: BufferedBody) -> Option<Self> {
        Some(body)
    }
}

impl<E> RejectionBody for BoxBody<Bytes, E> {
    fn from_bytes(bytes: Bytes) -> Self {
        Self::new(Full::new(bytes).map_err(|never| match never {}))
    }

    fn from_buffered(body: BufferedBody) -> Option<Self> {
        Some(Self::new(body.map_err(|never| match never {})))
    }
}

impl<E> RejectionBody for UnsyncBoxBody<Bytes, E> {
    fn from_bytes(bytes: Bytes) -> Self {
        Self::new(Full::new(bytes).map_err(|never| match never {}))
    }

    fn from_buffered(body: BufferedBody) -> Option<Self> {
        Some(Self::new(body.map_err(|never| match never {})))
    }
}

#[cfg(feature = "axum")]
impl RejectionBody for axum_core::body::Body {
    fn from_bytes(bytes: Bytes) -> Self {
        bytes.into()
    }

    fn from_buffered(body: BufferedBody) -> Option<Self> {
        Some(Self::new(body))
    }
}

#[cfg(feature = "tonic")]
impl RejectionBody for tonic::body::Body {
    fn from_bytes(bytes: Bytes) -> Self {
        Self::new(Full::new(bytes))
    }

    fn from_buffered(body: BufferedBody) -> Option<Self> {
        Some(Self::new(body))
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Debug;

    use http::HeaderMap;
    use http_body::Body;
    use http_body_util::BodyExt as _;

    use super::{BoxBody, BufferedBody, Bytes, Full, RejectionBody, UnsyncBoxBody};
    use crate::{Problem, Reject as _};

    /// What comes of a body with the text of a refusal, and of one with trailers.
    async fn told<B>(has_trailers: bool)
    where
        B: RejectionBody + Body<Error: Debug>,
    {
        let refusal = B::from_bytes("refused".into());
        let read = refusal.collect().await.unwrap().to_bytes();
        assert_eq!(read, "refused");
        let answer: Option<B> = Problem.body("answered".into());
        let read = answer.unwrap().collect().await.unwrap().to_bytes();
        assert_eq!(read, "answered");

        let mut trailers = HeaderMap::new();
        trailers.insert("grpc-status", 0.into());
        let body = BufferedBody::new("answered").with_trailers(trailers.clone());
        let answer: Option<B> = Problem.buffered(body);
        assert_eq!(answer.is_some(), has_trailers);
        if let Some(answer) = answer {
            let read = answer.collect().await.unwrap();
            assert_eq!(read.trailers(), Some(&trailers));
            assert_eq!(read.to_bytes(), "answered");
        }
    }

    #[tokio::test]
    async fn every_body_holds_what_is_said_in_the_handlers_place() {
        told::<Full<Bytes>>(false).await;
        told::<BufferedBody>(true).await;
        told::<BoxBody<Bytes, String>>(true).await;
        told::<UnsyncBoxBody<Bytes, String>>(true).await;
        #[cfg(feature = "axum")]
        told::<axum_core::body::Body>(true).await;
        #[cfg(feature = "tonic")]
        told::<tonic::body::Body>(true).await;
    }
}
