use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::runtime::Handle;
use webhook_core::{
    Ticks,
    change::{Cause, ChangeKind},
};

use super::{
    CacheSettings,
    entry::Entry,
    flight::{Flight, Waiting},
    flights::Flights,
    landing::Landing,
    table::Table,
};
use crate::{
    Lookup, Resolve,
    diagnosis::Diagnoses,
    directory::{Find, Found},
};

/// Looks endpoints up and remembers them; see [`CacheSettings`] for how long and how many.
///
/// - Of any number of requests for one key, one look-up runs. It is a task of tokio's runtime, so it
///   goes on where the client that caused it goes away, and has a deadline.
/// - A request whose endpoint is remembered waits for nothing and allocates nothing.
/// - Unknown keys are remembered apart from known ones and for a shorter time, so strangers push out
///   nobody's endpoint; and they have look-ups apart, so they keep nobody's endpoint from being
///   looked up again.
/// - Where a look-up fails or is late, the last good answer is used for a while, and later requests
///   do not wait for further look-ups to fail. Without one, the request gets 503, never 404.
///
/// Clones are handles on the same cache.
///
/// ```
/// use std::{convert::Infallible, time::Duration};
///
/// use webhook_core::{Endpoint, change::Cause};
/// use webhook_endpoint_layer::{CacheSettings, EndpointCache, Key, Lookup};
///
/// let settings = CacheSettings::new().with_time_to_live(Duration::from_secs(300))?;
/// let cache = EndpointCache::with_settings(
///     async |key: Key| Ok::<Lookup, Infallible>(Endpoint::new(key.to_string()).into()),
///     settings,
/// );
///
/// // Later: the next request for acme looks it up again.
/// cache.invalidate("acme", &Cause::new("alice", "acme has a new secret"));
/// # Ok::<_, webhook_endpoint_layer::EndpointError>(())
/// ```
pub struct EndpointCache<L> {
    shared: Arc<Shared<L>>,
}

pub(super) struct Shared<L> {
    pub(super) resolver: L,
    pub(super) settings: CacheSettings,
    pub(super) diagnoses: Diagnoses,
    known: Table,
    unknown: Table,
    /// Whoever changes the tables holds this lock.
    flights: Mutex<Flights>,
}

impl<L: Resolve> EndpointCache<L> {
    /// A cache in front of this resolver, with the default settings.
    #[must_use]
    pub fn new(resolver: L) -> Self {
        Self::with_settings(resolver, CacheSettings::default())
    }

    /// A cache with settings of your own.
    #[must_use]
    pub fn with_settings(resolver: L, settings: CacheSettings) -> Self {
        Self {
            shared: Arc::new(Shared {
                resolver,
                known: Table::new(settings.capacity),
                unknown: Table::new(settings.unknown_capacity),
                settings,
                diagnoses: Diagnoses::default(),
                flights: Mutex::default(),
            }),
        }
    }

    /// Waits for the look-up of this key that is under way, or begins one.
    fn look_up(&self, key: &str, now: Ticks) -> Found {
        let shared = &self.shared;
        let mut flights = shared.flights();
        // It may have landed since.
        if let Some(lookup) = shared.remembered(key, now) {
            return Found::Known(lookup);
        }
        let last_good = shared.known.last_good(key, now);
        let (flight, landing) = match flights.of(key) {
            Some(flight) => (Some(flight), None),
            None => self.begin(&mut flights, key),
        };
        drop(flights);
        // Outside the lock: a runtime that is shutting down drops the task at once, and so lands it.
        if let (Some(landing), Ok(runtime)) = (landing, Handle::try_current()) {
            runtime.spawn(landing.fly());
        }
        match (last_good, flight) {
            (Some(good), _) if good.is_failing => Found::Known(good.lookup),
            (_, Some(flight)) => Found::Waiting(Waiting::new(flight)),
            (Some(good), None) => Found::Known(good.lookup),
            (None, None) => Found::Unavailable,
        }
    }

    fn begin(&self, flights: &mut Flights, key: &str) -> (Option<Arc<Flight>>, Option<Landing<L>>) {
        if Handle::try_current().is_err() {
            self.shared.diagnoses.no_runtime();
            return (None, None);
        }
        let is_known = self.shared.known.contains(key);
        let most = self.shared.settings.max_look_ups;
        let flight = flights.begin(key, is_known, most);
        if flight.is_none() {
            self.shared.diagnoses.no_room(most);
        }
        let landing = flight
            .clone()
            .map(|flight| Landing::new(Arc::clone(&self.shared), flight));
        (flight, landing)
    }
}

impl<L> EndpointCache<L> {
    /// Forgets what is remembered of a key, a last good answer included: the next request looks it
    /// up. A look-up that is under way is not remembered either.
    ///
    /// The key is written as [`Key`](crate::Key) is: parts with one space between them.
    pub fn invalidate(&self, key: &str, cause: &Cause) {
        {
            let mut flights = self.shared.flights();
            flights.disown(key);
            self.shared.known.remove(key);
            self.shared.unknown.remove(key);
        }
        self.shared.settings.log.note(ChangeKind::Reset, key, cause);
    }

    /// Forgets everything that is remembered.
    pub fn invalidate_all(&self, cause: &Cause) {
        {
            let mut flights = self.shared.flights();
            flights.disown_all();
            self.shared.known.clear();
            self.shared.unknown.clear();
        }
        let log = &self.shared.settings.log;
        log.note(ChangeKind::Reset, "all endpoints", cause);
    }

    /// Puts an answer in place of what is remembered, in force from the next request on: for
    /// whoever has just written it to the store. After its time to live it is looked up like any
    /// other.
    pub fn replace(&self, key: &str, lookup: impl Into<Lookup>, cause: &Cause) {
        let lookup = lookup.into();
        {
            let mut flights = self.shared.flights();
            flights.disown(key);
            self.shared.remember(&key.into(), lookup);
        }
        self.shared
            .settings
            .log
            .note(ChangeKind::Replaced, key, cause);
    }

    /// How many endpoints are remembered.
    #[must_use]
    pub fn endpoints(&self) -> usize {
        self.shared.known.len()
    }

    /// How many unknown keys are remembered.
    #[must_use]
    pub fn unknown_keys(&self) -> usize {
        self.shared.unknown.len()
    }
}

impl<L> Shared<L> {
    fn remembered(&self, key: &str, now: Ticks) -> Option<Lookup> {
        self.known
            .fresh(key, now)
            .or_else(|| self.unknown.fresh(key, now))
    }

    /// Ends a look-up, and says what those are told who wait for it.
    pub(super) fn conclude(&self, flight: &Arc<Flight>, found: Option<Lookup>) -> Option<Lookup> {
        let mut flights = self.flights();
        let is_current = flights.end(flight);
        match found {
            Some(lookup) if is_current => {
                self.remember(&flight.key, lookup.clone());
                Some(lookup)
            }
            None if is_current => self.known.keep(&flight.key, self.settings.clock.ticks()),
            // Overtaken by an invalidation: for those who came before it, and not to be remembered.
            found => found,
        }
    }

    /// Remembers an answer. Only under the lock of the flights.
    fn remember(&self, key: &Arc<str>, lookup: Lookup) {
        let settings = &self.settings;
        let now = settings.clock.ticks();
        let (table, other, fresh) = if lookup.is_unknown() {
            (&self.unknown, &self.known, settings.unknown_time_to_live)
        } else {
            (&self.known, &self.unknown, settings.time_to_live)
        };
        table.insert(key, Entry::new(lookup, now, fresh, settings.last_good));
        other.remove(key);
    }

    fn flights(&self) -> MutexGuard<'_, Flights> {
        self.flights.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<L: Resolve> Find for EndpointCache<L> {
    fn find(&self, key: &str) -> Found {
        let now = self.shared.settings.clock.ticks();
        match self.shared.remembered(key, now) {
            Some(lookup) => Found::Known(lookup),
            None => self.look_up(key, now),
        }
    }
}

impl<L> Clone for EndpointCache<L> {
    fn clone(&self) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
        }
    }
}

/// Without the resolver, which may be a closure, and without keys.
impl<L> fmt::Debug for EndpointCache<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EndpointCache")
            .field("settings", &self.shared.settings)
            .finish_non_exhaustive()
    }
}
