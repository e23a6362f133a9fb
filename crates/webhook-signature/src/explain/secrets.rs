//! What the secret may really be.

use std::sync::Arc;

use webhook_core::Secret;
use zeroize::Zeroizing;

use super::Cause;
use crate::{KeyRing, Scheme, SecretEncoding, key::Entry};

const ENCODINGS: [SecretEncoding; 4] = [
    SecretEncoding::Raw,
    SecretEncoding::Hex,
    SecretEncoding::Base64,
    SecretEncoding::Whsec,
];

/// Every other way to make keys of the ring's secrets. A ring of which one secret does not allow it
/// keeps the others.
pub(super) fn all(scheme: &Scheme, keys: &KeyRing) -> Vec<(Cause, Scheme, KeyRing)> {
    let mut all = Vec::new();
    for encoding in ENCODINGS
        .into_iter()
        .filter(|&it| it != scheme.secret_encoding())
    {
        let other = scheme.clone().with_secret_encoding(encoding);
        // Without its prefix such a secret is plain base64, which is told as that.
        let is_of = |text: &[u8]| encoding != SecretEncoding::Whsec || text.starts_with(b"whsec_");
        for ring in singles(keys, |text| is_of(text).then(|| text.to_vec())) {
            all.push((Cause::SecretEncoding(encoding), other.clone(), ring));
        }
    }
    for ring in singles(keys, |text| {
        let trimmed = text.trim_ascii();
        (trimmed != text).then(|| trimmed.to_vec())
    }) {
        all.push((Cause::SecretPadded, scheme.clone(), ring));
    }
    if scheme.secret_encoding() == SecretEncoding::Raw {
        // A secret's text may not end with a newline; in hexadecimal it may say so.
        let hex = scheme.clone().with_secret_encoding(SecretEncoding::Hex);
        for ring in singles(keys, |text| {
            Some(const_hex::encode([text, b"\n"].concat()).into_bytes())
        }) {
            all.push((Cause::SecretNewline, hex.clone(), ring));
        }
    }
    all
}

/// A ring of its own for each secret, as one that cannot be decoded would spoil the others' ring.
fn singles<'a>(
    keys: &'a KeyRing,
    change: impl Fn(&[u8]) -> Option<Vec<u8>> + 'a,
) -> impl Iterator<Item = KeyRing> + 'a {
    keys.entries().filter_map(move |Entry { secret, .. }| {
        let text = Zeroizing::new(change(secret.expose())?);
        let changed = Secret::insecure_short(text.to_vec()).ok()?;
        Some(KeyRing::from(Arc::new(changed)))
    })
}
