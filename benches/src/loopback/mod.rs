//! The servers over loopback: each a process on one core, and the senders on the other.
//!
//! - [`serve`]: the server's side, which tells its processor time to whoever asks.
//! - [`compare`]: the senders' side, the servers in turn, round after round.

mod child;
mod load;
mod measure;
mod serve;

pub use self::{
    measure::{Socketed, compare},
    serve::serve,
};

/// Connections that send at the same time.
const CONNECTIONS: usize = 16;
