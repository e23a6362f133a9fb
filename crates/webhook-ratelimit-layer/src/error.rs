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
    /// A quota of 0.
    ZeroQuota,
    /// A burst of 0.
    ZeroBurst,
    /// Bodies of undeclared size counted as 0 bytes.
    ZeroSize,
    /// A quota that counts more than it can.
    CountTooLarge {
        /// The count asked for.
        count: u64,
        /// The largest count that such a quota can have.
        largest: u64,
    },
    /// A burst for a quota in fixed windows or of permits, or such a quota made of one with a burst.
    NoBurst,
    /// A period shorter than [`Quota::MIN_PERIOD`](crate::Quota::MIN_PERIOD).
    PeriodTooShort(Duration),
    /// A period longer than [`Quota::MAX_PERIOD`](crate::Quota::MAX_PERIOD).
    PeriodTooLong(Duration),
    /// A burst that takes longer than [`Quota::MAX_PERIOD`](crate::Quota::MAX_PERIOD) to come back.
    BurstTooLarge {
        /// The burst asked for.
        burst: u64,
        /// The largest burst that this rate can give back in time.
        largest: u64,
    },
    /// A name that cannot stand in a header field or a record as it is.
    InvalidName(String),
    /// A cap on keys outside [`RateLimitLayer::MIN_CAPACITY`](crate::RateLimitLayer::MIN_CAPACITY)
    /// to [`RateLimitLayer::MAX_CAPACITY`](crate::RateLimitLayer::MAX_CAPACITY).
    InvalidCapacity(usize),
    /// A second quota of this name in one layer.
    DuplicateName(String),
    /// More quotas in one layer than [`RateLimitLayer::MAX_QUOTAS`](crate::RateLimitLayer::MAX_QUOTAS).
    TooManyQuotas,
    /// Failures that cost extra, in a layer without a quota that they could be charged to.
    NoNetworkQuota,
}

impl RateLimitError {
    /// What is wrong.
    #[must_use]
    pub const fn kind(&self) -> &RateLimitErrorKind {
        &self.kind
    }
}

impl From<RateLimitErrorKind> for RateLimitError {
    fn from(kind: RateLimitErrorKind) -> Self {
        Self { kind }
    }
}

impl fmt::Display for RateLimitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind.fmt(f)
    }
}

impl Error for RateLimitError {}

impl fmt::Display for RateLimitErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ZeroQuota => f.write_str(
                "a quota of 0 refuses everybody; give at least 1, and to refuse everybody use an \
                 empty allow-list or pause the endpoint",
            ),
            Self::ZeroBurst => f.write_str(
                "a burst of 0 refuses everybody; give at least 1, or leave the burst out to have \
                 it equal the quota",
            ),
            Self::ZeroSize => f.write_str(
                "a body of undeclared size cannot count as 0 bytes, for then everybody would leave \
                 the size out; give the largest body that the receiver takes",
            ),
            Self::CountTooLarge { count, largest } => write!(
                f,
                "a quota of {count} is more than can be counted; give at most {largest}",
            ),
            Self::NoBurst => f.write_str(
                "fixed windows and permits have no burst beside their count; leave out with_burst",
            ),
            Self::PeriodTooShort(period) => write!(
                f,
                "a quota's period of {period:?} is too short; give 1 ms to 31 days, for instance \
                 Quota::per_second",
            ),
            Self::PeriodTooLong(period) => write!(
                f,
                "a quota's period of {period:?} is too long; give 1 ms to 31 days",
            ),
            Self::BurstTooLarge { burst, largest } => write!(
                f,
                "a burst of {burst} takes more than 31 days to come back at this rate, or is more \
                 than can be counted; give at most {largest}, or raise the rate",
            ),
            Self::InvalidName(name) => write!(
                f,
                "the quota name {name:?} is not 1 to 64 of the characters a-z, A-Z, 0-9, '-', \
                 '_', '.'; give a short plain name such as \"endpoint\"",
            ),
            Self::InvalidCapacity(capacity) => write!(
                f,
                "a cap of {capacity} keys is out of range; give {} to {}",
                crate::RateLimitLayer::MIN_CAPACITY,
                crate::RateLimitLayer::MAX_CAPACITY,
            ),
            Self::DuplicateName(name) => write!(
                f,
                "the layer has a quota {name:?} already; give each quota a name of its own",
            ),
            Self::TooManyQuotas => write!(
                f,
                "a layer holds at most {} quotas; put the others into a second layer",
                crate::RateLimitLayer::MAX_QUOTAS,
            ),
            Self::NoNetworkQuota => f.write_str(
                "failures are charged to quotas of deliveries by Key::network(), and this layer \
                 has none yet; add one first, or start from RateLimitLayer::per_network()",
            ),
        }
    }
}
