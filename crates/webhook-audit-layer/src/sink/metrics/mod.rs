//! Records, and what layers hold, as metrics through the `metrics` facade.

mod gauges;
mod table;

use std::{fmt, time::Duration};

use ::metrics::{Label, counter, gauge, histogram};
use webhook_core::{Check, Name, Outcome, Timestamp, Verdict};

pub use self::{
    gauges::Gauges,
    table::{Metric, MetricKind},
};
use super::Sink;
use crate::{AuditRecord, SenderText};

/// Counts each record in whatever recorder the application has installed with the
/// [`metrics`](https://docs.rs/metrics) facade.
///
/// | metric | type | labels |
/// |---|---|---|
/// | `webhook_requests_total` | counter | provider, route, outcome |
/// | `webhook_rejections_total` | counter | provider, stage, reason, enforced |
/// | `webhook_verify_duration_seconds`, `webhook_handler_duration_seconds` | histogram | provider |
/// | `webhook_request_body_bytes` | histogram | provider |
/// | `webhook_secret_used_total` | counter | provider, `secret_id` |
/// | `webhook_last_verified_timestamp_seconds` | gauge | provider |
/// | `webhook_timestamp_skew_seconds` | histogram | provider |
/// | `webhook_ratelimit_decisions_total` | counter | policy, decision |
/// | `webhook_audit_records_total` | counter | sink |
///
/// What no record tells, such as the length of a queue, comes from [`Gauges`]; [`Metric::ALL`] lists
/// all of them.
///
/// Every label is a word of the configuration or of a closed vocabulary: providers, routes of the
/// router, outcomes, reasons, ids of secrets. Nothing that a sender chooses is ever one, so that no
/// stranger makes series grow. What has no provider or route has the label `none`.
///
/// The skew is the sender's signed time less the receiver's: negative for one that lags, or whose
/// delivery took long.
///
/// The decision of a quota is `pass`, `deny` or `shadow_deny`. A denial has the name of the quota that
/// denied as its policy. A record does not name the quotas that passed, so a pass has the place of
/// the quota: `network` before verification and `endpoint` after it, which are the names of the
/// default quotas too.
///
/// ```
/// use webhook_audit_layer::{AuditLayer, MetricsSink, TracingSink};
///
/// let layer = AuditLayer::new((TracingSink::new(), MetricsSink::new()));
/// ```
#[derive(Clone, Copy, Default)]
pub struct MetricsSink(());

impl MetricsSink {
    /// Metrics in the recorder that is installed where a request ends.
    #[must_use]
    pub const fn new() -> Self {
        Self(())
    }
}

impl Sink for MetricsSink {
    fn record(&self, record: AuditRecord) {
        let provider = name(record.provider.as_ref());
        count_outcome(&record, &provider);
        count_rejections(&record, &provider);
        count_decisions(&record);
        measure(&record, &provider);
        if record.is_verified {
            note_verified(&record, &provider);
        }
        counter!("webhook_audit_records_total", "sink" => "metrics").increment(1);
    }

    /// Changes are not counted.
    fn change(&self, _: webhook_core::change::Change) {}
}

fn count_outcome(record: &AuditRecord, provider: &Label) {
    let route = record.route.as_ref().map_or("none", SenderText::as_raw);
    let labels = vec![
        provider.clone(),
        Label::new("route", route.to_owned()),
        Label::from_static_parts("outcome", record.outcome.as_str()),
    ];
    counter!("webhook_requests_total", labels).increment(1);
}

/// One for the refusal that was enforced, and one for each that shadow mode let pass.
fn count_rejections(record: &AuditRecord, provider: &Label) {
    if record.outcome == Outcome::Denied {
        let stage = record.stage.map_or("none", Check::as_str);
        reject(provider, stage, record.reason.as_str(), "true");
    }
    for (check, verdict) in record.checks.iter() {
        if verdict == Verdict::ShadowFail {
            let is_told = record.outcome == Outcome::ShadowDenied && record.stage == Some(check);
            let reason = if is_told {
                record.reason.as_str()
            } else {
                "shadow"
            };
            reject(provider, check.as_str(), reason, "false");
        }
    }
}

fn reject(provider: &Label, stage: &'static str, reason: &'static str, enforced: &'static str) {
    let labels = vec![
        provider.clone(),
        Label::from_static_parts("stage", stage),
        Label::from_static_parts("reason", reason),
        Label::from_static_parts("enforced", enforced),
    ];
    counter!("webhook_rejections_total", labels).increment(1);
}

/// One for each place of a quota that was reached.
fn count_decisions(record: &AuditRecord) {
    let places = [
        (Check::RateNetwork, "network"),
        (Check::RateEndpoint, "endpoint"),
    ];
    let verdict = |check| record.checks.get(check);
    let is_refusal = |verdict| matches!(verdict, Some(Verdict::Fail | Verdict::ShadowFail));
    // A record has room for one name. Where both places refused, one in shadow mode, it could be
    // either's.
    let refusals = places
        .iter()
        .filter(|(check, _)| is_refusal(verdict(*check)));
    let quota = record.quota.as_ref().filter(|_| refusals.count() == 1);
    for (check, place) in places {
        let decision = match verdict(check) {
            Some(Verdict::Pass) => "pass",
            Some(Verdict::Fail) => "deny",
            Some(Verdict::ShadowFail) => "shadow_deny",
            _ => continue,
        };
        let policy = match quota {
            Some(quota) if is_refusal(verdict(check)) => label("policy", quota),
            _ => Label::from_static_parts("policy", place),
        };
        let decision = Label::from_static_parts("decision", decision);
        counter!("webhook_ratelimit_decisions_total", vec![policy, decision]).increment(1);
    }
}

fn measure(record: &AuditRecord, provider: &Label) {
    let labels = || vec![provider.clone()];
    if let Some(time) = record.verify_time {
        histogram!("webhook_verify_duration_seconds", labels()).record(time);
    }
    if let Some(time) = record.handler_time {
        histogram!("webhook_handler_duration_seconds", labels()).record(time);
    }
    if let Some(bytes) = record.body_bytes {
        // A body of 2^53 bytes or more does not come.
        #[allow(clippy::cast_precision_loss)]
        histogram!("webhook_request_body_bytes", labels()).record(bytes as f64);
    }
}

fn note_verified(record: &AuditRecord, provider: &Label) {
    let labels = vec![provider.clone()];
    let received = seconds(record.received_at);
    gauge!("webhook_last_verified_timestamp_seconds", labels.clone()).set(received);
    if let Some(signed_at) = record.signed_at {
        histogram!("webhook_timestamp_skew_seconds", labels.clone())
            .record(seconds(signed_at) - received);
    }
    if let Some(id) = &record.secret_id {
        let mut labels = labels;
        labels.push(label("secret_id", id));
        counter!("webhook_secret_used_total", labels).increment(1);
    }
}

/// Seconds since the epoch, to the millisecond: what a double holds for the next centuries.
fn seconds(time: Timestamp) -> f64 {
    let epoch = Timestamp::from_unix_seconds(0);
    let after = time.since(epoch).map(|time| time.as_secs_f64());
    let before = || epoch.since(time).unwrap_or(Duration::ZERO).as_secs_f64();
    after.unwrap_or_else(|| -before())
}

fn name(provider: Option<&Name>) -> Label {
    match provider {
        Some(provider) => label("provider", provider),
        None => Label::from_static_parts("provider", "none"),
    }
}

fn label(key: &'static str, name: &Name) -> Label {
    Label::new(key, name.as_str().to_owned())
}

impl fmt::Debug for MetricsSink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MetricsSink")
    }
}
