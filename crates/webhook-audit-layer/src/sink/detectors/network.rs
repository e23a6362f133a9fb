use std::{fmt, net::IpAddr};

use webhook_core::address::fold_mapped;

/// The network that one sender is taken to use: an IPv4 /24, or an IPv6 /56.
///
/// It is wider than [`ClientNetwork`](webhook_core::ClientNetwork), which one client owns: a sender
/// comes from several addresses of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SenderNetwork(IpAddr);

impl SenderNetwork {
    /// The network of an address; IPv4-mapped addresses are folded first.
    ///
    /// ```
    /// use webhook_audit_layer::SenderNetwork;
    ///
    /// let network = SenderNetwork::of("2001:db8:0:1ff::9".parse()?);
    /// assert_eq!(network.to_string(), "2001:db8:0:100::/56");
    /// # Ok::<_, std::net::AddrParseError>(())
    /// ```
    #[must_use]
    pub fn of(address: IpAddr) -> Self {
        Self(match fold_mapped(address) {
            IpAddr::V4(address) => IpAddr::V4((address.to_bits() & (!0 << 8)).into()),
            IpAddr::V6(address) => IpAddr::V6((address.to_bits() & (!0 << 72)).into()),
        })
    }

    /// The network's first address.
    #[must_use]
    pub const fn address(self) -> IpAddr {
        self.0
    }
}

impl fmt::Display for SenderNetwork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let prefix = if self.0.is_ipv4() { 24 } else { 56 };
        write!(f, "{}/{prefix}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::SenderNetwork;

    #[test]
    fn networks_are_as_wide_as_they_say() {
        let network = |text: &str| SenderNetwork::of(text.parse().unwrap()).to_string();
        assert_eq!(network("192.0.2.77"), "192.0.2.0/24");
        assert_eq!(network("::ffff:192.0.2.77"), "192.0.2.0/24");
        assert_eq!(network("2001:db8:1:2ff::1"), "2001:db8:1:200::/56");
        assert_eq!(network("2001:db8:1:300::1"), "2001:db8:1:300::/56");
    }
}
