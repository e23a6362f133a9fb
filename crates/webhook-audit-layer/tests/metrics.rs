//! Records as metrics: the names of the convention, and no label that a sender can choose.
#![cfg(feature = "metrics")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // Helpers of tests are tests.

mod common;

use std::{collections::BTreeMap, convert::Infallible, time::Duration};

use common::{Answer, answer};
use http::Request;
use metrics_util::debugging::{DebugValue, DebuggingRecorder};
use tower::{Layer, ServiceExt, service_fn};
use webhook_audit_layer::{
    Alert, AlertKind, AuditLayer, Detectors, Gauges, JsonLinesSink, Metric, MetricKind, MetricsSink,
};
use webhook_core::{
    Check, Clock, Facts, Problem, Reason, Rejection, ShortText, Timestamp, Verdict, Verification,
};

const NOW: i64 = 1_700_000_000;

/// Answers as the path says, and notes what layers would note.
async fn handler(mut request: Request<()>) -> Result<Answer, Infallible> {
    let path = request.uri().path().to_owned();
    let facts = Facts::of_mut(request.extensions_mut());
    match path.as_str() {
        "/accepted" => {
            let verification = Verification::new("github")
                .with_secret_id("2026-q4")
                .with_delivery_id(ShortText::new("canary-delivery"), true)
                .with_timestamp(Timestamp::from_unix_seconds(NOW - 7))
                .with_signed_body();
            facts.record().set_body_bytes(812);
            facts.record().set_verify_time(41_000);
            facts.record().set_handler_start(Clock::system().ticks());
            facts
                .record()
                .set_verdict(Check::RateNetwork, Verdict::Pass);
            facts
                .record()
                .set_verdict(Check::RateEndpoint, Verdict::Pass);
            facts.set_verification(verification);
            Ok(answer(204))
        }
        "/shadow" => {
            let record = facts.record();
            record.set_shadow_refusal(Reason::IpDenied, Check::Ip);
            record.set_shadow_refusal(Reason::RateLimited, Check::RateNetwork);
            Ok(answer(204))
        }
        "/limited" => {
            facts
                .record()
                .set_verdict(Check::RateNetwork, Verdict::Pass);
            let (parts, ()) = request.into_parts();
            let rejection =
                Rejection::new(Reason::RateLimited, Check::RateEndpoint).with_quota("acme".into());
            Ok(rejection.answer(&Problem::default(), &parts))
        }
        _ => {
            let (parts, ()) = request.into_parts();
            let rejection = Rejection::new(Reason::SignatureMismatch, Check::Signature);
            Ok(rejection.answer(&Problem::default(), &parts))
        }
    }
}

/// Sends a request to each of these paths through the layer.
fn send(paths: &[&str]) {
    let clock = Clock::manual(Timestamp::from_unix_seconds(NOW)).0;
    let layer = AuditLayer::new(MetricsSink::new()).with_clock(clock);
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    runtime.unwrap().block_on(async {
        for path in paths {
            let request = Request::post(format!("{path}?canary-query"))
                .header("user-agent", "canary-agent")
                .body(());
            let service = layer.layer(service_fn(handler));
            service.oneshot(request.unwrap()).await.unwrap();
        }
    });
}

/// Every series after these requests, by its name and labels.
fn series(paths: &[&str]) -> BTreeMap<String, Vec<f64>> {
    series_of(|| send(paths))
}

fn series_of(act: impl FnOnce()) -> BTreeMap<String, Vec<f64>> {
    let recorder = DebuggingRecorder::new();
    let snapshots = recorder.snapshotter();
    metrics::with_local_recorder(&recorder, act);
    let all = snapshots.snapshot().into_vec().into_iter();
    all.map(|(key, _, _, value)| {
        let labels: Vec<_> = key
            .key()
            .labels()
            .map(|label| format!("{}={}", label.key(), label.value()))
            .collect();
        let values = match value {
            DebugValue::Counter(count) => vec![f64::from(u32::try_from(count).unwrap())],
            DebugValue::Gauge(value) => vec![value.into_inner()],
            DebugValue::Histogram(values) => values.iter().map(|value| **value).collect(),
        };
        (
            format!("{}{{{}}}", key.key().name(), labels.join(",")),
            values,
        )
    })
    .collect()
}

/// Has a detector raise an alert, and end it: only the beginning counts.
fn provoke_alert() {
    let detectors = Detectors::new(Alert::count);
    let now = Timestamp::from_unix_seconds(NOW);
    detectors.expect_provider("github", now);
    detectors.check(now.saturating_add(Duration::from_secs(25 * 3600)));
}

#[test]
fn an_accepted_delivery_tells_its_secret_its_skew_and_its_size() {
    let series = series(&["/accepted", "/accepted"]);
    let of = |name: &str| {
        series
            .get(name)
            .unwrap_or_else(|| panic!("{name}: {series:?}"))
    };
    assert_eq!(
        of("webhook_requests_total{provider=github,route=none,outcome=accepted}"),
        &[2.0]
    );
    assert_eq!(
        of("webhook_secret_used_total{provider=github,secret_id=2026-q4}"),
        &[2.0]
    );
    assert_eq!(
        of("webhook_request_body_bytes{provider=github}"),
        &[812.0; 2]
    );
    assert_eq!(
        of("webhook_timestamp_skew_seconds{provider=github}"),
        &[-7.0; 2]
    );
    assert_eq!(
        of("webhook_last_verified_timestamp_seconds{provider=github}"),
        &[1_700_000_000.0]
    );
    assert_eq!(
        of("webhook_verify_duration_seconds{provider=github}"),
        &[0.000_041; 2]
    );
    assert_eq!(of("webhook_audit_records_total{sink=metrics}"), &[2.0]);
}

#[test]
fn refusals_say_whether_they_were_enforced() {
    let series = series(&["/refused", "/shadow"]);
    let rejections: Vec<_> = series
        .keys()
        .filter(|name| name.starts_with("webhook_rejections_total"))
        .collect();
    assert_eq!(
        rejections,
        [
            "webhook_rejections_total{provider=none,stage=ip,reason=ip_denied,enforced=false}",
            "webhook_rejections_total{provider=none,stage=rate_network,reason=shadow,enforced=false}",
            "webhook_rejections_total{provider=none,stage=signature,reason=signature_mismatch,enforced=true}",
        ]
    );
}

#[test]
fn nothing_that_a_sender_chooses_is_a_label() {
    let paths: Vec<String> = (0..50).map(|n| format!("/canary-{n}")).collect();
    let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
    let series = series(&[&paths[..], &["/accepted"]].concat());
    assert!(!format!("{series:?}").contains("canary"), "{series:?}");
    assert!(series.len() < 15, "{series:?}");
}

/// The metrics of the family: section 4.7 of its conventions ("Names for logs, spans, metrics"),
/// copied here, and what the detectors count.
const CONVENTION: [(&str, MetricKind, &[&str]); 19] = [
    (
        "webhook_requests_total",
        MetricKind::Counter,
        &["provider", "route", "outcome"],
    ),
    (
        "webhook_rejections_total",
        MetricKind::Counter,
        &["provider", "stage", "reason", "enforced"],
    ),
    (
        "webhook_verify_duration_seconds",
        MetricKind::Histogram,
        &["provider"],
    ),
    (
        "webhook_handler_duration_seconds",
        MetricKind::Histogram,
        &["provider"],
    ),
    (
        "webhook_request_body_bytes",
        MetricKind::Histogram,
        &["provider"],
    ),
    (
        "webhook_secret_used_total",
        MetricKind::Counter,
        &["provider", "secret_id"],
    ),
    (
        "webhook_secret_expiry_timestamp_seconds",
        MetricKind::Gauge,
        &["provider", "secret_id"],
    ),
    (
        "webhook_last_verified_timestamp_seconds",
        MetricKind::Gauge,
        &["provider"],
    ),
    (
        "webhook_timestamp_skew_seconds",
        MetricKind::Histogram,
        &["provider"],
    ),
    (
        "webhook_ratelimit_decisions_total",
        MetricKind::Counter,
        &["policy", "decision"],
    ),
    ("webhook_ratelimit_keys", MetricKind::Gauge, &["policy"]),
    (
        "webhook_store_errors_total",
        MetricKind::Counter,
        &["store"],
    ),
    (
        "webhook_unverified_body_bytes_in_flight",
        MetricKind::Gauge,
        &[],
    ),
    (
        "webhook_audit_records_total",
        MetricKind::Counter,
        &["sink"],
    ),
    (
        "webhook_audit_dropped_total",
        MetricKind::Counter,
        &["sink"],
    ),
    ("webhook_audit_queue_length", MetricKind::Gauge, &["sink"]),
    ("webhook_ip_feed_age_seconds", MetricKind::Gauge, &["feed"]),
    ("webhook_build_info", MetricKind::Gauge, &["version"]),
    ("webhook_alerts_total", MetricKind::Counter, &["kind"]),
];

#[test]
fn the_list_is_the_conventions() {
    let list = Metric::ALL.map(|metric| (metric.name, metric.kind, metric.labels));
    assert_eq!(list, CONVENTION);
    for metric in Metric::ALL {
        let is_histogram = metric.kind == MetricKind::Histogram;
        assert_eq!(!metric.buckets.is_empty(), is_histogram, "{}", metric.name);
        assert!(metric.buckets.is_sorted(), "{}", metric.name);
        assert!(metric.help.ends_with('.'), "{}", metric.name);
    }
}

/// A source for each metric that no record tells.
fn gauges(lines: &JsonLinesSink) -> Gauges {
    Gauges::new()
        .with_unverified_bytes(|| 4096)
        .with_audit("json_lines", lines.handle())
        .with_audit_counts("sql", || [7, 2, 3])
        .with_ratelimit_keys("network", || 12)
        .with_store_errors("redis", || 5)
        .with_ip_feed_age("github", || Some(Duration::from_secs(90)))
        .with_ip_feed_age("stripe", || None)
        .with_secret_expiry("github", "2026-q4", || {
            Some(Timestamp::from_unix_seconds(NOW + 60))
        })
}

#[test]
fn every_metric_has_a_source_with_these_labels() {
    let recorder = DebuggingRecorder::new();
    let snapshots = recorder.snapshotter();
    metrics::with_local_recorder(&recorder, || {
        send(&["/accepted", "/refused"]);
        gauges(&JsonLinesSink::new(std::io::sink()).unwrap()).publish();
        provoke_alert();
    });
    let mut seen = BTreeMap::new();
    for (key, _, _, value) in snapshots.snapshot().into_vec() {
        let kind = match value {
            DebugValue::Counter(_) => MetricKind::Counter,
            DebugValue::Gauge(_) => MetricKind::Gauge,
            DebugValue::Histogram(_) => MetricKind::Histogram,
        };
        let labels: Vec<String> = key.key().labels().map(|label| label.key().into()).collect();
        let again = seen.insert(key.key().name().to_owned(), (kind, labels.clone()));
        assert!(again.is_none_or(|again| again == (kind, labels)));
    }
    let wanted = CONVENTION.map(|(name, kind, labels)| {
        let labels = labels.iter().map(|label| (*label).to_owned()).collect();
        (name.to_owned(), (kind, labels))
    });
    assert_eq!(seen, BTreeMap::from(wanted));
}

#[test]
fn every_metric_is_described_and_alerts_start_at_0() {
    let recorder = DebuggingRecorder::new();
    let snapshots = recorder.snapshotter();
    metrics::with_local_recorder(&recorder, Metric::describe_all);
    let all = snapshots.snapshot().into_vec();
    assert_eq!(all.len(), AlertKind::ALL.len());
    for (key, _, help, value) in all {
        assert_eq!(key.key().name(), "webhook_alerts_total");
        assert!(help.is_some_and(|help| !help.is_empty()));
        assert_eq!(value, DebugValue::Counter(0));
    }
}

#[test]
fn sources_are_read_when_they_are_asked_for() {
    let series = series_of(|| {
        let gauges = gauges(&JsonLinesSink::new(std::io::sink()).unwrap());
        gauges.publish();
        gauges.publish();
    });
    let version = env!("CARGO_PKG_VERSION");
    for (name, value) in [
        ("webhook_unverified_body_bytes_in_flight{}", 4096.0),
        ("webhook_audit_records_total{sink=json_lines}", 0.0),
        ("webhook_audit_records_total{sink=sql}", 7.0),
        ("webhook_audit_dropped_total{sink=sql}", 2.0),
        ("webhook_audit_queue_length{sink=sql}", 3.0),
        ("webhook_ratelimit_keys{policy=network}", 12.0),
        // A total is told as it is, however often.
        ("webhook_store_errors_total{store=redis}", 5.0),
        ("webhook_ip_feed_age_seconds{feed=github}", 90.0),
        (
            "webhook_secret_expiry_timestamp_seconds{provider=github,secret_id=2026-q4}",
            1_700_000_060.0,
        ),
        (&format!("webhook_build_info{{version={version}}}"), 1.0),
    ] {
        assert_eq!(series.get(name), Some(&vec![value]), "{name}: {series:?}");
    }
    let absent = "webhook_ip_feed_age_seconds{feed=stripe}";
    assert!(
        !series.contains_key(absent),
        "what is not known is not told"
    );
}

#[test]
fn a_quota_tells_what_it_passed_and_denied() {
    let series = series(&["/accepted", "/limited", "/limited", "/shadow"]);
    let decisions: Vec<_> = series
        .iter()
        .filter(|(name, _)| name.starts_with("webhook_ratelimit_decisions_total"))
        .map(|(name, count)| (name.as_str(), count[0]))
        .collect();
    assert_eq!(
        decisions,
        [
            (
                "webhook_ratelimit_decisions_total{policy=acme,decision=deny}",
                2.0
            ),
            (
                "webhook_ratelimit_decisions_total{policy=endpoint,decision=pass}",
                1.0
            ),
            (
                "webhook_ratelimit_decisions_total{policy=network,decision=pass}",
                3.0
            ),
            (
                "webhook_ratelimit_decisions_total{policy=network,decision=shadow_deny}",
                1.0
            ),
        ]
    );
}
