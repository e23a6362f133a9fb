//! Where a token stands in a request, and how it is read from there.
//!
//! Nothing is copied: what a stranger sent is hashed where it stands.

mod authorization;
mod basic;
mod candidate;
mod error;
mod header;
mod kind;
mod names;
pub(crate) mod percent;
mod query;

pub(crate) use self::candidate::Candidate;
pub use self::{
    error::SourceError,
    kind::TokenSource,
    names::{BasicUser, QueryName},
    query::strip_query_token,
};

/// The most bytes of a credential, as it was sent, that are looked at. The longest token fits, with
/// every byte of it percent-encoded.
pub(crate) const MAX_CREDENTIAL_BYTES: usize = 8192;
