use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use super::fold_mapped;

/// The network that one client can be taken to own: an IPv4 address, or an IPv6 /64.
///
/// A subscriber commonly has a whole /64 ([RFC 6177](https://www.rfc-editor.org/rfc/rfc6177)), so
/// counting single IPv6 addresses would give everybody 2^64 quotas. IPv4-mapped addresses are
/// folded first; masking them unfolded would put all of IPv4 into one network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ClientNetwork {
    /// One IPv4 address.
    V4(Ipv4Addr),
    /// The upper 64 bits of an IPv6 address.
    V6(u64),
}

impl ClientNetwork {
    /// The network of an address.
    #[must_use]
    #[inline]
    pub fn of(address: IpAddr) -> Self {
        match fold_mapped(address) {
            IpAddr::V4(address) => Self::V4(address),
            // The upper half of 128 bits is 64 bits.
            #[allow(clippy::cast_possible_truncation)]
            IpAddr::V6(address) => Self::V6((address.to_bits() >> 64) as u64),
        }
    }
}

impl fmt::Display for ClientNetwork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::V4(address) => write!(f, "{address}/32"),
            Self::V6(upper) => write!(f, "{}/64", Ipv6Addr::from_bits(u128::from(*upper) << 64)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::ClientNetwork;

    fn network(text: &str) -> ClientNetwork {
        ClientNetwork::of(text.parse().unwrap())
    }

    #[test]
    fn one_client_has_one_network() {
        assert_eq!(network("192.0.2.1"), network("::ffff:192.0.2.1"));
        assert_ne!(network("192.0.2.1"), network("::ffff:192.0.2.2"));
        assert_eq!(network("2001:db8::1"), network("2001:db8::ffff:1"));
        assert_ne!(network("2001:db8::1"), network("2001:db8:0:1::1"));
        assert_eq!(network("2001:db8::1").to_string(), "2001:db8::/64");
        assert_eq!(network("192.0.2.1").to_string(), "192.0.2.1/32");
    }
}
