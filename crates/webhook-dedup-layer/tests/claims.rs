//! One run for many copies, and none that is lost: failures, panics and dropped requests.

mod common;

use std::{
    convert::Infallible,
    future::{pending, poll_fn},
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, Waker},
    time::Duration,
};

use http::{Request, Response, StatusCode};
use tokio::{sync::Barrier, task::JoinSet};
use tower::{ServiceBuilder, ServiceExt as _, limit::ConcurrencyLimitLayer, service_fn};
use tower_layer::Layer as _;
use tower_service::Service as _;
use webhook_core::BufferedBody;
use webhook_dedup_layer::{
    Claim, DedupLayer, DedupStore, DeliveryKey, MemoryStore, Owner, Settled, Settlement, StoreError,
};

use common::{Body, answer, delivery, is_duplicate, now, store};

type Answer = Result<Response<Body>, Infallible>;

fn send<St: DedupStore + Clone>(layer: &DedupLayer<St>, status: u16) -> Response<Body> {
    let service = layer.layer(service_fn(move |_: Request<BufferedBody>| async move {
        Ok::<_, Infallible>(answer(status))
    }));
    now(service.oneshot(delivery("evt_1"))).unwrap()
}

fn poll<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn promise_17_fifty_copies_at_once_run_the_handler_once() {
    for _ in 0..20 {
        let (layer, runs) = (DedupLayer::new(), Arc::new(AtomicUsize::new(0)));
        let start = Arc::new(Barrier::new(50));
        let mut copies = JoinSet::new();
        for _ in 0..50 {
            let (runs, start) = (Arc::clone(&runs), Arc::clone(&start));
            let service = layer.layer(service_fn(move |_: Request<BufferedBody>| {
                let runs = Arc::clone(&runs);
                async move {
                    runs.fetch_add(1, Ordering::SeqCst);
                    tokio::task::yield_now().await;
                    Ok::<_, Infallible>(answer(200))
                }
            }));
            copies.spawn(async move {
                start.wait().await;
                service.oneshot(delivery("evt_1")).await.unwrap()
            });
        }
        let answers = copies.join_all().await;
        assert_eq!(runs.load(Ordering::SeqCst), 1);
        let others = answers
            .iter()
            .filter(|answer| answer.status() == StatusCode::CONFLICT || is_duplicate(answer));
        assert_eq!(others.count(), 49);
    }
}

#[test]
fn a_handler_that_errs_lets_the_next_copy_run() {
    let layer = DedupLayer::new();
    let failing = layer.layer(service_fn(async |_: Request<BufferedBody>| {
        Err::<Response<Body>, _>("broken")
    }));
    assert_eq!(
        now(failing.oneshot(delivery("evt_1"))).unwrap_err(),
        "broken"
    );
    assert!(!is_duplicate(&send(&layer, 200)));
    assert!(is_duplicate(&send(&layer, 200)));
}

#[test]
fn a_handler_that_panics_lets_the_next_copy_run() {
    let layer = DedupLayer::new();
    // Once as it is called, and once as it is polled.
    for in_call in [true, false] {
        let service = layer.layer(service_fn(move |_: Request<BufferedBody>| {
            assert!(!in_call, "in call");
            poll_fn(|_| -> Poll<Answer> { panic!("in poll") })
        }));
        let future = service.oneshot(delivery("evt_1"));
        catch_unwind(AssertUnwindSafe(|| now(future).unwrap())).unwrap_err();
        assert_eq!(layer.store().gauges().entries, 0);
    }
    assert!(!is_duplicate(&send(&layer, 200)));
}

/// A store that takes several polls for each operation, as one over a network does. What was begun
/// is done at the first poll.
#[derive(Clone)]
struct Slow(MemoryStore, usize);

type Step<T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send>>;

fn slowly<T: Send + 'static>(
    polls: usize,
    act: impl Future<Output = Result<T, StoreError>> + Send + 'static,
) -> Step<T> {
    Box::pin(async move {
        let output = act.await;
        for _ in 0..polls {
            tokio::task::yield_now().await;
        }
        output
    })
}

impl DedupStore for Slow {
    type ClaimFuture = Step<Claim>;
    type SettleFuture = Step<Settled>;

    fn claim(&self, key: DeliveryKey, owner: Owner, lease: Duration) -> Step<Claim> {
        let store = self.0.clone();
        slowly(self.1, async move { store.claim(key, owner, lease).await })
    }

    fn settle(&self, key: DeliveryKey, owner: Owner, settlement: Settlement) -> Step<Settled> {
        let store = self.0.clone();
        slowly(
            self.1,
            async move { store.settle(key, owner, settlement).await },
        )
    }

    fn settle_detached(&self, key: DeliveryKey, owner: Owner, settlement: Settlement) {
        self.0.settle_detached(key, owner, settlement);
    }
}

/// A handler that is pending so many times before it answers.
async fn after(pauses: usize, status: u16) -> Answer {
    for _ in 0..pauses {
        tokio::task::yield_now().await;
    }
    Ok(answer(status))
}

#[tokio::test]
async fn promise_17_dropped_after_any_number_of_polls_a_delivery_is_never_stuck_and_never_lost() {
    for status in [200, 500] {
        let mut finished = false;
        for polls in 0..20 {
            let store = MemoryStore::new();
            let layer = DedupLayer::with_store(Slow(store.clone(), 3));
            let done = Arc::new(AtomicUsize::new(0));
            let counted = Arc::clone(&done);
            let service = layer.layer(service_fn(move |_: Request<BufferedBody>| {
                let counted = Arc::clone(&counted);
                async move {
                    let answer = after(4, status).await;
                    counted.fetch_add(1, Ordering::SeqCst);
                    answer
                }
            }));
            let mut future = Box::pin(service.oneshot(delivery("evt_1")));
            for _ in 0..polls {
                if poll(future.as_mut()).is_ready() {
                    finished = true;
                    break;
                }
            }
            drop(future);
            assert_eq!(
                store.gauges().claims,
                0,
                "{polls} polls leave a claim behind"
            );
            let is_handled = status == 200 && done.load(Ordering::SeqCst) == 1;
            let memory = DedupLayer::with_store(store);
            assert_eq!(
                is_duplicate(&send(&memory, 200)),
                is_handled,
                "{polls} polls"
            );
        }
        assert!(finished, "the last rounds have polls enough to finish");
    }
}

#[test]
fn an_owner_that_is_late_changes_nothing() {
    let (store, hands) = store();
    let layer = DedupLayer::with_store(store.clone());
    let late = || {
        let service = layer.layer(service_fn(|_: Request<BufferedBody>| after(1, 200)));
        let mut future = Box::pin(service.oneshot(delivery("evt_1")));
        assert!(poll(future.as_mut()).is_pending());
        future
    };
    let mut completes = late();
    hands.advance(Duration::from_secs(300));
    let dropped = late();
    hands.advance(Duration::from_secs(300));
    let service = layer.layer(service_fn(|_: Request<BufferedBody>| pending::<Answer>()));
    let mut holder = Box::pin(service.oneshot(delivery("evt_1")));
    assert!(poll(holder.as_mut()).is_pending());

    assert!(poll(completes.as_mut()).is_ready());
    drop(dropped);
    assert_eq!(send(&layer, 200).status(), StatusCode::CONFLICT);
    drop(holder);
    assert!(!is_duplicate(&send(&layer, 200)));
}

#[tokio::test]
async fn the_inner_service_is_asked_once_the_claim_is_there_and_no_permit_is_kept() {
    let layer = DedupLayer::new();
    let limited = ServiceBuilder::new()
        .layer(&layer)
        .layer(ConcurrencyLimitLayer::new(1))
        .service(service_fn(|request: Request<BufferedBody>| async move {
            if request.uri().path() == "/slow" {
                pending::<()>().await;
            }
            Ok::<_, Infallible>(answer(200))
        }));
    let slow = |id| {
        let mut request = delivery(id);
        *request.uri_mut() = "/slow".parse().unwrap();
        request
    };
    let mut holder = Box::pin(limited.clone().oneshot(slow("holder")));
    assert!(poll(holder.as_mut()).is_pending());
    // Waits for the permit, with its claim; a duplicate of it needs none.
    let mut waiting = Box::pin(limited.clone().oneshot(delivery("waiting")));
    assert!(poll(waiting.as_mut()).is_pending());
    let duplicate = limited.clone().oneshot(delivery("waiting")).await.unwrap();
    assert_eq!(duplicate.status(), StatusCode::CONFLICT);
    drop(waiting);
    drop(holder);
    let answered = limited.clone().oneshot(delivery("waiting")).await.unwrap();
    assert_eq!(answered.status(), StatusCode::OK);
    assert!(!is_duplicate(&answered));
}

#[tokio::test]
async fn the_inner_service_is_called_only_when_it_is_ready() {
    let (mut mock, handle) = tower_test::mock::spawn_layer(DedupLayer::new());
    let mut handle: tower_test::mock::Handle<Request<BufferedBody>, Response<Body>> = handle;
    handle.allow(0);
    assert!(
        mock.poll_ready().is_ready(),
        "ready without the inner service"
    );
    let mut call = Box::pin(mock.call(delivery("evt_1")));
    assert!(poll(call.as_mut()).is_pending());
    handle.allow(1);
    assert!(poll(call.as_mut()).is_pending());
    let (_request, send) = handle.next_request().await.unwrap();
    send.send_response(answer(201));
    let Poll::Ready(answered) = poll(call.as_mut()) else {
        panic!("the answer was sent");
    };
    assert_eq!(answered.unwrap().status(), StatusCode::CREATED);
    let again = mock.get_mut().call(delivery("evt_1")).await.unwrap();
    assert!(is_duplicate(&again));
}
