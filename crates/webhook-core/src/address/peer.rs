use std::{
    fmt,
    net::{IpAddr, SocketAddr, SocketAddrV6},
};

use http::Extensions;

use super::fold_mapped;

/// The other end of the connection, as the server's socket tells it.
///
/// Put it into the request's extensions where the framework does not tell it: on hyper and bare
/// tower that is the accept loop's job. With the feature `axum`, axum's `ConnectInfo<SocketAddr>`
/// is understood too, with the feature `tonic`, tonic's `TcpConnectInfo`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PeerAddr {
    /// An internet address; an IPv4-mapped one is folded to IPv4. A port of 0 is no port.
    Ip(SocketAddr),
    /// A Unix socket, which has no address to tell.
    Unix,
}

impl PeerAddr {
    /// The peer's socket address, an IPv4-mapped one folded to IPv4.
    #[must_use]
    #[inline]
    pub fn new(address: SocketAddr) -> Self {
        match address {
            SocketAddr::V4(v4) => Self::Ip(v4.into()),
            SocketAddr::V6(v6) => Self::folded(v6),
        }
    }

    // Apart, so that an IPv4 address is six bytes to copy and not thirty to put together.
    #[inline(never)]
    fn folded(address: SocketAddrV6) -> Self {
        let ip = fold_mapped((*address.ip()).into());
        Self::Ip(SocketAddr::new(ip, address.port()))
    }

    /// The peer's internet address.
    #[must_use]
    #[inline]
    pub const fn ip(&self) -> Option<IpAddr> {
        match self {
            Self::Ip(address) => Some(address.ip()),
            Self::Unix => None,
        }
    }

    /// The peer's port.
    #[must_use]
    #[inline]
    pub const fn port(&self) -> Option<u16> {
        match self {
            Self::Ip(address) if address.port() != 0 => Some(address.port()),
            _ => None,
        }
    }

    /// The peer that the server or the framework told: a `PeerAddr` first, then what the host
    /// features understand.
    #[must_use]
    pub fn find(extensions: &Extensions) -> Option<Self> {
        if let Some(peer) = extensions.get::<Self>() {
            return Some(*peer);
        }
        #[cfg(feature = "axum")]
        if let Some(info) = extensions.get::<axum::extract::ConnectInfo<SocketAddr>>() {
            return Some(Self::new(info.0));
        }
        #[cfg(feature = "tonic")]
        if let Some(info) = extensions.get::<tonic::transport::server::TcpConnectInfo>() {
            return info.remote_addr().map(Self::new);
        }
        None
    }
}

impl From<SocketAddr> for PeerAddr {
    fn from(address: SocketAddr) -> Self {
        Self::new(address)
    }
}

impl fmt::Display for PeerAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ip(address) if address.port() == 0 => address.ip().fmt(f),
            Self::Ip(address) => address.fmt(f),
            Self::Unix => f.write_str("unix:"),
        }
    }
}

#[cfg(test)]
mod tests {
    use http::Extensions;

    use super::PeerAddr;

    #[test]
    fn mapped_peers_are_folded_and_port_0_is_no_port() {
        let peer = PeerAddr::new("[::ffff:192.0.2.1]:0".parse().unwrap());
        assert_eq!(peer.to_string(), "192.0.2.1");
        assert_eq!(peer.port(), None);
        let mut extensions = Extensions::new();
        assert_eq!(PeerAddr::find(&extensions), None);
        extensions.insert(peer);
        assert_eq!(PeerAddr::find(&extensions), Some(peer));
    }
}
