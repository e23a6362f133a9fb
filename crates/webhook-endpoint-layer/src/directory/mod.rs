//! Where endpoints are found: in memory, or by a look-up that is remembered.

mod map;
mod shards;

pub use self::map::EndpointMap;
pub(crate) use self::shards::Shards;
use crate::{Lookup, cache::Waiting};

/// What an [`EndpointLayer`](crate::EndpointLayer) finds endpoints in: an [`EndpointMap`], or an
/// [`EndpointCache`](crate::EndpointCache) in front of a [`Resolve`](crate::Resolve).
#[diagnostic::on_unimplemented(
    message = "`{Self}` holds no endpoints",
    note = "for a function that looks them up, give the layer `EndpointCache::new(function)`; for endpoints in memory, an `EndpointMap`"
)]
pub trait Directory: Find {}

impl<D: Find> Directory for D {}

/// Only this crate's types find endpoints.
#[expect(unnameable_types, reason = "sealed")]
pub trait Find {
    fn find(&self, key: &str) -> Found;
}

/// What a search came to, so far.
#[derive(Debug)]
#[expect(unnameable_types, reason = "sealed")]
pub enum Found {
    Known(Lookup),
    /// A look-up is under way.
    Waiting(Waiting),
    /// No look-up can be made now.
    Unavailable,
}
