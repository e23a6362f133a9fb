use std::sync::Arc;

use subtle::ConstantTimeEq as _;
use webhook_core::{Name, SecretError, SecretErrorKind, Timestamp};

use super::{KeySource, PublicKey, Rules, key::EcdsaForm, text::Text};
use crate::{
    MAX_KEYS,
    key::{Entry, KeyRing, Watched},
    mac::Mac,
    scheme::{Primitive, Scheme, SchemeError},
    verify::ConfigError,
};

/// What verifies, and for tokens with a shared secret also signs. Which of the two it is follows
/// from the scheme, so that no token can turn a public key into a secret.
#[derive(Clone)]
pub(crate) enum Keys {
    /// Public keys from a ring; their ids are the operator's, and each that is valid is tried.
    Ring(Box<[(Watched, Arc<PublicKey>)]>),
    /// Public keys by the ids that deliveries name.
    Source(Arc<dyn KeySource>),
    /// Secrets of tokens.
    Secrets(Box<[TokenSecret]>),
}

#[derive(Clone)]
pub(crate) struct TokenSecret {
    watched: Watched,
    macs: Box<[(Primitive, Mac)]>,
}

/// A signature, and all that says how it was made.
pub(crate) struct Signature<'a> {
    pub(crate) primitive: Primitive,
    pub(crate) form: EcdsaForm,
    pub(crate) key_id: Option<&'a str>,
    pub(crate) bytes: &'a [u8],
}

impl Keys {
    pub(crate) fn from_ring(scheme: &Scheme, ring: &KeyRing) -> Result<Self, ConfigError> {
        check(scheme)?;
        if scheme.primitive.is_public_key() {
            let key = |entry: &Entry| Ok((Watched::of(entry), public_key(scheme, entry)?));
            let keys: Result<_, ConfigError> = ring.entries().map(key).collect();
            return keys.map(Self::Ring);
        }
        let algorithms = match scheme.rules() {
            Some(Rules::Token(rules)) => &*rules.algorithms,
            _ => &[],
        };
        let secrets: Result<_, ConfigError> = ring
            .entries()
            .map(|entry| TokenSecret::new(scheme, algorithms, entry))
            .collect();
        secrets.map(Self::Secrets)
    }

    pub(crate) fn from_source(
        scheme: &Scheme,
        source: Arc<dyn KeySource>,
    ) -> Result<Self, ConfigError> {
        check(scheme)?;
        if scheme.primitive.is_public_key() {
            Ok(Self::Source(source))
        } else {
            Err(SchemeError::NoPublicKeys.into())
        }
    }

    /// The keys of a ring.
    pub(crate) fn watched(&self) -> impl Iterator<Item = &Watched> {
        let (keys, secrets) = match self {
            Self::Ring(keys) => (&**keys, &[][..]),
            Self::Source(_) => (&[][..], &[][..]),
            Self::Secrets(secrets) => (&[][..], &**secrets),
        };
        let keys = keys.iter().map(|(watched, _)| watched);
        keys.chain(secrets.iter().map(|secret| &secret.watched))
    }

    pub(crate) fn watched_mut(&mut self) -> Vec<&mut Watched> {
        match self {
            Self::Ring(keys) => keys.iter_mut().map(|(watched, _)| watched).collect(),
            Self::Source(_) => Vec::new(),
            Self::Secrets(secrets) => {
                let secrets = secrets.iter_mut();
                secrets.map(|secret| &mut secret.watched).collect()
            }
        }
    }

    /// Keeps these; `false` where there is none.
    pub(crate) fn retain(&mut self, keep: impl Fn(&Watched) -> bool) -> bool {
        match self {
            Self::Ring(keys) => {
                let kept = keys.iter().filter(|(watched, _)| keep(watched));
                *keys = kept.cloned().collect();
                !keys.is_empty()
            }
            Self::Source(_) => true,
            Self::Secrets(secrets) => {
                let kept = secrets.iter().filter(|secret| keep(&secret.watched));
                *secrets = kept.cloned().collect();
                !secrets.is_empty()
            }
        }
    }

    /// Whether one of the keys is valid now; those of a source always are.
    pub(crate) fn is_any_valid_at(&self, now: Timestamp) -> bool {
        matches!(self, Self::Source(_)) || self.watched().any(|key| key.validity.holds_at(now))
    }

    /// The id of the key that made this signature, if it is valid now.
    pub(crate) fn find(
        &self,
        text: &Text<'_>,
        signature: &Signature<'_>,
        now: Timestamp,
    ) -> Option<Name> {
        let made = |key: &PublicKey| {
            key.verifies(signature.primitive, signature.form, text, signature.bytes)
        };
        match self {
            Self::Ring(keys) => {
                let mut keys = keys.iter();
                keys.find(|(watched, key)| watched.validity.holds_at(now) && made(key))
                    .map(|(watched, _)| watched.id.clone())
            }
            Self::Source(source) => {
                if let Some(id) = signature.key_id {
                    let key = source.key(id)?;
                    return made(&key).then(|| Name::from(id.to_owned()));
                }
                let mut keys = source.keys().into_iter().take(MAX_KEYS);
                keys.find(|(_, key)| made(key)).map(|(id, _)| id)
            }
            Self::Secrets(secrets) => secrets
                .iter()
                .filter(|secret| secret.watched.validity.holds_at(now))
                .find(|secret| secret.made(signature.primitive, text, signature.bytes))
                .map(|secret| secret.watched.id.clone()),
        }
    }

    /// The tag of the secret in front.
    pub(crate) fn sign(&self, primitive: Primitive, text: &Text<'_>) -> Option<Vec<u8>> {
        match self {
            Self::Secrets(secrets) => secrets.first()?.tag(primitive, text),
            Self::Ring(_) | Self::Source(_) => None,
        }
    }
}

impl TokenSecret {
    fn new(scheme: &Scheme, algorithms: &[Primitive], entry: &Entry) -> Result<Self, ConfigError> {
        let named = |error: SecretError| error.of(format!("the secret `{}`", entry.id));
        let key = scheme.secret.key(&entry.secret).map_err(named)?;
        let macs: Option<_> = algorithms
            .iter()
            .map(|primitive| Some((*primitive, Mac::new(*primitive, &key)?)))
            .collect();
        let macs = macs.ok_or(SchemeError::TokenAlgorithm(scheme.primitive.as_str()))?;
        Ok(Self {
            watched: Watched::of(entry),
            macs,
        })
    }

    fn tag(&self, primitive: Primitive, text: &Text<'_>) -> Option<Vec<u8>> {
        let mut macs = self.macs.iter();
        let (_, mac) = macs.find(|(own, _)| *own == primitive)?;
        let tag = mac.tag(b"", text.pieces(), b"");
        Some(tag.as_slice().to_vec())
    }

    fn made(&self, primitive: Primitive, text: &Text<'_>, signature: &[u8]) -> bool {
        self.tag(primitive, text)
            .is_some_and(|tag| tag.ct_eq(signature).into())
    }
}

fn check(scheme: &Scheme) -> Result<(), SchemeError> {
    match scheme.rules() {
        Some(Rules::Header(rules)) if rules.lacks_webhook_id => Err(SchemeError::NoWebhookId),
        _ if scheme.lacks_url() => Err(SchemeError::NoBaseUrl),
        _ => Ok(()),
    }
}

fn public_key(scheme: &Scheme, entry: &Entry) -> Result<Arc<PublicKey>, SecretError> {
    let undecodable = |why| {
        SecretError::new(SecretErrorKind::Undecodable(why))
            .of(format!("the public key `{}`", entry.id))
    };
    let text = std::str::from_utf8(entry.secret.expose())
        .map_err(|_| undecodable("it is no text; give PEM or base64"))?;
    let key = PublicKey::parse(text).map_err(|error| undecodable(error.as_str()))?;
    let fits = match scheme.rules() {
        // SNS says in each document which of its two hashes it took.
        Some(Rules::Sns) => key.kind() == "rsa",
        _ => key.fits(scheme.primitive),
    };
    if fits {
        Ok(Arc::new(key))
    } else {
        Err(undecodable(
            "it is a public key of another algorithm than the scheme's",
        ))
    }
}
