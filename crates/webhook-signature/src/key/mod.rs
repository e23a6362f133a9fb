//! Keys: how the secret's text becomes key bytes, and the ring of secrets that are in use.

mod encoding;
mod ring;

pub(crate) use self::ring::Entry;
pub use self::{
    encoding::SecretEncoding,
    ring::{KeyRing, KeyRingError, MAX_KEYS},
};
