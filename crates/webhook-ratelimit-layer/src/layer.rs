use std::{
    fmt,
    sync::{Arc, OnceLock},
};

use tower_layer::Layer;
use webhook_core::{Clock, Name, Problem};

use crate::{
    HeaderStyle, Key, Quota, RateLimit, RateLimitError, RateLimitErrorKind, diagnosis::Diagnoses,
    fields::Fields, judge::Judge, limiter::Limiter,
};

/// Limits how often deliveries may come; see the [crate's page](crate).
///
/// All services that one layer makes share its buckets, and so do the layer's clones: a router that
/// applies the layer to each of its routes still has one quota. A setter starts afresh with buckets
/// of its own. The table of buckets is made with the first service.
pub struct RateLimitLayer<R = Problem> {
    name: Name,
    key: Key,
    quota: Quota,
    capacity: usize,
    headers: HeaderStyle,
    clock: Clock,
    shadow: bool,
    rejection: R,
    judge: Arc<OnceLock<Arc<Judge>>>,
}

impl RateLimitLayer {
    /// The fewest keys that a table can be capped at: 8.
    pub const MIN_CAPACITY: usize = 8;
    /// The most keys that a table can be capped at: 2^24, which take 288 MiB.
    pub const MAX_CAPACITY: usize = 1 << 24;
    /// The cap on keys unless another is given: 65,536, which take 1.2 MiB.
    pub const DEFAULT_CAPACITY: usize = 1 << 16;

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
    pub fn new(name: impl Into<Name>, key: Key, quota: Quota) -> Result<Self, RateLimitError> {
        let name = name.into();
        if is_plain(name.as_str()) {
            Ok(Self::from_parts(name, key, quota))
        } else {
            let name = name.as_str().to_owned();
            Err(RateLimitError::new(RateLimitErrorKind::InvalidName(name)))
        }
    }

    /// For the outside of the stack, before anything is verified: 600 deliveries a minute for each
    /// client network. Its name is `network`.
    #[must_use]
    pub fn per_network() -> Self {
        Self::from_parts(
            Name::from_static("network"),
            Key::network(),
            Quota::PER_NETWORK,
        )
    }

    /// For the inside of the layer that verifies: 100 deliveries a minute for each verified
    /// endpoint. Its name is `endpoint`.
    #[must_use]
    pub fn per_endpoint() -> Self {
        Self::from_parts(
            Name::from_static("endpoint"),
            Key::endpoint(),
            Quota::PER_ENDPOINT,
        )
    }

    fn from_parts(name: Name, key: Key, quota: Quota) -> Self {
        Self {
            name,
            key,
            quota,
            capacity: Self::DEFAULT_CAPACITY,
            headers: HeaderStyle::default(),
            clock: Clock::system(),
            shadow: false,
            rejection: Problem::default(),
            judge: Arc::default(),
        }
    }
}

impl<R> RateLimitLayer<R> {
    /// Sets the quota.
    ///
    /// ```
    /// use webhook_ratelimit_layer::{Quota, RateLimitLayer};
    ///
    /// let quota = Quota::per_minute(600)?.with_burst(1200)?;
    /// let layer = RateLimitLayer::per_network().with_quota(quota);
    /// # Ok::<_, webhook_ratelimit_layer::RateLimitError>(())
    /// ```
    #[must_use]
    pub fn with_quota(self, quota: Quota) -> Self {
        Self {
            quota,
            judge: Arc::default(),
            ..self
        }
    }

    /// Caps how many keys have a bucket of their own, rounded down to a multiple of 8; by default
    /// 65,536. Each takes 18 bytes, all of them from the start.
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
            Ok(Self {
                capacity: keys,
                judge: Arc::default(),
                ..self
            })
        } else {
            Err(RateLimitError::new(RateLimitErrorKind::InvalidCapacity(
                keys,
            )))
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
        Self {
            headers,
            judge: Arc::default(),
            ..self
        }
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
        Self {
            clock,
            judge: Arc::default(),
            ..self
        }
    }

    /// Shadow mode: a request over its quota is recorded as such and let through, and nobody is told
    /// of a quota. Off by default.
    ///
    /// ```
    /// use webhook_ratelimit_layer::RateLimitLayer;
    ///
    /// let layer = RateLimitLayer::per_network().with_insecure_shadow(true);
    /// ```
    #[must_use]
    pub fn with_insecure_shadow(self, shadow: bool) -> Self {
        Self {
            shadow,
            judge: Arc::default(),
            ..self
        }
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
        let Self {
            name,
            key,
            quota,
            capacity,
            headers,
            clock,
            shadow,
            judge,
            ..
        } = self;
        RateLimitLayer {
            name,
            key,
            quota,
            capacity,
            headers,
            clock,
            shadow,
            rejection,
            judge,
        }
    }

    /// The name of the quota.
    #[must_use]
    pub fn name(&self) -> &str {
        self.name.as_str()
    }

    /// The quota.
    #[must_use]
    pub const fn quota(&self) -> Quota {
        self.quota
    }

    /// What the quota counts by.
    #[must_use]
    pub const fn key(&self) -> &Key {
        &self.key
    }

    /// The heap that this layer's buckets take, in bytes: the same before and after any number of
    /// keys.
    #[must_use]
    pub fn table_bytes(&self) -> usize {
        self.judge().limiter.table_bytes()
    }

    fn judge(&self) -> &Arc<Judge> {
        self.judge.get_or_init(|| {
            Arc::new(Judge {
                name: self.name.clone(),
                key: self.key.clone(),
                limiter: Limiter::new(self.quota, self.capacity, self.clock.clone()),
                fields: Fields::new(self.headers, self.name.as_str(), self.quota),
                interval: self.quota.interval(),
                shadow: self.shadow,
                diagnoses: Diagnoses::default(),
            })
        })
    }
}

/// Whether a name can stand in a String of RFC 9651, a record and a metric's label as it is.
fn is_plain(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
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
            name: self.name.clone(),
            key: self.key.clone(),
            quota: self.quota,
            capacity: self.capacity,
            headers: self.headers,
            clock: self.clock.clone(),
            shadow: self.shadow,
            rejection: self.rejection.clone(),
            judge: Arc::clone(&self.judge),
        }
    }
}

impl<R> fmt::Debug for RateLimitLayer<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RateLimitLayer")
            .field("name", &self.name)
            .field("key", &self.key)
            .field("quota", &self.quota)
            .field("capacity", &self.capacity)
            .field("headers", &self.headers)
            .field("shadow", &self.shadow)
            .finish_non_exhaustive()
    }
}
