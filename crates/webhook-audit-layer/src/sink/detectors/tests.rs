use std::{
    collections::BTreeSet,
    net::{IpAddr, Ipv4Addr},
    sync::{Arc, Mutex},
    time::Duration,
};

use proptest::prelude::*;
use webhook_core::{ClientAddr, Name, Outcome, Reason, Timestamp};

use super::{Alert, AlertKind, DetectorSettings, Detectors, SenderNetwork};
use crate::{AuditRecord, Sink as _, record::sample};

/// The start of a minute.
const START: i64 = 1_699_999_980;
const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;

/// Detectors, and what they said.
struct Scene {
    detectors: Detectors,
    said: Arc<Mutex<Vec<Alert>>>,
}

impl Scene {
    fn new(settings: DetectorSettings) -> Self {
        let said = Arc::new(Mutex::new(Vec::new()));
        let receiver = Arc::clone(&said);
        let receive = move |alert: &Alert| receiver.lock().unwrap().push(alert.clone());
        Self {
            detectors: Detectors::with_settings(settings, receive),
            said,
        }
    }

    /// A verified delivery, `after` so many seconds, from this address.
    fn deliver(&self, after: i64, address: &str) {
        self.detectors.record(delivery(after, address));
    }

    /// A refusal.
    fn refuse(&self, after: i64, address: &str) {
        self.detectors.record(refusal(after, address));
    }

    fn check(&self, after: i64) {
        self.detectors.check(at(after));
    }

    /// What was said since the last look, in short: `spike`, `-spike` where it ended.
    fn said(&self) -> Vec<String> {
        let said = std::mem::take(&mut *self.said.lock().unwrap());
        let word = |alert: &Alert| format!("{}{}", if alert.is_end { "-" } else { "" }, alert.kind);
        said.iter().map(word).collect()
    }

    /// The only thing said since the last look.
    fn one(&self) -> Alert {
        let mut said = std::mem::take(&mut *self.said.lock().unwrap());
        assert_eq!(said.len(), 1, "{said:?}");
        said.remove(0)
    }
}

fn scene() -> Scene {
    Scene::new(DetectorSettings::new())
}

fn at(after: i64) -> Timestamp {
    Timestamp::from_unix_seconds(START + after)
}

fn delivery(after: i64, address: &str) -> AuditRecord {
    let mut record = sample();
    record.provider = Some("github".into());
    record.received_at = at(after);
    record.client = Some(ClientAddr::new(address.parse().unwrap(), None));
    (record.outcome, record.reason) = (Outcome::Accepted, Reason::Ok);
    record.is_verified = true;
    record
}

fn refusal(after: i64, address: &str) -> AuditRecord {
    let mut record = delivery(after, address);
    (record.outcome, record.reason) = (Outcome::Denied, Reason::SignatureMismatch);
    record.is_verified = false;
    record
}

#[test]
fn a_spike_is_said_once_and_ends() {
    let scene = scene();
    // Twelve minutes of 30 requests each.
    for request in 0..360 {
        scene.deliver(request * 2, "192.0.2.1");
    }
    for _ in 0..149 {
        scene.deliver(721, "192.0.2.1");
    }
    assert!(scene.said().is_empty(), "5 times 30 are not exceeded yet");
    for _ in 0..500 {
        scene.deliver(722, "192.0.2.1");
    }
    let alert = scene.one();
    assert_eq!(alert.kind, AlertKind::Spike);
    assert_eq!((alert.provider.as_str(), alert.at), ("github", at(722)));
    assert!(
        alert.value > alert.threshold && (140.0..=150.0).contains(&alert.threshold),
        "{alert:?}"
    );
    scene.check(900);
    assert_eq!(scene.said(), ["-spike"]);
}

#[test]
fn a_new_level_becomes_the_usual_one() {
    let scene = scene();
    let minute = |minute: i64, requests: i64| {
        for request in 0..requests {
            scene.deliver(minute * 60 + request * 60 / requests, "192.0.2.1");
        }
    };
    (0..60).for_each(|n| minute(n, 30));
    (60..180).for_each(|n| minute(n, 300));
    assert_eq!(scene.said(), ["spike", "-spike"]);
}

#[test]
fn nothing_is_a_spike_before_anything_is_known() {
    let scene = scene();
    for request in 0..5000 {
        scene.deliver(request / 10, "192.0.2.1");
    }
    assert!(scene.said().is_empty());
}

#[test]
fn many_failures_are_told_of_the_network_and_of_the_provider() {
    let scene = scene();
    for n in 0..200 {
        scene.refuse(n, &format!("192.0.2.{n}"));
    }
    assert_eq!(scene.said(), ["network_failures", "failures"]);
    // While it lasts, it is not said again; it ends with a window of fewer.
    for n in 200..400 {
        scene.refuse(n, "192.0.2.7");
    }
    assert!(scene.said().is_empty());
    scene.check(620);
    scene.check(1300);
    assert_eq!(scene.said(), ["-network_failures", "-failures"]);
}

#[test]
fn what_is_refused_for_its_form_is_no_failure() {
    let scene = scene();
    for n in 0..200 {
        let mut record = refusal(n, "192.0.2.7");
        record.reason = Reason::BodyTooLarge;
        scene.detectors.record(record);
    }
    assert!(scene.said().is_empty());
}

#[test]
fn failures_one_by_one_are_no_alert() {
    let scene = scene();
    for n in 0..1000 {
        scene.refuse(n * 60, "192.0.2.7");
        scene.check(n * 60 + 30);
    }
    assert!(scene.said().is_empty());
}

#[test]
fn a_success_after_many_failures_is_said_once() {
    let scene = scene();
    scene.deliver(0, "2001:db8:0:100::1");
    for n in 0..20 {
        scene.refuse(n, "2001:db8:0:1ff::1");
    }
    scene.said();
    scene.deliver(30, "198.51.100.1");
    assert!(scene.said().is_empty(), "that was another network");
    scene.deliver(30, "2001:db8:0:100::1");
    let alert = scene.one();
    assert_eq!(alert.kind, AlertKind::SuccessAfterFailures);
    assert_eq!(alert.network.unwrap().to_string(), "2001:db8:0:100::/56");
    scene.deliver(31, "2001:db8:0:100::1");
    scene.check(2000);
    assert_eq!(
        scene.said(),
        ["-network_failures", "-success_after_failures"]
    );
}

#[test]
fn a_new_network_is_told_once_the_others_are_learned() {
    let scene = scene();
    scene.deliver(0, "192.0.2.1");
    scene.deliver(DAY - 10, "198.51.100.1");
    scene.deliver(DAY + 10, "198.51.100.200");
    scene.refuse(DAY + 15, "203.0.113.9");
    assert!(scene.said().is_empty(), "learned, known, or not verified");
    scene.deliver(DAY + 20, "203.0.113.9");
    let alert = scene.one();
    assert_eq!(alert.kind, AlertKind::NewNetwork);
    assert_eq!(
        alert.network,
        Some(SenderNetwork::of("203.0.113.9".parse().unwrap()))
    );
    scene.deliver(DAY + 30, "203.0.114.9");
    scene.deliver(DAY + 40, "203.0.113.9");
    assert!(scene.said().is_empty(), "it is an alert already");
    scene.check(DAY + 2 * HOUR);
    let end = scene.one();
    assert!(end.is_end && (end.value - 2.0).abs() < 0.1, "{end:?}");
}

#[test]
fn a_large_body_is_held_against_what_is_usual() {
    let scene = scene();
    let body = |after, bytes, is_verified| {
        let mut record = delivery(after, "192.0.2.1");
        record.body_bytes = Some(bytes);
        record.is_verified = is_verified;
        scene.detectors.record(record);
    };
    (0..200).for_each(|n| body(n, 20_000, true));
    // A stranger's bodies teach nothing.
    (200..300).for_each(|n| body(n, 60_000, false));
    body(300, 90_000, true);
    assert!(scene.said().is_empty(), "not 4 times the p99");
    body(301, 200_000, false);
    let alert = scene.one();
    assert_eq!(alert.kind, AlertKind::LargeBody);
    assert!(
        (80_000.0..100_000.0).contains(&alert.threshold),
        "{alert:?}"
    );
    body(302, 300_000, false);
    scene.check(302 + HOUR);
    let end = scene.one();
    assert!(end.is_end && (end.value - 300_000.0).abs() < 1.0, "{end:?}");
}

#[test]
fn silence_is_noticed_by_the_timer_and_ended_by_a_delivery() {
    let scene = scene();
    scene.deliver(0, "192.0.2.1");
    scene.detectors.expect_provider("stripe", at(0));
    scene.refuse(DAY, "192.0.2.1");
    scene.check(DAY);
    assert!(scene.said().is_empty());
    scene.check(DAY + 1);
    scene.check(DAY + 61);
    assert_eq!(scene.said(), ["silence", "silence"], "github and stripe");
    scene.deliver(DAY + 100, "192.0.2.1");
    let alert = scene.one();
    assert!(alert.is_end, "{alert:?}");
    assert_eq!(
        (alert.kind, alert.provider.as_str()),
        (AlertKind::Silence, "github")
    );
}

#[test]
fn the_median_of_the_skew_tells_a_wrong_clock() {
    let scene = scene();
    let signed = |after: i64, skew: i64| {
        let mut record = delivery(after, "192.0.2.1");
        record.signed_at = Some(at(after + skew));
        scene.detectors.record(record);
    };
    (0..100).for_each(|n| signed(n, if n % 3 == 0 { -290 } else { -1 }));
    assert!(scene.said().is_empty(), "a third of them is not the median");
    (100..200).for_each(|n| signed(n, 180));
    let alert = scene.one();
    assert_eq!(alert.kind, AlertKind::ClockSkew);
    assert!((alert.value - 180.0).abs() < 0.1, "{alert:?}");
    (200..300).for_each(|n| signed(n, -2));
    assert_eq!(scene.said(), ["-clock_skew"]);
}

#[test]
fn the_end_of_a_secret_is_told_until_it_is_put_off() {
    let scene = scene();
    scene
        .detectors
        .secret_ends("github", "2026-q4", Some(at(15 * DAY)));
    scene.check(0);
    assert!(scene.said().is_empty());
    scene.check(DAY);
    let alert = scene.one();
    assert_eq!(alert.kind, AlertKind::SecretEnding);
    assert_eq!(alert.secret_id.as_ref().map(Name::as_str), Some("2026-q4"));
    assert!((alert.value - 14.0 * 86_400.0).abs() < 0.1, "{alert:?}");
    scene.check(16 * DAY);
    assert!(scene.said().is_empty(), "it has been said");
    scene.detectors.secret_ends("github", "2026-q4", None);
    scene.check(16 * DAY + 60);
    assert_eq!(scene.said(), ["-secret_ending"]);
}

#[test]
fn each_secrets_end_is_its_own_and_256_are_watched() {
    let scene = scene();
    for n in 0..257 {
        let (provider, secret) = (format!("provider-{}", n / 2), format!("secret-{}", n % 2));
        scene.detectors.secret_ends(provider, secret, Some(at(DAY)));
    }
    scene.check(0);
    assert_eq!(scene.said().len(), 256);
    // A later end for one of two of the same provider.
    let later = Some(at(20 * DAY));
    scene.detectors.secret_ends("provider-7", "secret-1", later);
    scene.check(1);
    let alert = scene.one();
    assert!(alert.is_end && alert.kind == AlertKind::SecretEnding);
    let secret = alert.secret_id.unwrap();
    assert_eq!(
        (alert.provider.as_str(), secret.as_str()),
        ("provider-7", "secret-1")
    );
}

#[test]
fn an_old_secret_that_is_used_again_is_told() {
    let scene = scene();
    let by = |after: i64, id: &'static str| {
        let mut record = delivery(after, "192.0.2.1");
        record.secret_id = Some(id.into());
        scene.detectors.record(record);
    };
    by(0, "2026-q3");
    for day in 1..9 {
        by(day * DAY, "2026-q4");
    }
    scene.said();
    by(8 * DAY + 10, "2026-q3");
    let alert = scene.one();
    assert_eq!(alert.kind, AlertKind::OldSecret);
    assert_eq!(alert.secret_id.as_ref().map(Name::as_str), Some("2026-q3"));
    by(8 * DAY + 20, "2026-q3");
    by(8 * DAY + 30, "2026-q4");
    assert!(scene.said().is_empty());
    scene.check(8 * DAY + 15 + HOUR);
    assert!(scene.said().is_empty(), "it was used five seconds later");
    scene.check(8 * DAY + 20 + HOUR);
    assert_eq!(scene.said(), ["-old_secret"]);
}

#[test]
fn a_rare_sender_with_one_secret_uses_no_old_one() {
    let settings = DetectorSettings::new().with_silence(Duration::MAX);
    let scene = Scene::new(settings);
    for month in 0..12 {
        let mut record = delivery(month * 30 * DAY, "192.0.2.1");
        record.secret_id = Some("only".into());
        scene.detectors.record(record);
    }
    assert!(scene.said().is_empty());
}

#[test]
fn a_clock_that_was_wrong_does_not_silence_for_long() {
    let scene = scene();
    scene.deliver(365 * DAY, "192.0.2.1");
    scene.deliver(0, "192.0.2.1");
    scene.check(0);
    scene.check(DAY + 60);
    assert_eq!(scene.said(), ["silence"]);
}

#[test]
fn a_million_networks_make_no_storm_and_take_no_more_room() {
    let scene = scene();
    let (verified, refused) = (delivery(0, "192.0.2.1"), refusal(0, "192.0.2.1"));
    let providers: Vec<Name> = (0..1000).map(|n| format!("provider-{n}").into()).collect();
    let held = allocation_counter::measure(|| {
        for n in 0..1_000_000_u32 {
            let is_verified = n % 4 == 0;
            let mut record = if is_verified { &verified } else { &refused }.clone();
            let address = IpAddr::V4(Ipv4Addr::from_bits(n << 8));
            record.client = Some(ClientAddr::new(address, None));
            record.received_at = at(i64::from(n / 100));
            record.provider = Some(providers[n as usize / 4 % 1000].clone());
            record.secret_id = is_verified.then(|| format!("secret-{n}").into());
            scene.detectors.record(record);
        }
    });
    // `(others)` alone fails often enough.
    assert_eq!(scene.said(), ["failures"]);
    // 64 providers and the others, with what was learned of each, and the record under way.
    assert!(held.bytes_max < 1_500_000, "{held:?}");
}

#[test]
fn many_failing_networks_are_bounded_too() {
    let scene = scene();
    for round in 0..40 {
        for n in 0..500_u32 {
            let mut record = refusal(round * 5, "192.0.2.1");
            let address = IpAddr::V4(Ipv4Addr::from_bits(n << 8));
            record.client = Some(ClientAddr::new(address, None));
            scene.detectors.record(record);
        }
    }
    let said = scene.said();
    let of_networks = said.iter().filter(|word| *word == "network_failures");
    assert_eq!(of_networks.count(), super::detect::MAX_FAILING);
    assert_eq!(said.len(), super::detect::MAX_FAILING + 1, "{said:?}");
}

/// A record of some kind.
fn any_record() -> impl Strategy<Value = AuditRecord> {
    let words = (0..3_usize, 0..4_u8, 0..3_usize, any::<bool>());
    let numbers = (0..100_000_i64, -400..400_i64, 0..1_000_000_u64);
    (words, numbers).prop_map(|((provider, network, secret, is_verified), numbers)| {
        let (after, skew, bytes) = numbers;
        let address = format!("192.0.{network}.1");
        let mut record = if is_verified {
            delivery(after, &address)
        } else {
            refusal(after, &address)
        };
        record.provider = Some(["github", "stripe", "slack"][provider].into());
        record.secret_id = Some(["a", "b", "c"][secret].into());
        record.signed_at = Some(at(after + skew));
        record.body_bytes = Some(bytes);
        record
    })
}

proptest! {
    /// Whatever comes, in whatever order of time: an alert begins once, ends once, and only then
    /// begins again.
    #[test]
    fn beginnings_and_ends_take_turns(
        records in proptest::collection::vec((any_record(), 1..12_usize), 1..60),
        in_order in any::<bool>(),
    ) {
        let mut records = records;
        if in_order {
            records.sort_by_key(|(record, _)| record.received_at);
        }
        let minute = Duration::from_secs(60);
        let settings = DetectorSettings::new()
            .with_spike(2, 5)
            .with_failures(5, 3, minute)
            .with_learning(minute)
            .with_silence(10 * minute)
            .with_skew(minute)
            .with_rest(2 * minute)
            .with_quiet(minute);
        let scene = Scene::new(settings);
        scene.detectors.secret_ends("github", "a", Some(at(50_000)));
        for (record, times) in records {
            let now = record.received_at;
            for _ in 0..times {
                scene.detectors.record(record.clone());
            }
            scene.detectors.check(now);
        }
        let mut open = BTreeSet::new();
        for alert in scene.said.lock().unwrap().iter() {
            prop_assert!(alert.value.is_finite() && alert.threshold.is_finite());
            // An episode of new networks, or of old secrets, is one for each provider.
            let network = match alert.kind {
                AlertKind::NewNetwork => None,
                _ => alert.network,
            };
            let provider = alert.provider.as_str().to_owned();
            let key = (alert.kind, provider, network);
            if alert.is_end {
                prop_assert!(open.remove(&key), "ended before it began: {alert:?}");
            } else {
                prop_assert!(open.insert(key), "began twice: {alert:?}");
            }
        }
    }
}
