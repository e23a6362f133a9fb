use std::{
    fmt,
    sync::{Arc, OnceLock},
};

use http::Extensions;
use tower_layer::Layer;
use webhook_core::{Clock, Name, Problem, Reason, Settings};

use crate::{
    HeaderStyle, Key, Quota, RateLimit, RateLimitError, RateLimitErrorKind, RateLimitHandle,
    failure::FailureCost,
    judge::{Judge, MAX_QUOTAS},
    plan::{Limit, Plan, plain},
};

/// Limits how often deliveries may come; see the [crate's page](crate).
///
/// All services that one layer makes share its buckets, and so do the layer's clones: a router that
/// applies the layer to each of its routes still has one quota. A setter starts afresh with buckets
/// of its own. The table of buckets is made with the first service.
pub struct RateLimitLayer<R = Problem> {
    plan: Plan,
    rejection: R,
    judge: Arc<OnceLock<Arc<Judge>>>,
}

impl RateLimitLayer {
    /// The fewest keys that a table can be capped at: 8.
    pub const MIN_CAPACITY: usize = 8;
    /// The most keys that a table can be capped at: 2^24, which take 320 MiB.
    pub const MAX_CAPACITY: usize = 1 << 24;
    /// The cap on keys unless another is given: 65,536, which take 1.3 MiB.
    pub const DEFAULT_CAPACITY: usize = 1 << 16;
    /// The most quotas that one layer holds: 8.
    pub const MAX_QUOTAS: usize = MAX_QUOTAS;

    /// A limit of your own. `name` stands in records and in the `RateLimit` fields.
    ///
    /// A name must be 1 to 64 of the characters `a-z`, `A-Z`, `0-9`, `-`, `_` and `.`; any other is an
    /// error. A key that names the endpoint or a header acts on verified deliveries only, so such a
    /// layer belongs inside the layer that verifies; see [`Key`].
    ///
    /// ```
    /// use webhook_ratelimit_layer::{Key, Quota, RateLimitLayer};
    ///
    /// let layer = RateLimitLayer::new("everything", Key::all(), Quota::per_second(1000)?)?;
    /// let sender_at_home = Key::endpoint().and(Key::network());
    /// let layer = RateLimitLayer::new("endpoint-network", sender_at_home, Quota::per_minute(60)?)?;
    /// # Ok::<_, webhook_ratelimit_layer::RateLimitError>(())
    /// ```
    pub fn new(
        name: impl Into<Name>,
        key: Key,
        quota: impl Into<Settings<Quota>>,
    ) -> Result<Self, RateLimitError> {
        let name = plain(name.into())?;
        Ok(Self::from_parts(name, key, quota.into()))
    }

    /// For the outside of the stack, before anything is verified: 600 deliveries a minute for each
    /// client network. Its name is `network`.
    #[must_use]
    pub fn per_network() -> Self {
        Self::from_parts(
            Name::from_static("network"),
            Key::network(),
            Quota::PER_NETWORK.into(),
        )
    }

    /// For the inside of the layer that verifies: 100 deliveries a minute for each verified
    /// endpoint. Its name is `endpoint`.
    #[must_use]
    pub fn per_endpoint() -> Self {
        Self::from_parts(
            Name::from_static("endpoint"),
            Key::endpoint(),
            Quota::PER_ENDPOINT.into(),
        )
    }

    fn from_parts(name: Name, key: Key, quota: Settings<Quota>) -> Self {
        Self {
            plan: Plan {
                first: Limit::new(name, key, quota),
                others: Vec::new(),
                capacity: Self::DEFAULT_CAPACITY,
                headers: HeaderStyle::default(),
                clock: Clock::system(),
                is_shadow: false,
                failure_cost: None,
            },
            rejection: Problem::default(),
            judge: Arc::default(),
        }
    }
}

impl<R> RateLimitLayer<R> {
    /// Sets the quota; where the layer holds several, the first one.
    ///
    /// It is fixed, or it comes from [`Settings`]: swappable at run time, or one for each endpoint.
    /// Another count, period or burst is in force for the next request, and what was used stays
    /// used. Another unit or algorithm, or another length of fixed windows, starts with full
    /// buckets. Where quotas are per endpoint, so are the buckets, whatever the key, and a request
    /// without an endpoint, or whose endpoint has no `Quota`, is refused (500 `misconfigured`).
    ///
    /// ```
    /// use webhook_core::{Endpoint, Settings, change::Cause};
    /// use webhook_ratelimit_layer::{Quota, RateLimitLayer};
    ///
    /// let quota = Quota::per_minute(600)?.with_burst(1200)?;
    /// let layer = RateLimitLayer::per_network().with_quota(quota);
    ///
    /// let (quotas, handle) = Settings::swappable(quota);
    /// let layer = RateLimitLayer::per_network().with_quota(quotas);
    /// handle.replace(Quota::per_minute(60)?, &Cause::new("alice", "an incident"));
    ///
    /// let layer = RateLimitLayer::per_endpoint().with_quota(Settings::per_endpoint());
    /// let tenant = Endpoint::new("tenant-7").with(Quota::per_minute(10)?);
    /// # Ok::<_, webhook_ratelimit_layer::RateLimitError>(())
    /// ```
    #[must_use]
    pub fn with_quota(self, quota: impl Into<Settings<Quota>>) -> Self {
        let quota = quota.into();
        self.planned(|plan| plan.first.quota = quota)
    }

    /// Adds a quota. A request that one of them refuses is charged to none, and the answer and the
    /// record name the one that refused it: of several, the one that keeps it waiting for longest.
    ///
    /// An invalid name, a name twice, and more than [`MAX_QUOTAS`](RateLimitLayer::MAX_QUOTAS) are
    /// errors.
    ///
    /// ```
    /// use webhook_ratelimit_layer::{Key, Quota, RateLimitLayer};
    ///
    /// let layer = RateLimitLayer::per_network()
    ///     .and_quota("network-second", Key::network(), Quota::per_second(20)?)?
    ///     .and_quota("network-bytes", Key::network(), Quota::bytes_per_minute(64 << 20)?)?
    ///     .and_quota("all", Key::all(), Quota::per_second(1000)?)?;
    /// # Ok::<_, webhook_ratelimit_layer::RateLimitError>(())
    /// ```
    pub fn and_quota(
        self,
        name: impl Into<Name>,
        key: Key,
        quota: impl Into<Settings<Quota>>,
    ) -> Result<Self, RateLimitError> {
        self.and_limit(Limit::new(name.into(), key, quota.into()))
    }

    /// Adds a quota in shadow mode: what it would refuse is recorded as such, let through by it, and
    /// not charged to it, and nobody is told of it. The others are in force.
    ///
    /// ```
    /// use webhook_ratelimit_layer::{Key, Quota, RateLimitLayer};
    ///
    /// let layer = RateLimitLayer::per_network()
    ///     .and_insecure_shadow_quota("tighter", Key::network(), Quota::per_minute(60)?)?;
    /// # Ok::<_, webhook_ratelimit_layer::RateLimitError>(())
    /// ```
    pub fn and_insecure_shadow_quota(
        self,
        name: impl Into<Name>,
        key: Key,
        quota: impl Into<Settings<Quota>>,
    ) -> Result<Self, RateLimitError> {
        let limit = Limit::new(name.into(), key, quota.into());
        self.and_limit(Limit {
            is_shadow: true,
            ..limit
        })
    }

    fn and_limit(self, limit: Limit) -> Result<Self, RateLimitError> {
        let name = plain(limit.name.clone())?;
        if self.plan.limits().any(|other| other.name == name) {
            return Err(RateLimitErrorKind::DuplicateName(name.as_str().to_owned()).into());
        }
        if self.plan.limits().count() >= MAX_QUOTAS {
            return Err(RateLimitErrorKind::TooManyQuotas.into());
        }
        Ok(self.planned(|plan| plan.others.push(limit)))
    }

    /// Charges a delivery that fails verification `cost` more, to the quotas of deliveries that
    /// count by [`Key::network`]: its network has so many fewer left, as far as there are any. By
    /// default a failure costs nothing extra.
    ///
    /// A failure is a response from inside with a 401 of the family. The quota of an endpoint is
    /// never charged, nor a delivery that is accepted. A layer without a quota of deliveries by
    /// network is an error; add that first.
    ///
    /// ```
    /// use webhook_ratelimit_layer::RateLimitLayer;
    ///
    /// // 600 a minute, but only some 60 forged ones.
    /// let layer = RateLimitLayer::per_network().with_failure_cost(9)?;
    /// assert!(RateLimitLayer::per_endpoint().with_failure_cost(9).is_err());
    /// # Ok::<_, webhook_ratelimit_layer::RateLimitError>(())
    /// ```
    pub fn with_failure_cost(self, cost: u32) -> Result<Self, RateLimitError> {
        self.and_failure_cost(cost, None)
    }

    /// As [`with_failure_cost`](Self::with_failure_cost), for refusals from inside with one of these
    /// reasons.
    ///
    /// ```
    /// use webhook_core::Reason;
    /// use webhook_ratelimit_layer::RateLimitLayer;
    ///
    /// let reasons = [Reason::SignatureMismatch, Reason::BodyTooLarge];
    /// let layer = RateLimitLayer::per_network().with_failure_cost_for(9, reasons)?;
    /// # Ok::<_, webhook_ratelimit_layer::RateLimitError>(())
    /// ```
    pub fn with_failure_cost_for(
        self,
        cost: u32,
        reasons: impl IntoIterator<Item = Reason>,
    ) -> Result<Self, RateLimitError> {
        self.and_failure_cost(cost, Some(reasons.into_iter().collect()))
    }

    fn and_failure_cost(
        self,
        amount: u32,
        reasons: Option<Arc<[Reason]>>,
    ) -> Result<Self, RateLimitError> {
        if !self.plan.limits().any(Limit::counts_deliveries_by_network) {
            return Err(RateLimitErrorKind::NoNetworkQuota.into());
        }
        let cost = (amount > 0).then_some(FailureCost { amount, reasons });
        Ok(self.planned(|plan| plan.failure_cost = cost))
    }

    /// The same layer with another plan, and buckets of its own.
    fn planned(mut self, change: impl FnOnce(&mut Plan)) -> Self {
        change(&mut self.plan);
        self.judge = Arc::default();
        self
    }

    /// Caps how many keys have a bucket of their own, rounded down to a multiple of 8; by default
    /// 65,536. Each takes 20 bytes, all of them from the start. Each quota has as many.
    ///
    /// A key needs its place until its bucket is full again: `period / count` for each delivery that
    /// it sent. So whoever sends `r` requests a second in all, from however many addresses, holds at
    /// most `r * period / count` places; at 600 a minute it takes 650,000 requests a second to hold
    /// 65,536. Where a key finds no place, it shares a bucket with others like it and is limited
    /// sooner; a key that has a place never notices, and none that is limited is ever forgotten.
    ///
    /// A cap under 8 or over 2^24 is an error.
    ///
    /// ```
    /// use webhook_ratelimit_layer::RateLimitLayer;
    ///
    /// assert!(RateLimitLayer::per_network().with_capacity(1 << 20).is_ok());
    /// assert!(RateLimitLayer::per_network().with_capacity(0).is_err());
    /// ```
    pub fn with_capacity(self, keys: usize) -> Result<Self, RateLimitError> {
        if (RateLimitLayer::MIN_CAPACITY..=RateLimitLayer::MAX_CAPACITY).contains(&keys) {
            Ok(self.planned(|plan| plan.capacity = keys))
        } else {
            Err(RateLimitErrorKind::InvalidCapacity(keys).into())
        }
    }

    /// Sets how verified senders are told of their quota; by default the fields of the current draft.
    ///
    /// ```
    /// use webhook_ratelimit_layer::{HeaderStyle, RateLimitLayer};
    ///
    /// let layer = RateLimitLayer::per_endpoint().with_headers(HeaderStyle::None);
    /// ```
    #[must_use]
    pub fn with_headers(self, headers: HeaderStyle) -> Self {
        self.planned(|plan| plan.headers = headers)
    }

    /// Sets where the time comes from; by default the system.
    ///
    /// ```
    /// use webhook_core::{Clock, Timestamp};
    /// use webhook_ratelimit_layer::RateLimitLayer;
    ///
    /// let (clock, hands) = Clock::manual(Timestamp::from_unix_seconds(1_700_000_000));
    /// let layer = RateLimitLayer::per_network().with_clock(clock);
    /// ```
    #[must_use]
    pub fn with_clock(self, clock: Clock) -> Self {
        self.planned(|plan| plan.clock = clock)
    }

    /// Shadow mode of all quotas: a request over its quota is recorded as such and let through, and
    /// nobody is told of a quota. Off by default. For one quota alone, see
    /// [`and_insecure_shadow_quota`](Self::and_insecure_shadow_quota).
    ///
    /// ```
    /// use webhook_ratelimit_layer::RateLimitLayer;
    ///
    /// let layer = RateLimitLayer::per_network().with_insecure_shadow(true);
    /// ```
    #[must_use]
    pub fn with_insecure_shadow(self, shadow: bool) -> Self {
        self.planned(|plan| plan.is_shadow = shadow)
    }

    /// Sets the policy that words a refusal; by default [`Problem`].
    ///
    /// ```
    /// use http::{Response, StatusCode, request::Parts};
    /// use webhook_core::Rejection;
    /// use webhook_ratelimit_layer::RateLimitLayer;
    ///
    /// let layer = RateLimitLayer::per_network().with_rejection(|rejection: &Rejection, _: &Parts| {
    ///     let mut response = Response::new("too often".to_owned());
    ///     *response.status_mut() = rejection.code().status();
    ///     response
    /// });
    /// ```
    #[must_use]
    pub fn with_rejection<Q>(self, rejection: Q) -> RateLimitLayer<Q> {
        RateLimitLayer {
            plan: self.plan,
            rejection,
            judge: self.judge,
        }
    }

    /// The name of the quota; where the layer holds several, of the first one.
    #[must_use]
    pub fn name(&self) -> &str {
        self.plan.first.name.as_str()
    }

    /// The quota, or that of requests whose endpoint has none; where the layer holds several, the
    /// first one. `None` where only endpoints have one.
    #[must_use]
    pub fn quota(&self) -> Option<Quota> {
        let quota = self.plan.first.quota.load(&Extensions::new())?;
        Some(*quota)
    }

    /// What the quota counts by; where the layer holds several, the first one.
    #[must_use]
    pub const fn key(&self) -> &Key {
        &self.plan.first.key
    }

    /// Looks into this layer's buckets, and resets them, beside the service; see
    /// [`RateLimitHandle`]. Take it once the layer is set up, for a setter starts afresh.
    #[must_use]
    pub fn handle(&self) -> RateLimitHandle {
        RateLimitHandle::new(Arc::clone(self.judge()))
    }

    /// The heap that this layer's buckets take, in bytes: the same before and after any number of
    /// keys.
    #[must_use]
    pub fn table_bytes(&self) -> usize {
        let rules = self.judge().rules.iter();
        rules.map(crate::rule::Rule::table_bytes).sum()
    }

    fn judge(&self) -> &Arc<Judge> {
        self.judge.get_or_init(|| Arc::new(self.plan.judge()))
    }
}

impl<S, R: Clone> Layer<S> for RateLimitLayer<R> {
    type Service = RateLimit<S, R>;

    fn layer(&self, inner: S) -> Self::Service {
        RateLimit::new(inner, Arc::clone(self.judge()), self.rejection.clone())
    }
}

impl<R: Clone> Clone for RateLimitLayer<R> {
    fn clone(&self) -> Self {
        Self {
            plan: self.plan.clone(),
            rejection: self.rejection.clone(),
            judge: Arc::clone(&self.judge),
        }
    }
}

impl<R> fmt::Debug for RateLimitLayer<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RateLimitLayer")
            .field("plan", &self.plan)
            .finish_non_exhaustive()
    }
}
