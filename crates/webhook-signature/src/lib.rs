//! Webhook signatures as data: verify and sign deliveries of many providers, without sockets or clocks.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod bytes;
mod candidates;
mod key;
mod mac;
pub mod presets;
mod scheme;
mod sign;
mod verify;

pub use self::{
    key::{KeyRing, KeyRingError, MAX_KEYS, SecretEncoding},
    presets::Preset,
    scheme::{
        Encoding, Part, Primitive, Scheme, SchemeBuilder, SchemeError, TimestampUnit, Tolerance,
    },
    sign::{SignError, SignRequest},
    verify::{ConfigError, Pending, Refusal, Stage, Verifier},
};
