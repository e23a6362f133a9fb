//! 39: the contract of tower: ready before it is called, and nothing kept by what was dropped.

use std::{
    convert::Infallible,
    future::poll_fn,
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use tokio::sync::Semaphore;
use tower::{Layer as _, Service, ServiceExt as _, limit::ConcurrencyLimit, service_fn};
use tower_test::mock;
use webhook_layers::{BufferedBody, Clock, Secret, WebhookLayers, presets};
use webhook_tests::stand::{Ledger, NOW, SECRET, ScriptedBody, Sender};

use crate::{CLIENT, poll_times, request};

type Answer = Response<Full<Bytes>>;

fn hooks() -> WebhookLayers<Ledger> {
    let builder = WebhookLayers::builder(&presets::STANDARD_WEBHOOKS)
        .secret("test", Secret::new(SECRET))
        .clock(Clock::manual(NOW).0);
    builder.audit(Ledger::default()).build().unwrap()
}

#[tokio::test]
async fn promise_39_the_inner_service_is_called_only_when_it_is_ready() {
    let (inner, mut handle) = mock::pair::<Request<BufferedBody>, Answer>();
    let service = hooks().layer(inner);
    let mut context = Context::from_waker(Waker::noop());

    handle.allow(0);
    let mut delivered = pin!(
        service
            .clone()
            .oneshot(Sender::new().delivery(CLIENT, "{}"))
    );
    for _ in 0..5 {
        assert!(delivered.as_mut().poll(&mut context).is_pending());
        assert!(handle.poll_request().is_pending(), "called, and not ready");
    }
    // What is refused needs nobody to be ready.
    let refused = service.clone().oneshot(Sender::nobody(CLIENT, "{}"));
    let refused = poll_times(refused, 1).expect("a refusal that waits for nobody");
    assert_eq!(refused.unwrap().status(), 401);

    handle.allow(1);
    assert!(delivered.as_mut().poll(&mut context).is_pending());
    let Poll::Ready(Some((_, send))) = handle.poll_request() else {
        panic!("ready, and not called");
    };
    send.send_response(Response::new(Full::default()));
    assert_eq!(delivered.await.unwrap().status(), 200);

    // An error of the inner service's readiness goes out as it is.
    handle.allow(1);
    handle.send_error("the inner service is broken");
    let error = service.oneshot(Sender::new().delivery(CLIENT, "{}")).await;
    assert_eq!(
        error.unwrap_err().to_string(),
        "the inner service is broken"
    );
}

/// An inner service of one permit, which takes its time.
#[test]
fn promise_39_no_dropped_request_keeps_a_permit() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    let _timers = runtime.enter();
    let permits = Arc::new(Semaphore::new(1));
    let handler = service_fn(async |_: Request<BufferedBody>| {
        let mut left = 3;
        poll_fn(|context| {
            if left == 0 {
                return Poll::Ready(());
            }
            left -= 1;
            context.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
        Ok::<_, Infallible>(Answer::default())
    });
    let limited = ConcurrencyLimit::with_semaphore(handler, Arc::clone(&permits));
    let service = hooks().layer(limited);
    let delivery = || {
        let body = ScriptedBody::chunked("{\"a\":1}", 3).stalling(1);
        request(Sender::new().headers(b"{\"a\":1}", NOW), body)
    };
    let mut polls = 0;
    while poll_times(service.clone().oneshot(delivery()), polls).is_none() {
        assert_eq!(permits.available_permits(), 1, "kept after {polls} polls");
        polls += 1;
        assert!(polls < 100, "nobody is ever answered");
    }
    assert!(polls > 5, "{polls} polls were no test");
    assert_eq!(permits.available_permits(), 1);

    // A clone that was made ready and never called keeps none either, nor does it need one: what it
    // is asked first may be a stranger's.
    let mut context = Context::from_waker(Waker::noop());
    let mut ready = service.clone();
    let readiness = Service::<Request<ScriptedBody>>::poll_ready(&mut ready, &mut context);
    assert!(readiness.is_ready());
    assert_eq!(
        permits.available_permits(),
        1,
        "a permit for a request that may be refused"
    );
    drop(ready);
    let waits = poll_times(service.oneshot(delivery()), polls);
    assert_eq!(waits.expect("the last one").unwrap().status(), 200);
}
