//! What the crates promise together: helpers of the tests beside this.
// What a helper cannot do fails its test.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::unwrap_used
)]

pub mod cargo;
pub mod stand;
