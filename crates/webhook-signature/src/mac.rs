//! HMAC states of any primitive.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha1::Sha1;
use sha2::{Sha256, Sha384, Sha512};

use crate::scheme::{MAX_SIGNATURE_BYTES, Primitive};

/// A keyed state. Made once for each key and cloned for each delivery, which saves the two blocks
/// of hashing that setting up a key takes. Wiped when dropped.
#[derive(Clone)]
pub(crate) enum Mac {
    Sha1(Hmac<Sha1>),
    Sha256(Hmac<Sha256>),
    Sha384(Hmac<Sha384>),
    Sha512(Hmac<Sha512>),
}

/// What a state came to.
pub(crate) struct Tag {
    bytes: [u8; MAX_SIGNATURE_BYTES],
    length: usize,
}

impl Mac {
    /// A state for a key of any length; `None` for what is no HMAC.
    pub(crate) fn new(primitive: Primitive, key: &[u8]) -> Option<Self> {
        Some(match primitive {
            Primitive::HmacSha1 => Self::Sha1(Hmac::new_from_slice(key).ok()?),
            Primitive::HmacSha256 => Self::Sha256(Hmac::new_from_slice(key).ok()?),
            Primitive::HmacSha384 => Self::Sha384(Hmac::new_from_slice(key).ok()?),
            Primitive::HmacSha512 => Self::Sha512(Hmac::new_from_slice(key).ok()?),
            #[cfg(feature = "public-key")]
            _ => return None,
        })
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Sha1(mac) => mac.update(bytes),
            Self::Sha256(mac) => mac.update(bytes),
            Self::Sha384(mac) => mac.update(bytes),
            Self::Sha512(mac) => mac.update(bytes),
        }
    }

    pub(crate) fn finish(self) -> Tag {
        match self {
            Self::Sha1(mac) => Tag::new(mac.finalize().as_bytes()),
            Self::Sha256(mac) => Tag::new(mac.finalize().as_bytes()),
            Self::Sha384(mac) => Tag::new(mac.finalize().as_bytes()),
            Self::Sha512(mac) => Tag::new(mac.finalize().as_bytes()),
        }
    }
}

impl Tag {
    fn new(output: &[u8]) -> Self {
        let mut bytes = [0; MAX_SIGNATURE_BYTES];
        for (place, byte) in bytes.iter_mut().zip(output) {
            *place = *byte;
        }
        Self {
            bytes,
            length: output.len(),
        }
    }

    pub(crate) fn as_slice(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }
}
