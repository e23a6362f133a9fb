//! Two thousand bodies that are begun and never ended: what they hold is bounded, and a real sender is
//! served all the while.
// Clippy knows the functions of a test, not their helpers.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Version};
use webhook_layers::{MemoryBudget, Quota};
use webhook_tests::{
    client::{Connection, Delivery, deliver},
    hosts::{Configure, Host, Receiver, START},
};

const BODIES: usize = 2_000;
/// What each of them sends of the 128 KiB that it declares; together 64 MiB.
const HALF: usize = 32 * 1024;
const LIMIT: u64 = 8 * 1024 * 1024;
/// What a connection may cost beside the bytes of its body: buffers of both ends, futures, records.
const CONNECTION: u64 = 24 * 1024;

fn setup(budget: &MemoryBudget) -> impl FnOnce(Configure) -> Configure + use<> {
    let budget = budget.clone();
    move |builder| {
        builder
            .memory_budget(budget)
            .body_deadline(Duration::from_secs(120))
            .trusted_proxies(["127.0.0.0/8"])
            .network_quota(Quota::per_minute(1_000_000))
            .endpoint_quota(Quota::per_minute(1_000_000))
    }
}

/// A delivery of this payload from this client, signed, so that its body is asked for.
fn from(client: &str, payload: impl Into<Bytes>) -> Delivery {
    let mut delivery = Delivery::signed(false, payload, START);
    let client = HeaderValue::try_from(client).unwrap();
    delivery.headers.insert("x-forwarded-for", client);
    delivery
}

/// A delivery that declares four times what it ever sends.
fn half(client: &str) -> Delivery {
    let mut delivery = from(client, vec![b'x'; HALF]);
    delivery.declared = Some(4 * HALF);
    delivery
}

/// The process's resident memory in bytes.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().nth(1));
    kilobytes.unwrap().parse::<u64>().unwrap() * 1024
}

/// Holds so many half-sent bodies open, from these clients, and delivers between them.
async fn besiege(host: Host, version: Version, client: impl Fn(usize) -> String) {
    let budget = MemoryBudget::new(LIMIT);
    let receiver = Receiver::start_with(host, setup(&budget)).await;
    let real = from("203.0.113.7", "{}");
    let served = || async { deliver(receiver.address, version, &real).await.status == 200 };
    assert!(served().await, "the sender is known before the siege");

    let before = resident();
    let mut open = Vec::with_capacity(BODIES);
    for number in 0..BODIES {
        let mut connection = Connection::open(receiver.address, version).await;
        // Those that find no room are answered with 503, which nobody reads here.
        connection.begin(&half(&client(number))).await.unwrap();
        open.push(connection);
        assert!(budget.held() <= LIMIT);
        if number % 100 == 99 {
            assert!(served().await, "after {number} half-sent bodies");
        }
    }
    let grown = resident().saturating_sub(before);
    let bound = LIMIT + BODIES as u64 * CONNECTION;
    assert!(grown <= bound, "{grown} bytes more, of at most {bound}");
    assert!(budget.held() > 0, "nothing was held, so nothing was tried");
    assert!(served().await);
}

/// One after the other: both look at the memory of the process.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn promise_07_half_sent_bodies_hold_no_more_than_the_budget() {
    // From one network they take its share.
    besiege(Host::Hyper, Version::HTTP_11, |_| "198.51.100.1".into()).await;
    // From many they leave a known sender its part.
    let client = |number: usize| format!("2001:db8:{:x}::1", number + 1);
    besiege(Host::Axum, Version::HTTP_11, client).await;
}
