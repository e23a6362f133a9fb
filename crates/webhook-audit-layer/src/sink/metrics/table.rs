use ::metrics::{counter, describe_counter, describe_gauge, describe_histogram};

use crate::AlertKind;

/// How a metric is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetricKind {
    /// A number that only grows.
    Counter,
    /// A number that goes up and down.
    Gauge,
    /// How many of the values were at most so large.
    Histogram,
}

/// One metric of the family: what it is called, how it is measured, and its labels.
///
/// [`Metric::ALL`] is the closed list of them. The names are those of Prometheus: `webhook_`, base
/// units, `_total` for what only grows.
///
/// ```
/// use webhook_audit_layer::Metric;
///
/// let all = Metric::ALL.map(|metric| metric.name);
/// assert!(all.contains(&"webhook_requests_total"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Metric {
    /// The name, as Prometheus shows it.
    pub name: &'static str,
    /// How it is measured.
    pub kind: MetricKind,
    /// The names of its labels, in their order.
    pub labels: &'static [&'static str],
    /// What it tells, in one sentence.
    pub help: &'static str,
    /// Upper bounds that suit a histogram, ascending; empty for the others.
    ///
    /// Without buckets an exporter makes summaries of histograms, which cannot be added up, and the
    /// family's dashboard and alert rules find no `…_bucket`.
    pub buckets: &'static [f64],
}

/// From 10 µs, a short verification, to the second.
const VERIFY_SECONDS: &[f64] = &[
    0.000_01, 0.000_025, 0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.1,
    1.0,
];
const HANDLER_SECONDS: &[f64] = &[
    0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
];
/// From 256 B to 16 MiB.
const BODY_BYTES: &[f64] = &[
    256.0,
    1_024.0,
    4_096.0,
    16_384.0,
    65_536.0,
    262_144.0,
    1_048_576.0,
    4_194_304.0,
    16_777_216.0,
];
const SKEW_SECONDS: &[f64] = &[
    -300.0, -120.0, -60.0, -30.0, -10.0, -5.0, -1.0, 0.0, 1.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0,
];

const fn total(name: &'static str, labels: &'static [&'static str], help: &'static str) -> Metric {
    of_kind(MetricKind::Counter, name, labels, help, &[])
}

const fn gauge(name: &'static str, labels: &'static [&'static str], help: &'static str) -> Metric {
    of_kind(MetricKind::Gauge, name, labels, help, &[])
}

const fn histogram(name: &'static str, buckets: &'static [f64], help: &'static str) -> Metric {
    of_kind(MetricKind::Histogram, name, &["provider"], help, buckets)
}

const fn of_kind(
    kind: MetricKind,
    name: &'static str,
    labels: &'static [&'static str],
    help: &'static str,
    buckets: &'static [f64],
) -> Metric {
    Metric {
        name,
        kind,
        labels,
        help,
        buckets,
    }
}

impl Metric {
    pub(super) const UNVERIFIED_BYTES: Self = gauge(
        "webhook_unverified_body_bytes_in_flight",
        &[],
        "Bytes of bodies that are held and not verified yet.",
    );
    pub(super) const RATELIMIT_KEYS: Self = gauge(
        "webhook_ratelimit_keys",
        &["policy"],
        "Keys whose quota is in use.",
    );
    pub(super) const STORE_ERRORS: Self = total(
        "webhook_store_errors_total",
        &["store"],
        "Failures of a store that a layer asked.",
    );
    pub(super) const SECRET_EXPIRY: Self = gauge(
        "webhook_secret_expiry_timestamp_seconds",
        &["provider", "secret_id"],
        "When the secret ends, in seconds since 1970.",
    );
    pub(super) const AUDIT_RECORDS: Self = total(
        "webhook_audit_records_total",
        &["sink"],
        "Records that a sink has taken.",
    );
    pub(super) const AUDIT_DROPPED: Self = total(
        "webhook_audit_dropped_total",
        &["sink"],
        "Records that found no room, or were given up.",
    );
    pub(super) const AUDIT_QUEUE: Self = gauge(
        "webhook_audit_queue_length",
        &["sink"],
        "Records that wait to be written.",
    );
    pub(super) const IP_FEED_AGE: Self = gauge(
        "webhook_ip_feed_age_seconds",
        &["feed"],
        "How old the last good copy of an address feed is.",
    );
    pub(super) const BUILD_INFO: Self = gauge(
        "webhook_build_info",
        &["version"],
        "Always 1; the label tells the version.",
    );

    /// Every metric of the family.
    pub const ALL: [Self; 19] = [
        total(
            "webhook_requests_total",
            &["provider", "route", "outcome"],
            "Requests, by how they ended.",
        ),
        total(
            "webhook_rejections_total",
            &["provider", "stage", "reason", "enforced"],
            "Refusals, and with enforced=\"false\" those that shadow mode let pass.",
        ),
        histogram(
            "webhook_verify_duration_seconds",
            VERIFY_SECONDS,
            "How long verification took, without the wait for the body.",
        ),
        histogram(
            "webhook_handler_duration_seconds",
            HANDLER_SECONDS,
            "How long the handler took.",
        ),
        histogram(
            "webhook_request_body_bytes",
            BODY_BYTES,
            "Bytes of the body that were received.",
        ),
        total(
            "webhook_secret_used_total",
            &["provider", "secret_id"],
            "Deliveries that the secret verified.",
        ),
        Self::SECRET_EXPIRY,
        gauge(
            "webhook_last_verified_timestamp_seconds",
            &["provider"],
            "When the last verified delivery came, in seconds since 1970.",
        ),
        histogram(
            "webhook_timestamp_skew_seconds",
            SKEW_SECONDS,
            "The sender's signed time less the receiver's.",
        ),
        total(
            "webhook_ratelimit_decisions_total",
            &["policy", "decision"],
            "Requests that a quota passed or denied.",
        ),
        Self::RATELIMIT_KEYS,
        Self::STORE_ERRORS,
        Self::UNVERIFIED_BYTES,
        Self::AUDIT_RECORDS,
        Self::AUDIT_DROPPED,
        Self::AUDIT_QUEUE,
        Self::IP_FEED_AGE,
        Self::BUILD_INFO,
        total(
            "webhook_alerts_total",
            &["kind"],
            "Alerts of the detectors that began.",
        ),
    ];

    /// Gives the recorder that is installed the help text of every metric, and starts the alerts'
    /// counters at 0, so that Prometheus sees the first alert as an increase. Call it once, at the
    /// start.
    pub fn describe_all() {
        for metric in Self::ALL {
            match metric.kind {
                MetricKind::Counter => describe_counter!(metric.name, metric.help),
                MetricKind::Gauge => describe_gauge!(metric.name, metric.help),
                MetricKind::Histogram => describe_histogram!(metric.name, metric.help),
            }
        }
        for kind in AlertKind::ALL {
            counter!("webhook_alerts_total", "kind" => kind.as_str()).increment(0);
        }
    }
}
