use std::{fmt, sync::Arc, time::Duration};

use ::metrics::{Label, counter, gauge};
use webhook_core::{Name, Timestamp};

use super::{Metric, seconds};
use crate::AuditHandle;

/// Publishes the metrics that no record tells: what layers and handles hold right now.
///
/// Each source is a closure over a handle of the application's, so that this crate needs none of
/// the layers. Names and labels are the family's own: there is a setter for each metric, and no way
/// to make up another. A label's value is a name of the configuration, and there are as many series
/// as sources were given, so that nothing grows with requests.
///
/// | metric | source |
/// |---|---|
/// | `webhook_build_info` | always there |
/// | `webhook_unverified_body_bytes_in_flight` | [`with_unverified_bytes`](Self::with_unverified_bytes) |
/// | `webhook_audit_records_total`, `…_dropped_total`, `…_queue_length` | [`with_audit`](Self::with_audit) |
/// | `webhook_ratelimit_keys` | [`with_ratelimit_keys`](Self::with_ratelimit_keys) |
/// | `webhook_store_errors_total` | [`with_store_errors`](Self::with_store_errors) |
/// | `webhook_ip_feed_age_seconds` | [`with_ip_feed_age`](Self::with_ip_feed_age) |
/// | `webhook_secret_expiry_timestamp_seconds` | [`with_secret_expiry`](Self::with_secret_expiry) |
///
/// Nothing is read before [`publish`](Self::publish), which belongs before each scrape, or on a
/// timer of a few seconds.
///
/// ```
/// use webhook_audit_layer::{Gauges, JsonLinesSink};
/// use webhook_core::{Timestamp, body::MemoryBudget};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let budget = MemoryBudget::default();
/// let lines = JsonLinesSink::new(std::io::stdout())?;
/// let ends = Timestamp::from_unix_seconds(1_798_761_600);
/// let gauges = Gauges::new()
///     .with_unverified_bytes({
///         let budget = budget.clone();
///         move || budget.held()
///     })
///     .with_audit("json_lines", lines.handle())
///     .with_secret_expiry("github", "2026-q4", move || Some(ends));
///
/// // Before each scrape:
/// gauges.publish();
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Default)]
pub struct Gauges {
    sources: Vec<Source>,
}

#[derive(Clone)]
struct Source {
    metric: Metric,
    labels: Vec<Label>,
    read: Arc<dyn Fn() -> Option<Value> + Send + Sync>,
}

enum Value {
    Total(u64),
    Level(f64),
}

impl Gauges {
    /// `webhook_build_info` alone.
    #[must_use]
    pub fn new() -> Self {
        Self::default().with(
            Metric::BUILD_INFO,
            vec![env!("CARGO_PKG_VERSION").into()],
            || Some(Value::Level(1.0)),
        )
    }

    /// Bytes of unverified bodies: the `held()` of a
    /// [`MemoryBudget`](webhook_core::body::MemoryBudget).
    #[must_use]
    pub fn with_unverified_bytes(self, held: impl Fn() -> u64 + Send + Sync + 'static) -> Self {
        self.with(Metric::UNVERIFIED_BYTES, Vec::new(), move || {
            Some(level(held()))
        })
    }

    /// What the sink of this name has written, dropped, and still to write.
    #[must_use]
    pub fn with_audit(self, sink: impl Into<Name>, handle: AuditHandle) -> Self {
        let sink = sink.into();
        let (written, dropped) = (handle.clone(), handle.clone());
        self.with(Metric::AUDIT_RECORDS, vec![sink.clone()], move || {
            Some(Value::Total(written.written()))
        })
        .with(Metric::AUDIT_DROPPED, vec![sink.clone()], move || {
            Some(Value::Total(dropped.dropped()))
        })
        .with(Metric::AUDIT_QUEUE, vec![sink], move || {
            Some(level(handle.waiting()))
        })
    }

    /// The same for a sink of another kind, such as a database's: written, dropped, waiting.
    ///
    /// ```
    /// use webhook_audit_layer::Gauges;
    ///
    /// let gauges = Gauges::new().with_audit_counts("sql", || [812, 0, 3]);
    /// ```
    #[must_use]
    pub fn with_audit_counts(
        self,
        sink: impl Into<Name>,
        counts: impl Fn() -> [u64; 3] + Send + Sync + 'static,
    ) -> Self {
        let (sink, counts) = (sink.into(), Arc::new(counts));
        let (of_written, of_dropped) = (Arc::clone(&counts), Arc::clone(&counts));
        self.with(Metric::AUDIT_RECORDS, vec![sink.clone()], move || {
            let [written, _, _] = of_written();
            Some(Value::Total(written))
        })
        .with(Metric::AUDIT_DROPPED, vec![sink.clone()], move || {
            let [_, dropped, _] = of_dropped();
            Some(Value::Total(dropped))
        })
        .with(Metric::AUDIT_QUEUE, vec![sink], move || {
            let [_, _, waiting] = counts();
            Some(level(waiting))
        })
    }

    /// How many keys of the quota of this name are in use.
    #[must_use]
    pub fn with_ratelimit_keys(
        self,
        policy: impl Into<Name>,
        keys: impl Fn() -> u64 + Send + Sync + 'static,
    ) -> Self {
        self.with(Metric::RATELIMIT_KEYS, vec![policy.into()], move || {
            Some(level(keys()))
        })
    }

    /// How often the store of this name has failed since the start.
    #[must_use]
    pub fn with_store_errors(
        self,
        store: impl Into<Name>,
        errors: impl Fn() -> u64 + Send + Sync + 'static,
    ) -> Self {
        self.with(Metric::STORE_ERRORS, vec![store.into()], move || {
            Some(Value::Total(errors()))
        })
    }

    /// How old the last good copy of the address feed of this name is; `None` where there is none
    /// yet.
    #[must_use]
    pub fn with_ip_feed_age(
        self,
        feed: impl Into<Name>,
        age: impl Fn() -> Option<Duration> + Send + Sync + 'static,
    ) -> Self {
        self.with(Metric::IP_FEED_AGE, vec![feed.into()], move || {
            age().map(|age| Value::Level(age.as_secs_f64()))
        })
    }

    /// When a secret ends, by provider and id; `None` where it has no end. Never the secret.
    #[must_use]
    pub fn with_secret_expiry(
        self,
        provider: impl Into<Name>,
        secret_id: impl Into<Name>,
        ends: impl Fn() -> Option<Timestamp> + Send + Sync + 'static,
    ) -> Self {
        let labels = vec![provider.into(), secret_id.into()];
        self.with(Metric::SECRET_EXPIRY, labels, move || {
            ends().map(|ends| Value::Level(seconds(ends)))
        })
    }

    /// Reads every source, and hands what it says to the recorder that is installed.
    pub fn publish(&self) {
        for source in &self.sources {
            match (source.read)() {
                Some(Value::Total(total)) => {
                    counter!(source.metric.name, source.labels.clone()).absolute(total);
                }
                Some(Value::Level(level)) => {
                    gauge!(source.metric.name, source.labels.clone()).set(level);
                }
                None => {}
            }
        }
    }

    fn with(
        mut self,
        metric: Metric,
        values: Vec<Name>,
        read: impl Fn() -> Option<Value> + Send + Sync + 'static,
    ) -> Self {
        let labels = metric.labels.iter().zip(values);
        self.sources.push(Source {
            metric,
            labels: labels
                .map(|(label, value)| Label::new(*label, value.as_str().to_owned()))
                .collect(),
            read: Arc::new(read),
        });
        self
    }
}

/// A double tells whole numbers apart up to 2^53; more bytes or records are not held.
#[allow(clippy::cast_precision_loss)]
const fn level(count: u64) -> Value {
    Value::Level(count as f64)
}

/// The metrics that have a source, without the closures.
impl fmt::Debug for Gauges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.sources.iter().map(|source| source.metric.name);
        f.debug_set().entries(names).finish()
    }
}
