use std::time::Duration;

use tower::{Layer, ServiceExt, service_fn};
use webhook_core::{
    Check, Reason, Rejection,
    change::{Cause, ChangeKind},
};
use webhook_ip_layer::{Denials, IpLayer, MAX_DENIALS, Network};

use crate::{clock, good, log, recorded, refusal, verifier};

const HOUR: Duration = Duration::from_secs(3600);
const ALMOST_AN_HOUR: Duration = Duration::new(3599, 999_999_999);

fn network(text: &str) -> Network {
    text.parse().unwrap()
}

#[tokio::test]
async fn a_denial_works_on_a_layer_in_service_before_its_lists_and_ends_by_itself() {
    let (clock, hands) = clock();
    let denials = Denials::new().with_clock(clock);
    let service = IpLayer::allow(["203.0.113.0/24"])
        .unwrap()
        .with_denials(&denials)
        .layer(service_fn(verifier));
    let reason = async || {
        let answer = service
            .clone()
            .oneshot(good("203.0.113.7:1"))
            .await
            .unwrap();
        answer.extensions().get().map(Rejection::reason)
    };
    let cause = Cause::new("alice", "floods us");
    assert_eq!(reason().await, None);
    denials
        .deny(network("203.0.113.0/28"), HOUR, &cause)
        .unwrap();
    assert_eq!(reason().await, Some(Reason::IpDenied));
    hands.advance(ALMOST_AN_HOUR);
    assert_eq!(reason().await, Some(Reason::IpDenied));
    hands.advance(Duration::from_nanos(1));
    assert_eq!(reason().await, None);
    assert_eq!(denials.in_force(), []);
}

#[tokio::test]
async fn what_is_permitted_again_is_the_network_that_was_denied() {
    let (clock, _hands) = clock();
    let (log, changes) = log(&clock);
    let denials = Denials::new().with_clock(clock).with_log(log);
    let cause = Cause::new("alice", "floods us");
    denials
        .deny(network("2001:db8::/32"), HOUR, &cause)
        .unwrap();
    denials
        .deny(network("2001:db8::/48"), 2 * HOUR, &cause)
        .unwrap();
    assert!(!denials.permit(network("2001:db8::/64"), &cause));
    assert!(denials.permit(network("2001:db8::/32"), &cause));
    assert!(!denials.permit(network("2001:db8::/32"), &cause));
    assert!(denials.denies("2001:db8::1".parse().unwrap()));
    assert!(!denials.denies("2001:db8:1::1".parse().unwrap()));

    let in_force = denials.clone().in_force();
    assert_eq!(in_force.len(), 1);
    assert_eq!(
        (in_force[0].remaining, &in_force[0].cause),
        (2 * HOUR, &cause)
    );

    let changes = changes.lock().unwrap();
    let told: Vec<_> = changes
        .iter()
        .map(|change| (change.kind, change.target.as_str(), change.until.is_some()))
        .collect();
    assert_eq!(
        told,
        [
            (ChangeKind::Denied, "2001:db8::/32", true),
            (ChangeKind::Denied, "2001:db8::/48", true),
            (ChangeKind::Permitted, "2001:db8::/32", false),
        ]
    );
}

#[test]
fn as_many_as_the_cap_are_denied_and_time_makes_room() {
    let (clock, hands) = clock();
    let denials = Denials::new().with_clock(clock);
    let cause = Cause::new("alice", "floods us");
    let host = |number: usize| network(&format!("10.0.{}.{}", number / 256, number % 256));
    for number in 0..MAX_DENIALS {
        denials.deny(host(number), HOUR, &cause).unwrap();
    }
    let error = denials
        .deny(network("192.0.2.1"), HOUR, &cause)
        .unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("1024 networks are denied already")
    );
    // One of them again is no more of them.
    denials.deny(host(7), 2 * HOUR, &cause).unwrap();
    assert_eq!(denials.in_force().len(), MAX_DENIALS);
    hands.advance(HOUR);
    denials.deny(network("192.0.2.1"), HOUR, &cause).unwrap();
    assert_eq!(denials.in_force().len(), 2);
    assert!(denials.deny(host(1), Duration::ZERO, &cause).is_err());
    // Beyond the end of time is the end of time.
    denials.deny(host(1), Duration::MAX, &cause).unwrap();
}

#[tokio::test]
async fn an_unknown_client_might_be_the_denied_one() {
    let layer = IpLayer::new().with_denials(&Denials::new());
    let (reason, record) = recorded(&layer, http::Request::new(())).await;
    assert_eq!(reason, Some(Reason::IpUnresolved));
    assert_eq!(record.address_error().unwrap().as_str(), "no_peer");
    assert_eq!(record.refusal(), Some((Reason::IpUnresolved, Check::Ip)));
    assert_eq!(refusal(&layer, good("203.0.113.7:1")).await, None);
}
