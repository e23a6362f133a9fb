//! Where the key of an endpoint stands in a request, and the key itself.

mod pattern;
mod source;
mod text;

pub(crate) use self::text::Candidate;
pub use self::{
    source::EndpointKey,
    text::{Key, MAX_KEY_BYTES},
};
