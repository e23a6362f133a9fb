use std::{
    error::Error,
    fmt,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use arc_swap::ArcSwap;
use webhook_core::{
    Clock, Ticks,
    change::{Cause, ChangeKind, ChangeLog},
};

use crate::{AddressSet, Network};

/// The most networks that are denied at run time at once. What is denied for good belongs in a
/// deny list, which has any number.
pub const MAX_DENIALS: usize = 1024;

/// Networks that an operator denies for a while, in layers that are in service already.
///
/// Cheap to clone; clones deny the same networks. A layer asks it before its lists, so a denied
/// network gets in by no allow list. A denial ends by itself, or where it is
/// [permitted](Self::permit) again.
///
/// ```
/// use std::time::Duration;
///
/// use webhook_core::change::Cause;
/// use webhook_ip_layer::{Denials, IpLayer};
///
/// let denials = Denials::new();
/// let layer = IpLayer::allow(["203.0.113.0/24"])?.with_denials(&denials);
///
/// // Later, from a console.
/// let hour = Duration::from_secs(3600);
/// let cause = Cause::new("alice", "floods us since 3 o'clock");
/// denials.deny("203.0.113.7".parse()?, hour, &cause)?;
/// assert_eq!(denials.in_force().len(), 1);
/// denials.permit("203.0.113.7".parse()?, &Cause::new("alice", "they mended it"));
/// assert!(denials.in_force().is_empty());
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Default)]
pub struct Denials {
    shared: Arc<Shared>,
    clock: Clock,
    log: ChangeLog,
}

#[derive(Default)]
struct Shared {
    // Requests read this without a lock; it is replaced as a whole.
    current: ArcSwap<Current>,
    // One change at a time.
    changes: Mutex<()>,
}

#[derive(Default)]
struct Current {
    set: AddressSet,
    entries: Vec<Entry>,
}

#[derive(Clone)]
struct Entry {
    network: Network,
    until: Ticks,
    cause: Cause,
}

/// One denied network.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Denial {
    /// The network.
    pub network: Network,
    /// How much longer it is denied.
    pub remaining: Duration,
    /// Who denied it, and why.
    pub cause: Cause,
}

impl Denials {
    /// Nobody is denied.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the clock that denials end by. Default: the system's. Set it before the layer is made.
    #[must_use]
    pub fn with_clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Notes each denial and each permission in this log. Default: none is noted.
    #[must_use]
    pub fn with_log(mut self, log: ChangeLog) -> Self {
        self.log = log;
        self
    }

    /// Denies a network from now on. One that is denied already is denied for this long instead.
    ///
    /// # Errors
    ///
    /// No time at all, or [`MAX_DENIALS`] other networks that are denied already.
    pub fn deny(
        &self,
        network: Network,
        lasting: Duration,
        cause: &Cause,
    ) -> Result<(), DenyError> {
        if lasting.is_zero() {
            return Err(DenyError(Kind::NoTime));
        }
        let _alone = self.alone();
        let mut entries = self.others_than(network);
        if entries.len() >= MAX_DENIALS {
            return Err(DenyError(Kind::Full));
        }
        entries.push(Entry {
            network,
            until: later(self.clock.ticks(), lasting),
            cause: cause.clone(),
        });
        self.put(entries);
        let target = network.to_string();
        self.log
            .note_for(ChangeKind::Denied, &target, lasting, cause);
        Ok(())
    }

    /// Lets a network in again before its time; whether it was denied. It has to be the network
    /// that was denied, not one within it.
    #[allow(clippy::must_use_candidate, reason = "permitting is the point")]
    pub fn permit(&self, network: Network, cause: &Cause) -> bool {
        let _alone = self.alone();
        let was_denied = self
            .in_force()
            .iter()
            .any(|denial| denial.network == network);
        if was_denied {
            self.put(self.others_than(network));
            self.log
                .note(ChangeKind::Permitted, &network.to_string(), cause);
        }
        was_denied
    }

    /// What is denied now, in the order of networks.
    #[must_use]
    pub fn in_force(&self) -> Vec<Denial> {
        let now = self.clock.ticks();
        let current = self.shared.current.load();
        let entries = current.entries.iter().filter(|entry| entry.until > now);
        let denials = entries.map(|entry| Denial {
            network: entry.network,
            remaining: entry.until.since(now),
            cause: entry.cause.clone(),
        });
        let mut denials: Vec<Denial> = denials.collect();
        denials.sort_unstable_by_key(|denial| denial.network);
        denials
    }

    /// Whether the address is denied now. Never allocates; the clock is read only where a network
    /// holds the address.
    #[must_use]
    pub fn denies(&self, address: IpAddr) -> bool {
        self.rule(address).is_some()
    }

    /// The denied network that the address is in.
    pub(crate) fn rule(&self, address: IpAddr) -> Option<Network> {
        let current = self.shared.current.load();
        if !current.set.contains(address) {
            return None;
        }
        // The set also holds what has ended since the last change.
        let now = self.clock.ticks();
        let mut entries = current.entries.iter();
        entries
            .find(|entry| entry.until > now && entry.network.contains(address))
            .map(|entry| entry.network)
    }

    /// Everything in force but this network.
    fn others_than(&self, network: Network) -> Vec<Entry> {
        let now = self.clock.ticks();
        let current = self.shared.current.load();
        let others = current.entries.iter();
        others
            .filter(|entry| entry.until > now && entry.network != network)
            .cloned()
            .collect()
    }

    fn put(&self, entries: Vec<Entry>) {
        let set = entries.iter().map(|entry| entry.network).collect();
        self.shared
            .current
            .store(Arc::new(Current { set, entries }));
    }

    fn alone(&self) -> MutexGuard<'_, ()> {
        self.shared
            .changes
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// A point in time, later; the end of time where it is beyond it.
pub(crate) fn later(now: Ticks, by: Duration) -> Ticks {
    let nanos = u64::try_from(by.as_nanos()).unwrap_or(u64::MAX);
    Ticks::from_nanos(now.as_nanos().saturating_add(nanos))
}

impl fmt::Debug for Denials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Denials")
            .field("in_force", &self.in_force().len())
            .finish_non_exhaustive()
    }
}

/// Why a network is not denied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DenyError(Kind);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    NoTime,
    Full,
}

impl fmt::Display for DenyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Kind::NoTime => f.write_str("a network is denied for a time above zero"),
            Kind::Full => write!(
                f,
                "{MAX_DENIALS} networks are denied already; permit one of them, deny a larger network, or use a deny list"
            ),
        }
    }
}

impl Error for DenyError {}
