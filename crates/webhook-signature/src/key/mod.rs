//! Keys: how the secret's text becomes key bytes, and the ring of secrets that are in use.

mod encoding;
mod ring;
mod usage;
mod validity;

pub use self::{
    encoding::SecretEncoding,
    ring::{KeyRing, KeyRingError, MAX_KEYS},
    usage::SecretUse,
};
pub(crate) use self::{
    ring::Entry,
    usage::{Meter, Watched},
    validity::Validity,
};
