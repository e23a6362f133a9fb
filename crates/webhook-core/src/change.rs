//! Changes of a running stack: what was changed, by whom, and why.
//!
//! Whatever changes a stack at run time (a pause, a denied network, new settings, a revoked secret)
//! asks for a [`Cause`] and leaves a [`Change`] in its [`ChangeLog`]. The audit layer makes the log
//! whose changes stand among the records of requests; a log that nobody made forgets them.
//!
//! ```
//! use std::sync::{Arc, Mutex};
//!
//! use webhook_core::{
//!     Clock, Settings,
//!     change::{Cause, ChangeLog},
//! };
//!
//! let seen = Arc::new(Mutex::new(Vec::new()));
//! let log = ChangeLog::new(Clock::system(), {
//!     let seen = Arc::clone(&seen);
//!     move |change| seen.lock().unwrap().push(change)
//! });
//!
//! let (settings, handle) = Settings::swappable(vec!["10.0.0.0/8"]);
//! let handle = handle.with_log("networks of acme", log);
//! handle.replace(vec![], &Cause::new("alice", "acme has moved"));
//!
//! let change = seen.lock().unwrap().remove(0);
//! assert_eq!(change.kind.as_str(), "replaced");
//! assert_eq!(change.target.as_str(), "networks of acme");
//! assert_eq!((change.cause.by(), change.cause.why()), ("alice", "acme has moved"));
//! ```

use std::{fmt, sync::Arc, time::Duration};

use crate::{Clock, RequestId, ShortText, Timestamp};

/// The most bytes of a cause's `by` and of a change's target that are kept.
pub const MAX_SUBJECT_BYTES: usize = 128;
/// The most bytes of a cause's `why` that are kept.
pub const MAX_WHY_BYTES: usize = 256;

/// Who orders a change, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    by: ShortText,
    why: ShortText,
}

impl Cause {
    /// A cause in the operator's own words. At most [`MAX_SUBJECT_BYTES`] bytes of `by` and
    /// [`MAX_WHY_BYTES`] of `why` are kept; keep secrets out of both.
    #[must_use]
    pub fn new(by: &str, why: &str) -> Self {
        Self {
            by: ShortText::cut(by, MAX_SUBJECT_BYTES),
            why: ShortText::cut(why, MAX_WHY_BYTES),
        }
    }

    /// Who ordered the change.
    #[must_use]
    pub fn by(&self) -> &str {
        self.by.as_str()
    }

    /// Why.
    #[must_use]
    pub fn why(&self) -> &str {
        self.why.as_str()
    }
}

/// What kind of change it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ChangeKind {
    /// Settings were replaced.
    Replaced,
    /// An endpoint, or all of them, was switched off for a while.
    Paused,
    /// A pause was ended before its time.
    Resumed,
    /// A network was denied for a while.
    Denied,
    /// A denied or banned network was let in again before its time.
    Permitted,
    /// A network was banned for its failures.
    Banned,
    /// A secret was taken out of use.
    Revoked,
    /// The bucket of a key, a claim, or what was remembered of an endpoint, was forgotten.
    Reset,
}

impl ChangeKind {
    /// Every kind.
    pub const ALL: [Self; 8] = [
        Self::Replaced,
        Self::Paused,
        Self::Resumed,
        Self::Denied,
        Self::Permitted,
        Self::Banned,
        Self::Revoked,
        Self::Reset,
    ];

    /// The kind's stable name in records.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Replaced => "replaced",
            Self::Paused => "paused",
            Self::Resumed => "resumed",
            Self::Denied => "denied",
            Self::Permitted => "permitted",
            Self::Banned => "banned",
            Self::Revoked => "revoked",
            Self::Reset => "reset",
        }
    }
}

impl fmt::Display for ChangeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One change of a running stack.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Change {
    /// The change's id, from the same series as those of requests.
    pub id: RequestId,
    /// When it was made.
    pub at: Timestamp,
    /// What was done.
    pub kind: ChangeKind,
    /// To what: an endpoint, a network, the name of the settings.
    pub target: ShortText,
    /// Until when it holds, where it ends by itself.
    pub until: Option<Timestamp>,
    /// Who ordered it, and why.
    pub cause: Cause,
}

/// Where changes are noted. Cheap to clone; the default forgets them.
#[derive(Clone, Default)]
pub struct ChangeLog(Option<Arc<Keeper>>);

struct Keeper {
    clock: Clock,
    keep: Box<dyn Fn(Change) + Send + Sync>,
}

impl ChangeLog {
    /// A log that hands each change, with the time of this clock, to `keep`. It is called by
    /// whoever makes the change, and must not block.
    #[must_use]
    pub fn new(clock: Clock, keep: impl Fn(Change) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(Keeper {
            clock,
            keep: Box::new(keep),
        })))
    }

    /// Notes a change that holds until it is changed again.
    pub fn note(&self, kind: ChangeKind, target: &str, cause: &Cause) {
        self.keep(kind, target, None, cause);
    }

    /// Notes a change that ends by itself.
    pub fn note_for(&self, kind: ChangeKind, target: &str, lasting: Duration, cause: &Cause) {
        self.keep(kind, target, Some(lasting), cause);
    }

    fn keep(&self, kind: ChangeKind, target: &str, lasting: Option<Duration>, cause: &Cause) {
        let Some(keeper) = &self.0 else {
            return;
        };
        let at = keeper.clock.now();
        (keeper.keep)(Change {
            id: RequestId::generate(&keeper.clock),
            at,
            kind,
            target: ShortText::cut(target, MAX_SUBJECT_BYTES),
            until: lasting.map(|lasting| at.saturating_add(lasting)),
            cause: cause.clone(),
        });
    }
}

impl fmt::Debug for ChangeLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Some(_) => "ChangeLog",
            None => "ChangeLog(not kept)",
        })
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::{Arc, Mutex},
        time::Duration,
    };

    use super::{Cause, ChangeKind, ChangeLog, MAX_WHY_BYTES};
    use crate::{Clock, Timestamp};

    #[test]
    fn a_change_says_when_it_ends_and_is_bounded() {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (clock, _hands) = Clock::manual(Timestamp::from_unix_seconds(100));
        let log = ChangeLog::new(clock, {
            let seen = Arc::clone(&seen);
            move |change| seen.lock().unwrap().push(change)
        });
        let cause = Cause::new("alice", &"é".repeat(MAX_WHY_BYTES));
        log.note_for(
            ChangeKind::Paused,
            "github",
            Duration::from_secs(60),
            &cause,
        );
        log.clone().note(ChangeKind::Resumed, "github", &cause);

        let seen = seen.lock().unwrap();
        assert_eq!(seen[0].until, Some(Timestamp::from_unix_seconds(160)));
        assert_eq!(seen[0].cause.by(), "alice");
        assert_eq!(seen[0].cause.why().len(), MAX_WHY_BYTES);
        assert_eq!(seen[1].until, None);
        assert_ne!(seen[0].id, seen[1].id);
    }

    #[test]
    fn a_log_that_nobody_made_forgets() {
        ChangeLog::default().note(ChangeKind::Reset, "all", &Cause::new("a", "b"));
        assert_eq!(format!("{:?}", ChangeLog::default()), "ChangeLog(not kept)");
    }
}
