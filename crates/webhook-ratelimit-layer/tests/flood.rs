//! A million clients: memory stays where it was, and nobody limited is let off.
//!
//! One test in this file, so that the memory of the process is its own.
#![allow(clippy::unwrap_used, reason = "a helper that fails fails its test")]

mod common;

use std::time::Duration;

use common::{clock, layer, passed, receiver, send, stranger, verified};
use webhook_ratelimit_layer::{Key, Quota, RateLimitLayer, Subject};

/// Resident memory in bytes, where the system tells it.
fn resident() -> Option<u64> {
    let statm = std::fs::read_to_string("/proc/self/statm").ok()?;
    let pages: u64 = statm.split_whitespace().nth(1)?.parse().ok()?;
    Some(pages * 4096)
}

/// The `number`th client of a flood: every other one an IPv6 /64 of its own.
fn spoofed(number: u32) -> String {
    if number.is_multiple_of(2) {
        std::net::Ipv4Addr::from(0x0b00_0000 + number).to_string()
    } else {
        std::net::Ipv6Addr::from(u128::from(0x2001_0db8_0000_0000 + u64::from(number)) << 64)
            .to_string()
    }
}

#[test]
fn promise_23_a_million_clients_cost_no_memory_and_set_nobody_free() {
    let (clock, hands) = clock();
    let per_network = RateLimitLayer::per_network().with_clock(clock.clone());
    let per_endpoint = RateLimitLayer::per_endpoint().with_clock(clock.clone());
    let table_bytes = per_network.table_bytes();
    assert!(table_bytes <= 20 * RateLimitLayer::DEFAULT_CAPACITY);
    let outside = receiver(&per_network);
    let inside = receiver(&per_endpoint);

    // A hundred clients use up their quotas first; a real sender delivers throughout.
    let throttled: Vec<_> = (1..=100)
        .map(|number| format!("198.51.100.{number}"))
        .collect();
    for client in &throttled {
        assert_eq!(passed(&outside, 700, || stranger(client)), 600);
    }
    let sender = "203.0.113.7";
    let memory = resident();
    let mut passed_since = 0;
    for number in 0..1_000_000 {
        hands.advance(Duration::from_micros(10));
        send(&outside, stranger(&spoofed(number)));
        if number % 100_000 == 0 {
            for client in &throttled {
                passed_since += passed(&outside, 5, || stranger(client));
            }
        }
        if number % 50_000 == 0 {
            assert!(
                send(&outside, stranger(sender)).status().is_success(),
                "at {number}"
            );
            assert!(
                send(&inside, verified(sender, "github"))
                    .status()
                    .is_success()
            );
        }
    }
    // Ten seconds, looked at ten times: what came back in that time, up to five at each look. The
    // first look comes before a tenth of a second has passed.
    assert_eq!(passed_since, 100 * 9 * 5);
    assert_eq!(per_network.table_bytes(), table_bytes);
    if let (Some(before), Some(after)) = (memory, resident()) {
        let growth = after.saturating_sub(before);
        assert!(growth < 8 << 20, "{growth} bytes more");
    }

    // With a long period each client needs its place for long, so the table fills up for good.
    let quota = Quota::per_period(2, Duration::from_secs(86_400)).unwrap();
    for quota in [quota, quota.with_fixed_windows().unwrap()] {
        let crowded = layer(Key::network(), quota, &clock)
            .with_capacity(1024)
            .unwrap();
        let receiver = receiver(&crowded);
        for client in &throttled {
            assert_eq!(passed(&receiver, 5, || stranger(client)), 2);
        }
        let all =
            (0..50_000).filter(|&n| send(&receiver, stranger(&spoofed(n))).status().is_success());
        // 924 places are left, of one delivery each, and 128 shared buckets of two.
        assert_eq!(all.count(), 924 + 128 * 2);
        for client in &throttled {
            assert_eq!(
                passed(&receiver, 5, || stranger(client)),
                0,
                "still throttled"
            );
        }
        let handle = crowded.handle();
        assert_eq!(handle.keys_in_use(), 1024);
        assert_eq!(handle.keys_in_use_by("test"), Some(1024));
        let newcomer = Subject::network(spoofed(999_999).parse().unwrap());
        assert!(handle.inspect("test", &newcomer).unwrap().is_shared);
    }
}
