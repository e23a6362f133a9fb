use std::{
    collections::VecDeque,
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

/// How a [`TestBody`] ends after its frames.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum End {
    /// As it should.
    #[default]
    Whole,
    /// With an error of the connection: the sender went away.
    Broken,
    /// Never: the sender keeps the connection and sends nothing.
    Never,
    /// With a panic of whoever asks for more than the frames.
    Panic,
}

/// A request body that does what a test says, and counts what was taken of it.
///
/// ```
/// use webhook_testing::{End, TestBody};
///
/// let cut_short = TestBody::new("{\"a\":").declaring(7).ending(End::Broken);
/// let unread = TestBody::unread();
/// assert_eq!(unread.taken(), 0);
/// # drop(cut_short);
/// ```
#[derive(Clone, Debug, Default)]
pub struct TestBody {
    frames: VecDeque<Bytes>,
    declared: Option<u64>,
    end: End,
    taken: Taken,
}

/// How many bytes were taken of a body; outlives the body.
#[derive(Clone, Debug, Default)]
pub(crate) struct Taken(Arc<AtomicU64>);

impl Taken {
    pub(crate) fn bytes(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }

    fn add(&self, bytes: usize) {
        self.0.fetch_add(bytes as u64, Ordering::SeqCst);
    }
}

impl TestBody {
    /// One frame that declares its length; none where there is no content.
    #[must_use]
    pub fn new(content: impl Into<Bytes>) -> Self {
        let content: Bytes = content.into();
        let declared = Some(content.len() as u64);
        let frames = if content.is_empty() {
            VecDeque::new()
        } else {
            [content].into()
        };
        Self {
            frames,
            declared,
            ..Self::default()
        }
    }

    /// These frames, without a declared length.
    #[must_use]
    pub fn frames(frames: impl IntoIterator<Item = Bytes>) -> Self {
        Self {
            frames: frames.into_iter().collect(),
            ..Self::default()
        }
    }

    /// A body that panics when it is read: for a request that has to be refused by its head.
    #[must_use]
    pub fn unread() -> Self {
        Self::default().ending(End::Panic)
    }

    /// Declares this length, whatever comes.
    #[must_use]
    pub const fn declaring(mut self, bytes: u64) -> Self {
        self.declared = Some(bytes);
        self
    }

    /// Ends so. Default: [`End::Whole`].
    #[must_use]
    pub const fn ending(mut self, end: End) -> Self {
        self.end = end;
        self
    }

    /// How many bytes were taken of this body and its clones.
    #[must_use]
    pub fn taken(&self) -> u64 {
        self.taken.bytes()
    }

    pub(crate) fn counter(&self) -> Taken {
        self.taken.clone()
    }
}

impl From<&'static str> for TestBody {
    fn from(content: &'static str) -> Self {
        Self::new(content)
    }
}

impl From<String> for TestBody {
    fn from(content: String) -> Self {
        Self::new(content)
    }
}

impl From<Vec<u8>> for TestBody {
    fn from(content: Vec<u8>) -> Self {
        Self::new(content)
    }
}

impl From<Bytes> for TestBody {
    fn from(content: Bytes) -> Self {
        Self::new(content)
    }
}

impl From<()> for TestBody {
    fn from((): ()) -> Self {
        Self::new(Bytes::new())
    }
}

impl Body for TestBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        if let Some(frame) = self.frames.pop_front() {
            self.taken.add(frame.len());
            return Poll::Ready(Some(Ok(Frame::data(frame))));
        }
        match self.end {
            End::Whole => Poll::Ready(None),
            End::Broken => Poll::Ready(Some(Err(io::ErrorKind::ConnectionReset.into()))),
            End::Never => Poll::Pending,
            End::Panic => panic!(
                "the request's body was read, and the test says that its head alone has to be refused"
            ),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.frames.is_empty() && self.end == End::Whole
    }

    fn size_hint(&self) -> SizeHint {
        self.declared
            .map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}
