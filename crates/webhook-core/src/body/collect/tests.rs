use std::{cell::Cell, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, Version};
use http_body::Body as _;
use proptest::prelude::*;

use super::super::{
    BodyError, BodyLimits, BufferedBody, Collect, Collected, MemoryBudget,
    scripted::{Scripted, Step, data},
};

async fn collect(body: Scripted, limits: &BodyLimits) -> Result<Collected, BodyError> {
    Collect::new(body, limits, &MemoryBudget::new(1 << 20)).await
}

fn limits(bytes: u64) -> BodyLimits {
    BodyLimits::default().with_max_bytes(bytes)
}

#[tokio::test]
async fn the_limit_holds_with_and_without_a_declared_length() {
    for declared in [None, Some(4)] {
        let mut body = Scripted::new([data(b"ab"), data(b"cd")]);
        body.declared = declared;
        assert_eq!(
            collect(body, &limits(4))
                .await
                .unwrap()
                .into_body()
                .into_bytes(),
            "abcd"
        );
    }
    let body = Scripted::new([data(b"ab"), data(b"cd"), data(b"e")]);
    assert_eq!(
        collect(body, &limits(4)).await.unwrap_err(),
        BodyError::TooLarge
    );
}

#[tokio::test]
async fn a_declared_length_over_the_limit_is_refused_before_the_first_poll() {
    let polls: &'static Cell<u32> = Box::leak(Box::new(Cell::new(0)));
    let mut body = Scripted::new([data(b"ab")]);
    body.declared = Some(u64::MAX);
    body.polls = Some(polls);
    assert_eq!(
        collect(body, &limits(4)).await.unwrap_err(),
        BodyError::TooLarge
    );
    assert_eq!(polls.get(), 0);
}

#[tokio::test]
async fn a_body_cut_short_is_never_whole() {
    let mut short = Scripted::new([data(b"ab")]);
    short.declared = Some(3);
    assert_eq!(
        collect(short, &limits(9)).await.unwrap_err(),
        BodyError::Incomplete
    );

    let failed = Scripted::new([data(b"ab"), Step::Fail]);
    assert_eq!(
        collect(failed, &limits(9)).await.unwrap_err(),
        BodyError::Incomplete
    );

    for (version, is_taken) in [(Version::HTTP_11, true), (Version::HTTP_2, false)] {
        let mut reset = Scripted::new([data(b"ab")]);
        reset.ends_stream = false;
        let budget = MemoryBudget::new(9);
        let collect = Collect::new(reset, &limits(9), &budget);
        assert_eq!(
            collect.with_version(version).await.is_ok(),
            is_taken,
            "{version:?}"
        );
    }
}

#[tokio::test]
async fn empty_frames_are_bounded() {
    let limits = limits(9).with_max_frames(100);
    let body = Scripted::new((0..100).map(|_| data(b"")));
    assert!(collect(body, &limits).await.unwrap().body().is_empty());
    let body = Scripted::new((0..101).map(|_| data(b"")));
    assert_eq!(
        collect(body, &limits).await.unwrap_err(),
        BodyError::TooLarge
    );
}

#[tokio::test(start_paused = true)]
async fn a_stalled_body_meets_its_deadline() {
    let before = tokio::time::Instant::now();
    let limits = limits(9).with_deadline(Duration::from_secs(3));
    let error = collect(Scripted::new([data(b"ab"), Step::Stall]), &limits)
        .await
        .unwrap_err();
    assert_eq!(error, BodyError::Timeout);
    assert_eq!(before.elapsed().as_secs(), 3);
}

#[tokio::test]
async fn unverified_bytes_are_held_against_the_budget_until_the_body_is_taken() {
    // Three quarters of it are for strangers.
    let budget = MemoryBudget::new(6).with_network_share(6);
    let read =
        |bytes: &'static [u8]| Collect::new(Scripted::new([data(bytes)]), &limits(9), &budget);
    let first = read(b"abc").await.unwrap();
    assert_eq!((first.body().len(), budget.held()), (3, 3));
    assert_eq!(read(b"abc").await.unwrap_err(), BodyError::MemoryExhausted);
    assert_eq!(budget.held(), 3);
    let _body = first.into_body();
    assert_eq!(budget.held(), 0);
    assert!(read(b"abcde").await.is_ok());
}

#[tokio::test]
async fn trailers_are_kept() {
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", "0".parse().unwrap());
    let body = Scripted::new([data(b"ab"), Step::Trailers(trailers.clone())]);
    let body = collect(body, &limits(9)).await.unwrap().into_body();
    assert_eq!(body.trailers(), Some(&trailers));

    let mut frames = Vec::new();
    let mut body = Box::pin(body);
    while let Some(frame) = std::future::poll_fn(|cx| body.as_mut().poll_frame(cx)).await {
        frames.push(frame.unwrap());
    }
    assert_eq!(frames.len(), 2);
    assert!(frames[1].is_trailers());
}

#[tokio::test]
async fn a_buffered_body_is_recognised_and_shown_to_the_observer() {
    let bytes = Bytes::from(b"abc".to_vec());
    let place = bytes.as_ptr();
    let mut seen = Vec::new();
    let budget = MemoryBudget::new(0);
    let body = BufferedBody::new(bytes);
    let mut collect = Collect::new(body, &limits(9), &budget);
    let mut observer = |bytes: &[u8]| seen.extend_from_slice(bytes);
    let collected = std::future::poll_fn(|cx| collect.poll_observed(cx, &mut observer)).await;
    assert_eq!(collected.unwrap().into_body().into_bytes().as_ptr(), place);
    assert_eq!(seen, b"abc");

    let body = BufferedBody::new("too long");
    let refused = Collect::new(body, &limits(3), &budget).await;
    assert_eq!(refused.unwrap_err(), BodyError::TooLarge);
}

#[tokio::test]
async fn what_is_there_before_a_stall_is_kept() {
    let limits = limits(9).with_deadline(Duration::ZERO);
    let body = Scripted::new([data(b"ab"), data(b"cd"), Step::Stall]);
    let mut collect = Collect::new(body, &limits, &MemoryBudget::new(1 << 20));
    assert!(collect.now().is_none());
    assert_eq!(collect.chunks().collect::<Vec<_>>().concat(), b"abcd");
    assert_eq!(collect.await.unwrap_err(), BodyError::Timeout);
}

proptest! {
    #[test]
    fn any_split_gives_the_same_bytes_or_the_same_refusal(
        frames in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..700), 0..8),
        limit in 0_u64..3000,
    ) {
        let whole = frames.concat();
        let steps = || frames.iter().map(|frame| Step::Data(frame.clone().into()));
        let budget = MemoryBudget::new(1 << 20);
        let mut seen = Vec::new();
        let mut observer = |bytes: &[u8]| seen.extend_from_slice(bytes);
        let mut collect = Collect::new(Scripted::new(steps()), &limits(limit), &budget);
        let observed = std::future::poll_fn(|cx| collect.poll_observed(cx, &mut observer));
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let result = runtime.block_on(observed);

        // The same without waiting, as all of it is there.
        let at_once = Collect::new(Scripted::new(steps()), &limits(limit), &budget).now().unwrap();
        let bytes = |collected: Collected| collected.into_body().into_bytes();
        prop_assert_eq!(at_once.map(bytes), result.as_ref().map_err(|error| *error).map(|_| whole.clone().into()));

        if whole.len() as u64 <= limit {
            let body = result.unwrap().into_body();
            prop_assert_eq!(body.into_bytes(), whole.clone());
            prop_assert_eq!(seen, whole);
        } else {
            prop_assert_eq!(result.unwrap_err(), BodyError::TooLarge);
            prop_assert!(seen.len() as u64 <= limit);
        }
    }
}
