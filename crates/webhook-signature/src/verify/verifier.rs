use std::{fmt, sync::Arc};

use http::request::Parts;
use webhook_core::{Name, SecretError, SecretErrorKind, Timestamp, Verification};

use super::{ConfigError, Pending, Refusal, headers::Judged};
use crate::{
    custom::WhichKey,
    key::{Entry, KeyRing},
    mac::Mac,
    scheme::{Covered, Place, Primitive, Scheme, SchemeError},
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

struct Inner {
    scheme: Scheme,
    covered: Covered,
    front: Key,
    others: Box<[Key]>,
}

/// A secret, ready for use.
pub(crate) struct Key {
    pub(crate) id: Name,
    pub(crate) mac: Mac,
    /// What the provider calls it, where that matters.
    pub(crate) name: Option<Vec<u8>>,
    /// Its place among the keys, where that matters.
    slot: usize,
}

impl Key {
    /// The keys of the ring's `at`th secret: one of them, unless the provider binds two.
    fn all(scheme: &Scheme, entry: &Entry, at: usize) -> Result<Vec<Self>, SecretError> {
        let named = |error: SecretError| error.of(format!("the secret `{}`", entry.id));
        let key = scheme.secret.key(&entry.secret).map_err(named)?;
        let Some(custom) = scheme.custom else {
            return Ok(vec![Self::new(scheme, entry, &key, None, at)?]);
        };
        let keys = custom.keys(&entry.id, at, &key).into_iter();
        keys.map(|key| Self::new(scheme, entry, &key.bytes, key.name, key.slot))
            .collect()
    }

    fn new(
        scheme: &Scheme,
        entry: &Entry,
        key: &[u8],
        name: Option<Vec<u8>>,
        slot: usize,
    ) -> Result<Self, SecretError> {
        let mac = Mac::new(scheme.primitive, key);
        // Where there is a primitive, it takes a key of any length, so that there is a state.
        let mac = mac.ok_or_else(|| {
            SecretError::new(SecretErrorKind::TooShort).of(format!("the secret `{}`", entry.id))
        })?;
        Ok(Self {
            id: entry.id.clone(),
            mac,
            name,
            slot,
        })
    }

    /// Whether this is the key that a provider says made a signature.
    pub(crate) fn may_be(&self, which: &WhichKey) -> bool {
        match which {
            WhichKey::Any => true,
            WhichKey::Named(name) => self.name.as_ref().is_none_or(|own| own == name),
            WhichKey::Slot(slot) => self.slot == *slot,
        }
    }
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
        if scheme.covers_url() && scheme.base_url.is_empty() {
            return Err(SchemeError::NoBaseUrl.into());
        }
        let entries = ring.entries().enumerate();
        let keys = entries.map(|(at, entry)| Key::all(&scheme, entry, at));
        let mut keys = keys.collect::<Result<Vec<_>, _>>()?.into_iter().flatten();
        let none = || SecretError::new(SecretErrorKind::Empty);
        let front = keys.next().ok_or_else(none)?;
        let others = keys.collect();
        let covered = Covered::by(&scheme);
        Ok(Self(Arc::new(Inner {
            scheme,
            covered,
            front,
            others,
        })))
    }

    /// The scheme.
    #[must_use]
    pub fn scheme(&self) -> &Scheme {
        &self.0.scheme
    }

    /// The ids of the secrets, the one in front first.
    pub fn secret_ids(&self) -> impl Iterator<Item = &Name> {
        std::iter::once(self.front())
            .chain(self.others())
            .map(|key| &key.id)
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
    /// the tolerance.
    pub fn begin(&self, parts: &Parts, now: Timestamp) -> Result<Pending, Refusal> {
        let judged = Judged::new(self, parts, now).map_err(Refusal::by_headers)?;
        Ok(Pending::new(self.clone(), judged))
    }

    pub(crate) fn covered(&self) -> Covered {
        self.0.covered
    }

    pub(crate) fn front(&self) -> &Key {
        &self.0.front
    }

    pub(crate) fn others(&self) -> &[Key] {
        &self.0.others
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
