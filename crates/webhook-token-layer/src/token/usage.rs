use std::{
    sync::atomic::{AtomicI64, AtomicU64, Ordering},
    time::Duration,
};

use webhook_core::Timestamp;

/// How often a token was taken, and when last: to find the one that nobody sends any more.
///
/// It is counted from when the token was made in this process; clones of a token, and of its ring,
/// count together. Plain values, read without a lock, of which the two may be of neighbouring
/// requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenUsage {
    count: u64,
    last: Option<Timestamp>,
}

impl TokenUsage {
    /// How many requests the token let in.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// When it last did, to the second; `None` where it never did.
    #[must_use]
    pub const fn last_used(&self) -> Option<Timestamp> {
        self.last
    }

    /// For how long the token has not been used; `None` where it never was.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use webhook_core::{Secret, Timestamp};
    /// use webhook_token_layer::Token;
    ///
    /// let token = Token::new("2026-q3", Secret::new("a token of last quarter")?)?;
    /// let now = Timestamp::from_unix_seconds(1_798_761_599);
    /// let usage = token.usage();
    /// let is_idle = usage.unused_for(now).is_none_or(|time| time > Duration::from_secs(30 * 86_400));
    /// assert!(is_idle && usage.count() == 0);
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn unused_for(&self, now: Timestamp) -> Option<Duration> {
        let seconds = now.unix_seconds().saturating_sub(self.last?.unix_seconds());
        Some(Duration::from_secs(u64::try_from(seconds).unwrap_or(0)))
    }
}

/// The counters behind a [`TokenUsage`].
#[derive(Debug)]
pub(super) struct Counters {
    count: AtomicU64,
    /// In seconds since 1970; [`NEVER`] so far.
    last: AtomicI64,
}

const NEVER: i64 = i64::MIN;

impl Counters {
    pub(super) const fn new() -> Self {
        Self {
            count: AtomicU64::new(0),
            last: AtomicI64::new(NEVER),
        }
    }

    /// One relaxed addition for each request, and a store once a second.
    pub(super) fn note(&self, now: Timestamp) {
        self.count.fetch_add(1, Ordering::Relaxed);
        let now = now.unix_seconds();
        if self.last.load(Ordering::Relaxed) != now {
            self.last.store(now, Ordering::Relaxed);
        }
    }

    pub(super) fn read(&self) -> TokenUsage {
        let last = self.last.load(Ordering::Relaxed);
        TokenUsage {
            count: self.count.load(Ordering::Relaxed),
            last: (last != NEVER).then(|| Timestamp::from_unix_seconds(last)),
        }
    }
}
