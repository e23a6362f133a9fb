//! Permits: at most so many in flight, and each is given back, whatever becomes of its request.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a helper that fails fails its test, and a handler that panics is tested"
)]

mod common;

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    task::{Context, Poll, Waker},
    time::Duration,
};

use common::{Body, clock, header, layer, retry_after, stranger, verified};
use http::{Request, Response, StatusCode};
use proptest::prelude::*;
use tower::{Layer as _, Service as _, service_fn};
use webhook_ratelimit_layer::{Key, Quota, RateLimitHandle, RateLimitLayer, Subject};

/// What a handler comes to after some polls.
#[derive(Clone, Copy, Debug)]
enum End {
    Answer,
    Error,
    Panic,
}

struct Handler(u8, End);

impl Future for Handler {
    type Output = Result<Response<Body>, &'static str>;

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Self::Output> {
        if self.0 > 0 {
            self.0 -= 1;
            return Poll::Pending;
        }
        match self.1 {
            End::Answer => Poll::Ready(Ok(Response::new(Body::default()))),
            End::Error => Poll::Ready(Err("broken")),
            End::Panic => panic!("broken"),
        }
    }
}

/// A request that stands for a handler's fate.
fn fated(polls: u8, end: End) -> Request<Body> {
    let mut request = stranger("192.0.2.1");
    request.extensions_mut().insert((polls, end));
    request
}

fn fate(request: &Request<Body>) -> Handler {
    let (polls, end) = request
        .extensions()
        .get::<(u8, End)>()
        .copied()
        .unwrap_or((200, End::Answer));
    Handler(polls, end)
}

fn in_flight(handle: &RateLimitHandle) -> u64 {
    let client = Subject::network("192.0.2.1".parse().unwrap());
    let state = handle.inspect("test", &client).unwrap();
    state.limit - state.remaining
}

fn poll<F: Future>(future: &mut Pin<Box<F>>) -> Option<F::Output> {
    match future
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()))
    {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    }
}

fn three_at_once() -> RateLimitLayer {
    layer(Key::network(), Quota::concurrent(3).unwrap(), &clock().0)
}

#[test]
fn the_fourth_is_refused_until_one_is_answered() {
    let limit = three_at_once();
    let mut service = limit.layer(service_fn(|request| fate(&request)));
    let mut call = |polls| Box::pin(service.call(fated(polls, End::Answer)));
    let mut running = [call(1), call(1), call(1)];
    assert!(running.iter_mut().all(|future| poll(future).is_none()));
    let refused = poll(&mut call(0)).unwrap().unwrap();
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(retry_after(&refused), Some(Duration::from_secs(1)));
    // The head is there: the permit is free, though the future and the body still live.
    let answer = poll(&mut running[0]).unwrap().unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(in_flight(&limit.handle()), 2);
    assert_eq!(
        poll(&mut call(0)).unwrap().unwrap().status(),
        StatusCode::OK
    );
}

#[test]
fn verified_senders_are_told_how_many_permits_are_left() {
    let limit = layer(Key::endpoint(), Quota::concurrent(3).unwrap(), &clock().0);
    let mut service = limit.layer(service_fn(|request| fate(&request)));
    let mut request = verified("192.0.2.1", "a");
    request.extensions_mut().insert((0_u8, End::Answer));
    let response = poll(&mut Box::pin(service.call(request))).unwrap().unwrap();
    assert_eq!(header(&response, "ratelimit"), Some("\"test\";r=2"));
}

#[test]
fn a_panic_gives_the_permit_back_at_once() {
    let limit = three_at_once();
    let mut service = limit.layer(service_fn(|request| fate(&request)));
    let mut future = Box::pin(service.call(fated(0, End::Panic)));
    assert_eq!(in_flight(&limit.handle()), 1);
    let caught = catch_unwind(AssertUnwindSafe(|| poll(&mut future)));
    assert!(caught.is_err());
    assert_eq!(in_flight(&limit.handle()), 0, "though the future is alive");
    drop(future);

    let mut broken = limit.layer(service_fn(|_: Request<Body>| {
        panic!("broken");
        #[allow(unreachable_code, reason = "what the handler would be")]
        Handler(0, End::Answer)
    }));
    let request = stranger("192.0.2.1");
    assert!(catch_unwind(AssertUnwindSafe(|| drop(broken.call(request)))).is_err());
    assert_eq!(in_flight(&limit.handle()), 0);
}

#[test]
fn a_request_that_another_quota_refuses_takes_no_permit() {
    let limit = three_at_once()
        .and_quota("minute", Key::network(), Quota::per_minute(2).unwrap())
        .unwrap();
    let mut service = limit.layer(service_fn(|request| fate(&request)));
    let handle = limit.handle();
    let mut running: Vec<_> = (0..2)
        .map(|_| Box::pin(service.call(fated(1, End::Answer))))
        .collect();
    let refused = poll(&mut Box::pin(service.call(fated(1, End::Answer)))).unwrap();
    assert_eq!(refused.unwrap().status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(in_flight(&handle), 2);
    running.clear();
    assert_eq!(in_flight(&handle), 0);

    // And the other way round: without a permit, nothing is charged to the minute.
    let limit = layer(Key::network(), Quota::per_minute(9).unwrap(), &clock().0)
        .and_quota("one", Key::network(), Quota::concurrent(1).unwrap())
        .unwrap();
    let mut service = limit.layer(service_fn(|request| fate(&request)));
    let _running = service.call(fated(9, End::Answer));
    for _ in 0..5 {
        let refused = poll(&mut Box::pin(service.call(fated(0, End::Answer)))).unwrap();
        assert_eq!(refused.unwrap().status(), StatusCode::TOO_MANY_REQUESTS);
    }
    let client = Subject::network("192.0.2.1".parse().unwrap());
    assert_eq!(
        limit.handle().inspect("test", &client).unwrap().remaining,
        8
    );
}

#[test]
fn permits_in_shadow_mode_keep_nobody_out() {
    let few = Quota::concurrent(1).unwrap();
    let limit = three_at_once()
        .and_insecure_shadow_quota("shadow", Key::all(), few)
        .unwrap();
    let mut service = limit.layer(service_fn(|request| fate(&request)));
    let mut running: Vec<_> = (0..3)
        .map(|_| Box::pin(service.call(fated(9, End::Answer))))
        .collect();
    assert!(running.iter_mut().all(|running| poll(running).is_none()));
    let refused = poll(&mut Box::pin(service.call(fated(0, End::Answer)))).unwrap();
    assert_eq!(refused.unwrap().status(), StatusCode::TOO_MANY_REQUESTS);
}

#[test]
fn live_permits_are_never_forgotten_however_many_clients_come() {
    let limit = three_at_once().with_capacity(8).unwrap();
    let mut service = limit.layer(service_fn(|request| fate(&request)));
    let _running: Vec<_> = (0..3)
        .map(|_| service.call(fated(9, End::Answer)))
        .collect();
    let flood: Vec<_> = (0..1000)
        .map(|number: u16| {
            let address = format!("203.0.{}.{}", number / 256, number % 256);
            service.call(stranger(&address))
        })
        .collect();
    let refused = poll(&mut Box::pin(service.call(fated(0, End::Answer)))).unwrap();
    assert_eq!(refused.unwrap().status(), StatusCode::TOO_MANY_REQUESTS);
    drop(flood);
    assert_eq!(limit.handle().keys_in_use(), 1);
    assert_eq!(in_flight(&limit.handle()), 3);
}

fn ends() -> impl Strategy<Value = End> {
    prop_oneof![Just(End::Answer), Just(End::Error), Just(End::Panic)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn permits_return_after_an_answer_an_error_a_panic_and_a_drop_at_any_poll(
        requests in proptest::collection::vec((0_u8..6, ends(), 0_u8..8), 1..40),
    ) {
        let limit = three_at_once();
        let handle = limit.handle();
        let mut service = limit.layer(service_fn(|request| fate(&request)));
        let mut running = Vec::new();
        for (needed, end, given) in requests {
            let before = in_flight(&handle);
            let mut future = Box::pin(service.call(fated(needed, end)));
            if before == 3 {
                let refused = poll(&mut future).unwrap().unwrap();
                prop_assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
                running.clear();
                prop_assert_eq!(in_flight(&handle), 0);
                continue;
            }
            prop_assert_eq!(in_flight(&handle), before + 1);
            for number in 0..given {
                let polled = catch_unwind(AssertUnwindSafe(|| poll(&mut future)));
                let is_over = number >= needed;
                prop_assert_eq!(matches!(polled, Ok(None)), !is_over);
                prop_assert_eq!(in_flight(&handle), before + u64::from(!is_over));
                if is_over {
                    break;
                }
            }
            if given % 2 == 0 {
                drop(future);
                prop_assert_eq!(in_flight(&handle), before);
            } else if given <= needed {
                running.push(future);
            }
        }
        drop(running);
        prop_assert_eq!(in_flight(&handle), 0);
        prop_assert_eq!(handle.keys_in_use(), 0);
    }
}
