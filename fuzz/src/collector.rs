//! The collector of bodies: frames of any size, trailers, errors, false lengths and waits, against
//! the rules written down once more.

use std::{
    collections::VecDeque,
    future::poll_fn,
    io,
    pin::Pin,
    sync::LazyLock,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Version};
use http_body::{Body, Frame, SizeHint};
use tokio::runtime::{Builder, Runtime};
use webhook_core::{
    BufferedBody,
    body::{BodyError, BodyLimits, Collect, MemoryBudget},
};

use crate::support::{Input, now, planted, reached};

/// Timers need a runtime, though none of them ever fires.
static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    Builder::new_current_thread()
        .enable_time()
        .build()
        .expect("a runtime")
});

#[derive(Clone, Debug)]
enum Step {
    Data(Bytes),
    Trailers(HeaderMap),
    Error,
    Wait,
}

/// A body that does what it is told.
struct Script {
    steps: VecDeque<Step>,
    hint: SizeHint,
    says_end: bool,
}

impl Body for Script {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        match self.steps.pop_front() {
            None => Poll::Ready(None),
            Some(Step::Data(data)) => Poll::Ready(Some(Ok(Frame::data(data)))),
            Some(Step::Trailers(trailers)) => Poll::Ready(Some(Ok(Frame::trailers(trailers)))),
            Some(Step::Error) => Poll::Ready(Some(Err(io::ErrorKind::ConnectionReset.into()))),
            Some(Step::Wait) => {
                cx.waker().wake_by_ref();
                Poll::Pending
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.says_end && self.steps.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        self.hint
    }
}

/// Two bytes a step: what it is, and how long.
fn steps(text: &[u8]) -> VecDeque<Step> {
    let step = |(place, pair): (usize, &[u8])| {
        let (kind, size) = (pair[0], pair.get(1).copied().unwrap_or_default());
        let data = |size: usize| {
            let bytes: Vec<u8> = (0..size).map(|at| (at + place).to_le_bytes()[0]).collect();
            Step::Data(bytes.into())
        };
        match kind % 16 {
            0..8 => data(size.into()),
            8..11 => data(usize::from(size) * 17),
            11 => data(0),
            12 => Step::Wait,
            13 => {
                let mut trailers = HeaderMap::new();
                trailers.insert("x-trailer", HeaderValue::from(u16::from(size)));
                Step::Trailers(trailers)
            }
            14 if size > 200 => Step::Error,
            _ => data(1),
        }
    };
    text.chunks(2).take(512).enumerate().map(step).collect()
}

/// What is due, by the module's documentation.
fn due(
    script: &Script,
    limits: &BodyLimits,
    budget: u64,
    version: Version,
) -> Result<(Vec<u8>, Option<HeaderMap>), BodyError> {
    if script.hint.lower() > limits.max_bytes() {
        return Err(BodyError::TooLarge);
    }
    let (mut bytes, mut trailers) = (Vec::new(), None);
    let mut frames = 0;
    for step in &script.steps {
        match step {
            Step::Wait => {}
            Step::Error => return Err(BodyError::Incomplete),
            Step::Trailers(map) => trailers = Some(map.clone()),
            Step::Data(data) => {
                frames += 1;
                bytes.extend_from_slice(data);
                let length = bytes.len() as u64;
                let counts_frames = !planted(1);
                if length > limits.max_bytes() || (counts_frames && frames > limits.max_frames()) {
                    return Err(BodyError::TooLarge);
                }
                if length > budget {
                    return Err(BodyError::MemoryExhausted);
                }
            }
        }
    }
    let is_told = script
        .hint
        .exact()
        .is_none_or(|length| length == bytes.len() as u64);
    let is_ended = version < Version::HTTP_2 || script.says_end;
    if (is_told || planted(2)) && is_ended {
        Ok((bytes, trailers))
    } else {
        Err(BodyError::Incomplete)
    }
}

fn hint(input: &mut Input<'_>, total: u64) -> SizeHint {
    let off = total.saturating_add_signed(input.number());
    match input.byte() % 6 {
        0..3 => SizeHint::default(),
        3 => SizeHint::with_exact(total),
        4 => SizeHint::with_exact(off),
        _ => {
            let mut hint = SizeHint::default();
            hint.set_lower(off);
            hint
        }
    }
}

pub fn run(data: &[u8]) {
    let _entered = RUNTIME.enter();
    let mut input = Input::new(data, 12);
    let steps = steps(input.text);
    let length = |step: &Step| {
        if let Step::Data(data) = step {
            data.len() as u64
        } else {
            0
        }
    };
    let total: u64 = steps.iter().map(length).sum();
    let script = Script {
        hint: hint(&mut input, total),
        says_end: input.flag(),
        steps,
    };
    let max_bytes = input.pick(&[u64::MAX, 0, total, total.saturating_sub(1), 1000]);
    let max_frames = input.pick(&[BodyLimits::DEFAULT_MAX_FRAMES, 1, 4, 0]);
    let limits = BodyLimits::default()
        .with_max_bytes(max_bytes)
        .with_max_frames(max_frames);
    // A quarter is kept for networks that have verified.
    let limit = input.pick(&[u64::MAX, 4096, 0]);
    let budget = MemoryBudget::new(limit).with_network_share(u64::MAX);
    let version = input.pick(&[Version::HTTP_11, Version::HTTP_2]);
    let expected = due(&script, &limits, limit - limit / 4, version);

    let mut seen = Vec::new();
    let mut collect = Collect::new(script, &limits, &budget).with_version(version);
    let mut observe = |bytes: &[u8]| seen.extend_from_slice(bytes);
    let collected = now(poll_fn(|cx| collect.poll_observed(cx, &mut observe)));
    match (collected, expected) {
        (Ok(collected), Ok((bytes, trailers))) => {
            let (body, reservation) = collected.into_parts();
            assert_eq!(budget.held(), bytes.len() as u64);
            drop(reservation);
            same(body, &bytes, trailers.as_ref());
            assert_eq!(seen, bytes);
            if trailers.is_some() && bytes.len() > 512 {
                reached("a body of several frames with trailers");
            }
        }
        (Err(error), Err(expected)) => {
            assert_eq!(error, expected);
            match error {
                BodyError::MemoryExhausted => reached("a body that the memory has no room for"),
                BodyError::Incomplete => reached("a body that is not whole"),
                _ => {}
            }
        }
        (ours, expected) => panic!(
            "{:?}, and {expected:?} was due",
            ours.map(webhook_core::body::Collected::into_body)
        ),
    }
    drop(collect);
    assert_eq!(budget.held(), 0, "whatever was taken is given back");
}

/// The body says the same in each of the ways in which it can be read.
fn same(body: BufferedBody, bytes: &[u8], trailers: Option<&HeaderMap>) {
    assert_eq!(
        (body.len(), body.is_empty()),
        (bytes.len(), bytes.is_empty())
    );
    assert_eq!(body.size_hint().exact(), Some(bytes.len() as u64));
    assert_eq!(body.trailers(), trailers);
    assert_eq!(body.chunks().collect::<Vec<_>>().concat(), bytes);
    assert!(body.as_single().is_none_or(|single| single == bytes));
    assert_eq!(body.clone().into_bytes(), bytes);
    // Collected once more, it is recognised.
    let mut again = Vec::new();
    let mut collect = Collect::new(body, &BodyLimits::default(), &MemoryBudget::new(0));
    let mut observe = |bytes: &[u8]| again.extend_from_slice(bytes);
    if let Ok(collected) = now(poll_fn(|cx| collect.poll_observed(cx, &mut observe))) {
        let mut frames = collected.into_body();
        assert_eq!(again, bytes);
        let mut read = Vec::new();
        let mut last = None;
        while !frames.is_end_stream() {
            let frame = now(poll_fn(|cx| Pin::new(&mut frames).poll_frame(cx)));
            let Some(Ok(frame)) = frame else {
                panic!("a body that has not ended has a frame");
            };
            match frame.into_data() {
                Ok(data) => read.extend_from_slice(&data),
                Err(frame) => last = frame.into_trailers().ok(),
            }
        }
        assert_eq!((read.as_slice(), last.as_ref()), (bytes, trailers));
    }
}
