//! A body for tests.

use std::{
    cell::Cell,
    collections::VecDeque,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};

/// A body that plays a script, and counts how often it is asked.
pub(super) struct Scripted {
    steps: VecDeque<Step>,
    /// What is declared and not given yet, as hosts tell it.
    pub(super) declared: Option<u64>,
    pub(super) ends_stream: bool,
    pub(super) polls: Option<&'static Cell<u32>>,
}

#[derive(Clone, Debug)]
pub(super) enum Step {
    Data(Bytes),
    Trailers(HeaderMap),
    Fail,
    Stall,
}

impl Scripted {
    pub(super) fn new(steps: impl IntoIterator<Item = Step>) -> Self {
        let steps = steps.into_iter().collect();
        Self {
            steps,
            declared: None,
            ends_stream: true,
            polls: None,
        }
    }
}

impl Body for Scripted {
    type Data = Bytes;
    type Error = &'static str;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if let Some(polls) = self.polls {
            polls.set(polls.get() + 1);
        }
        Poll::Ready(match self.steps.pop_front() {
            Some(Step::Data(data)) => {
                let given = u64::try_from(data.len()).unwrap();
                self.declared = self.declared.map(|left| left.saturating_sub(given));
                Some(Ok(Frame::data(data)))
            }
            Some(Step::Trailers(trailers)) => Some(Ok(Frame::trailers(trailers))),
            Some(Step::Fail) => Some(Err("reset")),
            Some(Step::Stall) => {
                self.steps.push_front(Step::Stall);
                return Poll::Pending;
            }
            None => None,
        })
    }

    fn is_end_stream(&self) -> bool {
        self.ends_stream && self.steps.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        self.declared
            .map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}

pub(super) fn data(bytes: &'static [u8]) -> Step {
    Step::Data(Bytes::from_static(bytes))
}
