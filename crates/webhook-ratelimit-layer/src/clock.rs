use webhook_core::{Clock, Facts, Ticks, Timestamp};

/// What the timer says when it is started, 18 years: so far the clock may step back.
const START: u64 = 1 << 59;

/// The latest time that is told to a quota, 146 years, so that its sums never overflow.
const END: u64 = 1 << 62;

/// The family's monotonic clock, and what the wall clock said when it was started.
///
/// Wall time goes on from there at the monotonic clock's pace: a wall clock that is set back or
/// ahead neither gives a window twice nor takes one away, and one look at one clock is enough.
#[derive(Clone, Debug)]
pub(crate) struct Timer {
    clock: Clock,
    start: Ticks,
    epoch: i64,
}

impl Timer {
    pub(crate) fn start(clock: Clock) -> Self {
        Self {
            start: clock.ticks(),
            epoch: unix_nanos(clock.now()).saturating_sub(START.cast_signed()),
            clock,
        }
    }

    pub(crate) fn now(&self) -> Moment {
        self.moment(self.clock.ticks())
    }

    /// The latest time that the request's record knows by the same clock, which saves a look at it.
    /// It was read when the head came, and once more when the body was verified.
    pub(crate) fn known(&self, facts: Option<&Facts>) -> Option<Moment> {
        let known = facts?.record().latest(&self.clock)?;
        Some(self.moment(known))
    }

    fn moment(&self, ticks: Ticks) -> Moment {
        let ticks = ticks.as_nanos().saturating_add(START);
        Moment {
            ticks: ticks.saturating_sub(self.start.as_nanos()).min(END),
            epoch: self.epoch,
        }
    }
}

/// Nanoseconds since 1970, from 1824 to 2116; another time is taken for the nearest of these.
fn unix_nanos(time: Timestamp) -> i64 {
    const FAR: i64 = 1 << 62;
    let seconds = time.unix_seconds().saturating_mul(1_000_000_000);
    let nanos = seconds.saturating_add(time.subsecond_nanos().into());
    nanos.clamp(-FAR, FAR)
}

/// A point in time, in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Moment {
    pub(crate) ticks: u64,
    /// Where the ticks began, in nanoseconds since 1970.
    epoch: i64,
}

impl Moment {
    /// The latest boundary of windows of this length, counted from 1970, that is not after `ticks`.
    pub(crate) const fn boundary(self, ticks: u64, window: u64) -> u64 {
        let wall = self.epoch.saturating_add_unsigned(ticks);
        match wall.checked_rem_euclid(window.cast_signed()) {
            Some(into) => ticks.saturating_sub(into.cast_unsigned()),
            None => ticks,
        }
    }

    /// The first boundary after now.
    pub(crate) const fn next_boundary(self, window: u64) -> u64 {
        self.boundary(self.ticks, window).saturating_add(window)
    }
}
