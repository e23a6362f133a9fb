use std::time::Duration;

/// How far a signed timestamp may lie from the receiver's clock. The edges are inside.
///
/// A preset carries its provider's own rule, and some providers only look at the age. A bound that
/// is absent is not checked; [`both_ways`](Self::both_ways) gives the absent ones a default.
///
/// ```
/// use std::time::Duration;
/// use webhook_signature::Tolerance;
///
/// let five_minutes = Duration::from_secs(300);
/// let stripe = Tolerance::max_age(five_minutes);
/// assert_eq!(stripe.future(), None);
/// assert_eq!(stripe.both_ways(five_minutes), Tolerance::within(five_minutes));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Tolerance {
    past: Option<Duration>,
    future: Option<Duration>,
}

impl Tolerance {
    /// At most `distance` behind and at most `distance` ahead of the clock.
    #[must_use]
    pub const fn within(distance: Duration) -> Self {
        Self {
            past: Some(distance),
            future: Some(distance),
        }
    }

    /// At most `age` behind the clock, and any distance ahead of it: the rule of several providers'
    /// own libraries. A delivery dated ahead can be replayed until its time has come and gone.
    #[must_use]
    pub const fn max_age(age: Duration) -> Self {
        Self {
            past: Some(age),
            future: None,
        }
    }

    /// No bound at all: a captured delivery can be replayed for ever. For tools that look at old
    /// deliveries.
    #[must_use]
    pub const fn insecure_unbounded() -> Self {
        Self {
            past: None,
            future: None,
        }
    }

    /// This tolerance with each absent bound set to `default`.
    #[must_use]
    pub const fn both_ways(self, default: Duration) -> Self {
        Self {
            past: match self.past {
                None => Some(default),
                bound => bound,
            },
            future: match self.future {
                None => Some(default),
                bound => bound,
            },
        }
    }

    /// How old a timestamp may be.
    #[must_use]
    pub const fn past(self) -> Option<Duration> {
        self.past
    }

    /// How far ahead of the clock a timestamp may be.
    #[must_use]
    pub const fn future(self) -> Option<Duration> {
        self.future
    }
}
