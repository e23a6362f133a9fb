//! The layer allocates nothing for a delivery that it lets through; its store takes what it needs.
#![allow(clippy::unwrap_used, reason = "a helper that fails fails its test")]

mod common;

use std::{
    convert::Infallible,
    future::{Ready, ready},
    time::Duration,
};

use allocation_counter::measure;
use http::{Request, Response};
use tower::{ServiceExt as _, service_fn};
use tower_layer::Layer as _;
use webhook_core::BufferedBody;
use webhook_dedup_layer::{
    Claim, DedupLayer, DedupStore, DeliveryKey, MemoryStore, Owner, Settled, Settlement, StoreError,
};

use common::{Body, answer, delivery, now};

/// Lets everything through.
#[derive(Clone)]
struct Nothing;

impl DedupStore for Nothing {
    type ClaimFuture = Ready<Result<Claim, StoreError>>;
    type SettleFuture = Ready<Result<Settled, StoreError>>;

    fn claim(&self, _: DeliveryKey, _: Owner, _: Duration) -> Self::ClaimFuture {
        ready(Ok(Claim::Claimed))
    }

    fn settle(&self, _: DeliveryKey, _: Owner, _: Settlement) -> Self::SettleFuture {
        ready(Ok(Settled::Applied))
    }

    fn settle_detached(&self, _: DeliveryKey, _: Owner, _: Settlement) {}
}

/// How often one more delivery allocates, behind a handler that does not.
fn allocations<St: DedupStore + Clone>(store: St) -> u64 {
    let layer = DedupLayer::with_store(store);
    let service = layer.layer(service_fn(|_: Request<BufferedBody>| async {
        Ok::<Response<Body>, Infallible>(answer(200))
    }));
    // The first one pays for what is made once.
    for number in 0..100 {
        now(service.clone().oneshot(delivery(&number.to_string()))).unwrap();
    }
    let (service, request) = (service.clone(), delivery("measured"));
    measure(|| drop(now(service.oneshot(request)).unwrap())).count_total
}

#[test]
fn an_accepted_delivery_costs_no_allocation_but_the_stores() {
    assert_eq!(allocations(Nothing), 0);
    // At most a node of each of the two orders, and now and then a larger table.
    let of_memory = allocations(MemoryStore::new());
    assert!(of_memory <= 3, "{of_memory}");
}
