use std::{
    collections::VecDeque,
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

/// How a body ends after its frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// As it should.
    Whole,
    /// With an error of the connection.
    Broken,
    /// Never.
    Never,
    /// With a panic: nobody may ask for it.
    Panic,
}

/// A body that does what a test says, and counts how often it was asked.
#[derive(Clone, Debug)]
pub struct ScriptedBody {
    frames: VecDeque<Bytes>,
    declared: Option<u64>,
    end: End,
    /// How often it keeps whoever asks waiting before each frame, and how often it still does.
    stalls: (usize, usize),
    polls: Arc<AtomicUsize>,
}

impl ScriptedBody {
    /// One frame that declares its length.
    #[must_use]
    pub fn new(content: impl Into<Bytes>) -> Self {
        let content: Bytes = content.into();
        let declared = Some(content.len() as u64);
        Self {
            frames: [content].into(),
            declared,
            end: End::Whole,
            stalls: (0, 0),
            polls: Arc::default(),
        }
    }

    /// The same content in frames of at most `size` bytes, without a declared length.
    #[must_use]
    pub fn chunked(content: impl Into<Bytes>, size: usize) -> Self {
        let mut rest: Bytes = content.into();
        let mut frames = VecDeque::new();
        while !rest.is_empty() {
            frames.push_back(rest.split_to(rest.len().min(size)));
        }
        Self {
            frames,
            declared: None,
            end: End::Whole,
            stalls: (0, 0),
            polls: Arc::default(),
        }
    }

    /// Declares this length, whatever comes.
    #[must_use]
    pub fn declaring(mut self, bytes: u64) -> Self {
        self.declared = Some(bytes);
        self
    }

    /// Ends so.
    #[must_use]
    pub fn ending(mut self, end: End) -> Self {
        self.end = end;
        self
    }

    /// Keeps whoever asks waiting so often before each frame, and before the end.
    #[must_use]
    pub fn stalling(mut self, times: usize) -> Self {
        self.stalls = (times, times);
        self
    }

    /// How often the body was asked for a frame; the counter outlives the body.
    #[must_use]
    pub fn polls(&self) -> Arc<AtomicUsize> {
        Arc::clone(&self.polls)
    }
}

impl Body for ScriptedBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        self.polls.fetch_add(1, Ordering::SeqCst);
        if self.stalls.1 > 0 {
            self.stalls.1 -= 1;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        self.stalls.1 = self.stalls.0;
        if let Some(frame) = self.frames.pop_front() {
            return Poll::Ready(Some(Ok(Frame::data(frame))));
        }
        match self.end {
            End::Whole => Poll::Ready(None),
            End::Broken => Poll::Ready(Some(Err(io::ErrorKind::ConnectionReset.into()))),
            End::Never => Poll::Pending,
            End::Panic => panic!("nobody may ask for this body"),
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
