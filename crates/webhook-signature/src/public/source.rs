use std::{fmt, sync::Arc};

use webhook_core::Name;

use super::{PublicKey, PublicKeyError, json::Object};
use crate::{MAX_KEYS, json::Json};

/// Finds the public key that a delivery names.
///
/// It is asked on the request path and must answer at once, from memory: fetch keys elsewhere and
/// swap them, as the [module](crate::public) shows. The id is what the delivery says (`kid`, `keyid`,
/// or the URL of a certificate) and proves nothing; never use it to fetch anything.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no source of public keys",
    label = "this does not implement `KeySource`",
    note = "give a `PublicKeys`, or implement `fn key(&self, id: &str) -> Option<Arc<PublicKey>>`"
)]
pub trait KeySource: Send + Sync {
    /// The key of this id.
    fn key(&self, id: &str) -> Option<Arc<PublicKey>>;

    /// The keys to try for a delivery that names none, of which the first 16 are. Default: none.
    fn keys(&self) -> Vec<(Name, Arc<PublicKey>)> {
        Vec::new()
    }
}

impl<S: KeySource + ?Sized> KeySource for Arc<S> {
    fn key(&self, id: &str) -> Option<Arc<PublicKey>> {
        (**self).key(id)
    }

    fn keys(&self) -> Vec<(Name, Arc<PublicKey>)> {
        (**self).keys()
    }
}

/// A fixed set of keys by the ids that deliveries name.
///
/// ```
/// use webhook_signature::{KeySource, PublicKey, PublicKeys};
///
/// let key = PublicKey::parse("946db4928b380bc3f8423fa0dae032f2e1b381e56aeead49bbb93fac9e0bdd08")?;
/// let keys = PublicKeys::default().with("2026-q4", key);
/// assert!(keys.key("2026-q4").is_some() && keys.key("2026-q3").is_none());
/// # Ok::<_, webhook_signature::PublicKeyError>(())
/// ```
#[derive(Clone, Default)]
pub struct PublicKeys(Vec<(Name, Arc<PublicKey>)>);

impl PublicKeys {
    /// Adds a key, in place of the one that has this id.
    #[must_use]
    pub fn with(mut self, id: impl Into<Name>, key: impl Into<Arc<PublicKey>>) -> Self {
        let id = id.into();
        self.0.retain(|(other, _)| *other != id);
        self.0.push((id, key.into()));
        self
    }

    /// Reads a JSON Web Key Set ([RFC 7517, section
    /// 5](https://www.rfc-editor.org/rfc/rfc7517#section-5)) that you fetched. Keys of kinds that are
    /// not known here are left out, as that section says; one without a `kid` is named after its
    /// place.
    ///
    /// # Errors
    /// No set, or one without any key that can be used.
    pub fn from_jwks(json: &str) -> Result<Self, PublicKeyError> {
        let broken = || {
            PublicKeyError::new("it is no JSON Web Key Set; give the whole text, `{\"keys\":[…]}`")
        };
        let set = Json::parse(json.as_bytes()).and_then(|set| set.member("keys").ok()?);
        let mut keys = Self::default();
        for (at, jwk) in set.and_then(Json::items).ok_or_else(broken)?.enumerate() {
            let jwk = Object::of(jwk).ok_or_else(broken)?;
            if let Ok(key) = PublicKey::from_object(&jwk) {
                let id = jwk
                    .text("kid")
                    .map_or_else(|| format!("#{at}"), str::to_owned);
                keys = keys.with(id, key);
            }
        }
        if keys.0.is_empty() {
            return Err(PublicKeyError::new("none of the set's keys can be used"));
        }
        Ok(keys)
    }

    /// The ids of the keys.
    pub fn ids(&self) -> impl Iterator<Item = &Name> {
        self.0.iter().map(|(id, _)| id)
    }
}

impl KeySource for PublicKeys {
    fn key(&self, id: &str) -> Option<Arc<PublicKey>> {
        let mut keys = self.0.iter();
        keys.find(|(own, _)| own.as_str() == id)
            .map(|(_, key)| Arc::clone(key))
    }

    fn keys(&self) -> Vec<(Name, Arc<PublicKey>)> {
        self.0.iter().take(MAX_KEYS).cloned().collect()
    }
}

impl fmt::Debug for PublicKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PublicKeys")?;
        f.debug_list().entries(self.ids()).finish()
    }
}
