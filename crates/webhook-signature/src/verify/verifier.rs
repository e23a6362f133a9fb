use std::{fmt, sync::Arc};

use http::request::Parts;
use webhook_core::{Name, SecretError, SecretErrorKind, Timestamp, Verification};

use super::{
    ConfigError, Pending, Refusal,
    keys::{Key, Keys},
    newline::Variant,
};
use crate::{
    KeyRingError, SecretUse,
    key::{KeyRing, Watched},
    scheme::{Covered, Place, Primitive, Scheme, SchemeError, Sought},
};

/// Verifies deliveries of one scheme with the secrets of one key ring, and signs with the one in
/// front.
///
/// A verifier is cheap to clone and to share. It keeps no secret's text: only keyed states, which
/// are wiped when the last clone is dropped.
///
/// ```
/// use http::Request;
/// use webhook_core::{Reason, Secret, Timestamp};
/// use webhook_signature::{Verifier, presets};
///
/// let verifier = Verifier::new(presets::GITHUB.scheme(), Secret::new("It's a Secret to Everybody")?)?;
/// let now = Timestamp::from_unix_seconds(1_700_000_000);
///
/// let (parts, ()) = Request::post("/webhooks/github")
///     .header("x-hub-signature-256", "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17")
///     .body(())?
///     .into_parts();
/// let verification = verifier.verify(&parts, b"Hello, World!", now)?;
/// assert_eq!(verification.provider().as_str(), "github");
///
/// let refusal = verifier.verify(&parts, b"Hello, world!", now).unwrap_err();
/// assert_eq!(refusal.reason(), Reason::SignatureMismatch);
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Verifier(Arc<Inner>);

#[derive(Clone)]
struct Inner {
    scheme: Scheme,
    covered: Covered,
    sought: Sought,
    keys: Keys,
    /// The same secrets, with the usual mistake made or undone.
    variant: Option<Box<Variant>>,
}

impl Verifier {
    /// Makes the keys of the ring's secrets as the scheme says.
    ///
    /// # Errors
    /// A secret that cannot be decoded, or that is short once it is; a scheme that signs a URL and
    /// has no base URL, or whose header is yours to name and has no name; a provider that proves
    /// nothing. The error names the secret's id and the fix.
    pub fn new(scheme: impl Into<Scheme>, keys: impl Into<KeyRing>) -> Result<Self, ConfigError> {
        let (scheme, ring) = (scheme.into(), keys.into());
        if scheme.primitive == Primitive::Unsigned {
            return Err(SchemeError::Unsigned.into());
        }
        if scheme.location.signature == Place::Chosen {
            return Err(SchemeError::NoSignatureHeader.into());
        }
        if scheme.lacks_url() {
            return Err(SchemeError::NoBaseUrl.into());
        }
        #[cfg(feature = "public-key")]
        if scheme.is_public() {
            let keys = crate::public::Keys::from_ring(&scheme, &ring)?;
            return Ok(Self::of_public(scheme, keys));
        }
        let entries = ring.entries().enumerate();
        let keys = entries.map(|(at, entry)| Key::all(&scheme, entry, at));
        let keys = keys.collect::<Result<Vec<_>, _>>()?;
        let variant = Variant::of(&scheme, &ring).map(Box::new);
        let none = || SecretError::new(SecretErrorKind::Empty);
        Self::of_keys(scheme, keys.into_iter().flatten(), variant).ok_or_else(|| none().into())
    }

    /// A verifier with these keyed states; `None` where there is none.
    pub(super) fn of_keys(
        scheme: Scheme,
        mut keys: impl Iterator<Item = Key>,
        variant: Option<Box<Variant>>,
    ) -> Option<Self> {
        let front = keys.next()?;
        Some(Self(Arc::new(Inner {
            covered: Covered::by(&scheme),
            sought: Sought::by(&scheme),
            scheme,
            keys: Keys::Macs(front, keys.collect()),
            variant,
        })))
    }

    /// Takes public keys from a source, which finds them by the ids that deliveries name. The
    /// [module of public keys](crate::public) shows how to fill it and how to change its keys.
    ///
    /// # Errors
    /// A scheme whose keys are secrets; one that signs something which only the operator knows, and
    /// was not told.
    #[cfg(feature = "public-key")]
    pub fn with_key_source(
        scheme: impl Into<Scheme>,
        source: impl crate::KeySource + 'static,
    ) -> Result<Self, ConfigError> {
        let scheme = scheme.into();
        let keys = crate::public::Keys::from_source(&scheme, Arc::new(source))?;
        Ok(Self::of_public(scheme, keys))
    }

    #[cfg(feature = "public-key")]
    fn of_public(scheme: Scheme, keys: crate::public::Keys) -> Self {
        Self(Arc::new(Inner {
            covered: Covered::by(&scheme),
            sought: Sought::by(&scheme),
            scheme,
            keys: Keys::Public(keys),
            variant: None,
        }))
    }

    /// The scheme.
    #[must_use]
    pub fn scheme(&self) -> &Scheme {
        &self.0.scheme
    }

    /// The ids of the secrets, the one in front first; those of a key source are its own.
    pub fn secret_ids(&self) -> impl Iterator<Item = &Name> {
        self.watched().map(|secret| &secret.id)
    }

    /// How often and when each secret verified a delivery, the one in front first. The counters are
    /// those of the [ring](KeyRing::secret_uses); a key source counts nothing.
    pub fn secret_uses(&self) -> impl Iterator<Item = SecretUse> {
        self.watched().map(Watched::told)
    }

    /// Says when the secrets were loaded; see [`KeyRing::loaded_at`].
    #[must_use]
    pub fn loaded_at(self, now: Timestamp) -> Self {
        self.watched().for_each(|secret| secret.meter.watch(now));
        self
    }

    /// Counts on where the old verifier stands; see [`KeyRing::continuing`].
    #[must_use]
    pub fn continuing(mut self, old: &Self) -> Self {
        let Inner { keys, .. } = Arc::make_mut(&mut self.0);
        for secret in keys.watched_mut() {
            old.watched().for_each(|old| secret.continues(old));
        }
        self
    }

    /// The same verifier without one of its secrets; see [`KeyRing::without`].
    ///
    /// # Errors
    /// An id that no secret has, or the only one, or the keys of a source, which the source takes
    /// out.
    pub fn without(&self, id: &str) -> Result<Self, KeyRingError> {
        let is_other = |secret: &Watched| secret.id.as_str() != id;
        if self.watched().all(is_other) {
            return Err(KeyRingError::UnknownId);
        }
        let mut inner = (*self.0).clone();
        let left = inner.keys.retain(is_other);
        inner.variant = inner.variant.and_then(|variant| variant.without(id));
        left.then(|| Self(Arc::new(inner)))
            .ok_or(KeyRingError::Last)
    }

    /// Counts a delivery that this secret verified.
    pub(super) fn count(&self, used: &Watched, now: Timestamp) {
        self.0.keys.watch(now);
        used.meter.count(now);
    }

    /// The secrets, each once.
    pub(crate) fn watched(&self) -> impl Iterator<Item = &Watched> {
        self.0.keys.watched()
    }

    pub(super) fn variant(&self) -> Option<&Variant> {
        self.0.variant.as_deref()
    }

    /// Verifies a delivery whose body is there.
    ///
    /// # Errors
    /// What is missing, malformed, stale or wrong.
    pub fn verify(
        &self,
        parts: &Parts,
        body: &[u8],
        now: Timestamp,
    ) -> Result<Verification, Refusal> {
        self.begin(parts, now)?.finish([body])
    }

    /// Judges all that the headers decide, before the first byte of the body is needed.
    ///
    /// # Errors
    /// In this order: two different sets of headers; an id, timestamp or signature that is missing
    /// (an empty header counts as missing) or repeated; one that is malformed; a timestamp outside
    /// the tolerance. Last, [`SecretUnavailable`](webhook_core::Reason::SecretUnavailable) where no secret is valid at `now`.
    pub fn begin(&self, parts: &Parts, now: Timestamp) -> Result<Pending, Refusal> {
        let mut pending = Pending::default();
        pending.begin(self, parts, now)?;
        Ok(pending)
    }

    #[cfg(feature = "public-key")]
    pub(super) fn begin_public(
        &self,
        keys: &crate::public::Keys,
        parts: &Parts,
        now: Timestamp,
    ) -> Result<Pending, Refusal> {
        let begun = crate::public::Pending::begin(self.scheme(), self.covered(), keys, parts, now);
        match begun {
            Ok(_) | Err(webhook_core::Reason::SignatureMismatch) if !keys.is_any_valid_at(now) => {
                Err(webhook_core::Reason::SecretUnavailable)
            }
            begun => begun.map(|pending| Pending::public(self.clone(), pending)),
        }
        .map_err(Refusal::by_headers)
    }

    pub(crate) fn covered(&self) -> Covered {
        self.0.covered
    }

    /// What a delivery is known to be before anything is read of it.
    pub(super) fn known(&self) -> Verification {
        let known = Verification::new(self.scheme().name.clone());
        if self.covered().body {
            known.with_signed_body()
        } else {
            known
        }
    }

    pub(super) fn sought(&self) -> &Sought {
        &self.0.sought
    }

    /// The key in front; none where keys are public.
    #[cfg_attr(
        not(feature = "public-key"),
        allow(
            clippy::unnecessary_wraps,
            reason = "there are none without that feature"
        )
    )]
    #[inline]
    pub(crate) fn front(&self) -> Option<&Key> {
        match &self.0.keys {
            Keys::Macs(front, _) => Some(front),
            #[cfg(feature = "public-key")]
            Keys::Public(_) => None,
        }
    }

    /// The first key that is valid at this instant: the one in front, as a rule.
    #[inline]
    pub(super) fn first_valid_key(&self, now: Timestamp) -> Option<&Key> {
        let front = self.front().filter(|key| key.is_valid_at(now));
        front.or_else(|| self.others().iter().find(|key| key.is_valid_at(now)))
    }

    /// The keys that are valid at this instant, the front one first.
    pub(crate) fn valid_keys(&self, now: Timestamp) -> impl Iterator<Item = &Key> {
        let keys = self.front().into_iter().chain(self.others());
        keys.filter(move |key| key.is_valid_at(now))
    }

    pub(crate) fn others(&self) -> &[Key] {
        match &self.0.keys {
            Keys::Macs(_, others) => others,
            #[cfg(feature = "public-key")]
            Keys::Public(_) => &[],
        }
    }

    #[cfg(feature = "public-key")]
    pub(crate) fn public(&self) -> Option<&crate::public::Keys> {
        match &self.0.keys {
            Keys::Macs(..) => None,
            Keys::Public(keys) => Some(keys),
        }
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verifier")
            .field("scheme", self.scheme().name())
            .field("secrets", &self.secret_ids().collect::<Vec<_>>())
            .finish()
    }
}
