//! The servers that are compared, and how they are measured.
//!
//! - [`Server`]: bare axum, what people write by hand, the best existing parts, and this family.
//! - [`Case`]: one server, one outcome, one size of body.
//! - [`run`]: requests through a router in process, without a socket.
//! - [`callgrind`]: what one request costs in instructions and allocations.
//! - [`compare`]: processor time, the servers in turn.
//! - [`report`] and [`baseline`]: what is written down, and what may not get worse.

mod app;
pub mod baseline;
mod by_hand;
pub mod callgrind;
mod case;
pub mod compare;
pub mod cost;
mod delivery;
mod ours;
mod output;
mod parts;
pub mod report;
pub mod run;
mod server;

pub use self::{
    app::App,
    case::{Case, Outcome, SIZES},
    compare::{Spread, ratios},
    delivery::wire,
    server::Server,
};
pub use crate::BoxError;

/// The secret of the sender.
pub const SECRET: &str = "the secret of the benchmark's sender";

/// Where deliveries come from. The last one is the half of loopback that is listed, so that the
/// servers can be met over a socket as well.
pub const NETWORKS: [&str; 7] = [
    "192.30.252.0/22",
    "185.199.108.0/22",
    "140.82.112.0/20",
    "143.55.64.0/20",
    "2a0a:a440::/29",
    "2606:50c0::/32",
    "127.0.0.0/9",
];

/// The largest body that is taken.
pub const MAX_BODY: usize = 1024 * 1024;

/// What one client network, or one endpoint, may send in a second, where nothing is to be refused.
pub(crate) const AMPLE: u32 = 1_000_000;
