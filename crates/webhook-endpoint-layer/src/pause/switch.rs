use std::{
    collections::HashMap,
    fmt,
    sync::{
        Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use webhook_core::{
    Clock, Name, Ticks, Timestamp,
    change::{Cause, ChangeKind, ChangeLog},
};

use crate::{EndpointError, EndpointErrorKind};

/// What `Retry-After` says of a pause whose end nobody knows.
pub(crate) const OPEN_END: Duration = Duration::from_secs(60);

/// What all endpoints together are called in a log.
const ALL: &str = "all endpoints";

/// Pauses one endpoint, or all, at run time: deliveries get 503 with `Retry-After`, so that senders
/// try again, until the pause ends by itself or is ended.
///
/// While nothing is paused, a request costs one relaxed load of an atomic. Clones are handles on the
/// same switch; it is for [`PauseLayer`](crate::PauseLayer), for
/// [`EndpointLayer::with_pause`](crate::EndpointLayer::with_pause), or for both.
///
/// ```
/// use std::time::Duration;
///
/// use webhook_core::change::Cause;
/// use webhook_endpoint_layer::PauseSwitch;
///
/// let switch = PauseSwitch::new();
/// let cause = Cause::new("alice", "the database moves");
/// switch.pause_all(Duration::from_secs(600), &cause);
/// switch.pause("acme", None, &cause)?;
/// assert_eq!(switch.paused().len(), 2);
///
/// assert!(switch.resume_all(&cause));
/// assert_eq!(switch.paused()[0].endpoint.as_ref().unwrap().as_str(), "acme");
/// # Ok::<_, webhook_endpoint_layer::EndpointError>(())
/// ```
#[derive(Clone)]
pub struct PauseSwitch {
    shared: Arc<Shared>,
    log: ChangeLog,
}

/// One pause: of what, until when, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Paused {
    /// The endpoint's name; `None` for all endpoints.
    pub endpoint: Option<Name>,
    /// When it ends by itself; `None` where it does not.
    pub until: Option<Timestamp>,
    /// Who ordered it, and why.
    pub cause: Cause,
}

struct Shared {
    clock: Clock,
    /// How many pauses there are, ended ones included that nobody came upon yet.
    count: AtomicUsize,
    pauses: RwLock<Pauses>,
}

#[derive(Default)]
struct Pauses {
    all: Option<Entry>,
    endpoints: HashMap<Box<str>, Entry>,
}

struct Entry {
    /// Wall time, for people.
    until: Option<Timestamp>,
    /// Monotonic time, for the switch: nobody ends a pause by setting a clock.
    end: Option<Ticks>,
    cause: Cause,
}

impl PauseSwitch {
    /// How many endpoints can be paused one by one at a time: 1,024.
    pub const MAX_ENDPOINTS: usize = 1024;

    /// A switch that pauses nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::with_clock(Clock::system())
    }

    /// As [`new`](Self::new), with the time from another clock.
    #[must_use]
    pub fn with_clock(clock: Clock) -> Self {
        Self {
            shared: Arc::new(Shared {
                clock,
                count: AtomicUsize::new(0),
                pauses: RwLock::default(),
            }),
            log: ChangeLog::default(),
        }
    }

    /// Notes what is changed by this handle in a log, with who and why. Default: nothing is noted.
    #[must_use]
    pub fn with_log(mut self, log: ChangeLog) -> Self {
        self.log = log;
        self
    }

    /// Pauses all endpoints, for this time or, with `None`, until they are resumed; in place of an
    /// earlier pause of all.
    pub fn pause_all(&self, time: impl Into<Option<Duration>>, cause: &Cause) {
        let time = time.into();
        {
            let mut pauses = self.write();
            pauses.all = Some(self.entry(time, cause));
            self.count(&pauses);
        }
        self.note(ALL, time, cause);
    }

    /// Pauses the endpoint of this name (not of this key), for this time or, with `None`, until it is
    /// resumed; in place of an earlier pause of it.
    ///
    /// # Errors
    ///
    /// Already [`MAX_ENDPOINTS`](Self::MAX_ENDPOINTS) others are paused one by one.
    pub fn pause(
        &self,
        endpoint: &str,
        time: impl Into<Option<Duration>>,
        cause: &Cause,
    ) -> Result<(), EndpointError> {
        let time = time.into();
        {
            let mut pauses = self.write();
            let is_full = pauses.endpoints.len() >= Self::MAX_ENDPOINTS;
            if is_full && !pauses.endpoints.contains_key(endpoint) {
                return Err(EndpointError::new(EndpointErrorKind::TooManyPauses));
            }
            let entry = self.entry(time, cause);
            pauses.endpoints.insert(endpoint.into(), entry);
            self.count(&pauses);
        }
        self.note(endpoint, time, cause);
        Ok(())
    }

    /// Ends the pause of all endpoints; those that are paused one by one stay so. Says whether there
    /// was such a pause.
    #[expect(clippy::must_use_candidate, reason = "it is called for what it does")]
    pub fn resume_all(&self, cause: &Cause) -> bool {
        let ended = {
            let mut pauses = self.write();
            let ended = pauses.all.take();
            self.count(&pauses);
            ended
        };
        if ended.is_some() {
            self.log.note(ChangeKind::Resumed, ALL, cause);
        }
        ended.is_some()
    }

    /// Ends the pause of one endpoint. Says whether there was one.
    #[expect(clippy::must_use_candidate, reason = "it is called for what it does")]
    pub fn resume(&self, endpoint: &str, cause: &Cause) -> bool {
        let ended = {
            let mut pauses = self.write();
            let ended = pauses.endpoints.remove(endpoint);
            self.count(&pauses);
            ended
        };
        if ended.is_some() {
            self.log.note(ChangeKind::Resumed, endpoint, cause);
        }
        ended.is_some()
    }

    /// Everything that is paused now: first the pause of all, then those of endpoints, by name.
    #[must_use]
    pub fn paused(&self) -> Vec<Paused> {
        let now = self.shared.clock.ticks();
        let mut paused: Vec<_> = {
            let held = self.read();
            let all = held.all.iter().map(|entry| (None, entry));
            let endpoints = held.endpoints.iter();
            let endpoints = endpoints.map(|(name, entry)| (Some(name), entry));
            all.chain(endpoints)
                .filter(|(_, entry)| entry.left(now).is_some())
                .map(|(name, entry)| entry.tell(name.map(|name| name.to_string().into())))
                .collect()
        };
        let name = |paused: &Paused| paused.endpoint.as_ref().map(Name::to_string);
        paused.sort_by_cached_key(name);
        paused
    }

    /// How long all endpoints are paused still; `None` where they are not.
    pub(crate) fn all(&self) -> Option<Duration> {
        self.left(|pauses| pauses.all.as_ref())
    }

    /// The same of one endpoint.
    pub(crate) fn endpoint(&self, name: &Name) -> Option<Duration> {
        self.left(|pauses| pauses.endpoints.get(name.as_str()))
    }

    fn left(&self, entry: impl FnOnce(&Pauses) -> Option<&Entry>) -> Option<Duration> {
        if self.shared.count.load(Ordering::Relaxed) == 0 {
            return None;
        }
        let now = self.shared.clock.ticks();
        let left = entry(&self.read()).map(|entry| entry.left(now));
        if left == Some(None) {
            // It has ended by itself: whoever comes next need not look at it.
            let _swept = self.write();
        }
        left.flatten()
    }

    fn entry(&self, time: Option<Duration>, cause: &Cause) -> Entry {
        let clock = &self.shared.clock;
        Entry {
            until: time.map(|time| clock.now().saturating_add(time)),
            end: time.map(|time| {
                let nanos = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
                Ticks::from_nanos(clock.ticks().as_nanos().saturating_add(nanos))
            }),
            cause: cause.clone(),
        }
    }

    fn note(&self, target: &str, time: Option<Duration>, cause: &Cause) {
        match time {
            Some(time) => self.log.note_for(ChangeKind::Paused, target, time, cause),
            None => self.log.note(ChangeKind::Paused, target, cause),
        }
    }

    fn read(&self) -> RwLockReadGuard<'_, Pauses> {
        let pauses = self.shared.pauses.read();
        pauses.unwrap_or_else(PoisonError::into_inner)
    }

    /// The pauses to change, without those that have ended by themselves.
    fn write(&self) -> RwLockWriteGuard<'_, Pauses> {
        let pauses = self.shared.pauses.write();
        let mut pauses = pauses.unwrap_or_else(PoisonError::into_inner);
        let now = self.shared.clock.ticks();
        pauses.all.take_if(|entry| entry.left(now).is_none());
        pauses
            .endpoints
            .retain(|_, entry| entry.left(now).is_some());
        self.count(&pauses);
        pauses
    }

    /// Says how many there are to those who look without a lock. Only under the lock.
    fn count(&self, pauses: &Pauses) {
        let count = pauses.endpoints.len() + usize::from(pauses.all.is_some());
        self.shared.count.store(count, Ordering::Relaxed);
    }
}

impl Entry {
    fn tell(&self, endpoint: Option<Name>) -> Paused {
        Paused {
            endpoint,
            until: self.until,
            cause: self.cause.clone(),
        }
    }

    /// How long to wait, at best; `None` where the pause has ended.
    fn left(&self, now: Ticks) -> Option<Duration> {
        match self.end {
            None => Some(OPEN_END),
            Some(end) => Some(end.since(now)).filter(|left| !left.is_zero()),
        }
    }
}

impl Default for PauseSwitch {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for PauseSwitch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PauseSwitch").field(&self.paused()).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::atomic::Ordering, time::Duration};

    use webhook_core::{Clock, Timestamp, change::Cause};

    use super::PauseSwitch;

    /// Where nothing is paused any more, requests look at no lock again.
    #[test]
    fn the_count_is_back_at_zero_once_nothing_is_paused() {
        let (clock, hands) = Clock::manual(Timestamp::from_unix_seconds(0));
        let switch = PauseSwitch::with_clock(clock);
        let count = || switch.shared.count.load(Ordering::Relaxed);
        let cause = Cause::new("alice", "test");
        let (second, name) = (Duration::from_secs(1), "acme".into());

        switch.pause_all(second, &cause);
        switch.pause("acme", None, &cause).unwrap();
        assert_eq!(count(), 2);
        assert!(switch.resume_all(&cause) && count() == 1);
        assert!(switch.resume("acme", &cause) && count() == 0);

        switch.pause_all(second, &cause);
        hands.advance(second);
        assert!(switch.all().is_none() && count() == 0);
        switch.pause("acme", second, &cause).unwrap();
        hands.advance(second);
        assert!(switch.endpoint(&name).is_none() && count() == 0);
    }
}
