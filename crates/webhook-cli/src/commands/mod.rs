//! The commands, one file each.

mod delivery;
pub(crate) mod ip;
pub(crate) mod providers;
pub(crate) mod secret;
pub(crate) mod send;
pub(crate) mod sign;
mod time;
pub(crate) mod verify;
