use std::{
    fmt,
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use webhook_core::{
    ClientNetwork, Clock,
    change::{Cause, ChangeKind, ChangeLog},
};

use super::{
    BanError,
    notes::Notes,
    table::{Failure, Rule, Table},
};
use crate::diagnosis;

/// Refuses a client network for a while after a number of refused verifications.
///
/// * What counts is a refusal by an inner layer with the code `unauthorized` (401): a wrong or
///   missing signature, token or timestamp. The handler's own answers do not count.
/// * The time runs from the first failure of a network. A verified delivery ends the count, not a
///   ban.
/// * A network is an IPv4 address or an IPv6 /64. Unknown clients and
///   [trusted proxies](crate::TrustedProxies) are never banned. A proxy that is not configured as
///   one looks like a client, and is banned for what came through it.
/// * At most [`CAPACITY`](Self::CAPACITY) networks are counted or banned at once. What is there
///   stays until it runs out; where there is no place, newcomers are not counted, which lets in
///   nothing that verification refuses.
/// * Each ban is a [`Change`](webhook_core::change::Change) by the layer itself, at most 60 in a
///   minute; the next one says how many were left out.
///
/// Cheap to clone; clones share what is in force.
///
/// ```
/// use std::time::Duration;
///
/// use webhook_core::change::Cause;
/// use webhook_ip_layer::{Bans, IpLayer};
///
/// // An hour for 20 refused deliveries within a minute.
/// let bans = Bans::after(20, Duration::from_secs(60), Duration::from_secs(3600))?;
/// let layer = IpLayer::new().with_bans(&bans);
///
/// // Later, from a console.
/// let was_banned = bans.lift("203.0.113.7".parse()?, &Cause::new("alice", "new secret is in"));
/// assert!(!was_banned);
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Bans {
    rule: Rule,
    shared: Arc<Shared>,
    clock: Clock,
    log: ChangeLog,
}

struct Shared {
    table: Table,
    notes: Notes,
    uncounted: AtomicU64,
    said_full: AtomicBool,
}

/// One banned network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Ban {
    /// The network.
    pub network: ClientNetwork,
    /// How much longer it is banned.
    pub remaining: Duration,
}

impl Bans {
    /// The most networks that are counted or banned at once, unless it is
    /// [set](Self::with_capacity). The table takes under 400 kB.
    pub const CAPACITY: usize = 8192;

    /// Bans a network for `lasting` at its `failures`-th failure `within` that time.
    ///
    /// # Errors
    ///
    /// Any of the three is zero.
    pub fn after(failures: u32, within: Duration, lasting: Duration) -> Result<Self, BanError> {
        if failures == 0 {
            return Err(BanError("the number of failures"));
        }
        if within.is_zero() || lasting.is_zero() {
            return Err(BanError("each of the times"));
        }
        Ok(Self {
            rule: Rule {
                failures,
                within,
                lasting,
            },
            shared: Arc::new(Shared::new(Self::CAPACITY)),
            clock: Clock::system(),
            log: ChangeLog::default(),
        })
    }

    /// Sets how many networks are counted or banned at once, rounded down to eights, at least 8.
    /// Default: [`CAPACITY`](Self::CAPACITY). Set it before the layer is made.
    #[must_use]
    pub fn with_capacity(mut self, networks: usize) -> Self {
        self.shared = Arc::new(Shared::new(networks));
        self
    }

    /// Sets the clock. Default: the system's. Set it before the layer is made.
    #[must_use]
    pub fn with_clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Notes each ban, and each that is lifted, in this log. Default: none is noted. Set it before
    /// the layer is made.
    #[must_use]
    pub fn with_log(mut self, log: ChangeLog) -> Self {
        self.log = log;
        self
    }

    /// Lets the network of an address in again before its time; whether it was banned.
    #[allow(clippy::must_use_candidate, reason = "lifting is the point")]
    pub fn lift(&self, address: IpAddr, cause: &Cause) -> bool {
        let network = ClientNetwork::of(address);
        let was_banned = self.shared.table.lift(network, self.clock.ticks());
        if was_banned {
            self.log
                .note(ChangeKind::Permitted, &network.to_string(), cause);
        }
        was_banned
    }

    /// What is banned now, in the order of networks.
    #[must_use]
    pub fn in_force(&self) -> Vec<Ban> {
        let now = self.clock.ticks();
        let bans = self.shared.table.bans(now).into_iter();
        bans.map(|(network, until)| Ban {
            network,
            remaining: until.since(now),
        })
        .collect()
    }

    /// Whether the network of an address is banned now. Never allocates, and takes a lock only
    /// where a network of the same set is banned.
    #[must_use]
    pub fn is_banned(&self, address: IpAddr) -> bool {
        let network = ClientNetwork::of(address);
        let table = &self.shared.table;
        table.banned_until(network, || self.clock.ticks()).is_some()
    }

    /// How many failures were not counted because the table had no place. Where it grows, set a
    /// larger [capacity](Self::with_capacity).
    #[must_use]
    pub fn uncounted(&self) -> u64 {
        self.shared.uncounted.load(Ordering::Relaxed)
    }

    /// Whether a verified delivery of this network would end a count.
    pub(crate) fn may_count(&self, network: ClientNetwork) -> bool {
        self.shared.table.may_count(network, || self.clock.ticks())
    }

    pub(crate) fn note_success(&self, network: ClientNetwork) {
        self.shared.table.reset(network);
    }

    pub(crate) fn note_failure(&self, network: ClientNetwork) {
        let now = self.clock.ticks();
        match self.shared.table.fail(network, now, self.rule) {
            Failure::Counted | Failure::Known => {}
            Failure::Banned => {
                if let Some(left_out) = self.shared.notes.next(now) {
                    self.tell(network, left_out);
                }
            }
            Failure::NoPlace => {
                self.shared.uncounted.fetch_add(1, Ordering::Relaxed);
                if !self.shared.said_full.swap(true, Ordering::Relaxed) {
                    diagnosis::no_place_for_bans();
                }
            }
        }
    }

    fn tell(&self, network: ClientNetwork, left_out: u64) {
        let Rule {
            failures,
            within,
            lasting,
        } = self.rule;
        let mut why = format!("{failures} refused verifications in {within:?}");
        if left_out > 0 {
            why = format!("{why}; {left_out} bans before it were not noted");
        }
        diagnosis::banned(network, &why, lasting);
        let cause = Cause::new(env!("CARGO_PKG_NAME"), &why);
        self.log
            .note_for(ChangeKind::Banned, &network.to_string(), lasting, &cause);
    }
}

impl Shared {
    fn new(capacity: usize) -> Self {
        Self {
            table: Table::new(capacity),
            notes: Notes::default(),
            uncounted: AtomicU64::new(0),
            said_full: AtomicBool::new(false),
        }
    }
}

impl fmt::Debug for Bans {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bans")
            .field("rule", &self.rule)
            .finish_non_exhaustive()
    }
}
