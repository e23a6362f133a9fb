//! The store in memory: one table behind one lock.

mod digests;
mod shared;
mod store;
mod table;

pub use self::store::{MemoryGauges, MemoryStore};

#[cfg(test)]
mod model;
