//! The memory that unverified bodies may take, all together and from one network.

mod networks;

use std::{
    fmt,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering},
    },
};

use self::networks::{Known, Shares};
use crate::ClientNetwork;

/// How many bytes the unverified bodies of all requests together may hold.
///
/// The default is one budget of 64 MiB for the whole process, which every layer draws on that is
/// not given another. A body's bytes are given back once it is verified or refused.
///
/// - **No network takes it all.** The bodies of one client network hold at most its
///   [share](Self::with_network_share), half of the budget unless it is said otherwise.
/// - **Strangers do not take it all.** A quarter of the budget is kept for networks from which a
///   delivery was verified lately: half-sent bodies from however many networks leave a real sender
///   room. The last 1,024 such networks are known, less where two fall on one place.
///
/// A body that the budget has no room for is refused with 503 (`memory_exhausted`), so that its
/// sender tries again. Give a budget at least twice the largest body that an endpoint takes.
#[derive(Clone)]
pub struct MemoryBudget(Arc<Account>);

struct Account {
    limit: u64,
    network_share: u64,
    held: AtomicU64,
    shares: Shares,
    known: Known,
}

impl MemoryBudget {
    /// The limit of the default budget: 64 MiB.
    pub const DEFAULT_LIMIT: u64 = 64 * 1024 * 1024;

    /// A budget of its own; give clones of it to the layers that share it.
    #[must_use]
    pub fn new(limit: u64) -> Self {
        Self::with_shares(limit, limit.div_ceil(2))
    }

    /// Sets how many bytes the bodies of one client network may hold; default half of the budget,
    /// rounded up. A budget that is in use already goes on as it is: this one starts empty.
    ///
    /// Networks are counted in 1,024 places, chosen by a hash that strangers cannot guess. Two
    /// networks that fall on one place have one share between them.
    ///
    /// ```
    /// use webhook_core::{ClientNetwork, body::MemoryBudget};
    ///
    /// let budget = MemoryBudget::new(1000).with_network_share(300);
    /// let network = ClientNetwork::of("192.0.2.1".parse()?);
    /// let mut body = budget.reserve_for(Some(network));
    /// assert!(body.grow(300));
    /// assert!(!budget.reserve_for(Some(network)).grow(1));
    /// # Ok::<_, std::net::AddrParseError>(())
    /// ```
    #[must_use]
    pub fn with_network_share(self, bytes: u64) -> Self {
        Self::with_shares(self.limit(), bytes)
    }

    fn with_shares(limit: u64, network_share: u64) -> Self {
        Self(Arc::new(Account {
            limit,
            network_share,
            held: AtomicU64::new(0),
            shares: Shares::new(),
            known: Known::new(),
        }))
    }

    /// How many bytes may be held.
    #[must_use]
    pub fn limit(&self) -> u64 {
        self.0.limit
    }

    /// How many bytes the bodies of one client network may hold.
    #[must_use]
    pub fn network_share(&self) -> u64 {
        self.0.network_share
    }

    /// How many bytes are held right now: the gauge `webhook_unverified_body_bytes_in_flight`.
    #[must_use]
    pub fn held(&self) -> u64 {
        self.0.held.load(Ordering::Relaxed)
    }

    /// An empty part of the budget, to grow, for a body from an unknown client. All of these
    /// together have the share of one network.
    #[must_use]
    pub fn reserve(&self) -> Reservation {
        self.reserve_for(None)
    }

    /// An empty part of the budget, to grow, for a body from this network.
    #[must_use]
    #[inline]
    pub fn reserve_for(&self, network: Option<ClientNetwork>) -> Reservation {
        let place = self.0.shares.place(network);
        Reservation {
            is_known: network.is_some() && self.0.known.contains(place),
            is_named: network.is_some(),
            account: Arc::clone(&self.0),
            place,
            bytes: 0,
        }
    }

    /// Whether a body of so many bytes from this network could be [reserved](Self::reserve_for) now.
    #[must_use]
    pub fn has_room_for(&self, network: Option<ClientNetwork>, bytes: u64) -> bool {
        let Account { held, shares, .. } = &*self.0;
        let place = shares.place(network);
        let is_known = network.is_some() && self.0.known.contains(place);
        let fits = |held: u64, limit| held.checked_add(bytes).is_some_and(|sum| sum <= limit);
        fits(held.load(Ordering::Relaxed), self.0.limit_for(is_known))
            && fits(shares.held(place), self.0.network_share)
    }

    /// Notes that a body from this network was verified, of which nothing was reserved: the network
    /// is known from now on, as after [`Reservation::verified`].
    pub fn verified(&self, network: ClientNetwork) {
        let place = self.0.shares.place(Some(network));
        if !self.0.known.contains(place) {
            self.0.known.insert(place);
        }
    }
}

impl Account {
    /// What may be held while this body grows: strangers leave a quarter alone.
    const fn limit_for(&self, is_known: bool) -> u64 {
        if is_known {
            self.limit
        } else {
            self.limit - self.limit / 4
        }
    }
}

impl Default for MemoryBudget {
    fn default() -> Self {
        static PROCESS: OnceLock<MemoryBudget> = OnceLock::new();
        PROCESS
            .get_or_init(|| Self::new(Self::DEFAULT_LIMIT))
            .clone()
    }
}

impl fmt::Debug for MemoryBudget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryBudget")
            .field("limit", &self.limit())
            .field("network_share", &self.network_share())
            .field("held", &self.held())
            .finish()
    }
}

/// One body's part of a [`MemoryBudget`], given back when it is dropped.
pub struct Reservation {
    account: Arc<Account>,
    place: networks::Place,
    is_named: bool,
    is_known: bool,
    bytes: u64,
}

impl Reservation {
    /// Takes `bytes` more; `false`, and nothing taken, where the budget or the network's share does
    /// not hold them.
    #[must_use]
    #[inline]
    pub fn grow(&mut self, bytes: u64) -> bool {
        let Account {
            held,
            shares,
            network_share,
            ..
        } = &*self.account;
        if !take(held, bytes, self.account.limit_for(self.is_known)) {
            return false;
        }
        if !shares.take(self.place, bytes, *network_share) {
            held.fetch_sub(bytes, Ordering::Relaxed);
            return false;
        }
        self.bytes += bytes;
        true
    }

    /// Gives everything back and notes that the body was verified: its network is known from now
    /// on, and draws on the part of the budget that strangers leave alone.
    #[inline]
    pub fn verified(self) {
        if self.is_named && !self.is_known {
            self.account.known.insert(self.place);
        }
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        if self.bytes > 0 {
            self.account.held.fetch_sub(self.bytes, Ordering::Relaxed);
            self.account.shares.give_back(self.place, self.bytes);
        }
    }
}

impl fmt::Debug for Reservation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Reservation({} bytes)", self.bytes)
    }
}

/// Adds `bytes` to what is held, where the sum stays within the limit.
fn take(held: &AtomicU64, bytes: u64, limit: u64) -> bool {
    let grown = |held: u64| held.checked_add(bytes).filter(|&sum| sum <= limit);
    held.fetch_update(Ordering::Relaxed, Ordering::Relaxed, grown)
        .is_ok()
}

#[cfg(test)]
mod tests;
