use std::time::Duration;

use webhook_core::{Check, Reason, Verdict, change::Cause};
use webhook_ip_layer::{Bans, Denials, IpLayer};

use crate::{clock, from, good, recorded, refusal};

const HOUR: Duration = Duration::from_secs(3600);

/// Every check that can refuse this request does.
async fn all_refuse() -> (IpLayer, Bans) {
    let (clock, _hands) = clock();
    let bans = Bans::after(1, HOUR, HOUR).unwrap().with_clock(clock);
    refusal(&IpLayer::new().with_bans(&bans), from("198.51.100.66:1")).await;
    let layer = IpLayer::allow(["203.0.113.0/24"]).unwrap();
    (layer.with_https().with_bans(&bans), bans)
}

#[tokio::test]
async fn each_check_has_a_shadow_mode_of_its_own() {
    let (layer, _bans) = all_refuse().await;
    let sent = async |layer: &IpLayer| recorded(layer, good("198.51.100.66:1")).await;

    let (reason, record) = sent(&layer).await;
    assert_eq!(reason, Some(Reason::HttpsRequired));
    assert_eq!(record.verdict(Check::Ip), None);

    let layer = layer.with_insecure_shadow_https(true);
    let (reason, record) = sent(&layer).await;
    assert_eq!(reason, Some(Reason::IpBanned));
    assert_eq!(record.verdict(Check::Https), Some(Verdict::ShadowFail));
    assert_eq!(
        record.shadow_refusal(),
        Some((Reason::HttpsRequired, Check::Https))
    );

    let layer = layer.with_insecure_shadow_bans(true);
    assert_eq!(sent(&layer).await.0, Some(Reason::IpDenied));

    let layer = layer.with_insecure_shadow_lists(true);
    let (reason, record) = sent(&layer).await;
    assert_eq!(reason, None);
    assert_eq!(record.verdict(Check::Ip), Some(Verdict::ShadowFail));
    assert_eq!(record.refusal(), None);
}

#[tokio::test]
async fn shadow_mode_of_the_layer_is_that_of_every_check() {
    let (layer, _bans) = all_refuse().await;
    let denials = Denials::new();
    let cause = Cause::new("alice", "test");
    denials
        .deny("198.51.100.66".parse().unwrap(), HOUR, &cause)
        .unwrap();
    let layer = layer.with_denials(&denials).with_insecure_shadow(true);
    let (reason, record) = recorded(&layer, good("198.51.100.66:1")).await;
    assert_eq!(reason, None);
    assert_eq!(record.verdict(Check::Https), Some(Verdict::ShadowFail));
    assert_eq!(record.verdict(Check::Ip), Some(Verdict::ShadowFail));

    // A denial means now, whatever the lists' mode is.
    let layer = layer
        .with_insecure_shadow(false)
        .with_insecure_shadow_https(true);
    let layer = layer
        .with_insecure_shadow_lists(true)
        .with_insecure_shadow_bans(true);
    assert_eq!(
        refusal(&layer, good("198.51.100.66:1")).await,
        Some(Reason::IpDenied)
    );
}
