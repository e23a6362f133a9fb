use std::{
    convert::Infallible,
    fmt,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::{Bytes, BytesMut};
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};

/// A whole request body in memory: its bytes as they came, and its trailers.
///
/// It is what the layers hand inward, so the bytes that a handler reads are the bytes that were
/// verified. A body that came in one frame is that frame, without a copy; one that came in several
/// is kept as it came, and joined once where somebody asks for one piece
/// ([`into_bytes`](Self::into_bytes)).
///
/// As an [`http_body::Body`] it never fails, knows its size, and says at once that it has ended.
#[derive(Clone, Default)]
pub struct BufferedBody {
    chunks: Chunks,
    trailers: Option<Box<HeaderMap>>,
}

#[derive(Clone, Default)]
enum Chunks {
    #[default]
    None,
    One(Bytes),
    Many(std::vec::IntoIter<Bytes>),
}

impl BufferedBody {
    /// A body of these bytes, without trailers.
    #[must_use]
    #[inline]
    pub fn new(bytes: impl Into<Bytes>) -> Self {
        let bytes = bytes.into();
        let chunks = if bytes.is_empty() {
            Chunks::None
        } else {
            Chunks::One(bytes)
        };
        Self {
            chunks,
            trailers: None,
        }
    }

    /// A body of these chunks, as they came.
    pub(super) fn from_parts(chunks: Vec<Bytes>, trailers: Option<Box<HeaderMap>>) -> Self {
        Self {
            chunks: Chunks::Many(chunks.into_iter()),
            trailers,
        }
    }

    /// The same body, with these trailers after its bytes in place of any others.
    ///
    /// ```
    /// use http::{HeaderMap, HeaderValue};
    /// use webhook_core::BufferedBody;
    ///
    /// let mut trailers = HeaderMap::new();
    /// trailers.insert("grpc-status", HeaderValue::from_static("0"));
    /// let body = BufferedBody::new("…").with_trailers(trailers);
    /// assert!(body.trailers().is_some());
    /// ```
    #[must_use]
    pub fn with_trailers(mut self, trailers: HeaderMap) -> Self {
        self.trailers = Some(Box::new(trailers));
        self
    }

    #[inline]
    pub(super) fn with_trailers_of(mut self, trailers: Option<Box<HeaderMap>>) -> Self {
        self.trailers = trailers;
        self
    }

    /// How many bytes the body has.
    #[must_use]
    #[inline]
    pub fn len(&self) -> usize {
        self.chunks().map(<[u8]>::len).sum()
    }

    /// Whether the body has no byte.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.chunks().all(<[u8]>::is_empty)
    }

    /// The bytes, piece by piece as they came.
    #[inline]
    pub fn chunks(&self) -> impl Iterator<Item = &[u8]> + Clone {
        match &self.chunks {
            Chunks::None => [].iter(),
            Chunks::One(bytes) => std::slice::from_ref(bytes).iter(),
            Chunks::Many(chunks) => chunks.as_slice().iter(),
        }
        .map(AsRef::as_ref)
    }

    /// The bytes in one piece, where they came in one.
    #[must_use]
    pub fn as_single(&self) -> Option<&Bytes> {
        match &self.chunks {
            Chunks::One(bytes) => Some(bytes),
            Chunks::None | Chunks::Many(_) => None,
        }
    }

    /// The bytes in one piece: without a copy where they came in one, else joined by one copy.
    #[must_use]
    pub fn into_bytes(self) -> Bytes {
        match self.chunks {
            Chunks::None => Bytes::new(),
            Chunks::One(bytes) => bytes,
            Chunks::Many(chunks) => {
                let size = chunks.as_slice().iter().map(Bytes::len).sum();
                let mut joined = BytesMut::with_capacity(size);
                chunks.for_each(|chunk| joined.extend_from_slice(&chunk));
                joined.freeze()
            }
        }
    }

    /// The trailers, where the sender sent some.
    #[must_use]
    pub fn trailers(&self) -> Option<&HeaderMap> {
        self.trailers.as_deref()
    }

    fn next_chunk(&mut self) -> Option<Bytes> {
        match &mut self.chunks {
            Chunks::None => None,
            Chunks::Many(chunks) => chunks.next(),
            Chunks::One(bytes) => {
                let bytes = std::mem::take(bytes);
                self.chunks = Chunks::None;
                Some(bytes)
            }
        }
    }
}

impl Body for BufferedBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let frame = match self.next_chunk() {
            Some(chunk) => Some(Frame::data(chunk)),
            None => self
                .trailers
                .take()
                .map(|trailers| Frame::trailers(*trailers)),
        };
        Poll::Ready(frame.map(Ok))
    }

    fn is_end_stream(&self) -> bool {
        self.trailers.is_none() && self.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(u64::try_from(self.len()).unwrap_or(u64::MAX))
    }
}

impl From<Bytes> for BufferedBody {
    fn from(bytes: Bytes) -> Self {
        Self::new(bytes)
    }
}

/// Prints the size, not the content.
impl fmt::Debug for BufferedBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BufferedBody({} bytes)", self.len())
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::HeaderMap;
    use http_body::Body as _;
    use http_body_util::BodyExt as _;

    use super::BufferedBody;

    fn bodies() -> [(BufferedBody, &'static str); 3] {
        let pieces = vec!["ab".into(), "cd".into()];
        [
            (BufferedBody::default(), ""),
            (Bytes::from("abcd").into(), "abcd"),
            (BufferedBody::from_parts(pieces, None), "abcd"),
        ]
    }

    #[test]
    fn it_tells_what_it_holds() {
        for (body, text) in bodies() {
            assert_eq!((body.len(), body.is_empty()), (text.len(), text.is_empty()));
            assert_eq!(body.size_hint().exact(), Some(text.len() as u64));
            assert_eq!(body.is_end_stream(), text.is_empty());
            assert!(body.trailers().is_none());
            let single = body.as_single().cloned();
            assert_eq!(single.is_some(), body.chunks().count() == 1);
            assert!(single.is_none_or(|bytes| bytes == text));
            assert_eq!(body.into_bytes(), text);
        }
    }

    #[tokio::test]
    async fn it_ends_after_its_last_frame() {
        let mut trailers = HeaderMap::new();
        trailers.insert("grpc-status", 0.into());
        for (body, text) in bodies() {
            let mut body = body.with_trailers(trailers.clone());
            let mut read = Vec::new();
            while let Some(frame) = body.frame().await {
                assert!(!read.ends_with(b"!"), "trailers are the last frame");
                match frame.unwrap().into_data() {
                    Ok(data) => read.extend_from_slice(&data),
                    Err(last) => {
                        assert_eq!(last.into_trailers().unwrap(), trailers);
                        read.push(b'!');
                    }
                }
                assert_eq!(body.is_end_stream(), read.ends_with(b"!"));
            }
            assert_eq!(read, format!("{text}!").as_bytes());
        }
    }
}
