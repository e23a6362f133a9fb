//! Who is at the other end: the peer of the connection, and the client behind trusted proxies.

mod client;
mod error;
mod network;
mod origin;
mod peer;
mod transport;

pub use self::{
    client::ClientAddr, error::AddressError, network::ClientNetwork, origin::Origin,
    peer::PeerAddr, transport::Transport,
};

use std::net::IpAddr;

/// An IPv4-mapped IPv6 address (`::ffff:192.0.2.1`, RFC 4291 section 2.5.5.2) as the IPv4 address
/// that it is; any other address as it is.
///
/// Only this form is folded: 6to4, NAT64 and Teredo addresses stay IPv6.
#[must_use]
#[inline]
pub fn fold_mapped(address: IpAddr) -> IpAddr {
    address.to_canonical()
}
