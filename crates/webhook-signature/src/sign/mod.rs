//! Signing: the same schemes, the other way round.

mod checks;
mod error;
mod request;
mod signed;
mod signing;

#[cfg(feature = "public-key")]
pub(crate) use self::checks::{check_texts, header_value};
pub use self::{error::SignError, request::SignRequest, signed::Signed};
