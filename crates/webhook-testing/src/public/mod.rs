//! Key pairs for tests, and deliveries that are signed with them, as each provider writes them.

mod error;
mod form;
mod key;
mod rsa;
mod sign;
mod token;

pub(crate) use self::sign::sign;
pub use self::{error::TestKeyError, key::TestKey};
