//! Every interleaving of a few copies of one delivery, through the layer, on the store's own lock.
//!
//! loom's lock stands in for the standard library's, and its atomic for the count of handlers that run.
//! Threads are interrupted at most three times in each play, which is what bounds their number.

use std::{
    convert::Infallible,
    future::Ready,
    pin::pin,
    sync::{Arc, atomic},
    task::{Context, Poll, Waker},
    time::Duration,
};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use loom::{
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};
use tower::service_fn;
use tower_layer::Layer as _;
use tower_service::Service as _;
use webhook_core::{BufferedBody, Clock, Facts, Timestamp, Verification};

use super::{
    shared::{Lock, Shared},
    table::Table,
};
use crate::{
    Claim, DUPLICATE, DedupLayer, DedupStore, DeliveryKey, Owner, Settled, Settlement, StoreError,
};

impl Lock for Mutex<Table> {
    fn with<T>(&self, act: impl FnOnce(&mut Table) -> T) -> T {
        act(&mut self.lock().unwrap())
    }
}

/// The memory store on loom's lock.
#[derive(Clone)]
struct Modelled(Arc<Shared<Mutex<Table>>>);

impl Modelled {
    fn new() -> Self {
        let (clock, _hands) = Clock::manual(Timestamp::from_unix_seconds(1_700_000_000));
        Self(Arc::new(Shared {
            table: Mutex::new(Table::new(16)),
            clock,
        }))
    }
}

impl DedupStore for Modelled {
    type ClaimFuture = Ready<Result<Claim, StoreError>>;
    type SettleFuture = Ready<Result<Settled, StoreError>>;

    fn claim(&self, key: DeliveryKey, owner: Owner, lease: Duration) -> Self::ClaimFuture {
        self.0.claim(key, owner, lease)
    }

    fn settle(&self, key: DeliveryKey, owner: Owner, settlement: Settlement) -> Self::SettleFuture {
        self.0.settle(key, owner, settlement)
    }

    fn settle_detached(&self, key: DeliveryKey, owner: Owner, settlement: Settlement) {
        self.0.settle_detached(key, owner, settlement);
    }
}

/// What becomes of the copies of one delivery.
#[derive(Default)]
struct Counts {
    running: AtomicUsize,
    handled: atomic::AtomicUsize,
    failed: atomic::AtomicUsize,
    duplicates: atomic::AtomicUsize,
    in_flight: atomic::AtomicUsize,
}

/// What a copy's handler does.
#[derive(Clone, Copy)]
enum Handler {
    Succeeds,
    Fails,
    /// It waits, and its request is dropped.
    IsDropped,
}

/// Sends one copy, and keeps count.
fn send(store: &Modelled, counts: &Arc<Counts>, handler: Handler) {
    let shared = Arc::clone(counts);
    let service = service_fn(|_: Request<BufferedBody>| {
        let before = shared.running.fetch_add(1, Ordering::SeqCst);
        assert_eq!(before, 0, "two handlers run at once");
        let shared = Arc::clone(&shared);
        async move {
            if matches!(handler, Handler::IsDropped) {
                std::future::pending::<()>().await;
            }
            let before = shared.running.fetch_sub(1, Ordering::SeqCst);
            assert_eq!(before, 1, "two handlers run at once");
            let is_failure = matches!(handler, Handler::Fails);
            let status = if is_failure { 500 } else { 200 };
            let response = Response::builder().status(status);
            Ok::<_, Infallible>(response.body(Full::<Bytes>::default()).unwrap())
        }
    });
    let mut service = DedupLayer::with_store(store.clone()).layer(service);
    let mut request = Request::new(BufferedBody::new("event"));
    let verification = Verification::new("acme").with_signed_body();
    Facts::of_mut(request.extensions_mut()).set_verification(verification);
    let polled = {
        let mut future = pin!(service.call(request));
        let polled = future
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()));
        if polled.is_pending() {
            // It is dropped below; its handler stops before the claim is released.
            counts.running.fetch_sub(1, Ordering::SeqCst);
        }
        polled
    };
    let counter = match polled {
        Poll::Pending => return,
        Poll::Ready(Ok(response)) => match response.status().as_u16() {
            409 => &counts.in_flight,
            500 => &counts.failed,
            _ if response.headers().contains_key(DUPLICATE) => &counts.duplicates,
            _ => &counts.handled,
        },
    };
    counter.fetch_add(1, Ordering::SeqCst);
}

/// Plays three copies at once, in every order, and then a last one that succeeds.
fn play(handlers: [Handler; 3], check: fn(&Counts)) {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(3);
    model.check(move || {
        let (store, counts) = (Modelled::new(), Arc::new(Counts::default()));
        let [first, others @ ..] = handlers;
        let threads = others.map(|handler| {
            let (store, counts) = (store.clone(), Arc::clone(&counts));
            thread::spawn(move || send(&store, &counts, handler))
        });
        send(&store, &counts, first);
        for thread in threads {
            thread.join().unwrap();
        }
        send(&store, &counts, Handler::Succeeds);
        let handled = counts.handled.load(Ordering::SeqCst);
        assert_eq!(handled, 1, "handled once, whatever came before");
        check(&counts);
    });
}

#[test]
fn of_three_copies_one_is_handled() {
    play([Handler::Succeeds; 3], |counts| {
        let others =
            counts.duplicates.load(Ordering::SeqCst) + counts.in_flight.load(Ordering::SeqCst);
        assert_eq!(others, 3);
        assert_eq!(counts.failed.load(Ordering::SeqCst), 0);
    });
}

#[test]
fn a_copy_that_fails_lets_another_one_be_handled() {
    play(
        [Handler::Succeeds, Handler::Fails, Handler::Fails],
        |counts| assert!(counts.failed.load(Ordering::SeqCst) <= 2),
    );
}

#[test]
fn a_copy_that_is_dropped_lets_another_one_be_handled() {
    play(
        [Handler::Succeeds, Handler::IsDropped, Handler::Fails],
        |counts| assert!(counts.failed.load(Ordering::SeqCst) <= 1),
    );
}
