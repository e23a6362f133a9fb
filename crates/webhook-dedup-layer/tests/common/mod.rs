//! Deliveries that were verified, and stores that fail as a test says.
#![allow(dead_code, reason = "each test file uses its own part")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a helper that fails fails its test"
)]

use std::{
    future::{Ready, ready},
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    task::{Context, Poll, Waker},
    time::Duration,
};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use webhook_core::{
    BufferedBody, Clock, DeliveryRecord, Facts, ManualClock, RequestId, Timestamp, Verification,
};
use webhook_dedup_layer::{
    Claim, DUPLICATE, DedupStore, DeliveryKey, MemoryStore, Owner, Settled, Settlement, StoreError,
};

pub(crate) type Body = Full<Bytes>;

/// A store whose clock stands until its hands are moved.
pub(crate) fn store() -> (MemoryStore, ManualClock) {
    let (clock, hands) = Clock::manual(Timestamp::from_unix_seconds(1_700_000_000));
    (MemoryStore::new().with_clock(clock), hands)
}

/// A request that nothing verified.
pub(crate) fn stranger(body: &'static str) -> Request<BufferedBody> {
    Request::post("/webhooks")
        .body(BufferedBody::new(body))
        .unwrap()
}

/// A delivery with this signed id.
pub(crate) fn delivery(id: &str) -> Request<BufferedBody> {
    let verification = Verification::new("acme")
        .with_signed_body()
        .with_delivery_id(id.into(), true);
    verified(verification, "event")
}

pub(crate) fn verified(verification: Verification, body: &'static str) -> Request<BufferedBody> {
    let mut request = stranger(body);
    Facts::of_mut(request.extensions_mut()).set_verification(verification);
    request
}

/// The same request, with a record to look at afterwards.
pub(crate) fn recorded(
    mut request: Request<BufferedBody>,
) -> (Request<BufferedBody>, DeliveryRecord) {
    let record = DeliveryRecord::new(RequestId::generate(&Clock::system()));
    Facts::of_mut(request.extensions_mut()).set_record(record.clone());
    (request, record)
}

pub(crate) fn answer(status: u16) -> Response<Body> {
    Response::builder()
        .status(status)
        .body(Body::default())
        .unwrap()
}

pub(crate) fn header<'a, B>(response: &'a Response<B>, name: &str) -> Option<&'a str> {
    let value = response.headers().get(name)?;
    Some(value.to_str().unwrap())
}

pub(crate) fn is_duplicate<B>(response: &Response<B>) -> bool {
    response.headers().contains_key(DUPLICATE)
}

/// What a future that need not wait comes to.
pub(crate) fn now<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("it did not answer at once"),
    }
}

/// A memory store that can be made to fail, and that counts what it is asked.
#[derive(Clone, Default)]
pub(crate) struct Fallible {
    pub(crate) store: MemoryStore,
    pub(crate) fails: Arc<AtomicBool>,
    pub(crate) claims: Arc<AtomicUsize>,
    pub(crate) settlements: Arc<AtomicUsize>,
}

impl Fallible {
    fn check(&self) -> Result<(), StoreError> {
        if self.fails.load(Ordering::SeqCst) {
            return Err(StoreError::unavailable("connection refused"));
        }
        Ok(())
    }
}

impl DedupStore for Fallible {
    type ClaimFuture = Ready<Result<Claim, StoreError>>;
    type SettleFuture = Ready<Result<Settled, StoreError>>;

    fn claim(&self, key: DeliveryKey, owner: Owner, lease: Duration) -> Self::ClaimFuture {
        self.claims.fetch_add(1, Ordering::SeqCst);
        match self.check() {
            Ok(()) => self.store.claim(key, owner, lease),
            Err(error) => ready(Err(error)),
        }
    }

    fn settle(&self, key: DeliveryKey, owner: Owner, settlement: Settlement) -> Self::SettleFuture {
        self.settlements.fetch_add(1, Ordering::SeqCst);
        match self.check() {
            Ok(()) => self.store.settle(key, owner, settlement),
            Err(error) => ready(Err(error)),
        }
    }

    fn settle_detached(&self, key: DeliveryKey, owner: Owner, settlement: Settlement) {
        let _ready = self.settle(key, owner, settlement);
    }
}
