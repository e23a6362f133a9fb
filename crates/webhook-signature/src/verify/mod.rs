//! Verification as a pure function of request, body and time.

mod config_error;
mod headers;
mod keys;
mod newline;
mod pending;
mod refusal;
mod verifier;
mod whole;

#[cfg(feature = "public-key")]
pub(crate) use self::headers::{visible, words};
pub(crate) use self::{headers::MAX_ID, keys::Key};

pub use self::{
    config_error::ConfigError,
    newline::NewlineMistake,
    pending::Pending,
    refusal::{Refusal, Stage},
    verifier::Verifier,
};
