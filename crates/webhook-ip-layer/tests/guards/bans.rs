use std::time::Duration;

use webhook_core::{
    Check, ManualClock, Reason, Verdict,
    change::{Cause, ChangeKind},
};
use webhook_ip_layer::{Bans, ClientAddressSource, IpLayer};

use crate::{behind_proxy, clock, events::Events, from, good, log, recorded, refusal, with};

const STRANGER: &str = "198.51.100.66:1";
const HOUR: Duration = Duration::from_secs(3600);
const ALMOST_AN_HOUR: Duration = Duration::new(3599, 999_999_999);

fn bans() -> (Bans, ManualClock) {
    let (clock, hands) = clock();
    let bans = Bans::after(3, Duration::from_secs(60), HOUR).unwrap();
    (bans.with_clock(clock), hands)
}

async fn fail(layer: &IpLayer, peer: &str, times: usize) {
    for _ in 0..times {
        assert_eq!(
            refusal(layer, from(peer)).await,
            Some(Reason::SignatureMismatch),
            "{peer}"
        );
    }
}

#[tokio::test]
async fn a_network_is_banned_at_its_nth_failure_and_let_in_again_when_the_time_is_over() {
    let (bans, hands) = bans();
    let layer = IpLayer::new().with_bans(&bans);
    fail(&layer, STRANGER, 3).await;
    for request in [from(STRANGER), good(STRANGER), good("198.51.100.66:2")] {
        assert_eq!(refusal(&layer, request).await, Some(Reason::IpBanned));
    }
    assert_eq!(refusal(&layer, good("198.51.100.67:1")).await, None);
    assert_eq!(bans.in_force()[0].network.to_string(), "198.51.100.66/32");
    assert_eq!(bans.in_force()[0].remaining, HOUR);

    hands.advance(ALMOST_AN_HOUR);
    assert_eq!(
        refusal(&layer, good(STRANGER)).await,
        Some(Reason::IpBanned)
    );
    hands.advance(Duration::from_nanos(1));
    assert_eq!(refusal(&layer, good(STRANGER)).await, None);
    assert!(bans.in_force().is_empty());
}

#[tokio::test]
async fn the_end_of_a_ban_is_its_own_whoever_else_is_banned() {
    let (clock, hands) = clock();
    let bans = Bans::after(1, Duration::from_secs(60), HOUR)
        .unwrap()
        // Room for every hash: dozens of the thousand share a set with another, and none shares it with eight.
        .with_capacity(1 << 16)
        .with_clock(clock);
    let layer = IpLayer::new().with_bans(&bans);
    let peer = |number: u32| format!("[2001:db8:0:{number:x}::1]:1");
    for number in 0..500 {
        fail(&layer, &peer(number), 1).await;
    }
    hands.advance(Duration::from_nanos(1));
    for number in 500..1000 {
        fail(&layer, &peer(number), 1).await;
    }
    assert_eq!(bans.uncounted(), 0);
    hands.advance(ALMOST_AN_HOUR);
    for number in 0..1000 {
        let expected = (number >= 500).then_some(Reason::IpBanned);
        let refused = refusal(&layer, good(&peer(number))).await;
        assert_eq!(refused, expected, "{number}");
    }
    // There is nothing to lift any more.
    let alice = Cause::new("alice", "their secret is mended");
    assert!(!bans.lift("2001:db8::1".parse().unwrap(), &alice));
    assert!(bans.lift("2001:db8:0:1f4::1".parse().unwrap(), &alice));
}

#[tokio::test]
async fn whoever_is_not_banned_passes_the_check_and_the_unknown_are_not_asked() {
    let (bans, _hands) = bans();
    let layer = IpLayer::new().with_bans(&bans);
    for (request, verdict) in [
        (good(STRANGER), Verdict::Pass),
        (
            with(http::Request::new(()), "signature", "good"),
            Verdict::Skipped,
        ),
    ] {
        let (refusal, record) = recorded(&layer, request).await;
        assert_eq!(refusal, None);
        assert_eq!(record.verdict(Check::Ip), Some(verdict));
    }
}

#[tokio::test]
async fn failures_count_only_within_their_time() {
    let (bans, hands) = bans();
    let layer = IpLayer::new().with_bans(&bans);
    for _ in 0..10 {
        fail(&layer, STRANGER, 2).await;
        hands.advance(Duration::from_secs(60));
    }
    assert_eq!(bans.in_force(), []);
}

#[tokio::test]
async fn a_verified_delivery_ends_the_count_without_an_audit_layer_too() {
    let (bans, _hands) = bans();
    let layer = IpLayer::new().with_bans(&bans);
    for _ in 0..5 {
        fail(&layer, STRANGER, 2).await;
        assert_eq!(refusal(&layer, good(STRANGER)).await, None);
    }
    assert_eq!(bans.in_force(), []);
}

#[tokio::test]
async fn an_ipv6_client_is_its_64_and_a_mapped_one_is_ipv4() {
    let (bans, _hands) = bans();
    let layer = IpLayer::new().with_bans(&bans);
    for last in 1..=3 {
        fail(&layer, &format!("[2001:db8::{last}]:1"), 1).await;
        fail(&layer, "[::ffff:198.51.100.66]:1", 1).await;
    }
    for (peer, refused) in [
        ("[2001:db8::ffff:1]:1", Some(Reason::IpBanned)),
        ("[2001:db8:0:1::1]:1", None),
        (STRANGER, Some(Reason::IpBanned)),
    ] {
        assert_eq!(refusal(&layer, good(peer)).await, refused, "{peer}");
    }
}

#[tokio::test]
async fn trusted_proxies_and_unknown_clients_are_never_banned() {
    let (bans, _hands) = bans();
    let source = ClientAddressSource::XForwardedFor;
    let layer = behind_proxy(IpLayer::new().with_bans(&bans), source);
    // The proxy's own request, and one that came through two proxies and names no client.
    fail(&layer, "10.0.0.1:1", 10).await;
    for _ in 0..10 {
        let request = with(from("10.0.0.1:1"), "x-forwarded-for", "10.0.0.9");
        assert_eq!(
            refusal(&layer, request).await,
            Some(Reason::SignatureMismatch)
        );
    }
    let unknown = IpLayer::new().with_bans(&bans);
    for _ in 0..10 {
        let request = http::Request::new(());
        assert_eq!(
            refusal(&unknown, request).await,
            Some(Reason::SignatureMismatch)
        );
    }
    assert_eq!(bans.in_force(), []);

    // The client behind the proxy is, and nobody else behind it.
    let of = |client| with(from("10.0.0.1:1"), "x-forwarded-for", client);
    for _ in 0..3 {
        refusal(&layer, of("198.51.100.66")).await;
    }
    assert_eq!(
        refusal(&layer, of("198.51.100.66")).await,
        Some(Reason::IpBanned)
    );
    let other = with(of("198.51.100.67"), "signature", "good");
    assert_eq!(refusal(&layer, other).await, None);
}

#[tokio::test]
async fn what_the_layer_itself_refuses_is_no_failure() {
    let (bans, _hands) = bans();
    let layer = IpLayer::allow(["203.0.113.0/24"]).unwrap().with_bans(&bans);
    for _ in 0..10 {
        assert_eq!(
            refusal(&layer, from(STRANGER)).await,
            Some(Reason::IpDenied)
        );
    }
    assert_eq!(bans.in_force(), []);
}

#[tokio::test]
async fn each_ban_and_each_that_is_lifted_is_a_change_and_an_event() {
    let (events, _guard) = Events::collect();
    let (clock, _hands) = clock();
    let (log, changes) = log(&clock);
    let bans = Bans::after(3, Duration::from_secs(60), HOUR)
        .unwrap()
        .with_clock(clock)
        .with_log(log);
    let layer = IpLayer::new().with_bans(&bans);
    fail(&layer, STRANGER, 3).await;
    let alice = Cause::new("alice", "their secret is mended");
    assert!(bans.lift("198.51.100.66".parse().unwrap(), &alice));
    assert!(!bans.lift("198.51.100.66".parse().unwrap(), &alice));
    assert_eq!(refusal(&layer, good(STRANGER)).await, None);

    let changes = changes.lock().unwrap();
    let told = changes.iter().map(|change| {
        let (target, cause) = (change.target.as_str(), &change.cause);
        (change.kind, target, cause.by(), cause.why())
    });
    assert_eq!(
        told.collect::<Vec<_>>(),
        [
            (
                ChangeKind::Banned,
                "198.51.100.66/32",
                "webhook-ip-layer",
                "3 refused verifications in 60s"
            ),
            (
                ChangeKind::Permitted,
                "198.51.100.66/32",
                "alice",
                "their secret is mended"
            ),
        ]
    );
    let until = changes[0].at.saturating_add(HOUR);
    assert_eq!(changes[0].until, Some(until));
    let told = events.take();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("ip_banned") && told[0].contains("198.51.100.66/32"));
}

#[tokio::test]
async fn a_flood_from_many_networks_is_bounded_in_the_log_and_in_the_table() {
    let (clock, hands) = clock();
    let (log, changes) = log(&clock);
    let bans = Bans::after(1, Duration::from_secs(60), HOUR)
        .unwrap()
        .with_capacity(512)
        .with_clock(clock)
        .with_log(log);
    let layer = IpLayer::new().with_bans(&bans);
    fail(&layer, STRANGER, 1).await;
    for number in 0..4000_u32 {
        let peer = format!("[2001:db8:{:x}:{number:x}::1]:1", number / 100);
        fail(&layer, &peer, 1).await;
    }
    // The first one is still there, the table is full, and the log has as many as it takes.
    assert_eq!(
        refusal(&layer, good(STRANGER)).await,
        Some(Reason::IpBanned)
    );
    let in_force = bans.in_force().len();
    assert!((400..=512).contains(&in_force), "{in_force}");
    assert_eq!(bans.uncounted(), 4001 - in_force as u64);
    assert_eq!(changes.lock().unwrap().len(), 60);

    hands.advance(HOUR);
    fail(&layer, STRANGER, 1).await;
    let changes = changes.lock().unwrap();
    let why = changes.last().unwrap().cause.why();
    let left_out = in_force - 60;
    assert!(
        why.ends_with(&format!("; {left_out} bans before it were not noted")),
        "{why}"
    );
}

#[test]
fn a_rule_that_bans_everybody_or_nobody_is_refused() {
    let minute = Duration::from_secs(60);
    assert!(Bans::after(0, minute, minute).is_err());
    assert!(Bans::after(1, Duration::ZERO, minute).is_err());
    let error = Bans::after(1, minute, Duration::ZERO).unwrap_err();
    assert_eq!(
        error.to_string(),
        "each of the times of a ban is above zero"
    );
}
