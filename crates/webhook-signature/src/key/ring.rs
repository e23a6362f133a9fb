use std::{fmt, sync::Arc};

use webhook_core::{Name, Secret, Timestamp};

use super::{
    SecretUse, Validity,
    usage::{Meter, Watched},
};

/// The most secrets in one [`KeyRing`], so that the cost of a forged delivery is bounded.
pub const MAX_KEYS: usize = 16;

/// The longest id of a secret, in bytes.
const MAX_ID: usize = 64;

/// The secrets that a receiver takes, each with a short id that records may show.
///
/// The one in front signs, and is tried first; the others are tried in order while a provider and
/// its receivers change over. A ring is never empty and cheap to clone.
///
/// ```
/// use webhook_core::Secret;
/// use webhook_signature::KeyRing;
///
/// let keys = KeyRing::new("2026-q4", Secret::new("a secret of this quarter")?)?
///     .with("2026-q3", Secret::new("a secret of last quarter")?)?;
/// assert_eq!(keys.ids().collect::<Vec<_>>(), ["2026-q4", "2026-q3"]);
/// assert!(keys.with("2026-q3", Secret::new("the same id once more")?).is_err());
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct KeyRing(Vec<Entry>);

/// One secret of a ring.
#[derive(Clone)]
pub(crate) struct Entry {
    pub(crate) id: Name,
    pub(crate) secret: Arc<Secret>,
    pub(crate) validity: Validity,
    pub(crate) meter: Arc<Meter>,
}

impl Entry {
    fn new(id: Name, secret: Arc<Secret>) -> Self {
        Self {
            id,
            validity: Validity::default(),
            meter: Arc::new(Meter::new(&secret)),
            secret,
        }
    }
}

impl KeyRing {
    /// A ring of one secret.
    ///
    /// # Errors
    /// An id that is empty, longer than 64 bytes, or holds more than visible ASCII.
    pub fn new(id: impl Into<Name>, secret: impl Into<Arc<Secret>>) -> Result<Self, KeyRingError> {
        Self(Vec::new()).with(id, secret)
    }

    /// Adds a secret behind those that are there.
    ///
    /// # Errors
    /// As [`KeyRing::new`]; also an id that is taken, and more than [`MAX_KEYS`] secrets.
    pub fn with(
        mut self,
        id: impl Into<Name>,
        secret: impl Into<Arc<Secret>>,
    ) -> Result<Self, KeyRingError> {
        let id = id.into();
        let text = id.as_str();
        if text.is_empty()
            || text.len() > MAX_ID
            || !text.bytes().all(|byte| byte.is_ascii_graphic())
        {
            return Err(KeyRingError::Id { bytes: text.len() });
        }
        if self.0.iter().any(|entry| entry.id == id) {
            return Err(KeyRingError::RepeatedId(text.to_owned()));
        }
        if self.0.len() == MAX_KEYS {
            return Err(KeyRingError::Full);
        }
        self.0.push(Entry::new(id, secret.into()));
        Ok(self)
    }

    /// Sets from when on a secret is valid, that instant included; default always. Before it, what
    /// the secret signed is refused as if it were not in the ring.
    ///
    /// # Errors
    /// An id that is not in the ring; an instant after the secret's not-after.
    pub fn with_not_before(self, id: &str, instant: Timestamp) -> Result<Self, KeyRingError> {
        self.limited(id, |validity| validity.not_before = Some(instant))
    }

    /// Sets until when a secret is valid, that instant included; default for ever.
    ///
    /// ```
    /// use webhook_core::{Secret, Timestamp};
    /// use webhook_signature::KeyRing;
    ///
    /// // The old secret verifies until the provider has changed over, and not a second longer.
    /// let keys = KeyRing::new("2026-q4", Secret::new("a secret of this quarter")?)?
    ///     .with("2026-q3", Secret::new("a secret of last quarter")?)?
    ///     .with_not_after("2026-q3", Timestamp::from_unix_seconds(1_798_761_599))?;
    /// assert!(keys.with_not_after("2026-q2", Timestamp::from_unix_seconds(0)).is_err());
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// An id that is not in the ring; an instant before the secret's not-before.
    pub fn with_not_after(self, id: &str, instant: Timestamp) -> Result<Self, KeyRingError> {
        self.limited(id, |validity| validity.not_after = Some(instant))
    }

    /// Takes a secret out: for one that leaked, together with
    /// [`SettingsHandle::replace`](webhook_core::SettingsHandle::replace) where the settings are
    /// swappable.
    ///
    /// # Errors
    /// An id that is not in the ring, or the only one in it: pause the endpoint instead.
    pub fn without(mut self, id: &str) -> Result<Self, KeyRingError> {
        let at = self.position(id)?;
        if self.0.len() == 1 {
            return Err(KeyRingError::Last);
        }
        self.0.remove(at);
        Ok(self)
    }

    fn limited(
        mut self,
        id: &str,
        limit: impl FnOnce(&mut Validity),
    ) -> Result<Self, KeyRingError> {
        let at = self.position(id)?;
        if let Some(entry) = self.0.get_mut(at) {
            limit(&mut entry.validity);
            if !entry.validity.can_hold() {
                return Err(KeyRingError::NeverValid(entry.id.as_str().to_owned()));
            }
        }
        Ok(self)
    }

    fn position(&self, id: &str) -> Result<usize, KeyRingError> {
        let at = self.0.iter().position(|entry| entry.id.as_str() == id);
        at.ok_or(KeyRingError::UnknownId)
    }

    /// The ids of the secrets, the one in front first.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|entry| entry.id.as_str())
    }

    /// Says when the secrets were loaded, so that one that never verifies anything is told from one
    /// that nobody has waited for yet. Default: they are watched from the first delivery on that one
    /// of them verifies. A secret that is watched already stays watched since then.
    #[must_use]
    pub fn loaded_at(self, now: Timestamp) -> Self {
        self.0.iter().for_each(|entry| entry.meter.watch(now));
        self
    }

    /// Counts on where the old ring stands, for each secret that is in it under the same id. A ring
    /// and its clones, and the verifiers made of them, share their counters anyway.
    ///
    /// ```
    /// use http::Request;
    /// use webhook_core::{Secret, Timestamp};
    /// use webhook_signature::{KeyRing, SignRequest, Verifier, presets};
    ///
    /// let secret = || Secret::new("a secret of this quarter");
    /// let old = KeyRing::new("2026-q4", secret()?)?;
    /// let verifier = Verifier::new(&presets::GITHUB, old.clone())?;
    /// let now = Timestamp::from_unix_seconds(1_700_000_000);
    /// let (mut parts, ()) = Request::post("/").body(())?.into_parts();
    /// parts.headers.extend(verifier.sign(&SignRequest::new(b"{}", now))?);
    /// assert!(verifier.verify(&parts, b"{}", now).is_ok());
    ///
    /// let new = KeyRing::new("2027-q1", Secret::new("a secret of next quarter")?)?
    ///     .with("2026-q4", secret()?)?
    ///     .continuing(&old);
    /// let uses: Vec<_> = new.secret_uses().map(|secret| secret.uses).collect();
    /// assert_eq!(uses, [0, 1]);
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn continuing(mut self, old: &Self) -> Self {
        for entry in &mut self.0 {
            let mut watched = Watched::of(entry);
            old.0
                .iter()
                .for_each(|old| watched.continues(&Watched::of(old)));
            entry.meter = watched.meter;
        }
        self
    }

    /// The same secrets, with counters of their own: for what is tried and is no use of them.
    #[cfg(feature = "explain")]
    pub(crate) fn apart(mut self) -> Self {
        for entry in &mut self.0 {
            entry.meter = Arc::new(Meter::new(&entry.secret));
        }
        self
    }

    /// How often and when each secret verified a delivery, the one in front first.
    pub fn secret_uses(&self) -> impl Iterator<Item = SecretUse> {
        self.0.iter().map(|entry| Watched::of(entry).told())
    }

    pub(crate) fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.0.iter()
    }
}

/// A ring of one secret, with the id `default`.
impl From<Secret> for KeyRing {
    fn from(secret: Secret) -> Self {
        Arc::new(secret).into()
    }
}

/// A ring of one secret, with the id `default`.
impl From<Arc<Secret>> for KeyRing {
    fn from(secret: Arc<Secret>) -> Self {
        Self(vec![Entry::new(Name::from_static("default"), secret)])
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyRing")?;
        f.debug_list().entries(self.ids()).finish()
    }
}

/// Why a secret cannot be added to a [`KeyRing`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyRingError {
    /// An id that is empty, longer than 64 bytes, or holds more than visible ASCII. Only its length
    /// is told: where id and secret were swapped, it is the secret.
    Id {
        /// How many bytes the id has.
        bytes: usize,
    },
    /// An id that another secret of the ring has.
    RepeatedId(String),
    /// There are [`MAX_KEYS`] secrets already.
    Full,
    /// An id that no secret of the ring has. It is not told: it may be the secret itself.
    UnknownId,
    /// A secret whose not-after lies before its not-before.
    NeverValid(String),
    /// The only secret of the ring.
    Last,
}

impl fmt::Display for KeyRingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id { bytes } => write!(
                f,
                "the id of a secret has {bytes} bytes, or more than visible ASCII; take 1 to {MAX_ID} visible ASCII characters, such as `2026-q4`, and never the secret itself"
            ),
            Self::RepeatedId(id) => write!(f, "two secrets have the id `{id}`; give each its own"),
            Self::Full => write!(
                f,
                "more than {MAX_KEYS} secrets; remove those that nothing signs with any more"
            ),
            Self::UnknownId => f.write_str("no secret of the ring has this id; take one of `ids()`"),
            Self::NeverValid(id) => write!(
                f,
                "the secret `{id}` ends before it begins; put its not-after behind its not-before"
            ),
            Self::Last => f.write_str(
                "a ring without a secret lets nobody in; add the next secret first, or pause the endpoint",
            ),
        }
    }
}

impl std::error::Error for KeyRingError {}

#[cfg(test)]
mod tests {
    use webhook_core::Secret;

    use super::{KeyRing, KeyRingError, MAX_KEYS};

    fn secret() -> Secret {
        Secret::new("canary-canary-canary").unwrap()
    }

    #[test]
    fn a_ring_is_bounded_and_prints_no_secret() {
        let mut ring = KeyRing::from(secret());
        for n in 1..MAX_KEYS {
            ring = ring.with(format!("key-{n}"), secret()).unwrap();
        }
        assert!(!format!("{ring:?}").contains("canary"));
        assert_eq!(ring.ids().count(), MAX_KEYS);
        assert_eq!(
            ring.with("one more", secret()).unwrap_err(),
            KeyRingError::Id { bytes: 8 }
        );
    }

    #[test]
    fn ids_are_short_distinct_and_visible() {
        let ring = KeyRing::new("a", secret()).unwrap();
        assert_eq!(
            ring.clone().with("a", secret()).unwrap_err(),
            KeyRingError::RepeatedId("a".into())
        );
        assert!(ring.clone().with("x".repeat(64), secret()).is_ok());
        for id in ["", "a b", "a\n", "ä", &"x".repeat(65)] {
            assert!(
                matches!(
                    ring.clone().with(id.to_owned(), secret()),
                    Err(KeyRingError::Id { .. })
                ),
                "{id}"
            );
        }
        let full = (1..MAX_KEYS).fold(ring, |ring, n| ring.with(format!("{n}"), secret()).unwrap());
        assert_eq!(full.with("more", secret()).unwrap_err(), KeyRingError::Full);
    }
}
