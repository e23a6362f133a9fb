//! Responses that wait until their records are kept.
#![allow(clippy::panic, clippy::unwrap_used)]

mod common;

use std::{
    convert::Infallible,
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
};

use common::{Answer, Records, answer, delivery};
use http::{Request, StatusCode};
use tower::{Layer, Service, service_fn};
use webhook_audit_layer::{Acknowledgement, Acknowledger, AuditLayer, AuditRecord, Sink};

/// A sink whose records are kept when the test says so.
#[derive(Clone, Default)]
struct Slow(Arc<Mutex<Vec<Taken>>>);

type Taken = (AuditRecord, Option<Acknowledger>);

impl Slow {
    fn settle(&self, is_kept: bool) {
        let (_, acknowledger) = self.0.lock().unwrap().pop().unwrap();
        acknowledger.unwrap().acknowledge(is_kept);
    }

    fn count(&self) -> usize {
        self.0.lock().unwrap().len()
    }
}

impl Sink for Slow {
    fn record(&self, record: AuditRecord) {
        self.0.lock().unwrap().push((record, None));
    }

    fn is_awaited(&self) -> bool {
        true
    }

    fn record_awaited(&self, record: AuditRecord) -> Option<Acknowledgement> {
        let (acknowledger, acknowledgement) = Acknowledgement::new();
        self.0.lock().unwrap().push((record, Some(acknowledger)));
        Some(acknowledgement)
    }
}

fn called<K: Sink>(sink: K) -> impl Future<Output = Result<Answer, Infallible>> + Unpin {
    let handler = service_fn(|_: Request<()>| std::future::ready(Ok(answer(204))));
    AuditLayer::new(sink).layer(handler).call(delivery())
}

#[tokio::test]
async fn a_response_waits_until_its_record_is_kept() {
    let sink = Slow::default();
    let mut future = called(sink.clone());
    for _ in 0..3 {
        assert!(matches!(poll_once(&mut future).await, Poll::Pending));
    }
    assert_eq!(sink.count(), 1);
    sink.settle(true);
    assert_eq!(future.await.unwrap().status(), StatusCode::NO_CONTENT);
}

#[test]
fn a_response_that_waits_is_woken_when_its_record_is_kept() {
    let sink = Slow::default();
    let mut future = called(sink.clone());
    let woken = Arc::new(Woken::default());
    let waker = Waker::from(Arc::clone(&woken));
    let mut context = Context::from_waker(&waker);
    assert!(Pin::new(&mut future).poll(&mut context).is_pending());
    assert!(!woken.0.load(Ordering::SeqCst));
    sink.settle(true);
    assert!(woken.0.load(Ordering::SeqCst));
    assert!(Pin::new(&mut future).poll(&mut context).is_ready());
}

/// Notes that somebody woke the task.
#[derive(Default)]
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

#[tokio::test]
async fn a_lost_record_takes_the_response_with_it() {
    let sink = Slow::default();
    let mut future = called(sink.clone());
    assert!(matches!(poll_once(&mut future).await, Poll::Pending));
    sink.settle(false);
    let response = future.await.unwrap();
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(response.headers()["retry-after"], "5");
}

#[tokio::test]
async fn a_sink_that_forgets_its_acknowledger_has_lost_the_record() {
    let sink = Slow::default();
    let mut future = called(sink.clone());
    assert!(matches!(poll_once(&mut future).await, Poll::Pending));
    sink.0.lock().unwrap().clear();
    let response = future.await.unwrap();
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn of_several_sinks_all_are_waited_for() {
    let (left, records, right) = (Slow::default(), Records::default(), Slow::default());
    let sinks = (left.clone(), records.clone(), vec![right.clone()]);
    let mut future = called(Some(Arc::new(sinks)));
    assert!(matches!(poll_once(&mut future).await, Poll::Pending));
    assert_eq!(records.count(), 1);
    left.settle(true);
    assert!(matches!(poll_once(&mut future).await, Poll::Pending));
    right.settle(true);
    assert_eq!(future.await.unwrap().status(), StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn both_of_a_pair_take_the_record_and_either_is_waited_for() {
    let (left, right) = (Records::default(), Records::default());
    called((left.clone(), right.clone())).await.unwrap();
    assert_eq!((left.count(), right.count()), (1, 1));

    let (slow, records) = (Slow::default(), Records::default());
    let mut future = called((slow.clone(), records.clone()));
    assert!(matches!(poll_once(&mut future).await, Poll::Pending));
    assert_eq!((slow.count(), records.count()), (1, 1));
    slow.settle(true);
    assert_eq!(future.await.unwrap().status(), StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn one_lost_record_of_several_takes_the_response_with_it() {
    for kept in [[true, false], [false, true]] {
        let sinks = [Slow::default(), Slow::default()];
        let mut future = called(sinks.to_vec());
        for (sink, is_kept) in sinks.iter().zip(kept) {
            assert!(matches!(poll_once(&mut future).await, Poll::Pending));
            sink.settle(is_kept);
        }
        let response = future.await.unwrap();
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    }
}

#[tokio::test]
async fn what_was_lost_before_it_was_joined_with_others_is_lost() {
    let (first, acknowledgement) = Acknowledgement::new();
    let (second, other) = Acknowledgement::new();
    let mut both = Acknowledgement::all([Some(acknowledgement), Some(other)]).unwrap();
    first.acknowledge(false);
    assert!(matches!(poll_once(&mut both).await, Poll::Pending));
    let (third, another) = Acknowledgement::new();
    let all = Acknowledgement::all([Some(another), None, Some(both)]).unwrap();
    second.acknowledge(true);
    third.acknowledge(true);
    assert!(!all.await);
}

#[tokio::test]
async fn a_client_that_leaves_while_it_waits_has_left_its_record() {
    let sink = Slow::default();
    let mut future = called(sink.clone());
    assert!(matches!(poll_once(&mut future).await, Poll::Pending));
    drop(future);
    assert_eq!(sink.count(), 1);
    // Nobody waits any more, and nothing panics.
    sink.settle(true);
}

#[tokio::test]
async fn a_client_that_leaves_before_the_answer_is_recorded_without_waiting() {
    let sink = Slow::default();
    drop(called(sink.clone()));
    let (record, acknowledger) = sink.0.lock().unwrap().pop().unwrap();
    assert_eq!(record.reason.as_str(), "client_gone");
    assert!(acknowledger.is_none());
}

/// Polls once.
async fn poll_once<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    std::future::poll_fn(|context| Poll::Ready(Pin::new(&mut *future).poll(context))).await
}
