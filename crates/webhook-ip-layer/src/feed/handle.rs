use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use webhook_core::{
    Name, Timestamp,
    change::{Cause, ChangeKind, ChangeLog},
};

use super::{FeedError, FeedFormat, Provider};
use crate::{AddressSet, Network, list::LiveSet};

/// A date this far ahead is a slip: taken, it would hold back every list that comes after.
const AHEAD: Duration = Duration::from_secs(24 * 60 * 60);

/// A list of networks as it was loaded.
#[derive(Clone, Debug)]
pub struct Feed {
    networks: AddressSet,
    published: Option<Timestamp>,
    loaded: Timestamp,
}

impl Feed {
    /// The networks.
    #[must_use]
    pub const fn networks(&self) -> &AddressSet {
        &self.networks
    }

    /// When the provider published the list, where it says so.
    #[must_use]
    pub const fn published(&self) -> Option<Timestamp> {
        self.published
    }

    /// When the list was last loaded, the same or a changed one.
    #[must_use]
    pub const fn loaded(&self) -> Timestamp {
        self.loaded
    }
}

/// A published list in use: refreshed at run time, with the last good one kept. See the
/// [module](super). Cheap to clone; clones are the same feed.
#[derive(Clone)]
pub struct FeedHandle {
    shared: Arc<Shared>,
    log: ChangeLog,
}

struct Shared {
    name: Name,
    format: FeedFormat,
    live: LiveSet,
    // Read by requests is only the live set; this is for whoever refreshes and looks on.
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    feed: Option<Arc<Feed>>,
    error: Option<FeedError>,
}

impl FeedHandle {
    /// A feed with nothing in it yet.
    #[must_use]
    pub fn new(name: impl Into<Name>, format: FeedFormat) -> Self {
        Self {
            shared: Arc::new(Shared {
                name: name.into(),
                format,
                live: LiveSet::default(),
                state: Mutex::default(),
            }),
            log: ChangeLog::default(),
        }
    }

    /// The feed of a provider, with nothing in it yet.
    #[must_use]
    pub fn of(provider: &'static Provider) -> Self {
        Self::new(provider.name, provider.format())
    }

    /// Notes in this log whenever the networks change. Default: it is not noted.
    #[must_use]
    pub fn with_log(mut self, log: ChangeLog) -> Self {
        self.log = log;
        self
    }

    /// Reads a list and puts it in force.
    ///
    /// # Errors
    ///
    /// What is wrong with it. The list before it stays in force, and the error is kept for
    /// [`last_error`](Self::last_error).
    pub fn refresh(&self, bytes: &[u8], now: Timestamp) -> Result<Arc<Feed>, FeedError> {
        let parsed = self.shared.format.parse(bytes);
        let mut state = self.state();
        let in_force = state.feed.as_deref();
        let checked = parsed.and_then(|(networks, published)| {
            check(&networks, published, in_force, now)?;
            Ok((networks, published))
        });
        match checked {
            Ok((networks, published)) => Ok(self.put(&mut state, networks, published, now, None)),
            Err(error) => Err(fail(&mut state, error)),
        }
    }

    /// As [`refresh`](Self::refresh), with what `fetch` brings: a look into a cache, a blocking
    /// client. Whoever fetches in a future calls [`refresh`](Self::refresh) or
    /// [`set_unavailable`](Self::set_unavailable) with its result.
    ///
    /// # Errors
    ///
    /// That it failed, or what is wrong with the list.
    pub fn refresh_with<E: fmt::Display>(
        &self,
        fetch: impl FnOnce() -> Result<Vec<u8>, E>,
        now: Timestamp,
    ) -> Result<Arc<Feed>, FeedError> {
        match fetch() {
            Ok(bytes) => self.refresh(&bytes, now),
            Err(error) => Err(self.set_unavailable(&error)),
        }
    }

    /// Notes that the list could not be had. The one before it stays in force.
    pub fn set_unavailable(&self, why: &dyn fmt::Display) -> FeedError {
        fail(&mut self.state(), FeedError::unavailable(why))
    }

    /// Puts a list in force even where it is empty, lost most of its networks, or is older.
    ///
    /// # Errors
    ///
    /// That it is not of its format.
    pub fn force(
        &self,
        bytes: &[u8],
        now: Timestamp,
        cause: &Cause,
    ) -> Result<Arc<Feed>, FeedError> {
        let parsed = self.shared.format.parse(bytes);
        let mut state = self.state();
        match parsed {
            Ok((networks, published)) => {
                Ok(self.put(&mut state, networks, published, now, Some(cause)))
            }
            Err(error) => Err(fail(&mut state, error)),
        }
    }

    /// The feed's name.
    #[must_use]
    pub fn name(&self) -> &Name {
        &self.shared.name
    }

    /// The list in force; `None` before the first one.
    #[must_use]
    pub fn current(&self) -> Option<Arc<Feed>> {
        self.state().feed.clone()
    }

    /// How long ago the list in force was loaded: the gauge `webhook_ip_feed_age_seconds`. `None`
    /// before the first one. [`Feed::published`] tells the provider's own date.
    #[must_use]
    pub fn age(&self, now: Timestamp) -> Option<Duration> {
        let loaded = self.current()?.loaded();
        Some(now.since(loaded).unwrap_or_default())
    }

    /// Why the last refresh failed; `None` where it did not.
    #[must_use]
    pub fn last_error(&self) -> Option<FeedError> {
        self.state().error.clone()
    }

    pub(crate) fn live(&self) -> LiveSet {
        self.shared.live.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Each field is whole at any time, so a panic elsewhere spoils nothing.
        self.shared
            .state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn put(
        &self,
        state: &mut State,
        networks: AddressSet,
        published: Option<Timestamp>,
        loaded: Timestamp,
        cause: Option<&Cause>,
    ) -> Arc<Feed> {
        let before = state.feed.take();
        let before = before
            .as_ref()
            .map_or(&[][..], |feed| feed.networks.networks());
        let after = networks.networks();
        if before != after {
            let missing = |from: &[Network], of: &[Network]| {
                let is_missing = |network: &&Network| from.binary_search(network).is_err();
                of.iter().filter(is_missing).count()
            };
            let (added, removed) = (missing(before, after), missing(after, before));
            let why = format!("{added} networks added, {removed} removed");
            let own = Cause::new(env!("CARGO_PKG_NAME"), &why);
            self.log.note(
                ChangeKind::Replaced,
                &format!("feed {}", self.shared.name),
                cause.unwrap_or(&own),
            );
            self.shared.live.replace(networks.clone());
        }
        let feed = Arc::new(Feed {
            networks,
            published,
            loaded,
        });
        *state = State {
            feed: Some(Arc::clone(&feed)),
            error: None,
        };
        feed
    }
}

fn fail(state: &mut State, error: FeedError) -> FeedError {
    state.error = Some(error.clone());
    error
}

/// Whether a list may take the place of the one in force.
fn check(
    networks: &AddressSet,
    published: Option<Timestamp>,
    in_force: Option<&Feed>,
    now: Timestamp,
) -> Result<(), FeedError> {
    if published.is_some_and(|published| published > now.saturating_add(AHEAD)) {
        return Err(FeedError::malformed("its date lies in the future"));
    }
    if networks.is_empty() {
        return Err(FeedError::Empty);
    }
    let Some(in_force) = in_force else {
        return Ok(());
    };
    match in_force.published {
        Some(than) if published.is_some_and(|published| published < than) => {
            return Err(FeedError::Older { than });
        }
        _ => {}
    }
    // Networks that were joined or split are still there.
    let before = in_force.networks.networks();
    let is_lost = |network: &&Network| {
        !networks.contains(network.address()) || !networks.contains(network.last_address())
    };
    let lost = before.iter().filter(is_lost).count();
    if lost > before.len() / 2 {
        return Err(FeedError::Shrunk {
            from: before.len(),
            lost,
        });
    }
    Ok(())
}

impl fmt::Debug for FeedHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FeedHandle")
            .field("name", &self.shared.name)
            .finish_non_exhaustive()
    }
}
