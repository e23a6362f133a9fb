//! Where claims are kept: the [trait](DedupStore) that a store implements, and a [store in
//! memory](MemoryStore).

mod claim;
mod contract;
mod error;
mod memory;

pub use self::{
    claim::{Claim, Owner, Settled, Settlement},
    contract::DedupStore,
    error::{StoreError, StoreErrorKind},
    memory::{MemoryGauges, MemoryStore},
};
