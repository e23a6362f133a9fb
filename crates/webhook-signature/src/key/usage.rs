//! How secrets are used: counters that every ring and verifier of a secret shares.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
    time::Duration,
};

use webhook_core::{Name, Secret, Timestamp};

use zeroize::Zeroizing;

use super::{Entry, Validity};
use crate::hash::sha256;

/// How one secret of a ring has been used, from
/// [`KeyRing::secret_uses`](crate::KeyRing::secret_uses) or
/// [`Verifier::secret_uses`](crate::Verifier::secret_uses). A plain value: it does not change any more.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SecretUse {
    /// The secret's id.
    pub id: Name,
    /// Since when it is watched: what [`KeyRing::loaded_at`](crate::KeyRing::loaded_at) said, else
    /// the time of the first delivery that any secret of its ring verified. Milliseconds.
    pub since: Option<Timestamp>,
    /// When it last verified a delivery. Milliseconds.
    pub last_used: Option<Timestamp>,
    /// How many deliveries it verified.
    pub uses: u64,
    /// From when on it is valid, that instant included.
    pub not_before: Option<Timestamp>,
    /// Until when it is valid, that instant included.
    pub not_after: Option<Timestamp>,
}

impl SecretUse {
    /// How long it has verified nothing, from its last use or, where there was none, from the
    /// time it is watched since; a time before which it was not valid does not count. `None` where
    /// it is not watched yet. Never less than nothing, whatever the clock did.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use webhook_core::{Secret, Timestamp};
    /// use webhook_signature::KeyRing;
    ///
    /// let day = |day: i64| Timestamp::from_unix_seconds(day * 86_400);
    /// let keys = KeyRing::new("2026-q4", Secret::new("a secret of this quarter")?)?
    ///     .with("2026-q3", Secret::new("a secret of last quarter")?)?
    ///     .loaded_at(day(0));
    /// let old = keys.secret_uses().last().unwrap();
    /// assert_eq!((&*old.id.as_str(), old.uses), ("2026-q3", 0));
    /// assert_eq!(old.unused_for(day(14)), Some(Duration::from_secs(14 * 86_400)));
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn unused_for(&self, now: Timestamp) -> Option<Duration> {
        let since = self.last_used.or(self.since)?;
        let since = self.not_before.map_or(since, |first| first.max(since));
        Some(now.since(since).unwrap_or_default())
    }
}

/// A secret of a ring, and its counters.
#[derive(Clone)]
pub(crate) struct Watched {
    pub(crate) id: Name,
    pub(crate) validity: Validity,
    pub(crate) meter: Arc<Meter>,
}

impl Watched {
    pub(crate) fn of(entry: &Entry) -> Self {
        Self {
            id: entry.id.clone(),
            validity: entry.validity,
            meter: Arc::clone(&entry.meter),
        }
    }

    pub(crate) fn told(&self) -> SecretUse {
        let Meter {
            since,
            last_used,
            uses,
            ..
        } = &*self.meter;
        SecretUse {
            id: self.id.clone(),
            since: instant(since),
            last_used: instant(last_used),
            uses: uses.load(Ordering::Relaxed),
            not_before: self.validity.not_before,
            not_after: self.validity.not_after,
        }
    }

    /// Counts on where `old` stands, if that is the same secret under the same id.
    pub(crate) fn continues(&mut self, old: &Self) {
        if self.id == old.id && self.meter.secret == old.meter.secret {
            self.meter = Arc::clone(&old.meter);
        }
    }
}

/// The counters of one secret.
pub(crate) struct Meter {
    /// Which secret it is. It never leaves this module.
    secret: Zeroizing<[u8; 32]>,
    since: AtomicI64,
    last_used: AtomicI64,
    uses: AtomicU64,
}

/// No time yet.
const NEVER: i64 = i64::MIN;

impl Meter {
    pub(crate) fn new(secret: &Secret) -> Self {
        Self {
            secret: sha256(secret.expose()).into(),
            since: AtomicI64::new(NEVER),
            last_used: AtomicI64::new(NEVER),
            uses: AtomicU64::new(0),
        }
    }

    /// Is watched from now on, unless it is already.
    pub(crate) fn watch(&self, now: Timestamp) {
        // A load first: the line stays shared between the processors that read it.
        if self.since.load(Ordering::Relaxed) == NEVER {
            let now = now.unix_millis();
            let _ = (self.since).compare_exchange(NEVER, now, Ordering::Relaxed, Ordering::Relaxed);
        }
    }

    /// Verified a delivery.
    pub(crate) fn count(&self, now: Timestamp) {
        self.uses.fetch_add(1, Ordering::Relaxed);
        self.last_used.store(now.unix_millis(), Ordering::Relaxed);
    }
}

fn instant(millis: &AtomicI64) -> Option<Timestamp> {
    let millis = millis.load(Ordering::Relaxed);
    (millis != NEVER).then(|| Timestamp::from_unix_millis(millis))
}
