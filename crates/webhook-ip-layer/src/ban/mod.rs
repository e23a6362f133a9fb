//! Clients that failed too often are refused for a while, before anything of theirs is verified.
//!
//! * [`Bans`] is the rule, and the handle on what is in force.
//! * The table under it is fixed in size, with a hash that strangers cannot compute. A ban in force
//!   is never forgotten, and neither is a count.

mod bans;
mod error;
mod notes;
mod table;

pub use self::{
    bans::{Ban, Bans},
    error::BanError,
};
