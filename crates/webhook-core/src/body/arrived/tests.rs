use std::{cell::Cell, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, Version};
use proptest::prelude::*;

use super::super::{
    BodyError, BodyLimits, BufferedBody, Collect, Collected, MemoryBudget, arrived,
    scripted::{Scripted, Step, data},
};
use crate::ClientNetwork;

/// Whether the body was there at once, and what came of it in the end.
type Outcome = (bool, Result<BufferedBody, BodyError>);

fn limits(bytes: u64) -> BodyLimits {
    BodyLimits::default()
        .with_max_bytes(bytes)
        .with_max_frames(3)
        .with_deadline(Duration::ZERO)
}

fn read(collect: Collect<Scripted>) -> Result<BufferedBody, BodyError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    let collected = runtime.block_on(collect);
    collected.map(Collected::into_body)
}

fn outcome(
    body: Scripted,
    limits: &BodyLimits,
    budget: &MemoryBudget,
    version: Version,
) -> Outcome {
    match arrived(body, limits, budget, None, version) {
        Ok(body) => (true, Ok(body)),
        Err(collect) => (false, read(collect)),
    }
}

#[test]
fn a_body_of_one_frame_is_there_as_it_came_and_is_asked_once() {
    let polls: &'static Cell<u32> = Box::leak(Box::new(Cell::new(0)));
    let bytes = Bytes::from(b"abc".to_vec());
    let place = bytes.as_ptr();
    let mut body = Scripted::new([Step::Data(bytes)]);
    body.declared = Some(3);
    body.polls = Some(polls);
    let budget = MemoryBudget::new(9);
    let body = arrived(body, &limits(3), &budget, None, Version::HTTP_2).unwrap();
    assert_eq!(body.into_bytes().as_ptr(), place);
    assert_eq!((polls.get(), budget.held()), (1, 0));
}

#[test]
fn only_what_is_whole_and_within_every_bound_is_there_at_once() {
    let budget = MemoryBudget::new(16);
    let of = |steps: &[Step], declared, limit| {
        let mut body = Scripted::new(steps.to_vec());
        body.declared = declared;
        let (at_once, result) = outcome(body, &limits(limit), &budget, Version::HTTP_11);
        (at_once, result.map(BufferedBody::into_bytes))
    };
    let (whole, short) = (Ok(Bytes::from("abcd")), Err(BodyError::Incomplete));
    assert_eq!(of(&[data(b"abcd")], None, 4), (true, whole.clone()));
    assert_eq!(of(&[data(b"abcd")], Some(4), 4), (true, whole.clone()));
    assert_eq!(of(&[data(b"abcd")], Some(5), 9), (false, short.clone()));
    assert_eq!(
        of(&[data(b"ab"), data(b"cd")], None, 4),
        (false, whole.clone())
    );
    assert_eq!(of(&[data(b"ab"), data(b"cd")], Some(4), 4), (false, whole));
    assert_eq!(
        of(&[data(b"abcd"), Step::Fail], None, 4),
        (false, short.clone())
    );
    assert_eq!(of(&[Step::Fail], None, 4), (false, short));
    let (large, late) = (Err(BodyError::TooLarge), Err(BodyError::Timeout));
    assert_eq!(of(&[data(b"abcd")], None, 3), (false, large.clone()));
    assert_eq!(of(&[data(b"abcd")], Some(4), 3), (false, large));
    assert_eq!(
        of(&[data(b"abcd"), Step::Stall], None, 4),
        (false, late.clone())
    );
    assert_eq!(of(&[Step::Stall], None, 4), (false, late));
    assert_eq!(of(&[], None, 4), (false, Ok(Bytes::new())));
    // Half of the budget is one network's share.
    let full = Err(BodyError::MemoryExhausted);
    assert_eq!(of(&[data(b"123456789")], None, 9), (false, full));
}

#[test]
fn a_declared_length_over_the_limit_is_never_asked_for_a_byte() {
    let polls: &'static Cell<u32> = Box::leak(Box::new(Cell::new(0)));
    let mut body = Scripted::new([data(b"ab")]);
    body.declared = Some(u64::MAX);
    body.polls = Some(polls);
    let budget = MemoryBudget::new(9);
    let (at_once, refused) = outcome(body, &limits(4), &budget, Version::HTTP_11);
    assert_eq!(
        (at_once, refused.unwrap_err()),
        (false, BodyError::TooLarge)
    );
    assert_eq!(polls.get(), 0);
}

#[test]
fn an_http2_body_has_to_say_that_its_stream_ended() {
    let budget = MemoryBudget::new(9);
    for (version, is_taken) in [(Version::HTTP_11, true), (Version::HTTP_2, false)] {
        let mut reset = Scripted::new([data(b"ab")]);
        reset.ends_stream = false;
        let (at_once, result) = outcome(reset, &limits(9), &budget, version);
        assert_eq!((at_once, result.is_ok()), (false, is_taken), "{version:?}");
    }
}

#[test]
fn a_body_that_is_not_there_yet_is_not_asked_twice_by_nobody() {
    let polls: &'static Cell<u32> = Box::leak(Box::new(Cell::new(0)));
    let mut body = Scripted::new([Step::Stall]);
    body.polls = Some(polls);
    let budget = MemoryBudget::new(9);
    let mut collect = arrived(body, &limits(9), &budget, None, Version::HTTP_11).unwrap_err();
    assert!(collect.now().is_none());
    assert_eq!(polls.get(), 1);
    assert_eq!(read(collect).unwrap_err(), BodyError::Timeout);
    assert!(polls.get() > 1);
}

#[test]
fn what_was_asked_for_already_is_there_for_a_late_observer() {
    let body = Scripted::new([data(b"ab"), data(b"cd"), Step::Stall]);
    let budget = MemoryBudget::new(1 << 20);
    let mut collect = arrived(body, &limits(9), &budget, None, Version::HTTP_11).unwrap_err();
    assert!(collect.now().is_none());
    assert_eq!(collect.chunks().collect::<Vec<_>>().concat(), b"abcd");
}

#[test]
fn a_network_whose_body_was_verified_at_once_is_known() {
    let budget = MemoryBudget::new(100).with_network_share(100);
    let [sender, stranger] = [1, 2].map(|last| ClientNetwork::of([192, 0, 2, last].into()));
    assert!(!budget.has_room_for(Some(sender), 76));
    budget.verified(sender);
    assert!(budget.has_room_for(Some(sender), 100));
    assert!(!budget.has_room_for(Some(sender), 101));
    assert!(budget.has_room_for(Some(stranger), 75));
    assert!(!budget.has_room_for(Some(stranger), 76));
    let mut held = budget.reserve_for(Some(sender));
    assert!(held.grow(60));
    assert!(budget.has_room_for(Some(sender), 40) && !budget.has_room_for(Some(sender), 41));
    assert!(!budget.has_room_for(Some(stranger), 16) && budget.has_room_for(Some(stranger), 15));
    assert!(!budget.has_room_for(None, u64::MAX));
}

fn step() -> impl Strategy<Value = Step> {
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", 0.into());
    prop_oneof![
        8 => proptest::collection::vec(any::<u8>(), 0..9).prop_map(|bytes| Step::Data(bytes.into())),
        1 => Just(Step::Trailers(trailers)),
        1 => Just(Step::Fail),
        1 => Just(Step::Stall),
    ]
}

proptest! {
    #[test]
    fn it_makes_no_difference_to_what_comes_of_a_body(
        steps in proptest::collection::vec(step(), 0..5),
        // What is declared, or how far off it is.
        declared in proptest::option::of(prop_oneof![3 => Just(0), 1 => 1_u64..20]),
        ends_stream in any::<bool>(),
        is_http2 in any::<bool>(),
        limit in 0_u64..20,
        budget in 0_u64..40,
    ) {
        let version = if is_http2 { Version::HTTP_2 } else { Version::HTTP_11 };
        let sizes = steps.iter().map(|step| match step {
            Step::Data(data) => data.len() as u64,
            _ => 0,
        });
        let sum: u64 = sizes.sum();
        let declared = declared.map(|off| sum + off);
        let body = || {
            let mut body = Scripted::new(steps.clone());
            (body.declared, body.ends_stream) = (declared, ends_stream);
            body
        };
        let budget = MemoryBudget::new(budget);
        let (_, result) = outcome(body(), &limits(limit), &budget, version);
        let expected = read(Collect::new(body(), &limits(limit), &budget).with_version(version));
        let told = |result: Result<BufferedBody, BodyError>| {
            result.map(|body| (body.trailers().is_some(), body.into_bytes()))
        };
        prop_assert_eq!(told(result), told(expected));
        prop_assert_eq!(budget.held(), 0);
    }
}
