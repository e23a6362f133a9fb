use std::fmt;

use webhook_core::PeerAddr;

/// A peer's address without its port.
pub(crate) struct Address(pub(crate) PeerAddr);

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.ip() {
            Some(ip) => ip.fmt(f),
            None => self.0.fmt(f),
        }
    }
}
