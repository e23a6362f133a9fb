use std::{
    fmt,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use webhook_core::{ClientAddr, ClientNetwork, Name};

use crate::diagnosis;

/// How many networks are told of; what comes after them is only counted.
const MOST: usize = 256;

/// A network that a provider sends verified deliveries from and that no allow list holds.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StaleList {
    /// Whom the delivery was verified for.
    pub provider: Name,
    /// The sender's network: an IPv4 address, or an IPv6 /64.
    pub network: ClientNetwork,
    /// The sender's address.
    pub client: ClientAddr,
}

type Hook = Arc<dyn Fn(&StaleList) + Send + Sync>;

/// Finds out that an allow list is stale: a verified delivery came from a network that it does not
/// hold.
///
/// It works where the allow list is [advisory](crate::IpLayer::with_insecure_advisory). Where the
/// list is enforced, nothing from an unlisted network is ever verified: a stale list shows only as
/// records with `ip_denied`, and as deliveries that are missing.
///
/// Each pair of provider and network is told once, the first 256 of them: as an event of the log
/// (`ip_list_stale`, target `webhook_ip`, WARN) and to the [hook](Self::with_hook). All deliveries
/// are [counted](Self::count).
///
/// ```
/// use webhook_ip_layer::{IpLayer, ListDrift, StaleList};
///
/// let drift = ListDrift::new().with_hook(|stale: &StaleList| {
///     // Send it where somebody reads it: it runs while a request is answered, and must not block.
///     let _message = format!("{} also sends from {}", stale.provider, stale.network);
/// });
/// let layer = IpLayer::allow(["192.30.252.0/22"])?.with_insecure_advisory(&drift);
/// assert_eq!(drift.count(), 0);
/// # Ok::<_, webhook_ip_layer::ListError>(())
/// ```
#[derive(Clone, Default)]
pub struct ListDrift {
    shared: Arc<Shared>,
    hook: Option<Hook>,
}

#[derive(Default)]
struct Shared {
    count: AtomicU64,
    told: Mutex<Vec<StaleList>>,
}

impl ListDrift {
    /// Tells the log alone.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Calls this for each pair of provider and network, once. It must not block. Default: nothing.
    /// Set it before the layer is made.
    #[must_use]
    pub fn with_hook(mut self, hook: impl Fn(&StaleList) + Send + Sync + 'static) -> Self {
        self.hook = Some(Arc::new(hook));
        self
    }

    /// How many verified deliveries came from unlisted networks.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.shared.count.load(Ordering::Relaxed)
    }

    /// The pairs that were told, in the order in which they came.
    #[must_use]
    pub fn found(&self) -> Vec<StaleList> {
        self.told().clone()
    }

    /// Forgets what was told, so that it is told again: for when the lists are up to date.
    pub fn reset(&self) {
        self.told().clear();
    }

    pub(crate) fn note(&self, provider: &Name, client: ClientAddr) {
        self.shared.count.fetch_add(1, Ordering::Relaxed);
        let stale = StaleList {
            provider: provider.clone(),
            network: client.network(),
            client,
        };
        if !self.first_time(&stale) {
            return;
        }
        diagnosis::list_is_stale(&stale);
        if let Some(hook) = &self.hook {
            hook(&stale);
        }
    }

    fn first_time(&self, stale: &StaleList) -> bool {
        let mut told = self.told();
        let same =
            |other: &StaleList| other.provider == stale.provider && other.network == stale.network;
        if told.len() >= MOST || told.iter().any(same) {
            return false;
        }
        told.push(stale.clone());
        true
    }

    fn told(&self) -> std::sync::MutexGuard<'_, Vec<StaleList>> {
        // A list is whole at any time, so a panic elsewhere spoils nothing.
        self.shared
            .told
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for ListDrift {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ListDrift")
            .field("count", &self.count())
            .finish_non_exhaustive()
    }
}
