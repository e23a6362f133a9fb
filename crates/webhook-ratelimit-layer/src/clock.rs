use std::ops::Add;

use governor::{
    clock::{Clock as GovernorClock, Reference},
    nanos::Nanos,
};
use webhook_core::Clock;

/// The family's monotonic clock in governor's terms.
#[derive(Clone, Debug)]
pub(crate) struct Monotonic(pub(crate) Clock);

impl GovernorClock for Monotonic {
    type Instant = Moment;

    fn now(&self) -> Moment {
        Moment(self.0.ticks().as_nanos())
    }
}

/// A point in monotonic time, whose arithmetic saturates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Moment(u64);

/// The longest time that is told to governor: 146 years, so that its sums never overflow.
const FOREVER: u64 = u64::MAX / 4;

impl Reference for Moment {
    fn duration_since(&self, earlier: Self) -> Nanos {
        self.0.saturating_sub(earlier.0).min(FOREVER).into()
    }

    fn saturating_sub(&self, duration: Nanos) -> Self {
        Self(self.0.checked_sub(duration.as_u64()).unwrap_or(self.0))
    }
}

impl Add<Nanos> for Moment {
    type Output = Self;

    fn add(self, duration: Nanos) -> Self {
        Self(self.0.saturating_add(duration.as_u64()))
    }
}
