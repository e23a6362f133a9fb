use std::net::IpAddr;

/// Where an address stands among all: its 16 bytes, IPv4 mapped into IPv6. Bytes compare as the
/// addresses do, so a network is one range.
pub(crate) fn key_of(address: IpAddr) -> Vec<u8> {
    let address = match address {
        IpAddr::V4(address) => address.to_ipv6_mapped(),
        IpAddr::V6(address) => address,
    };
    address.octets().to_vec()
}

/// The last key of an address's network of `bits` of the 128 (IPv4's come after the first 96).
pub(crate) fn last_key(address: IpAddr, prefix: u8) -> Vec<u8> {
    let bits = match address {
        IpAddr::V4(_) => u32::from(prefix).saturating_add(96),
        IpAddr::V6(_) => u32::from(prefix),
    };
    let hosts = u128::MAX.checked_shr(bits).unwrap_or(0);
    let first = match address {
        IpAddr::V4(address) => address.to_ipv6_mapped(),
        IpAddr::V6(address) => address,
    };
    (first.to_bits() | hosts).to_be_bytes().to_vec()
}

#[cfg(test)]
mod tests {
    use super::{key_of, last_key};

    #[test]
    fn a_network_is_one_range_of_keys() {
        let key = |text: &str| key_of(text.parse().unwrap());
        let last = |text: &str, prefix| last_key(text.parse().unwrap(), prefix);
        assert_eq!(last("10.0.0.0", 8), key("10.255.255.255"));
        assert_eq!(last("10.1.2.3", 32), key("10.1.2.3"));
        assert_eq!(last("0.0.0.0", 0), key("255.255.255.255"));
        assert_eq!(
            last("2001:db8::", 32),
            key("2001:db8:ffff:ffff:ffff:ffff:ffff:ffff")
        );
        assert_eq!(last("::", 0), vec![255; 16]);
    }
}
