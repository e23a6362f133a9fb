use std::{
    fmt,
    net::{IpAddr, SocketAddr, SocketAddrV6},
};

use super::{ClientNetwork, PeerAddr, fold_mapped};

/// The address that a request is taken to come from: the peer, or the client that trusted proxies
/// name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ClientAddr {
    ip: IpAddr,
    port: Option<u16>,
}

impl ClientAddr {
    /// A client's address, an IPv4-mapped one folded to IPv4; a port of 0 is no port.
    #[must_use]
    #[inline]
    pub fn new(ip: IpAddr, port: Option<u16>) -> Self {
        Self {
            ip: fold_mapped(ip),
            port: port.filter(|&port| port != 0),
        }
    }

    /// The peer as the client; `None` for a Unix socket.
    #[must_use]
    #[inline]
    pub fn from_peer(peer: PeerAddr) -> Option<Self> {
        match peer {
            // There is nothing to fold.
            PeerAddr::Ip(SocketAddr::V4(peer)) => Some(Self {
                ip: IpAddr::V4(*peer.ip()),
                port: Some(peer.port()).filter(|&port| port != 0),
            }),
            PeerAddr::Ip(SocketAddr::V6(peer)) => Some(Self::from_v6(&peer)),
            PeerAddr::Unix => None,
        }
    }

    // Apart, so that an IPv4 address is four bytes to copy and not seventeen, one by one.
    #[inline(never)]
    fn from_v6(peer: &SocketAddrV6) -> Self {
        Self::new(IpAddr::V6(*peer.ip()), Some(peer.port()))
    }

    /// The client's address.
    #[must_use]
    pub const fn ip(&self) -> IpAddr {
        self.ip
    }

    /// The client's port, where it is known.
    #[must_use]
    pub const fn port(&self) -> Option<u16> {
        self.port
    }

    /// The network that one client can be taken to own.
    #[must_use]
    #[inline]
    pub fn network(&self) -> ClientNetwork {
        ClientNetwork::of(self.ip)
    }
}

impl fmt::Display for ClientAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.ip.fmt(f)
    }
}
