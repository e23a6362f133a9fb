use std::{collections::HashMap, fmt, mem, sync::Arc};

use webhook_core::change::{Cause, ChangeKind, ChangeLog};

use super::{Find, Found, Shards};
use crate::Lookup;

type Shard = HashMap<Box<str>, Lookup>;

/// Endpoints in memory, by key. What is changed is in force for the next request.
///
/// Clones are handles on the same map. It is as large as its owner makes it; strangers cannot make
/// it grow. A key is written as [`Key`](crate::Key) is: parts with one space between them. One that
/// is no valid key is never found.
///
/// ```
/// use webhook_core::{Endpoint, change::Cause};
/// use webhook_endpoint_layer::{EndpointKey, EndpointLayer, EndpointMap, Lookup};
///
/// let endpoints = EndpointMap::new()
///     .with("acme", Endpoint::new("acme"))
///     .with("globex", Endpoint::new("globex"));
/// let layer = EndpointLayer::new(EndpointKey::path("/webhooks/{key}")?, endpoints.clone());
///
/// // Later.
/// let cause = Cause::new("alice", "globex has left us");
/// endpoints.replace("globex", Lookup::Disabled(Endpoint::new("globex")), &cause);
/// # Ok::<_, webhook_endpoint_layer::EndpointError>(())
/// ```
#[derive(Clone, Default)]
pub struct EndpointMap {
    shards: Arc<Shards<Shard>>,
    log: ChangeLog,
}

impl EndpointMap {
    /// A map without endpoints.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an endpoint, in place of one with the same key.
    #[must_use]
    pub fn with(self, key: &str, lookup: impl Into<Lookup>) -> Self {
        self.insert(key, lookup.into());
        self
    }

    /// Notes the changes that are made by this handle in a log. Default: none is noted.
    #[must_use]
    pub fn with_log(mut self, log: ChangeLog) -> Self {
        self.log = log;
        self
    }

    /// Adds or replaces one endpoint.
    pub fn replace(&self, key: &str, lookup: impl Into<Lookup>, cause: &Cause) {
        self.insert(key, lookup.into());
        self.log.note(ChangeKind::Replaced, key, cause);
    }

    /// Replaces all endpoints at once, such as from a file that was read again: a request finds its
    /// endpoint among the old ones or among the new ones.
    pub fn replace_all<K, V>(&self, endpoints: impl IntoIterator<Item = (K, V)>, cause: &Cause)
    where
        K: Into<String>,
        V: Into<Lookup>,
    {
        let mut fresh: Vec<Shard> = Vec::new();
        for (key, lookup) in endpoints {
            let key = key.into();
            let place = self.shards.place(&key);
            if fresh.len() <= place {
                fresh.resize_with(place + 1, Shard::default);
            }
            if let Some(shard) = fresh.get_mut(place) {
                shard.insert(key.into(), lookup.into());
            }
        }
        let mut fresh = fresh.into_iter();
        let mut guards = self.shards.write_all();
        let old: Vec<Shard> = guards
            .iter_mut()
            .map(|shard| mem::replace(&mut **shard, fresh.next().unwrap_or_default()))
            .collect();
        // What takes long to drop is dropped outside the locks.
        drop(guards);
        drop(old);
        self.log.note(ChangeKind::Replaced, "all endpoints", cause);
    }

    /// Removes one endpoint; it is unknown then. Says whether it was there.
    #[expect(clippy::must_use_candidate, reason = "it is called for what it does")]
    pub fn remove(&self, key: &str, cause: &Cause) -> bool {
        let old = self.shards.write(key).remove(key);
        if old.is_some() {
            self.log.note(ChangeKind::Replaced, key, cause);
        }
        old.is_some()
    }

    /// What is known of a key.
    #[must_use]
    pub fn get(&self, key: &str) -> Lookup {
        let found = self.shards.read(key).get(key).cloned();
        found.unwrap_or(Lookup::Unknown)
    }

    /// How many endpoints there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.shards.each().map(|shard| shard.len()).sum()
    }

    /// Whether there is no endpoint.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn insert(&self, key: &str, lookup: Lookup) {
        let _old = self.shards.write(key).insert(key.into(), lookup);
    }
}

impl<K: AsRef<str>, V: Into<Lookup>> FromIterator<(K, V)> for EndpointMap {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(endpoints: I) -> Self {
        let map = Self::new();
        for (key, lookup) in endpoints {
            map.insert(key.as_ref(), lookup.into());
        }
        map
    }
}

impl Find for EndpointMap {
    fn find(&self, key: &str) -> Found {
        Found::Known(self.get(key))
    }
}

/// Without keys, which can be all that keeps strangers out.
impl fmt::Debug for EndpointMap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EndpointMap")
            .field("len", &self.len())
            .finish_non_exhaustive()
    }
}
