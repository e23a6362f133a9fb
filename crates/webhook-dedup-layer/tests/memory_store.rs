//! The memory store holds to what every store promises, within its bound.

#![allow(clippy::unwrap_used, reason = "a helper that fails fails its test")]

use std::time::Duration;

use allocation_counter::measure;
use http::StatusCode;
use webhook_core::{Clock, Timestamp};
use webhook_dedup_layer::{
    Claim, DedupStore as _, DeliveryKey, MemoryStore, Owner, Settlement, StoreErrorKind, test_suite,
};

fn key(number: u64) -> DeliveryKey {
    let mut bytes = [7; 32];
    bytes[..8].copy_from_slice(&number.to_be_bytes());
    DeliveryKey::from_bytes(bytes)
}

async fn handle(store: &MemoryStore, number: u64) {
    let owner = Owner::generate();
    let claimed = store
        .claim(key(number), owner, Duration::from_secs(60))
        .await;
    assert_eq!(claimed.unwrap(), Claim::Claimed);
    let complete = Settlement::Complete {
        status: StatusCode::OK,
        keep: Duration::from_secs(3600),
    };
    store.settle(key(number), owner, complete).await.unwrap();
}

#[tokio::test]
async fn promise_26_the_store_in_memory_holds_to_the_contract() {
    let (clock, hands) = Clock::manual(Timestamp::from_unix_seconds(1_700_000_000));
    let store = MemoryStore::new().with_clock(clock);
    for unit in [Duration::from_millis(1), Duration::from_secs(3600)] {
        test_suite::check(&store, unit, async |time| hands.advance(time)).await;
    }
}

#[tokio::test]
async fn a_store_that_is_full_of_claims_refuses_and_recovers() {
    let store = MemoryStore::new()
        .with_capacity(MemoryStore::MIN_CAPACITY)
        .unwrap();
    let owner = Owner::generate();
    let lease = Duration::from_secs(60);
    for number in 0..16 {
        let claimed = store.claim(key(number), owner, lease).await;
        assert_eq!(claimed.unwrap(), Claim::Claimed);
    }
    let refused = store.claim(key(16), Owner::generate(), lease).await;
    assert_eq!(refused.unwrap_err().kind(), StoreErrorKind::Full);
    store.settle_detached(key(3), owner, Settlement::Release);
    let taken = store.claim(key(16), Owner::generate(), lease).await;
    assert_eq!(taken.unwrap(), Claim::Claimed);
    let gauges = store.gauges();
    assert_eq!(
        (gauges.entries, gauges.claims, gauges.evicted_early),
        (16, 16, 0)
    );
}

#[tokio::test]
async fn the_gauges_tell_what_is_there() {
    let store = MemoryStore::new().with_capacity(16).unwrap();
    for number in 0..20 {
        handle(&store, number).await;
    }
    let gauges = store.gauges();
    assert_eq!(
        (gauges.entries, gauges.claims, gauges.evicted_early),
        (16, 0, 4)
    );
    let claimed = store
        .claim(key(99), Owner::generate(), Duration::from_secs(60))
        .await;
    assert_eq!(claimed.unwrap(), Claim::Claimed);
    assert_eq!((store.gauges().entries, store.gauges().claims), (16, 1));
}

#[test]
fn an_entry_takes_what_the_documentation_says_at_most() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    // Just after the table grew, it is emptiest.
    for entries in [1_000, 3_700, 14_400] {
        let store = MemoryStore::new();
        let taken = measure(|| {
            runtime.block_on(async {
                for number in 0..entries {
                    handle(&store, number).await;
                }
            });
        });
        let each = taken.bytes_current / i64::try_from(entries).unwrap();
        assert!(each <= 288, "{each} bytes for each of {entries} entries");
    }
}

#[test]
fn a_capacity_that_cannot_work_is_refused_with_the_fix() {
    for capacity in [0, 15, MemoryStore::MAX_CAPACITY + 1] {
        let error = MemoryStore::new().with_capacity(capacity).unwrap_err();
        assert!(error.to_string().contains("give 16 to"), "{error}");
    }
}
