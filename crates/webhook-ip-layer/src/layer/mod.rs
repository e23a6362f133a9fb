//! The layer's configuration.

mod address;
mod base;
mod guards;
mod lists;

pub use self::base::IpLayer;
