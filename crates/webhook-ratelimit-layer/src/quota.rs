use std::{num::NonZeroU32, time::Duration};

use crate::{RateLimitError, RateLimitErrorKind};

/// How many deliveries may come in which time, and how many of them at once.
///
/// A quota is a bucket of [`burst`](Self::burst) deliveries that fills up evenly, one delivery
/// each `period / count` ([GCRA](https://en.wikipedia.org/wiki/Generic_cell_rate_algorithm)). So
/// in any stretch of time `t` at most `burst + t * count / period` deliveries pass, and there is
/// no boundary at which the count starts afresh. The time between two deliveries is rounded up to
/// whole nanoseconds: never more passes than was asked for.
///
/// # Limits
///
/// `count` and `burst` are 1 to 2^32 - 1; the period is [1 ms](Self::MIN_PERIOD) to
/// [31 days](Self::MAX_PERIOD), and a burst must come back within 31 days.
///
/// ```
/// use std::time::Duration;
/// use webhook_ratelimit_layer::Quota;
///
/// let quota = Quota::per_minute(100)?.with_burst(300)?;
/// assert_eq!((quota.count(), quota.period(), quota.burst()), (100, Duration::from_secs(60), 300));
///
/// let error = Quota::per_minute(0).unwrap_err();
/// assert!(error.to_string().starts_with("a quota of 0 deliveries refuses everybody"));
/// # Ok::<_, webhook_ratelimit_layer::RateLimitError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Quota {
    count: NonZeroU32,
    period: Duration,
    burst: NonZeroU32,
}

impl Quota {
    /// The shortest period: 1 ms.
    pub const MIN_PERIOD: Duration = Duration::from_millis(1);
    /// The longest period: 31 days.
    pub const MAX_PERIOD: Duration = Duration::from_secs(31 * 24 * 60 * 60);

    /// 600 a minute: the default for one client network, before anything is verified.
    pub(crate) const PER_NETWORK: Self = Self::minutely(NonZeroU32::MIN.saturating_add(599));
    /// 100 a minute: the default for one verified endpoint.
    pub(crate) const PER_ENDPOINT: Self = Self::minutely(NonZeroU32::MIN.saturating_add(99));

    const fn minutely(count: NonZeroU32) -> Self {
        Self {
            count,
            period: Duration::from_secs(60),
            burst: count,
        }
    }

    /// `count` deliveries a second, all of them at once if they come so.
    ///
    /// A `count` of 0 is an error.
    pub fn per_second(count: u32) -> Result<Self, RateLimitError> {
        Self::per_period(count, Duration::from_secs(1))
    }

    /// `count` deliveries a minute, all of them at once if they come so.
    ///
    /// A `count` of 0 is an error.
    pub fn per_minute(count: u32) -> Result<Self, RateLimitError> {
        Self::per_period(count, Duration::from_secs(60))
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
        let count =
            NonZeroU32::new(count).ok_or(RateLimitError::new(RateLimitErrorKind::ZeroQuota))?;
        if period < Self::MIN_PERIOD {
            return Err(RateLimitError::new(RateLimitErrorKind::PeriodTooShort(
                period,
            )));
        }
        if period > Self::MAX_PERIOD {
            return Err(RateLimitError::new(RateLimitErrorKind::PeriodTooLong(
                period,
            )));
        }
        Ok(Self {
            count,
            period,
            burst: count,
        })
    }

    /// How many deliveries may come at once after a quiet time; by default the quota's `count`.
    ///
    /// A burst of 0 is an error, and so is one that takes more than 31 days to come back.
    pub fn with_burst(mut self, burst: u32) -> Result<Self, RateLimitError> {
        self.burst =
            NonZeroU32::new(burst).ok_or(RateLimitError::new(RateLimitErrorKind::ZeroBurst))?;
        let largest =
            Self::MAX_PERIOD.as_nanos() * u128::from(self.count.get()) / self.period.as_nanos();
        match u32::try_from(largest) {
            Ok(largest) if burst > largest => {
                Err(RateLimitError::new(RateLimitErrorKind::BurstTooLarge {
                    burst,
                    largest,
                }))
            }
            _ => Ok(self),
        }
    }

    /// How many deliveries may come in one [`period`](Self::period).
    #[must_use]
    pub const fn count(&self) -> u32 {
        self.count.get()
    }

    /// The time in which [`count`](Self::count) deliveries may come.
    #[must_use]
    pub const fn period(&self) -> Duration {
        self.period
    }

    /// How many deliveries may come at once after a quiet time.
    #[must_use]
    pub const fn burst(&self) -> u32 {
        self.burst.get()
    }

    /// The time in which the bucket gains one delivery, rounded up to whole nanoseconds.
    pub(crate) fn interval(&self) -> Duration {
        let nanos = self
            .period
            .as_nanos()
            .div_ceil(u128::from(self.count.get()));
        // At most 31 days, which is 2.7e15 ns.
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }

    /// The same quota in governor's terms.
    ///
    /// governor's own `per_second` rounds the interval down, and so lets a little too much pass.
    pub(crate) fn to_governor(self) -> governor::Quota {
        governor::Quota::with_period(self.interval())
            .unwrap_or(governor::Quota::per_hour(NonZeroU32::MIN))
            .allow_burst(self.burst)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Quota;
    use crate::RateLimitErrorKind;

    const DAY: Duration = Duration::from_secs(24 * 60 * 60);

    #[test]
    fn zero_is_refused_with_the_way_out() {
        let quota = Quota::per_second(0).unwrap_err();
        assert_eq!(quota.kind(), &RateLimitErrorKind::ZeroQuota);
        assert!(
            quota
                .to_string()
                .contains("use an empty allow-list or pause the endpoint")
        );
        let burst = Quota::per_second(1).unwrap().with_burst(0).unwrap_err();
        assert_eq!(burst.kind(), &RateLimitErrorKind::ZeroBurst);
    }

    #[test]
    fn periods_reach_from_a_millisecond_to_31_days() {
        assert!(Quota::per_period(1, Duration::from_millis(1)).is_ok());
        assert!(Quota::per_period(1, 31 * DAY).is_ok());
        for short in [Duration::ZERO, Duration::from_micros(999)] {
            let error = Quota::per_period(1, short).unwrap_err();
            assert_eq!(error.kind(), &RateLimitErrorKind::PeriodTooShort(short));
            assert!(
                error.to_string().contains("give 1 ms to 31 days"),
                "{error}"
            );
        }
        for long in [31 * DAY + Duration::from_nanos(1), Duration::MAX] {
            let error = Quota::per_period(1, long).unwrap_err();
            assert_eq!(error.kind(), &RateLimitErrorKind::PeriodTooLong(long));
            assert!(
                error.to_string().contains("give 1 ms to 31 days"),
                "{error}"
            );
        }
    }

    #[test]
    fn a_burst_must_come_back_within_31_days() {
        let daily = Quota::per_period(2, DAY).unwrap();
        assert!(daily.with_burst(62).is_ok());
        let error = daily.with_burst(63).unwrap_err();
        assert!(error.to_string().contains("give at most 62"), "{error}");
        assert!(Quota::per_period(u32::MAX, Duration::from_millis(1)).is_ok());
        assert!(
            Quota::per_second(1000)
                .unwrap()
                .with_burst(u32::MAX)
                .is_err()
        );
    }

    #[test]
    fn the_interval_is_rounded_up() {
        let interval = |count| Quota::per_second(count).unwrap().interval().as_nanos();
        assert_eq!(interval(3), 333_333_334);
        assert_eq!(interval(1000), 1_000_000);
        assert_eq!(interval(u32::MAX), 1);
    }
}
