//! Keys of signed answers.

use sha1::{Digest as _, Sha1};
use webhook_core::{Secret, SecretError, SecretErrorKind};

use super::definition::{KeyRule, Signing};
use crate::{SecretEncoding, mac::Mac};

/// A key, and what of it may be told.
#[derive(Clone)]
pub(super) struct AnswerKey {
    mac: Mac,
    pub(super) public: String,
}

impl AnswerKey {
    pub(super) const fn from_mac(mac: Mac) -> Self {
        Self {
            mac,
            public: String::new(),
        }
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
        let mut mac = self.mac.clone();
        mac.update(token.as_bytes());
        signing.encoding.encode(mac.finish().as_slice())
    }
}

fn halves(text: &[u8]) -> Option<(&str, &[u8])> {
    let text = std::str::from_utf8(text).ok()?;
    let (public, private) = text.split_once('|')?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    let fits = !public.is_empty() && public.bytes().all(plain) && !private.is_empty();
    fits.then_some((public, private.as_bytes()))
}
