//! One delivery is handled once, behind the real signature layer and inside the audit layer.
// Clippy knows the functions of a test, not their helpers.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

mod bare;
mod cases;
mod grpc;
mod receiver;
mod sockets;
