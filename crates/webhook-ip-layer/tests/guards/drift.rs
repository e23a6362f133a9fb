use std::sync::{Arc, Mutex};

use tower::{Layer, ServiceExt, service_fn};
use webhook_core::{Check, Reason, Settings, Verdict, change::Cause};
use webhook_ip_layer::{AccessList, Denials, IpLayer, ListDrift};

use crate::{Answer, events::Events, from, good, recorded, refusal};

fn advisory() -> (IpLayer, ListDrift) {
    let drift = ListDrift::new();
    let layer = IpLayer::allow(["192.30.252.0/22"]).unwrap();
    (layer.with_insecure_advisory(&drift), drift)
}

#[tokio::test]
async fn a_block_that_is_missing_is_told_by_the_first_delivery_and_loses_none() {
    let (events, _guard) = Events::collect();
    let found = Arc::new(Mutex::new(Vec::new()));
    let drift = ListDrift::new().with_hook({
        let found = Arc::clone(&found);
        move |stale| found.lock().unwrap().push(stale.clone())
    });
    let both = AccessList::allow(["192.30.252.0/22", "185.199.108.0/22"]).unwrap();
    let (settings, handle) = Settings::swappable(both);
    let layer = IpLayer::new()
        .with_access(settings)
        .with_insecure_advisory(&drift);
    let delivery = "185.199.108.7:1";
    assert_eq!(refusal(&layer, good(delivery)).await, None);
    assert_eq!((drift.count(), found.lock().unwrap().len()), (0, 0));

    let one = AccessList::allow(["192.30.252.0/22"]).unwrap();
    handle.replace(one, &Cause::new("alice", "cut it short by mistake"));
    for sent in 1..=3 {
        assert_eq!(refusal(&layer, good(delivery)).await, None);
        assert_eq!(drift.count(), sent);
        let found = found.lock().unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].provider.as_str(), "acme");
        assert_eq!(found[0].network.to_string(), "185.199.108.7/32");
        assert_eq!(found[0].client.to_string(), "185.199.108.7");
    }
    let told = events.take();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("ip_list_stale") && told[0].contains("185.199.108.7/32"));

    // Once more after the operator has seen to it.
    drift.reset();
    assert_eq!(refusal(&layer, good(delivery)).await, None);
    assert_eq!(found.lock().unwrap().len(), 2);
}

#[tokio::test]
async fn an_unverified_delivery_from_an_unlisted_network_is_refused_and_tells_nothing() {
    let (layer, drift) = advisory();
    assert_eq!(
        refusal(&layer, from("198.51.100.66:1")).await,
        Some(Reason::SignatureMismatch)
    );
    assert_eq!(drift.count(), 0);
}

#[tokio::test]
async fn the_record_says_what_an_enforced_list_would_have_done() {
    let (layer, drift) = advisory();
    let (reason, record) = recorded(&layer, good("198.51.100.66:1")).await;
    assert_eq!(reason, None);
    assert_eq!(record.shadow_refusal(), Some((Reason::IpDenied, Check::Ip)));
    assert_eq!(record.verdict(Check::Ip), Some(Verdict::ShadowFail));
    assert_eq!(drift.count(), 1);
    let (_, record) = recorded(&layer, good("192.30.252.7:1")).await;
    assert_eq!(record.verdict(Check::Ip), Some(Verdict::Pass));
    assert_eq!(drift.count(), 1);
}

#[tokio::test]
async fn whoever_is_denied_or_unknown_stays_out() {
    let denials = Denials::new();
    let (layer, drift) = advisory();
    let layer = layer
        .with_deny(["198.51.100.0/24"])
        .unwrap()
        .with_denials(&denials);
    let cause = Cause::new("alice", "test");
    let hour = std::time::Duration::from_secs(3600);
    denials
        .deny("203.0.113.7".parse().unwrap(), hour, &cause)
        .unwrap();
    for (request, reason) in [
        (good("198.51.100.66:1"), Reason::IpDenied),
        (good("203.0.113.7:1"), Reason::IpDenied),
        (http::Request::new(()), Reason::IpUnresolved),
    ] {
        assert_eq!(refusal(&layer, request).await, Some(reason));
    }
    // A list of the endpoint that denies beats one that merely does not hold the client.
    let own = Settings::fixed(AccessList::deny(["203.0.113.8"]).unwrap());
    let layer = layer.with_access(own);
    assert_eq!(
        refusal(&layer, good("203.0.113.8:1")).await,
        Some(Reason::IpDenied)
    );
    assert_eq!(drift.count(), 0);
}

#[tokio::test]
async fn an_enforced_list_verifies_nobody_from_outside_and_so_sees_no_drift() {
    let layer = IpLayer::allow(["192.30.252.0/22"]).unwrap();
    let (reason, record) = recorded(&layer, good("198.51.100.66:1")).await;
    assert_eq!(reason, Some(Reason::IpDenied));
    assert_eq!(record.verification(), None);
}

#[tokio::test]
async fn networks_that_are_told_are_bounded_and_deliveries_are_counted() {
    let (events, _guard) = Events::collect();
    let (layer, drift) = advisory();
    for number in 0..300 {
        let peer = format!("198.51.{}.{}:1", 100 + number / 200, number % 200);
        assert_eq!(refusal(&layer, good(&peer)).await, None);
    }
    assert_eq!((drift.count(), drift.found().len()), (300, 256));
    assert_eq!(events.take().len(), 256);
}

#[tokio::test]
async fn an_advisory_list_with_nothing_that_verifies_is_told_once() {
    let (events, _guard) = Events::collect();
    let (layer, drift) = advisory();
    let open = service_fn(async |_: http::Request<()>| {
        Ok::<_, std::convert::Infallible>(Answer::default())
    });
    for _ in 0..3 {
        let answer = layer
            .layer(open)
            .oneshot(from("198.51.100.66:1"))
            .await
            .unwrap();
        assert_eq!(answer.status(), 200);
    }
    assert_eq!(drift.count(), 0);
    let told = events.take();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(
        told[0].contains("without anything having verified"),
        "{told:?}"
    );
}
