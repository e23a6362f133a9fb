use std::{error::Error, fmt, time::Duration};

/// A quota or a layer that was configured with values that cannot work.
///
/// Its text says what is wrong and what to write instead. It is never the answer to a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RateLimitError {
    kind: RateLimitErrorKind,
}

/// What is wrong with a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RateLimitErrorKind {
    /// A quota of 0 deliveries.
    ZeroQuota,
    /// A burst of 0 deliveries.
    ZeroBurst,
    /// A period shorter than [`Quota::MIN_PERIOD`](crate::Quota::MIN_PERIOD).
    PeriodTooShort(Duration),
    /// A period longer than [`Quota::MAX_PERIOD`](crate::Quota::MAX_PERIOD).
    PeriodTooLong(Duration),
    /// A burst that takes longer than [`Quota::MAX_PERIOD`](crate::Quota::MAX_PERIOD) to come back.
    BurstTooLarge {
        /// The burst asked for.
        burst: u32,
        /// The largest burst that this rate can give back in time.
        largest: u32,
    },
    /// A name that cannot stand in a header field or a record as it is.
    InvalidName(String),
    /// A cap on keys outside [`RateLimitLayer::MIN_CAPACITY`](crate::RateLimitLayer::MIN_CAPACITY)
    /// to [`RateLimitLayer::MAX_CAPACITY`](crate::RateLimitLayer::MAX_CAPACITY).
    InvalidCapacity(usize),
}

impl RateLimitError {
    pub(crate) const fn new(kind: RateLimitErrorKind) -> Self {
        Self { kind }
    }

    /// What is wrong.
    #[must_use]
    pub const fn kind(&self) -> &RateLimitErrorKind {
        &self.kind
    }
}

impl fmt::Display for RateLimitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            RateLimitErrorKind::ZeroQuota => f.write_str(
                "a quota of 0 deliveries refuses everybody; give at least 1, and to refuse \
                 everybody use an empty allow-list or pause the endpoint",
            ),
            RateLimitErrorKind::ZeroBurst => f.write_str(
                "a burst of 0 deliveries refuses everybody; give at least 1, or leave the burst \
                 out to have it equal the quota",
            ),
            RateLimitErrorKind::PeriodTooShort(period) => write!(
                f,
                "a quota's period of {period:?} is too short; give 1 ms to 31 days, for instance \
                 Quota::per_second",
            ),
            RateLimitErrorKind::PeriodTooLong(period) => write!(
                f,
                "a quota's period of {period:?} is too long; give 1 ms to 31 days",
            ),
            RateLimitErrorKind::BurstTooLarge { burst, largest } => write!(
                f,
                "a burst of {burst} takes more than 31 days to come back at this rate; give at \
                 most {largest}, or raise the rate",
            ),
            RateLimitErrorKind::InvalidName(name) => write!(
                f,
                "the quota name {name:?} is not 1 to 64 of the characters a-z, A-Z, 0-9, '-', \
                 '_', '.'; give a short plain name such as \"endpoint\"",
            ),
            RateLimitErrorKind::InvalidCapacity(capacity) => write!(
                f,
                "a cap of {capacity} keys is out of range; give {} to {}",
                crate::RateLimitLayer::MIN_CAPACITY,
                crate::RateLimitLayer::MAX_CAPACITY,
            ),
        }
    }
}

impl Error for RateLimitError {}
