//! Records as metrics: the names of the convention, and no label that a sender can choose.
#![cfg(feature = "metrics")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // Helpers of tests are tests.

mod common;

use std::{collections::BTreeMap, convert::Infallible};

use common::{Answer, answer};
use http::Request;
use metrics_util::debugging::{DebugValue, DebuggingRecorder};
use tower::{Layer, ServiceExt, service_fn};
use webhook_audit_layer::{AuditLayer, MetricsSink};
use webhook_core::{
    Check, Clock, Facts, Problem, Reason, Rejection, ShortText, Timestamp, Verification,
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
            facts.set_verification(verification);
            Ok(answer(204))
        }
        "/shadow" => {
            let record = facts.record();
            record.set_shadow_refusal(Reason::IpDenied, Check::Ip);
            record.set_shadow_refusal(Reason::RateLimited, Check::RateNetwork);
            Ok(answer(204))
        }
        _ => {
            let (parts, ()) = request.into_parts();
            let rejection = Rejection::new(Reason::SignatureMismatch, Check::Signature);
            Ok(rejection.answer(&Problem::default(), &parts))
        }
    }
}

/// Every series after these requests, by its name and labels.
fn series(paths: &[&str]) -> BTreeMap<String, Vec<f64>> {
    let recorder = DebuggingRecorder::new();
    let snapshots = recorder.snapshotter();
    let clock = Clock::manual(Timestamp::from_unix_seconds(NOW)).0;
    let layer = AuditLayer::new(MetricsSink::new()).with_clock(clock);
    metrics::with_local_recorder(&recorder, || {
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
    });
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
    assert!(series.len() < 12, "{series:?}");
}
