//! Keyed states of any primitive.

use hmac::{
    Hmac, KeyInit as _, Mac as _,
    block_api::HmacCore,
    digest::{
        Output,
        block_api::{Buffer, BufferKindUser, CoreProxy, FixedOutputCore},
    },
};
use sha1::Sha1;
use sha2::{Sha256, Sha384, Sha512};

use zeroize::Zeroizing;

use crate::hash::{Hash, sha256};
use crate::scheme::{MAX_SIGNATURE_BYTES, Primitive};

/// A keyed state. Made once for each key and begun anew for each delivery, which saves the two blocks
/// of hashing that setting up a key takes. Wiped when dropped.
#[derive(Clone)]
pub(crate) enum Mac {
    Sha1(HmacCore<Sha1>),
    Sha256(HmacCore<Sha256>),
    Sha384(HmacCore<Sha384>),
    Sha512(HmacCore<Sha512>),
    Hash(Hash),
    Token(Zeroizing<Vec<u8>>),
}

/// A state that is fed a text piece by piece. Wiped when dropped.
pub(crate) enum Fed {
    Sha1(Hmac<Sha1>),
    Sha256(Hmac<Sha256>),
    Sha384(Hmac<Sha384>),
    Sha512(Hmac<Sha512>),
    Hash(Hash),
    Token(Zeroizing<Vec<u8>>),
}

/// What a state came to.
pub(crate) struct Tag {
    bytes: [u8; MAX_SIGNATURE_BYTES],
    length: usize,
}

impl Mac {
    /// A state for a key of any length; `None` where nothing secret makes the signature.
    pub(crate) fn new(primitive: Primitive, key: &[u8]) -> Option<Self> {
        Some(match primitive {
            Primitive::HmacSha1 => Self::Sha1(HmacCore::new_from_slice(key).ok()?),
            Primitive::HmacSha256 => Self::Sha256(HmacCore::new_from_slice(key).ok()?),
            Primitive::HmacSha384 => Self::Sha384(HmacCore::new_from_slice(key).ok()?),
            Primitive::HmacSha512 => Self::Sha512(HmacCore::new_from_slice(key).ok()?),
            Primitive::Sha1OfSecretAndText => Self::Hash(Hash::sha1().behind(key)),
            Primitive::Sha256OfSecretAndText => Self::Hash(Hash::sha256().behind(key)),
            Primitive::Sha1OfTextAndSecret => Self::Hash(Hash::sha1().before(key)),
            Primitive::Sha256OfTextAndSecret => Self::Hash(Hash::sha256().before(key)),
            Primitive::Token => Self::Token(Zeroizing::new(key.to_vec())),
            Primitive::Unsigned => return None,
            #[cfg(feature = "public-key")]
            Primitive::Ed25519
            | Primitive::EcdsaP256Sha256
            | Primitive::EcdsaP521Sha512
            | Primitive::RsaPkcs1Sha1
            | Primitive::RsaPkcs1Sha256
            | Primitive::RsaPssSha256 => return None,
        })
    }

    /// What the state comes to behind a text: a body in pieces, and what stands before and after it.
    pub(crate) fn tag<'b>(
        &self,
        before: &[u8],
        body: impl Iterator<Item = &'b [u8]>,
        after: &[u8],
    ) -> Tag {
        match self {
            Self::Sha1(keyed) => tag(keyed, before, body, after),
            Self::Sha256(keyed) => tag(keyed, before, body, after),
            Self::Sha384(keyed) => tag(keyed, before, body, after),
            Self::Sha512(keyed) => tag(keyed, before, body, after),
            Self::Hash(_) | Self::Token(_) => {
                let mut fed = self.begin();
                fed.update(before);
                body.for_each(|piece| fed.update(piece));
                fed.update(after);
                fed.finish()
            }
        }
    }

    /// What the state comes to behind a text in one piece.
    pub(crate) fn tag_of(&self, text: &[u8]) -> Tag {
        self.tag(b"", std::iter::once(text), b"")
    }

    /// Begins a text that comes piece by piece.
    pub(crate) fn begin(&self) -> Fed {
        match self {
            Self::Sha1(keyed) => Fed::Sha1(begun(keyed)),
            Self::Sha256(keyed) => Fed::Sha256(begun(keyed)),
            Self::Sha384(keyed) => Fed::Sha384(begun(keyed)),
            Self::Sha512(keyed) => Fed::Sha512(begun(keyed)),
            Self::Hash(hash) => Fed::Hash(hash.clone()),
            Self::Token(secret) => Fed::Token(secret.clone()),
        }
    }

    /// The secret, where the delivery shows it.
    pub(crate) fn token(&self) -> Option<&[u8]> {
        match self {
            Self::Token(secret) => Some(secret),
            _ => None,
        }
    }
}

/// The state is finished where its only copy is: it is some hundreds of bytes to move.
fn tag<'b, C: FixedOutputCore + Clone>(
    keyed: &C,
    before: &[u8],
    body: impl Iterator<Item = &'b [u8]>,
    after: &[u8],
) -> Tag {
    let (mut state, mut buffer) = (keyed.clone(), Buffer::<C>::default());
    let mut update =
        |bytes: &[u8]| buffer.digest_blocks(bytes, |blocks| state.update_blocks(blocks));
    // Most texts are the body alone, and an update with nothing is not free.
    if !before.is_empty() {
        update(before);
    }
    body.for_each(&mut update);
    if !after.is_empty() {
        update(after);
    }
    let mut output = Output::<C>::default();
    state.finalize_fixed_core(&mut buffer, &mut output);
    Tag::new(&output)
}

/// A copy of the state with no text behind it yet.
fn begun<M: CoreProxy<Core: BufferKindUser + Clone>>(keyed: &M::Core) -> M {
    M::compose(keyed.clone(), Buffer::<M::Core>::default())
}

impl Fed {
    pub(crate) fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Sha1(mac) => mac.update(bytes),
            Self::Sha256(mac) => mac.update(bytes),
            Self::Sha384(mac) => mac.update(bytes),
            Self::Sha512(mac) => mac.update(bytes),
            Self::Hash(hash) => hash.update(bytes),
            Self::Token(_) => {}
        }
    }

    pub(crate) fn finish(self) -> Tag {
        match self {
            Self::Sha1(mac) => Tag::new(mac.finalize().as_bytes()),
            Self::Sha256(mac) => Tag::new(mac.finalize().as_bytes()),
            Self::Sha384(mac) => Tag::new(mac.finalize().as_bytes()),
            Self::Sha512(mac) => Tag::new(mac.finalize().as_bytes()),
            Self::Hash(hash) => hash.finish(Tag::new),
            Self::Token(secret) => Tag::new(&sha256(&secret)),
        }
    }
}

impl Tag {
    /// No digest is longer than the longest signature.
    #[inline]
    fn new(output: &[u8]) -> Self {
        let mut bytes = [0; MAX_SIGNATURE_BYTES];
        let length = output.len().min(bytes.len());
        if let Some((place, output)) = bytes.get_mut(..length).zip(output.get(..length)) {
            place.copy_from_slice(output);
        }
        Self { bytes, length }
    }

    pub(crate) fn as_slice(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }
}
