use std::time::Duration;

use webhook_core::Name;

use crate::{DedupError, DedupErrorKind};

/// How one endpoint's deliveries are told apart, for how long they are remembered, and what becomes
/// of a duplicate: the settings of a [`DedupLayer`](crate::DedupLayer), swappable at run time and per
/// endpoint.
#[derive(Clone, Debug)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "four switches that have nothing to do with each other"
)]
pub struct DedupSettings {
    pub(crate) keep: Duration,
    pub(crate) lease: Duration,
    pub(crate) in_flight: InFlight,
    pub(crate) namespace: Option<Name>,
    pub(crate) body_in_key: bool,
    pub(crate) event_in_key: bool,
    pub(crate) is_shadow: bool,
    pub(crate) passes_without_store: bool,
}

impl DedupSettings {
    /// How long a delivery is remembered unless it is said otherwise: 24 h.
    pub const DEFAULT_KEEP: Duration = Duration::from_secs(24 * 60 * 60);
    /// How long a claim holds unless it is said otherwise: 5 min.
    pub const DEFAULT_LEASE: Duration = Duration::from_secs(5 * 60);

    /// The defaults: remembered for 24 h, a lease of 5 min, a duplicate in flight is refused, and a
    /// store that fails refuses too.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            keep: Self::DEFAULT_KEEP,
            lease: Self::DEFAULT_LEASE,
            in_flight: InFlight::refuse(),
            namespace: None,
            body_in_key: false,
            event_in_key: false,
            is_shadow: false,
            passes_without_store: false,
        }
    }

    /// Remembers a delivery for this long after it was handled; default 24 h, 1 s to 31 days.
    ///
    /// At least as long as the sender tries again, and longer than the tolerance on its timestamp:
    /// what was forgotten is handled again.
    ///
    /// ```
    /// use std::time::Duration;
    /// use webhook_dedup_layer::DedupSettings;
    ///
    /// let settings = DedupSettings::new().with_keep(Duration::from_secs(3 * 24 * 60 * 60))?;
    /// assert!(DedupSettings::new().with_keep(Duration::ZERO).is_err());
    /// # Ok::<_, webhook_dedup_layer::DedupError>(())
    /// ```
    pub fn with_keep(mut self, keep: Duration) -> Result<Self, DedupError> {
        const RANGE: (Duration, Duration) = (
            Duration::from_secs(1),
            Duration::from_secs(31 * 24 * 60 * 60),
        );
        if !is_within(keep, RANGE) {
            return Err(DedupError::new(DedupErrorKind::InvalidKeep(keep)));
        }
        self.keep = keep;
        Ok(self)
    }

    /// Holds a claim for this long at most; default 5 min, 1 s to 24 h.
    ///
    /// It bounds how long a delivery stays in flight after the process that claimed it was killed;
    /// a handler's failure, its panic and a dropped request end the claim at once. The handler must
    /// never take longer: another copy is let through then, and both run. The time in which the
    /// inner service is not ready counts.
    ///
    /// ```
    /// use std::time::Duration;
    /// use webhook_dedup_layer::DedupSettings;
    ///
    /// let settings = DedupSettings::new().with_lease(Duration::from_secs(60))?;
    /// # Ok::<_, webhook_dedup_layer::DedupError>(())
    /// ```
    pub fn with_lease(mut self, lease: Duration) -> Result<Self, DedupError> {
        const RANGE: (Duration, Duration) =
            (Duration::from_secs(1), Duration::from_secs(24 * 60 * 60));
        if !is_within(lease, RANGE) {
            return Err(DedupError::new(DedupErrorKind::InvalidLease(lease)));
        }
        self.lease = lease;
        Ok(self)
    }

    /// Says what becomes of a duplicate whose first copy is being handled; default it is refused.
    ///
    /// ```
    /// use std::time::Duration;
    /// use webhook_dedup_layer::{DedupSettings, InFlight};
    ///
    /// let waits = InFlight::wait(Duration::from_secs(5))?;
    /// let settings = DedupSettings::new().with_in_flight(waits);
    /// # Ok::<_, webhook_dedup_layer::DedupError>(())
    /// ```
    #[must_use]
    pub const fn with_in_flight(mut self, in_flight: InFlight) -> Self {
        self.in_flight = in_flight;
        self
    }

    /// Keeps these deliveries apart from all others of the same store; default none.
    ///
    /// ```
    /// use webhook_dedup_layer::DedupSettings;
    ///
    /// let settings = DedupSettings::new().with_namespace("staging");
    /// ```
    #[must_use]
    pub fn with_namespace(mut self, namespace: impl Into<Name>) -> Self {
        self.namespace = Some(namespace.into());
        self
    }

    /// Takes another body under the same signed id for another delivery; default off: the id alone
    /// decides, as [Standard Webhooks](https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md)
    /// has it, and its body is not looked at. It costs a SHA-256 of each body. A body that the
    /// signature does not cover never counts beside a signed id: a replay could change it.
    ///
    /// ```
    /// use webhook_dedup_layer::DedupSettings;
    ///
    /// let settings = DedupSettings::new().with_body_in_key(true);
    /// ```
    #[must_use]
    pub const fn with_body_in_key(mut self, body_in_key: bool) -> Self {
        self.body_in_key = body_in_key;
        self
    }

    /// Takes the same id or body with another type of event for another delivery, where the
    /// signature covers the type; default off. A type that is not signed never counts.
    ///
    /// ```
    /// use webhook_dedup_layer::DedupSettings;
    ///
    /// let settings = DedupSettings::new().with_event_in_key(true);
    /// ```
    #[must_use]
    pub const fn with_event_in_key(mut self, event_in_key: bool) -> Self {
        self.event_in_key = event_in_key;
        self
    }

    /// Shadow mode: a duplicate is recorded as such and let through, so its handler runs again; a
    /// store that fails refuses nobody. A request that nothing verified is let through unclaimed, for
    /// the layer that verifies may be in shadow mode too. Default off.
    ///
    /// ```
    /// use webhook_dedup_layer::DedupSettings;
    ///
    /// let settings = DedupSettings::new().with_insecure_shadow(true);
    /// ```
    #[must_use]
    pub const fn with_insecure_shadow(mut self, shadow: bool) -> Self {
        self.is_shadow = shadow;
        self
    }

    /// Runs the handler without a claim where the store fails, so that a delivery can be handled
    /// twice; default off: 503 with `Retry-After`. The record tells each such delivery as one that
    /// would have been refused.
    ///
    /// ```
    /// use webhook_dedup_layer::DedupSettings;
    ///
    /// let settings = DedupSettings::new().with_insecure_pass_without_store(true);
    /// ```
    #[must_use]
    pub const fn with_insecure_pass_without_store(mut self, passes: bool) -> Self {
        self.passes_without_store = passes;
        self
    }
}

impl Default for DedupSettings {
    fn default() -> Self {
        Self::new()
    }
}

/// What becomes of a duplicate whose first copy is being handled right now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InFlight {
    pub(crate) wait: Option<Duration>,
    pub(crate) waiters: usize,
}

impl InFlight {
    /// How many duplicates wait at once unless it is said otherwise: 64.
    pub const DEFAULT_WAITERS: usize = 64;

    /// It is refused with 409 `duplicate_in_flight` and `Retry-After`. This is the default.
    #[must_use]
    pub const fn refuse() -> Self {
        Self {
            wait: None,
            waiters: 0,
        }
    }

    /// It waits for at most this long, 1 ms to 60 s, and then shares the first copy's fate: the
    /// answer to a duplicate where that was handled, the handler where that failed and this copy is
    /// the first to claim again, 409 where the time is over.
    ///
    /// The store is asked again after 10 ms, and then at growing intervals of up to 250 ms. A waiting
    /// copy keeps its body. It needs a tokio runtime with its timer on.
    pub fn wait(limit: Duration) -> Result<Self, DedupError> {
        const RANGE: (Duration, Duration) = (Duration::from_millis(1), Duration::from_secs(60));
        if !is_within(limit, RANGE) {
            return Err(DedupError::new(DedupErrorKind::InvalidWait(limit)));
        }
        Ok(Self {
            wait: Some(limit),
            waiters: Self::DEFAULT_WAITERS,
        })
    }

    /// Has at most so many duplicates of one layer wait at once; default 64, 1 to 65,536. Further
    /// ones are refused.
    ///
    /// ```
    /// use std::time::Duration;
    /// use webhook_dedup_layer::InFlight;
    ///
    /// let waits = InFlight::wait(Duration::from_secs(5))?.with_waiters(1000)?;
    /// # Ok::<_, webhook_dedup_layer::DedupError>(())
    /// ```
    pub fn with_waiters(mut self, waiters: usize) -> Result<Self, DedupError> {
        if !(1..=1 << 16).contains(&waiters) {
            return Err(DedupError::new(DedupErrorKind::InvalidWaiters(waiters)));
        }
        self.waiters = waiters;
        Ok(self)
    }
}

impl Default for InFlight {
    fn default() -> Self {
        Self::refuse()
    }
}

fn is_within(time: Duration, (least, most): (Duration, Duration)) -> bool {
    (least..=most).contains(&time)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{DedupSettings, InFlight};
    use crate::DedupError;

    const DAY: Duration = Duration::from_secs(24 * 60 * 60);
    const ALMOST_A_SECOND: Duration = Duration::from_millis(999);

    #[test]
    fn the_ends_of_each_range_are_taken_and_nothing_beyond() {
        let settings = DedupSettings::new;
        let second = Duration::from_secs(1);
        for keep in [second, 31 * DAY] {
            assert_eq!(settings().with_keep(keep).unwrap().keep, keep);
        }
        for lease in [second, DAY] {
            assert_eq!(settings().with_lease(lease).unwrap().lease, lease);
        }
        let waits = InFlight::wait(Duration::from_millis(1)).unwrap();
        assert!(InFlight::wait(60 * second).is_ok());
        assert!(waits.with_waiters(1).is_ok() && waits.with_waiters(1 << 16).is_ok());

        let refused = |error: DedupError, fix: &str| {
            assert!(error.to_string().contains(fix), "{error}");
        };
        for keep in [ALMOST_A_SECOND, 31 * DAY + second] {
            refused(
                settings().with_keep(keep).unwrap_err(),
                "give 1 s to 31 days",
            );
        }
        for lease in [ALMOST_A_SECOND, DAY + second] {
            refused(
                settings().with_lease(lease).unwrap_err(),
                "give 1 s to 24 h",
            );
        }
        for wait in [Duration::ZERO, 61 * second] {
            refused(InFlight::wait(wait).unwrap_err(), "give 1 ms to 60 s");
        }
        for waiters in [0, (1 << 16) + 1] {
            refused(waits.with_waiters(waiters).unwrap_err(), "give 1 to 65536");
        }
    }
}
