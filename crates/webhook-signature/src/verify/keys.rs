//! The keys of a verifier.

use webhook_core::{SecretError, SecretErrorKind, Timestamp};

use crate::{
    custom::WhichKey,
    key::{Entry, Watched},
    mac::Mac,
    scheme::Scheme,
};

#[cfg_attr(
    feature = "public-key",
    allow(clippy::large_enum_variant, reason = "there is one for each verifier")
)]
#[derive(Clone)]
pub(super) enum Keys {
    /// Keyed states, the front one first.
    Macs(Key, Box<[Key]>),
    /// Public keys, or the secrets of tokens.
    #[cfg(feature = "public-key")]
    Public(crate::public::Keys),
}

impl Keys {
    pub(super) fn watched(&self) -> impl Iterator<Item = &Watched> {
        let (front, others) = match self {
            Self::Macs(front, others) => (Some(front), &**others),
            #[cfg(feature = "public-key")]
            Self::Public(_) => (None, &[][..]),
        };
        let mut macs = front.into_iter().chain(others).peekable();
        // A provider may bind two keys in one secret, which stand side by side.
        let macs = std::iter::from_fn(move || {
            let key = macs.next()?;
            while macs
                .next_if(|next| next.watched.id == key.watched.id)
                .is_some()
            {}
            Some(&key.watched)
        });
        #[cfg(feature = "public-key")]
        let public = match self {
            Self::Macs(..) => None,
            Self::Public(keys) => Some(keys.watched()),
        };
        #[cfg(not(feature = "public-key"))]
        let public: Option<std::iter::Empty<_>> = None;
        macs.chain(public.into_iter().flatten())
    }

    /// Watches all of them from now on.
    pub(super) fn watch(&self, now: Timestamp) {
        match self {
            Self::Macs(front, others) => {
                front.watched.meter.watch(now);
                let others = others.iter();
                others.for_each(|key| key.watched.meter.watch(now));
            }
            #[cfg(feature = "public-key")]
            Self::Public(keys) => keys.watched().for_each(|secret| secret.meter.watch(now)),
        }
    }

    pub(super) fn watched_mut(&mut self) -> Vec<&mut Watched> {
        match self {
            Self::Macs(front, others) => std::iter::once(front)
                .chain(others)
                .map(|key| &mut key.watched)
                .collect(),
            #[cfg(feature = "public-key")]
            Self::Public(keys) => keys.watched_mut(),
        }
    }

    /// Keeps these; `false` where there is none.
    pub(super) fn retain(&mut self, keep: impl Fn(&Watched) -> bool) -> bool {
        match self {
            Self::Macs(front, others) => {
                let all = std::iter::once(&*front).chain(&**others);
                let mut kept = all.filter(|key| keep(&key.watched)).cloned();
                let Some(first) = kept.next() else {
                    return false;
                };
                let rest = kept.collect();
                (*front, *others) = (first, rest);
                true
            }
            #[cfg(feature = "public-key")]
            Self::Public(keys) => keys.retain(keep),
        }
    }
}

/// A secret, ready for use.
#[derive(Clone)]
pub(crate) struct Key {
    pub(crate) watched: Watched,
    pub(crate) mac: Mac,
    /// What the provider calls it, where that matters.
    pub(crate) name: Option<Vec<u8>>,
    /// Its place among the keys, where that matters.
    slot: usize,
}

impl Key {
    /// The keys of the ring's `at`th secret: one of them, unless the provider binds two.
    pub(super) fn all(scheme: &Scheme, entry: &Entry, at: usize) -> Result<Vec<Self>, SecretError> {
        let named = |error: SecretError| error.of(format!("the secret `{}`", entry.id));
        let key = scheme.secret.key(&entry.secret).map_err(named)?;
        Self::of_bytes(scheme, entry, at, &key)
    }

    /// The keys of the ring's `at`th secret, once it is decoded.
    pub(super) fn of_bytes(
        scheme: &Scheme,
        entry: &Entry,
        at: usize,
        key: &[u8],
    ) -> Result<Vec<Self>, SecretError> {
        let Some(custom) = scheme.custom else {
            return Ok(vec![Self::new(scheme, entry, key, None, at)?]);
        };
        let keys = custom.keys(&entry.id, at, key).into_iter();
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
            watched: Watched::of(entry),
            mac,
            name,
            slot,
        })
    }

    /// The signature of a text in one piece.
    pub(crate) fn tag(&self, text: &[u8]) -> Vec<u8> {
        self.mac.tag_of(text).as_slice().to_vec()
    }

    #[inline]
    pub(crate) fn is_valid_at(&self, instant: Timestamp) -> bool {
        self.watched.validity.holds_at(instant)
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
