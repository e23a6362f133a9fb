//! What the crates promise together: helpers of the tests beside this.
// What a helper cannot do fails its test.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::panic,
    clippy::string_slice,
    clippy::unwrap_used
)]

pub mod audit;
pub mod cargo;
pub mod client;
pub mod hosts;
pub mod postgres;
pub mod process;
pub mod promql;
pub mod stand;

/// Compiles the example of the workspace's README.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct ReadmeDoctests;
