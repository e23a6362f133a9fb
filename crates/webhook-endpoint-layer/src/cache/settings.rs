use std::time::Duration;

use webhook_core::{Clock, change::ChangeLog};

use crate::{EndpointError, EndpointErrorKind};

/// How long and how many answers of look-ups an [`EndpointCache`](crate::EndpointCache) remembers.
///
/// | setting | default | range |
/// |---|---|---|
/// | time to live of a known endpoint | 60 s | 1 s to 24 h |
/// | time to live of an unknown key | 10 s | 1 s to 1 h |
/// | last good answer kept on, where look-ups fail | 5 min | 0 (not at all) to 24 h |
/// | known endpoints | 65,536 | 1 to 2^24 |
/// | unknown keys | 4,096, some 1.5 MiB | 1 to 2^20 |
/// | deadline of a look-up | 5 s | 1 ms to 60 s |
/// | look-ups at a time | 64 of new keys, and 64 of known ones | 1 to 65,536 |
#[derive(Clone, Debug)]
pub struct CacheSettings {
    pub(super) time_to_live: Duration,
    pub(super) unknown_time_to_live: Duration,
    pub(super) last_good: Duration,
    pub(super) capacity: usize,
    pub(super) unknown_capacity: usize,
    pub(super) deadline: Duration,
    pub(super) max_look_ups: usize,
    pub(super) clock: Clock,
    pub(super) log: ChangeLog,
}

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(60 * 60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

impl CacheSettings {
    /// The defaults.
    #[must_use]
    pub fn new() -> Self {
        Self {
            time_to_live: Duration::from_secs(60),
            unknown_time_to_live: Duration::from_secs(10),
            last_good: Duration::from_secs(5 * 60),
            capacity: 1 << 16,
            unknown_capacity: 1 << 12,
            deadline: Duration::from_secs(5),
            max_look_ups: 64,
            clock: Clock::system(),
            log: ChangeLog::default(),
        }
    }

    /// How long an endpoint, active, paused or disabled, is taken to be as it was, from the end of its
    /// look-up on; default 60 s. So long can a change in the store take to be in force, unless the key
    /// is [invalidated](crate::EndpointCache::invalidate).
    ///
    /// # Errors
    ///
    /// Less than 1 s or more than 24 h.
    pub fn with_time_to_live(mut self, time: Duration) -> Result<Self, EndpointError> {
        self.time_to_live = within("time to live", time, SECOND, DAY)?;
        Ok(self)
    }

    /// How long a key that the resolver does not know is taken to be unknown; default 10 s. So long
    /// can a new endpoint take to be found, if it was asked for before it was made.
    ///
    /// # Errors
    ///
    /// Less than 1 s or more than 1 h.
    pub fn with_unknown_time_to_live(mut self, time: Duration) -> Result<Self, EndpointError> {
        self.unknown_time_to_live = within("time to live of unknown keys", time, SECOND, HOUR)?;
        Ok(self)
    }

    /// For how long after its time to live a known endpoint is taken to be as it was, where look-ups
    /// fail; default 5 min.
    ///
    /// Many senders never try again, and a store that is down for a minute says nothing about its
    /// endpoints, so the last good answer is kept for a while. The price is that whatever was changed
    /// in the store just before it failed is not in force yet; where that cannot wait, such as for a
    /// secret that leaked, [invalidate](crate::EndpointCache::invalidate) the key, which drops its last
    /// good answer too. With [`Duration::ZERO`] an endpoint is refused with 503 as soon as its time to
    /// live is over.
    ///
    /// ```
    /// use std::time::Duration;
    /// use webhook_endpoint_layer::CacheSettings;
    ///
    /// let fail_closed = CacheSettings::new().with_last_good(Duration::ZERO)?;
    /// # Ok::<_, webhook_endpoint_layer::EndpointError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// More than 24 h.
    pub fn with_last_good(mut self, time: Duration) -> Result<Self, EndpointError> {
        self.last_good = within("last good answer", time, Duration::ZERO, DAY)?;
        Ok(self)
    }

    /// How many known endpoints are remembered; default 65,536. Where there are more, those that
    /// were not asked for of late are forgotten, and looked up when they are.
    ///
    /// # Errors
    ///
    /// 0, or more than 2^24.
    pub fn with_capacity(mut self, endpoints: usize) -> Result<Self, EndpointError> {
        self.capacity = at_most("a capacity", endpoints, 1 << 24)?;
        Ok(self)
    }

    /// How many unknown keys are remembered; default 4,096. They have a table of their own, so that
    /// made-up keys push out made-up keys only.
    ///
    /// # Errors
    ///
    /// 0, or more than 2^20.
    pub fn with_unknown_capacity(mut self, keys: usize) -> Result<Self, EndpointError> {
        self.unknown_capacity = at_most("a capacity of unknown keys", keys, 1 << 20)?;
        Ok(self)
    }

    /// How long a look-up may take; default 5 s. Then it is given up, as one that failed.
    ///
    /// # Errors
    ///
    /// Less than 1 ms or more than 60 s.
    pub fn with_deadline(mut self, deadline: Duration) -> Result<Self, EndpointError> {
        let longest = Duration::from_secs(60);
        self.deadline = within("deadline", deadline, Duration::from_millis(1), longest)?;
        Ok(self)
    }

    /// How many look-ups of keys that are not known yet may be under way at a time, and how many of
    /// keys that were known before; default 64 each. So strangers with made-up keys cannot ask the
    /// store for more than that at a time, and cannot keep known endpoints from being looked up
    /// again. A key that finds no room gets 503 with `Retry-After`.
    ///
    /// # Errors
    ///
    /// 0, or more than 65,536.
    pub fn with_max_look_ups(mut self, look_ups: usize) -> Result<Self, EndpointError> {
        self.max_look_ups = at_most("a number of look-ups", look_ups, 1 << 16)?;
        Ok(self)
    }

    /// Where the time comes from, for times to live; default the system. The deadline of a look-up is
    /// kept by tokio's timer.
    #[must_use]
    pub fn with_clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Where [invalidations](crate::EndpointCache::invalidate) and
    /// [replacements](crate::EndpointCache::replace) are noted; default nowhere.
    #[must_use]
    pub fn with_log(mut self, log: ChangeLog) -> Self {
        self.log = log;
        self
    }
}

impl Default for CacheSettings {
    fn default() -> Self {
        Self::new()
    }
}

fn within(
    setting: &'static str,
    given: Duration,
    shortest: Duration,
    longest: Duration,
) -> Result<Duration, EndpointError> {
    if (shortest..=longest).contains(&given) {
        return Ok(given);
    }
    Err(EndpointError::new(EndpointErrorKind::InvalidDuration {
        setting,
        given,
        shortest,
        longest,
    }))
}

fn at_most(setting: &'static str, given: usize, largest: usize) -> Result<usize, EndpointError> {
    if (1..=largest).contains(&given) {
        return Ok(given);
    }
    Err(EndpointError::new(EndpointErrorKind::InvalidNumber {
        setting,
        given,
        largest,
    }))
}
