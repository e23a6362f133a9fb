mod scale;
mod unit;

use std::time::Duration;

use self::scale::{scale, scale_up};
pub use self::unit::Unit;
use crate::{RateLimitError, RateLimitErrorKind};

/// How much may come in which time, and how much of it at once.
///
/// # Units and algorithms
///
/// | made by | counts | algorithm |
/// |---|---|---|
/// | [`per_second`](Self::per_second), [`per_minute`](Self::per_minute), [`per_period`](Self::per_period) | deliveries | a bucket that fills up evenly |
/// | [`bytes_per_second`](Self::bytes_per_second), [`bytes_per_minute`](Self::bytes_per_minute), [`bytes_per_period`](Self::bytes_per_period) | bytes of bodies | the same |
/// | either, then [`with_fixed_windows`](Self::with_fixed_windows) | the same | a count that starts afresh at each boundary |
/// | [`concurrent`](Self::concurrent) | deliveries in flight at once | permits |
///
/// **A bucket that fills up evenly** ([GCRA](https://en.wikipedia.org/wiki/Generic_cell_rate_algorithm))
/// holds [`burst`](Self::burst) and gains one each `period / count`. So in any stretch of time `t`
/// at most `burst + t * count / period` passes, and there is no boundary at which the count starts
/// afresh. What a delivery costs is rounded up to whole nanoseconds: never more passes than was
/// asked for. This is the default.
///
/// **Bytes** are those that the body declares before it is read, and the real ones where a layer
/// outside, such as the one that verifies, has buffered it. An empty body counts as one byte. A
/// body that does not declare its size counts as [`undeclared_size`](Self::undeclared_size). A
/// delivery that is larger than the burst can never pass and gets 413, not 429.
///
/// **Permits** are given back when the head of the response is there, or the request is given up.
///
/// # Limits
///
/// Counts and bursts of deliveries are 1 to 2^32 - 1, of bytes 1 to 2^63 - 1; the period is
/// [1 ms](Self::MIN_PERIOD) to [31 days](Self::MAX_PERIOD), and a burst must come back within 31
/// days. In fixed windows at most one for each nanosecond can come.
///
/// ```
/// use std::time::Duration;
/// use webhook_ratelimit_layer::Quota;
///
/// let quota = Quota::per_minute(100)?.with_burst(300)?;
/// assert_eq!((quota.count(), quota.period(), quota.burst()), (100, Duration::from_secs(60), 300));
///
/// let error = Quota::per_minute(0).unwrap_err();
/// assert!(error.to_string().starts_with("a quota of 0 refuses everybody"));
/// # Ok::<_, webhook_ratelimit_layer::RateLimitError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Quota {
    unit: Unit,
    pace: Pace,
    count: u64,
    burst: u64,
    undeclared_size: u64,
    /// All times in nanoseconds.
    period: u64,
    /// What one takes out of the bucket, rounded up.
    one: u64,
    /// What the burst takes out of the bucket: all that it holds.
    capacity: u64,
}

/// How a bucket fills up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Pace {
    Even,
    Windows,
}

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

impl Quota {
    /// The shortest period: 1 ms.
    pub const MIN_PERIOD: Duration = Duration::from_millis(1);
    /// The longest period: 31 days.
    pub const MAX_PERIOD: Duration = Duration::from_secs(31 * 24 * 60 * 60);
    /// The most bytes that a quota or a burst can be: 2^63 - 1.
    pub const MAX_BYTES: u64 = i64::MAX.cast_unsigned();
    /// What a body counts that does not declare its size, unless it is said otherwise: 1 MiB.
    pub const DEFAULT_UNDECLARED_SIZE: u64 = 1024 * 1024;

    /// 600 a minute: the default for one client network, before anything is verified.
    pub(crate) const PER_NETWORK: Self = Self::minutely(600);
    /// 100 a minute: the default for one verified endpoint.
    pub(crate) const PER_ENDPOINT: Self = Self::minutely(100);

    const fn minutely(count: u64) -> Self {
        let one = nanos(MINUTE).div_ceil(count);
        Self {
            unit: Unit::Requests,
            pace: Pace::Even,
            count,
            burst: count,
            undeclared_size: Self::DEFAULT_UNDECLARED_SIZE,
            period: nanos(MINUTE),
            one,
            capacity: one.saturating_mul(count),
        }
    }

    /// `count` deliveries a second, all of them at once if they come so.
    ///
    /// A `count` of 0 is an error.
    pub fn per_second(count: u32) -> Result<Self, RateLimitError> {
        Self::per_period(count, SECOND)
    }

    /// `count` deliveries a minute, all of them at once if they come so.
    ///
    /// A `count` of 0 is an error.
    pub fn per_minute(count: u32) -> Result<Self, RateLimitError> {
        Self::per_period(count, MINUTE)
    }

    /// `count` deliveries in each `period`, all of them at once if they come so.
    ///
    /// A `count` of 0 is an error, and so is a period under 1 ms or over 31 days.
    ///
    /// ```
    /// use std::time::Duration;
    /// use webhook_ratelimit_layer::Quota;
    ///
    /// let a_day = Duration::from_secs(24 * 60 * 60);
    /// assert!(Quota::per_period(1000, a_day).is_ok());
    /// let error = Quota::per_period(1000, 32 * a_day).unwrap_err();
    /// assert!(error.to_string().ends_with("is too long; give 1 ms to 31 days"));
    /// ```
    pub fn per_period(count: u32, period: Duration) -> Result<Self, RateLimitError> {
        Self::new(Unit::Requests, count.into(), period)
    }

    /// `bytes` of bodies a second, all of them at once if they come so. Errors as
    /// [`bytes_per_period`](Self::bytes_per_period).
    pub fn bytes_per_second(bytes: u64) -> Result<Self, RateLimitError> {
        Self::bytes_per_period(bytes, SECOND)
    }

    /// `bytes` of bodies a minute, all of them at once if they come so. Errors as
    /// [`bytes_per_period`](Self::bytes_per_period).
    pub fn bytes_per_minute(bytes: u64) -> Result<Self, RateLimitError> {
        Self::bytes_per_period(bytes, MINUTE)
    }

    /// `bytes` of bodies in each `period`, all of them at once if they come so.
    ///
    /// 0 bytes or more than 2^63 - 1 are an error, and so is a period under 1 ms or over 31 days.
    ///
    /// ```
    /// use webhook_ratelimit_layer::{Quota, Unit};
    ///
    /// let quota = Quota::bytes_per_minute(50 << 20)?.with_burst(100 << 20)?;
    /// assert_eq!((quota.unit(), quota.count()), (Unit::Bytes, 50 << 20));
    /// # Ok::<_, webhook_ratelimit_layer::RateLimitError>(())
    /// ```
    pub fn bytes_per_period(bytes: u64, period: Duration) -> Result<Self, RateLimitError> {
        if bytes > Self::MAX_BYTES {
            return Err(RateLimitErrorKind::CountTooLarge {
                count: bytes,
                largest: Self::MAX_BYTES,
            }
            .into());
        }
        Self::new(Unit::Bytes, bytes, period)
    }

    /// At most `count` deliveries in flight at once; it has no period. A `count` of 0 is an error.
    ///
    /// A delivery is in flight from its head to the head of the response. One that is refused is
    /// told to come back after a second: nobody can know when a permit will be given back.
    ///
    /// ```
    /// use webhook_ratelimit_layer::{Key, Quota, RateLimitLayer};
    ///
    /// let quota = Quota::concurrent(20)?;
    /// let layer = RateLimitLayer::per_network().and_quota("in-flight", Key::network(), quota)?;
    /// # Ok::<_, webhook_ratelimit_layer::RateLimitError>(())
    /// ```
    pub fn concurrent(count: u32) -> Result<Self, RateLimitError> {
        Self::new(Unit::Concurrent, count.into(), SECOND)
    }

    fn new(unit: Unit, count: u64, period: Duration) -> Result<Self, RateLimitError> {
        if count == 0 {
            return Err(RateLimitErrorKind::ZeroQuota.into());
        }
        if period < Self::MIN_PERIOD {
            return Err(RateLimitErrorKind::PeriodTooShort(period).into());
        }
        if period > Self::MAX_PERIOD {
            return Err(RateLimitErrorKind::PeriodTooLong(period).into());
        }
        let period = nanos(period);
        let quota = Self {
            unit,
            pace: Pace::Even,
            count,
            burst: count,
            undeclared_size: Self::DEFAULT_UNDECLARED_SIZE,
            period,
            one: period.div_ceil(count),
            capacity: 0,
        };
        Ok(Self {
            capacity: quota.cost(count),
            ..quota
        })
    }

    /// How much may come at once after a quiet time; by default the quota's `count`.
    ///
    /// A burst of 0 is an error, and so is one that takes more than 31 days to come back. A fixed
    /// window and permits have no burst: for them it is an error too.
    pub fn with_burst(self, burst: u64) -> Result<Self, RateLimitError> {
        if burst == 0 {
            return Err(RateLimitErrorKind::ZeroBurst.into());
        }
        if self.pace == Pace::Windows || self.unit == Unit::Concurrent {
            return Err(RateLimitErrorKind::NoBurst.into());
        }
        let most = match self.unit {
            Unit::Bytes => Self::MAX_BYTES,
            Unit::Requests | Unit::Concurrent => u32::MAX.into(),
        };
        let in_time = scale(nanos(Self::MAX_PERIOD), self.count, self.period);
        let largest = most.min(in_time);
        if burst > largest {
            return Err(RateLimitErrorKind::BurstTooLarge { burst, largest }.into());
        }
        Ok(Self {
            burst,
            capacity: self.cost(burst),
            ..self
        })
    }

    /// Counts in windows that lie side by side, each as long as the period: at a boundary the count
    /// starts afresh. Boundaries are multiples of the period since 1970-01-01T00:00:00Z.
    ///
    /// **Twice the quota can come within a moment**, half of it just before a boundary and half just
    /// after. Without this setter no such moment exists; take fixed windows where a contract with the
    /// sender speaks of them. `Retry-After` tells the time to the boundary.
    ///
    /// The wall clock is read once, when the layer's table is made, and wall time goes on from there
    /// with the monotonic clock: setting the clock back never opens a window again. A quota with a
    /// burst of its own or of permits is an error, and so is more than one for each nanosecond.
    ///
    /// ```
    /// use webhook_ratelimit_layer::Quota;
    ///
    /// assert!(Quota::per_minute(100)?.with_fixed_windows().is_ok());
    /// let error = Quota::per_minute(100)?.with_burst(300)?.with_fixed_windows().unwrap_err();
    /// assert!(error.to_string().ends_with("leave out with_burst"));
    /// # Ok::<_, webhook_ratelimit_layer::RateLimitError>(())
    /// ```
    pub fn with_fixed_windows(self) -> Result<Self, RateLimitError> {
        if self.unit == Unit::Concurrent || self.burst != self.count {
            return Err(RateLimitErrorKind::NoBurst.into());
        }
        if self.count > self.period {
            return Err(RateLimitErrorKind::CountTooLarge {
                count: self.count,
                largest: self.period,
            }
            .into());
        }
        Ok(Self {
            pace: Pace::Windows,
            ..self
        })
    }

    /// What a body counts that does not declare its size, in bytes; by default 1 MiB, the family's
    /// limit on bodies. More than the burst counts as the burst. 0 is an error.
    ///
    /// It is the largest body that the receiver takes, so that whoever leaves the size out never
    /// pays less. The difference is not given back; behind a layer that buffers the body, the real
    /// size is known and counted.
    ///
    /// ```
    /// use webhook_ratelimit_layer::Quota;
    ///
    /// let quota = Quota::bytes_per_minute(50 << 20)?.with_undeclared_size(64 << 10)?;
    /// assert_eq!(quota.undeclared_size(), 64 << 10);
    /// # Ok::<_, webhook_ratelimit_layer::RateLimitError>(())
    /// ```
    pub fn with_undeclared_size(self, bytes: u64) -> Result<Self, RateLimitError> {
        if bytes == 0 {
            return Err(RateLimitErrorKind::ZeroSize.into());
        }
        Ok(Self {
            undeclared_size: bytes,
            ..self
        })
    }

    /// What is counted.
    #[must_use]
    pub const fn unit(&self) -> Unit {
        self.unit
    }

    /// Whether the quota counts in fixed windows.
    #[must_use]
    pub const fn has_fixed_windows(&self) -> bool {
        matches!(self.pace, Pace::Windows)
    }

    /// How much may come in one [`period`](Self::period), or be in flight at once.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// The time in which [`count`](Self::count) may come. It says nothing of permits.
    #[must_use]
    pub const fn period(&self) -> Duration {
        Duration::from_nanos(self.period)
    }

    /// How much may come at once after a quiet time.
    #[must_use]
    pub const fn burst(&self) -> u64 {
        self.burst
    }

    /// What a body counts that does not declare its size.
    #[must_use]
    pub const fn undeclared_size(&self) -> u64 {
        if self.undeclared_size < self.burst {
            self.undeclared_size
        } else {
            self.burst
        }
    }

    /// Whether the other one is told to senders in the same words: all but how it is counted.
    #[inline]
    pub(crate) fn has_same_policy(&self, other: &Self) -> bool {
        self.unit == other.unit
            && self.count == other.count
            && self.burst == other.burst
            && self.period == other.period
    }

    pub(crate) const fn pace(&self) -> Pace {
        self.pace
    }

    pub(crate) const fn period_nanos(&self) -> u64 {
        self.period
    }

    /// What a full bucket holds, in nanoseconds.
    pub(crate) const fn capacity(&self) -> u64 {
        self.capacity
    }

    /// What `amount` takes out of the bucket, in nanoseconds, rounded up.
    #[inline]
    pub(crate) fn cost(&self, amount: u64) -> u64 {
        match self.unit {
            Unit::Bytes => scale_up(amount, self.period, self.count),
            // Each delivery is rounded up, so that any number of them costs the same in any order.
            Unit::Requests | Unit::Concurrent => self.one.saturating_mul(amount),
        }
    }

    /// How much can be had for so many nanoseconds.
    pub(crate) fn worth(&self, nanos: u64) -> u64 {
        match self.unit {
            Unit::Bytes => scale(nanos, self.count, self.period).min(self.burst),
            Unit::Requests | Unit::Concurrent => nanos.checked_div(self.one).unwrap_or(0),
        }
    }

    /// Quotas of one kind read each other's buckets: a changed rate or burst forgets nothing. A
    /// change of the unit, of the algorithm or of a window's length starts afresh.
    pub(crate) const fn kind(&self) -> u64 {
        let unit = self.unit as u64;
        match self.pace {
            Pace::Even => unit,
            Pace::Windows => self.period << 3 | 4 | unit,
        }
    }
}

/// At most 31 days, which is 2.7e15 ns.
#[allow(clippy::cast_possible_truncation)]
const fn nanos(time: Duration) -> u64 {
    time.as_nanos() as u64
}

#[cfg(test)]
mod tests;
