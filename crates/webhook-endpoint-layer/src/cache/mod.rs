//! Look-ups that are remembered: bounded, one at a time for each key, and never a stranger's to
//! push out.
//!
//! - Two tables: of keys that the resolver knows, and of keys that it does not. A stranger who makes
//!   up keys fills the second one only.
//! - Reading takes one read lock of one of sixteen shards. Everything that changes the tables runs
//!   under the lock of the [`Flights`], so that a look-up that was overtaken by an invalidation never
//!   writes what it found.
//! - A look-up is a task, and ends whatever becomes of the requests that wait for it; whichever way
//!   it ends, a panic included, its [`Landing`](landing::Landing) tells them.

mod directory;
mod entry;
mod flight;
mod flights;
mod landing;
mod settings;
mod table;

pub(crate) use self::flight::Waiting;
pub use self::{directory::EndpointCache, settings::CacheSettings};
