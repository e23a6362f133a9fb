//! Keys of signed answers.

use sha1::{Digest as _, Sha1};
use webhook_core::{Secret, SecretError, SecretErrorKind};

use super::definition::{KeyRule, Signing};
use crate::{SecretEncoding, Verifier, custom::Custom, mac::Mac};

/// A key, and what of it may be told.
#[derive(Clone)]
pub(super) struct AnswerKey {
    mac: Mac,
    pub(super) public: String,
}

impl AnswerKey {
    /// The verifier's key in front, where it is what answers are signed with.
    pub(super) fn of(signing: &Signing, verifier: &Verifier) -> Option<Self> {
        let (scheme, front) = (verifier.scheme(), verifier.front()?);
        let is_raw = scheme.custom.is_none() && scheme.secret_encoding() == SecretEncoding::Raw;
        let public = match (signing.key, scheme.custom) {
            (KeyRule::Raw, None) if is_raw => Some(String::new()),
            (KeyRule::PublicAndSha1OfPrivate, Some(Custom::Braintree)) => {
                let name = std::str::from_utf8(front.name.as_deref()?).ok()?;
                is_plain(name).then(|| name.to_owned())
            }
            _ => None,
        };
        let mac = front.mac.clone();
        let same = scheme.primitive() == signing.primitive;
        public.filter(|_| same).map(|public| Self { mac, public })
    }

    pub(super) fn new(signing: &Signing, secret: &Secret) -> Result<Self, SecretError> {
        let key = SecretEncoding::Raw.key(secret)?;
        let (public, mac) = match signing.key {
            KeyRule::Raw => (String::new(), Mac::new(signing.primitive, &key)),
            KeyRule::PublicAndSha1OfPrivate => {
                let (public, private) = halves(&key).ok_or(SecretError::new(
                    SecretErrorKind::Undecodable("it is not `PUBLIC KEY|PRIVATE KEY`"),
                ))?;
                let digest = Sha1::digest(private);
                (public.to_owned(), Mac::new(signing.primitive, &digest))
            }
        };
        // HMAC takes a key of any length, so that there always is a state.
        let mac = mac.ok_or(SecretError::new(SecretErrorKind::TooShort))?;
        Ok(Self { mac, public })
    }

    pub(super) fn sign(&self, signing: &Signing, token: &str) -> String {
        let tag = self.mac.tag_of(token.as_bytes());
        signing.encoding.encode(tag.as_slice())
    }
}

fn halves(text: &[u8]) -> Option<(&str, &[u8])> {
    let text = std::str::from_utf8(text).ok()?;
    let (public, private) = text.split_once('|')?;
    (is_plain(public) && !private.is_empty()).then_some((public, private.as_bytes()))
}

fn is_plain(public: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    !public.is_empty() && public.bytes().all(plain)
}
