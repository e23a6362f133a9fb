//! Keyed digests of bodies, for records.

use std::fmt;

use hmac::{Hmac, KeyInit as _, Mac as _, digest::Key};
use sha2::Sha256;
use webhook_core::{Secret, record::BodyDigest};
use zeroize::{Zeroize as _, Zeroizing};

use crate::hash::sha256;

/// Keeps a digest from being any signature, even where somebody gives a provider's secret as the key.
const PURPOSE: &[u8] = b"webhook.body.digest, version 1";

/// The key under which records tell the digests of bodies.
///
/// Whoever has the key and a body can say whether it is the one that was received; whoever has the
/// records alone learns nothing of any body, not even of a short or a guessed one. Take a key of its own,
/// at least 16 random bytes, and no provider's secret. Another key makes other digests.
///
/// ```
/// use webhook_core::Secret;
/// use webhook_signature::BodyDigestKey;
///
/// let key = BodyDigestKey::new(&Secret::new("0123456789abcdef0123456789abcdef")?);
/// let digest = key.digest(br#"{"id":7}"#);
/// assert!(digest.to_string().starts_with("hs256:"));
/// assert_eq!(digest, key.digest(br#"{"id":7}"#));
/// assert_ne!(digest, key.digest(br#"{"id":8}"#));
/// # Ok::<_, webhook_core::SecretError>(())
/// ```
#[derive(Clone)]
pub struct BodyDigestKey(Hmac<Sha256>);

/// A digest that is under way.
#[derive(Clone)]
pub struct BodyDigester(Hmac<Sha256>);

impl BodyDigestKey {
    /// The key that this secret makes.
    #[must_use]
    pub fn new(secret: &Secret) -> Self {
        let mut derived = keyed(sha256(secret.expose()));
        derived.update(PURPOSE);
        Self(keyed(derived.finalize().into_bytes().into()))
    }

    /// The digest of a body in one piece.
    #[must_use]
    pub fn digest(&self, body: &[u8]) -> BodyDigest {
        let mut digester = self.begin();
        digester.update(body);
        digester.finish()
    }

    /// Begins the digest of a body that comes in pieces.
    #[must_use]
    pub fn begin(&self) -> BodyDigester {
        BodyDigester(self.0.clone())
    }
}

impl BodyDigester {
    /// Adds the next piece.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The digest of all pieces.
    #[must_use]
    pub fn finish(self) -> BodyDigest {
        let whole = self.0.finalize().into_bytes();
        let mut bytes = [0; BodyDigest::BYTES];
        for (place, byte) in bytes.iter_mut().zip(whole) {
            *place = byte;
        }
        BodyDigest::from_bytes(bytes)
    }
}

/// A shorter key is what it is with zeros behind it
/// ([RFC 2104](https://www.rfc-editor.org/rfc/rfc2104)), which leaves nothing to fail.
fn keyed(key: [u8; 32]) -> Hmac<Sha256> {
    let key = Zeroizing::new(key);
    let mut block = Key::<Hmac<Sha256>>::default();
    for (place, byte) in block.iter_mut().zip(*key) {
        *place = byte;
    }
    let keyed = Hmac::new(&block);
    block.zeroize();
    keyed
}

/// Without the key.
impl fmt::Debug for BodyDigestKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BodyDigestKey")
    }
}

/// Without the key.
impl fmt::Debug for BodyDigester {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BodyDigester")
    }
}

#[cfg(test)]
mod tests {
    use hmac::{Hmac, KeyInit as _, Mac as _};
    use sha2::{Digest as _, Sha256};
    use webhook_core::Secret;

    use super::{BodyDigestKey, PURPOSE};

    fn hmac(key: &[u8], text: &[u8]) -> [u8; 32] {
        let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
        mac.update(text);
        mac.finalize().into_bytes().into()
    }

    #[test]
    fn a_digest_is_what_the_docs_say_and_no_signature() {
        let secret = "It's a Secret to Everybody";
        let key = BodyDigestKey::new(&Secret::new(secret).unwrap());
        let digest = key.digest(b"Hello, World!");
        let derived = hmac(&Sha256::digest(secret), PURPOSE);
        assert_eq!(digest.as_bytes(), &hmac(&derived, b"Hello, World!")[..16]);
        let signature = hmac(secret.as_bytes(), b"Hello, World!");
        assert_ne!(digest.as_bytes(), &signature[..16]);
    }

    #[test]
    fn pieces_make_the_digest_of_the_whole() {
        let key = BodyDigestKey::new(&Secret::new("0123456789abcdef").unwrap());
        let mut digester = key.begin();
        for piece in [&b"Hello, "[..], b"", b"World!"] {
            digester.update(piece);
        }
        assert_eq!(digester.finish(), key.digest(b"Hello, World!"));
        assert_eq!(
            format!("{key:?} {:?}", key.begin()),
            "BodyDigestKey BodyDigester"
        );
    }
}
