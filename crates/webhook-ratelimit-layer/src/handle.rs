use std::{fmt, sync::Arc, time::Duration};

use http_body::SizeHint;
use webhook_core::{
    Facts, Name,
    change::{Cause, ChangeKind, ChangeLog},
};

use crate::{
    Subject, Unit,
    judge::Judge,
    rule::{Ask, Rule, Seen},
};

/// Looks into the buckets of a [`RateLimitLayer`](crate::RateLimitLayer) and resets them, while the
/// services of the layer go on. Made by [`RateLimitLayer::handle`](crate::RateLimitLayer::handle).
///
/// ```
/// use webhook_core::change::Cause;
/// use webhook_ratelimit_layer::{RateLimitLayer, Subject};
///
/// let layer = RateLimitLayer::per_network();
/// let handle = layer.handle();
///
/// let client = Subject::network("192.0.2.1".parse()?);
/// let state = handle.inspect("network", &client).ok_or("no such quota")?;
/// assert_eq!((state.remaining, state.limit), (600, 600));
///
/// // Nothing to reset: it has sent nothing yet.
/// assert!(!handle.reset("network", &client, &Cause::new("alice", "a false alarm")));
/// assert_eq!(handle.keys_in_use(), 0);
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct RateLimitHandle {
    judge: Arc<Judge>,
    log: ChangeLog,
}

/// What a bucket holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BucketState {
    /// How much could come right now.
    pub remaining: u64,
    /// How much could come with a full bucket: the quota's burst, or its count of permits.
    pub limit: u64,
    /// When the bucket is full again if nothing more comes. Nobody knows that of permits: zero.
    pub full_in: Duration,
    /// Whether the key found no place in the table and shares its bucket with others.
    pub is_shared: bool,
}

impl RateLimitHandle {
    pub(crate) fn new(judge: Arc<Judge>) -> Self {
        Self {
            judge,
            log: ChangeLog::default(),
        }
    }

    /// Notes each reset in this log. Default: none is noted.
    #[must_use]
    pub fn with_log(mut self, log: ChangeLog) -> Self {
        self.log = log;
        self
    }

    /// The names of the layer's quotas.
    pub fn quotas(&self) -> impl Iterator<Item = &Name> {
        self.judge.rules.iter().map(|rule| &rule.name)
    }

    /// What the subject's bucket of this quota holds. `None` where the layer has no such quota, or
    /// the subject does not say what the quota counts by.
    #[must_use]
    pub fn inspect(&self, quota: &str, subject: &Subject) -> Option<BucketState> {
        let seen = self.seen(subject);
        let ask = self.ask(quota, &seen)?;
        let limit = ask.quota.burst();
        if ask.quota.unit() == Unit::Concurrent {
            let (held, is_shared) = ask.rule.permits().held(ask.key);
            return Some(BucketState {
                remaining: limit.saturating_sub(held),
                limit,
                full_in: Duration::ZERO,
                is_shared,
            });
        }
        let held = ask.hold()?;
        let fill = ask.quota.fill(held.level(seen.now.ticks), seen.now);
        Some(BucketState {
            remaining: fill.remaining,
            limit,
            full_in: Duration::from_nanos(fill.full_in),
            is_shared: !held.has_place() && fill.full_in > 0,
        })
    }

    /// Fills the subject's bucket of this quota, and notes it in the log. `false`, and nothing done
    /// or noted, where the subject has no bucket of its own: it is full and forgotten, or shared with
    /// others. Permits are given back by their requests alone, so they cannot be reset.
    ///
    /// Until the old bucket would have been full, new keys of the subject's set of eight share a
    /// bucket.
    #[must_use = "`false` says that nothing was reset"]
    pub fn reset(&self, quota: &str, subject: &Subject, cause: &Cause) -> bool {
        let seen = self.seen(subject);
        let held = self.ask(quota, &seen).and_then(|ask| ask.hold());
        let is_reset = held.is_some_and(|mut held| held.reset(seen.now.ticks));
        if is_reset {
            let target = format!("{quota}: {subject}");
            self.log.note(ChangeKind::Reset, &target, cause);
        }
        is_reset
    }

    /// How many keys have a bucket that is not full, or a permit, in all quotas together: the gauge
    /// `webhook_ratelimit_keys`. It reads the whole table, 8 bytes for each key of the capacity; for
    /// 65,536 that takes some tens of microseconds.
    #[must_use]
    pub fn keys_in_use(&self) -> usize {
        self.judge.rules.iter().map(|rule| self.count(rule)).sum()
    }

    /// The same for one quota; `None` where the layer has no such quota.
    #[must_use]
    pub fn keys_in_use_by(&self, quota: &str) -> Option<usize> {
        self.rule(quota).map(|rule| self.count(rule))
    }

    fn count(&self, rule: &Rule) -> usize {
        rule.keys_in_use(self.judge.timer.now())
    }

    fn rule(&self, name: &str) -> Option<&Rule> {
        let mut rules = self.judge.rules.iter();
        rules.find(|rule| rule.name.as_str() == name)
    }

    fn ask(&self, quota: &str, seen: &Seen<'_>) -> Option<Ask<'_>> {
        let rule = self.rule(quota)?;
        // A subject that names no sender must not stand for the network that is charged instead.
        if rule.key.acts_on_verified_only() && seen.verification.is_none() {
            return None;
        }
        rule.ask_apart(seen, &self.judge).ok()
    }

    fn seen<'a>(&self, subject: &'a Subject) -> Seen<'a> {
        let facts = Facts::of(subject.extensions());
        Seen {
            headers: subject.headers(),
            extensions: subject.extensions(),
            facts,
            verification: facts.and_then(Facts::verification),
            // No body at all: a bucket is looked at, and not charged.
            size: &SizeHint::default,
            now: self.judge.timer.now(),
        }
    }
}

impl fmt::Debug for RateLimitHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.quotas().collect();
        f.debug_tuple("RateLimitHandle").field(&names).finish()
    }
}
