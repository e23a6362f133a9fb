//! The store in memory: one table behind one lock.

mod shared;
mod store;
mod table;

pub use self::store::{MemoryGauges, MemoryStore};

#[cfg(test)]
mod model;
