//! Public-key signatures and tokens: vectors, published test sets, attacks, and what the default
//! build does not hold.
#![cfg(feature = "public-key")]
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "a test fails by panicking, and its helpers with it"
)]

#[path = "../common/mod.rs"]
mod common;
mod keys;
mod sender;
mod settings;
mod tokens;
mod tree;
mod vectors;
mod walk;
mod wycheproof;
