use std::{
    fmt,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering},
    },
};

/// How many bytes the unverified bodies of all requests together may hold.
///
/// The default is one budget of 64 MiB for the whole process, which every layer draws on that is
/// not given another. A body's bytes are given back once it is verified or refused.
#[derive(Clone)]
pub struct MemoryBudget(Arc<Account>);

struct Account {
    limit: u64,
    held: AtomicU64,
}

impl MemoryBudget {
    /// The limit of the default budget: 64 MiB.
    pub const DEFAULT_LIMIT: u64 = 64 * 1024 * 1024;

    /// A budget of its own; give clones of it to the layers that share it.
    #[must_use]
    pub fn new(limit: u64) -> Self {
        Self(Arc::new(Account {
            limit,
            held: AtomicU64::new(0),
        }))
    }

    /// How many bytes may be held.
    #[must_use]
    pub fn limit(&self) -> u64 {
        self.0.limit
    }

    /// How many bytes are held right now: the gauge `webhook_unverified_body_bytes_in_flight`.
    #[must_use]
    pub fn held(&self) -> u64 {
        self.0.held.load(Ordering::Relaxed)
    }

    /// An empty share of the budget, to grow.
    #[must_use]
    pub fn reserve(&self) -> Reservation {
        Reservation {
            account: Arc::clone(&self.0),
            bytes: 0,
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
            .field("held", &self.held())
            .finish()
    }
}

/// One body's share of a [`MemoryBudget`], given back when it is dropped.
pub struct Reservation {
    account: Arc<Account>,
    bytes: u64,
}

impl Reservation {
    /// Takes `bytes` more; `false`, and nothing taken, where the budget does not hold them.
    #[must_use]
    pub fn grow(&mut self, bytes: u64) -> bool {
        let grown = |held: u64| {
            held.checked_add(bytes)
                .filter(|&sum| sum <= self.account.limit)
        };
        let held = &self.account.held;
        let is_taken = held
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, grown)
            .is_ok();
        if is_taken {
            self.bytes += bytes;
        }
        is_taken
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        if self.bytes > 0 {
            self.account.held.fetch_sub(self.bytes, Ordering::Relaxed);
        }
    }
}

impl fmt::Debug for Reservation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Reservation({} bytes)", self.bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::MemoryBudget;

    #[test]
    fn shares_are_bounded_together_and_given_back() {
        let budget = MemoryBudget::new(10);
        let (mut first, mut second) = (budget.reserve(), budget.clone().reserve());
        assert!(first.grow(6));
        assert!(!second.grow(5));
        assert!(second.grow(4));
        assert_eq!(budget.held(), 10);
        drop(first);
        assert_eq!(budget.held(), 4);
        assert!(second.grow(6));
        assert!(!second.grow(u64::MAX));
    }

    #[test]
    fn the_default_is_one_budget_for_the_process() {
        let mut share = MemoryBudget::default().reserve();
        assert!(share.grow(1));
        assert!(MemoryBudget::default().held() >= 1);
    }
}
