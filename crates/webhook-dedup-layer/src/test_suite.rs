//! What every [`DedupStore`] must hold to, as functions for a store's own tests.
//!
//! [`check`] runs all of them. Each takes a store, keys that nothing else uses, a unit of time, and
//! a way to let time pass: a manual clock's for a store that has one, a real pause for a store that
//! keeps its own time, with a unit long enough for the way there and back.
//!
//! ```
//! use std::time::Duration;
//!
//! use webhook_core::{Clock, Timestamp};
//! use webhook_dedup_layer::{MemoryStore, test_suite};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let (clock, hands) = Clock::manual(Timestamp::from_unix_seconds(1_700_000_000));
//! let store = MemoryStore::new().with_clock(clock);
//! test_suite::check(&store, Duration::from_secs(1), async |time| hands.advance(time)).await;
//! # }
//! ```

use std::{future::poll_fn, pin::Pin, task::Poll, time::Duration};

use http::StatusCode;

use crate::{Claim, DedupStore, DeliveryKey, Owner, Settled, Settlement, StoreError};

/// Everything below, one after another.
///
/// # Panics
/// Where the store does not hold to it; the message says to what.
pub async fn check<St: DedupStore>(store: &St, unit: Duration, elapse: impl AsyncFn(Duration)) {
    of_many_claims_one_is_made(store, unit).await;
    what_is_complete_is_done(store, unit, &elapse).await;
    what_is_released_can_be_claimed(store, unit).await;
    a_lease_that_ran_out_can_be_taken_over(store, unit, &elapse).await;
    an_owner_may_be_late_where_nobody_took_over(store, unit, &elapse).await;
    the_owner_renews(store, unit, &elapse).await;
    what_nobody_claimed_cannot_be_settled(store, unit).await;
    a_detached_settlement_comes_into_force(store, unit, &elapse).await;
}

/// Of 20 claims at once, one is made, and the others hear that it is in flight for no longer than its
/// lease. Another key is another delivery.
///
/// # Panics
/// Where the store does not hold to it.
pub async fn of_many_claims_one_is_made<St: DedupStore>(store: &St, unit: Duration) {
    let lease = unit * 4;
    let key = fresh_key();
    let claims = (0..20).map(|_| store.claim(key, Owner::generate(), lease));
    let claims = all(claims.collect()).await;
    let made = claims
        .iter()
        .filter(|claim| matches!(claim, Ok(Claim::Claimed)));
    assert_eq!(
        made.count(),
        1,
        "of many claims at once, one is made: {claims:?}"
    );
    let refused = claims.iter().filter(|claim| match claim {
        Ok(Claim::InFlight { left }) => *left <= lease,
        _ => false,
    });
    assert_eq!(refused.count(), 19, "the others are in flight: {claims:?}");
    let other = claim(store, fresh_key(), Owner::generate(), lease).await;
    assert_eq!(other, Claim::Claimed, "another key is another delivery");
}

/// A completed delivery is done, with its status, until it was kept for as long as was asked.
///
/// # Panics
/// Where the store does not hold to it.
pub async fn what_is_complete_is_done<St: DedupStore>(
    store: &St,
    unit: Duration,
    elapse: &impl AsyncFn(Duration),
) {
    let (key, owner) = (fresh_key(), Owner::generate());
    let lease = unit * 4;
    assert_eq!(claim(store, key, owner, lease).await, Claim::Claimed);
    let complete = Settlement::Complete {
        status: StatusCode::ACCEPTED,
        keep: unit * 20,
    };
    assert_eq!(settle(store, key, owner, complete).await, Settled::Applied);
    for _ in 0..2 {
        match claim(store, key, Owner::generate(), lease).await {
            Claim::Done { status, age } => {
                assert_eq!(status, StatusCode::ACCEPTED, "the status is told");
                assert!(age <= unit * 20, "the age is told: {age:?}");
            }
            other => panic_with("a completed delivery is done", other),
        }
        // Longer than the lease: what is done does not end with it.
        elapse(unit * 8).await;
    }
    elapse(unit * 8).await;
    let after = claim(store, key, Owner::generate(), lease).await;
    assert_eq!(
        after,
        Claim::Claimed,
        "it is forgotten when its time is over"
    );
}

/// A released delivery can be claimed again at once.
///
/// # Panics
/// Where the store does not hold to it.
pub async fn what_is_released_can_be_claimed<St: DedupStore>(store: &St, unit: Duration) {
    let (key, owner) = (fresh_key(), Owner::generate());
    assert_eq!(claim(store, key, owner, unit * 4).await, Claim::Claimed);
    let released = settle(store, key, owner, Settlement::Release).await;
    assert_eq!(released, Settled::Applied);
    let again = claim(store, key, Owner::generate(), unit * 4).await;
    assert_eq!(again, Claim::Claimed, "a released delivery can be claimed");
    let twice = settle(store, key, owner, Settlement::Release).await;
    assert_eq!(twice, Settled::Lost, "the old owner has nothing to release");
    let third = claim(store, key, Owner::generate(), unit * 4).await;
    assert!(
        matches!(third, Claim::InFlight { .. }),
        "the new claim stands: {third:?}"
    );
}

/// A claim whose lease ran out can be taken over, not earlier, and its old owner then changes nothing.
///
/// # Panics
/// Where the store does not hold to it.
pub async fn a_lease_that_ran_out_can_be_taken_over<St: DedupStore>(
    store: &St,
    unit: Duration,
    elapse: &impl AsyncFn(Duration),
) {
    let (key, old, new) = (fresh_key(), Owner::generate(), Owner::generate());
    assert_eq!(claim(store, key, old, unit * 4).await, Claim::Claimed);
    elapse(unit).await;
    let early = claim(store, key, new, unit * 4).await;
    assert!(
        matches!(early, Claim::InFlight { .. }),
        "the lease runs: {early:?}"
    );
    elapse(unit * 4).await;
    let taken = claim(store, key, new, unit * 4).await;
    assert_eq!(
        taken,
        Claim::Claimed,
        "a lease that ran out can be taken over"
    );
    let complete = Settlement::Complete {
        status: StatusCode::OK,
        keep: unit * 20,
    };
    for late in [complete, Settlement::Release] {
        let settled = settle(store, key, old, late).await;
        assert_eq!(settled, Settled::Lost, "the old owner is told: {late:?}");
        let other = claim(store, key, Owner::generate(), unit * 4).await;
        assert!(
            matches!(other, Claim::InFlight { .. }),
            "the new claim stands: {other:?}"
        );
    }
    assert_eq!(settle(store, key, new, complete).await, Settled::Applied);
}

/// An owner that is late still completes, where nobody took its claim over.
///
/// # Panics
/// Where the store does not hold to it.
pub async fn an_owner_may_be_late_where_nobody_took_over<St: DedupStore>(
    store: &St,
    unit: Duration,
    elapse: &impl AsyncFn(Duration),
) {
    let (key, owner) = (fresh_key(), Owner::generate());
    assert_eq!(claim(store, key, owner, unit).await, Claim::Claimed);
    elapse(unit * 2).await;
    let complete = Settlement::Complete {
        status: StatusCode::OK,
        keep: unit * 20,
    };
    // A store whose entries go with their lease has forgotten it, and says so.
    let settled = settle(store, key, owner, complete).await;
    let next = claim(store, key, Owner::generate(), unit).await;
    match settled {
        Settled::Applied => assert!(
            matches!(next, Claim::Done { .. }),
            "what was applied is in force: {next:?}"
        ),
        Settled::Lost => assert_eq!(next, Claim::Claimed, "what was lost changed nothing"),
    }
}

/// The same owner claims again, and its lease starts afresh.
///
/// # Panics
/// Where the store does not hold to it.
pub async fn the_owner_renews<St: DedupStore>(
    store: &St,
    unit: Duration,
    elapse: &impl AsyncFn(Duration),
) {
    let (key, owner) = (fresh_key(), Owner::generate());
    for _ in 0..3 {
        let again = claim(store, key, owner, unit * 4).await;
        assert_eq!(again, Claim::Claimed, "the owner may ask again");
        elapse(unit * 2).await;
    }
    let other = claim(store, key, Owner::generate(), unit * 4).await;
    assert!(
        matches!(other, Claim::InFlight { .. }),
        "the lease was renewed: {other:?}"
    );
}

/// Without a claim there is nothing to settle, and nothing becomes done.
///
/// # Panics
/// Where the store does not hold to it.
pub async fn what_nobody_claimed_cannot_be_settled<St: DedupStore>(store: &St, unit: Duration) {
    let key = fresh_key();
    let complete = Settlement::Complete {
        status: StatusCode::OK,
        keep: unit * 20,
    };
    for settlement in [complete, Settlement::Release] {
        let settled = settle(store, key, Owner::generate(), settlement).await;
        assert_eq!(settled, Settled::Lost, "there is no claim to settle");
    }
    let first = claim(store, key, Owner::generate(), unit * 4).await;
    assert_eq!(first, Claim::Claimed, "nothing became done without a claim");
}

/// A settlement that nobody waits for comes into force within four units.
///
/// # Panics
/// Where the store does not hold to it.
pub async fn a_detached_settlement_comes_into_force<St: DedupStore>(
    store: &St,
    unit: Duration,
    elapse: &impl AsyncFn(Duration),
) {
    let (key, owner) = (fresh_key(), Owner::generate());
    let lease = unit * 100;
    assert_eq!(claim(store, key, owner, lease).await, Claim::Claimed);
    store.settle_detached(key, owner, Settlement::Release);
    let owner = Owner::generate();
    let mut again = claim(store, key, owner, lease).await;
    for _ in 0..4 {
        if again == Claim::Claimed {
            break;
        }
        elapse(unit).await;
        again = claim(store, key, owner, lease).await;
    }
    assert_eq!(again, Claim::Claimed, "a detached release comes into force");
}

/// A key that nothing else uses.
fn fresh_key() -> DeliveryKey {
    let mut bytes = [0; 32];
    let halves = [Owner::generate(), Owner::generate()].map(|half| half.as_u128().to_be_bytes());
    for (place, byte) in bytes.iter_mut().zip(halves.iter().flatten()) {
        *place = *byte;
    }
    DeliveryKey::from_bytes(bytes)
}

async fn claim<St: DedupStore>(
    store: &St,
    key: DeliveryKey,
    owner: Owner,
    lease: Duration,
) -> Claim {
    answer(store.claim(key, owner, lease).await)
}

async fn settle<St: DedupStore>(
    store: &St,
    key: DeliveryKey,
    owner: Owner,
    settlement: Settlement,
) -> Settled {
    answer(store.settle(key, owner, settlement).await)
}

#[allow(clippy::panic, reason = "a check fails by panicking")]
fn answer<T>(answer: Result<T, StoreError>) -> T {
    answer.unwrap_or_else(|error| panic!("the store has to answer: {error}"))
}

#[allow(clippy::panic, reason = "a check fails by panicking")]
fn panic_with(what: &str, claim: Claim) -> ! {
    panic!("{what}: {claim:?}")
}

/// Polls all of them in turn until all are ready.
async fn all<F: Future>(futures: Vec<F>) -> Vec<F::Output> {
    let mut futures: Vec<Pin<Box<F>>> = futures.into_iter().map(Box::pin).collect();
    let mut outputs = Vec::with_capacity(futures.len());
    poll_fn(move |cx| {
        futures.retain_mut(|future| match future.as_mut().poll(cx) {
            Poll::Ready(output) => {
                outputs.push(output);
                false
            }
            Poll::Pending => true,
        });
        if futures.is_empty() {
            Poll::Ready(std::mem::take(&mut outputs))
        } else {
            Poll::Pending
        }
    })
    .await
}
