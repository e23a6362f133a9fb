use std::{
    future::Future as _,
    hint::black_box,
    pin::pin,
    task::{Context, Poll, Waker},
    time::Duration,
};

use webhook_layers::dedup::{Claim, DedupStore as _, DeliveryKey, MemoryStore, Owner, Settlement};

use super::{
    Chart,
    chart::{Subject, curve},
};
use crate::stack::BoxError;

const SIZES: [u32; 5] = [1, 1_000, 10_000, 100_000, 1_000_000];

const OPERATIONS: usize = 2_000;

const LEASE: Duration = Duration::from_secs(3600);

pub(super) fn chart(rounds: usize) -> Result<Chart, BoxError> {
    let subjects: Result<Vec<_>, BoxError> = SIZES.into_iter().map(stored).collect();
    Ok(Chart {
        name: "dedup".into(),
        title: "One delivery claimed and released".into(),
        sizes: "deliveries remembered".into(),
        note: None,
        curves: vec![curve("in memory", rounds, |_| OPERATIONS, subjects?)],
    })
}

/// A store that remembers so many deliveries, and claims of others on top.
fn stored(count: u32) -> Result<Subject<impl FnMut(usize)>, BoxError> {
    let store = MemoryStore::new().with_capacity(count as usize + 1024)?;
    for number in 0..count {
        if !matches!(
            claim(&store, key(number.into()), Owner::generate()),
            Ok(Claim::Claimed)
        ) {
            return Err("a new delivery was not claimed".into());
        }
    }
    let owner = Owner::generate();
    Ok(Subject::new(count, move |number| {
        let key = key(u64::from(u32::MAX) + number as u64);
        black_box(claim(&store, key, owner).is_ok());
        store.settle_detached(key, owner, Settlement::Release);
    }))
}

/// As evenly spread as the hashes that real keys are.
fn key(number: u64) -> DeliveryKey {
    let mut key = [0; 32];
    let spread = number.wrapping_mul(0x9E37_79B9_7F4A_7C15).to_le_bytes();
    for (to, from) in key.iter_mut().zip(spread.into_iter().cycle()) {
        *to = from;
    }
    DeliveryKey::from_bytes(key)
}

fn claim(store: &MemoryStore, key: DeliveryKey, owner: Owner) -> Result<Claim, BoxError> {
    let mut claim = pin!(store.claim(key, owner, LEASE));
    match claim.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(claim) => Ok(claim?),
        Poll::Pending => Err("the store in memory waits".into()),
    }
}
