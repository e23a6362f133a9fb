//! The commands, one file each.

#[cfg(any(feature = "postgres", feature = "sqlite"))]
pub(crate) mod audit;
mod delivery;
pub(crate) mod ip;
pub(crate) mod providers;
pub(crate) mod secret;
pub(crate) mod send;
pub(crate) mod sign;
mod time;
pub(crate) mod verify;
