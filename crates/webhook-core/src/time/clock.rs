use std::{
    sync::{
        Arc, OnceLock,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
    time::{Duration, Instant, SystemTime},
};

use super::Timestamp;

/// A point in monotonic time: nanoseconds since some fixed point of this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Ticks(u64);

impl Ticks {
    /// A point `nanos` nanoseconds after the fixed point.
    #[must_use]
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// Nanoseconds since the fixed point.
    #[must_use]
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// How long after `earlier` this is; zero where it is not after it.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

/// A reading of a [`Clock`]'s monotonic time that nobody has counted yet.
///
/// To read the system's clock is 30 instructions, and to make a number of what it says is 80 more.
/// A thread that has no use for the number leaves them to the one that has.
#[derive(Clone, Copy, Debug)]
pub struct Moment(Reading);

#[derive(Clone, Copy, Debug)]
enum Reading {
    System(Instant),
    Manual(Ticks),
}

impl Moment {
    /// What [`Clock::ticks`] would have told then. One that was read before the first ticks of this
    /// process is told as if it were read with them.
    #[must_use]
    #[inline]
    pub fn ticks(self) -> Ticks {
        match self.0 {
            Reading::System(at) => system_ticks(at),
            Reading::Manual(ticks) => ticks,
        }
    }
}

/// Where the layers get the time from: the system's clock, or one that a test turns by hand.
///
/// ```
/// use std::time::Duration;
/// use webhook_core::{Clock, Timestamp};
///
/// let (clock, hands) = Clock::manual(Timestamp::from_unix_seconds(1_700_000_000));
/// hands.advance(Duration::from_secs(5));
/// assert_eq!(clock.now().unix_seconds(), 1_700_000_005);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Clock(Source);

#[derive(Clone, Debug, Default)]
enum Source {
    #[default]
    System,
    Manual(ManualClock),
}

impl Clock {
    /// The system's wall clock and its monotonic clock. This is the default.
    #[must_use]
    pub const fn system() -> Self {
        Self(Source::System)
    }

    /// A clock that stands still at `start` until its hands are moved.
    #[must_use]
    pub fn manual(start: Timestamp) -> (Self, ManualClock) {
        let hands = ManualClock::new(start);
        (Self(Source::Manual(hands.clone())), hands)
    }

    /// Whether the other one tells the same times: the system's both, or turned by the same hands.
    #[must_use]
    pub fn is(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Source::System, Source::System) => true,
            (Source::Manual(own), Source::Manual(other)) => Arc::ptr_eq(&own.0, &other.0),
            _ => false,
        }
    }

    /// The wall time.
    #[must_use]
    #[inline]
    pub fn now(&self) -> Timestamp {
        match &self.0 {
            Source::System => SystemTime::now().into(),
            Source::Manual(hands) => hands.wall(),
        }
    }

    /// The monotonic time, for durations.
    #[must_use]
    #[inline]
    pub fn ticks(&self) -> Ticks {
        self.moment().ticks()
    }

    /// The monotonic time, to be counted later and perhaps by another thread.
    ///
    /// ```
    /// use webhook_core::Clock;
    ///
    /// let clock = Clock::system();
    /// let before = clock.ticks();
    /// let moment = clock.moment();
    /// assert!(before <= moment.ticks() && moment.ticks() <= clock.ticks());
    /// ```
    #[must_use]
    #[inline]
    pub fn moment(&self) -> Moment {
        Moment(match &self.0 {
            Source::System => Reading::System(Instant::now()),
            Source::Manual(hands) => Reading::Manual(Ticks(hands.0.ticks.load(Ordering::Acquire))),
        })
    }
}

fn system_ticks(at: Instant) -> Ticks {
    // One second in hand, so that a cell that looks back a little never meets zero.
    const IN_HAND: u64 = 1_000_000_000;
    static START: OnceLock<Instant> = OnceLock::new();
    let elapsed = at.saturating_duration_since(*START.get_or_init(|| at));
    // 64 bits of nanoseconds last for 584 years.
    let seconds = elapsed.as_secs().saturating_mul(1_000_000_000);
    Ticks(
        seconds
            .saturating_add(elapsed.subsec_nanos().into())
            .saturating_add(IN_HAND),
    )
}

/// The hands of a manual [`Clock`].
#[derive(Clone, Debug)]
pub struct ManualClock(Arc<Hands>);

#[derive(Debug)]
struct Hands {
    /// Nanoseconds since the epoch would overflow in 2262; a test may go further than that.
    wall_millis: AtomicI64,
    ticks: AtomicU64,
}

impl ManualClock {
    fn new(start: Timestamp) -> Self {
        Self(Arc::new(Hands {
            wall_millis: AtomicI64::new(start.unix_millis()),
            ticks: AtomicU64::new(1_000_000_000),
        }))
    }

    fn wall(&self) -> Timestamp {
        Timestamp::from_unix_millis(self.0.wall_millis.load(Ordering::Acquire))
    }

    /// Moves both the wall time (in whole milliseconds) and the monotonic time ahead; saturates.
    pub fn advance(&self, by: Duration) {
        let millis = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        let nanos = u64::try_from(by.as_nanos()).unwrap_or(u64::MAX);
        self.0.wall_millis.store(
            self.0
                .wall_millis
                .load(Ordering::Acquire)
                .saturating_add(millis),
            Ordering::Release,
        );
        self.set_ticks(Ticks(
            self.0.ticks.load(Ordering::Acquire).saturating_add(nanos),
        ));
    }

    /// Sets the wall time, back or ahead, and leaves the monotonic time alone.
    pub fn set_wall(&self, time: Timestamp) {
        self.0
            .wall_millis
            .store(time.unix_millis(), Ordering::Release);
    }

    /// Sets the monotonic time, even back: a virtual machine's clock can do that.
    pub fn set_ticks(&self, ticks: Ticks) {
        self.0.ticks.store(ticks.0, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Clock, Ticks, Timestamp};

    #[test]
    fn the_system_clock_never_goes_back() {
        let clock = Clock::system();
        let (first, second) = (clock.ticks(), clock.ticks());
        assert!(second >= first);
        let in_hand = Ticks::from_nanos(1_000_000_000);
        assert!(first >= in_hand, "a little before is not before the start");
        assert_eq!(first.since(second.max(first)), Duration::ZERO);
    }

    #[test]
    fn a_clock_is_itself_and_its_clones() {
        let start = Timestamp::from_unix_seconds(100);
        let (manual, other) = (Clock::manual(start).0, Clock::manual(start).0);
        assert!(Clock::system().is(&Clock::default()) && manual.is(&manual.clone()));
        assert!(!manual.is(&other) && !manual.is(&Clock::system()) && !Clock::system().is(&manual));
    }

    #[test]
    fn hands_move_both_times_and_set_one() {
        let (clock, hands) = Clock::manual(Timestamp::from_unix_seconds(100));
        let before = clock.ticks();
        hands.advance(Duration::from_millis(1500));
        assert_eq!(clock.now(), Timestamp::from_unix_millis(101_500));
        assert_eq!(clock.ticks().since(before), Duration::from_millis(1500));
        hands.set_wall(Timestamp::from_unix_seconds(1));
        assert_eq!(clock.now().unix_seconds(), 1);
        assert_eq!(clock.ticks().since(before), Duration::from_millis(1500));
    }

    #[test]
    fn a_moment_is_counted_as_of_the_time_it_was_read() {
        let (clock, hands) = Clock::manual(Timestamp::from_unix_seconds(100));
        let (moment, then) = (clock.moment(), clock.ticks());
        hands.advance(Duration::from_secs(1));
        assert_eq!(moment.ticks(), then);
        let clock = Clock::system();
        let (before, moment, after) = (clock.ticks(), clock.moment(), clock.ticks());
        assert!(before <= moment.ticks() && moment.ticks() <= after);
    }
}
