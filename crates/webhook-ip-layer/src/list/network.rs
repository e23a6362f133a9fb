use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    str::FromStr,
};

use super::{NetworkError, NetworkErrorKind};

/// One entry of a list: an address, or a network in CIDR notation (RFC 4632, RFC 4291 section 2.3).
///
/// The spelling is strict, because a list that means something else than its author thinks is worse
/// than none: no leading zeros, no short forms (`127.1`), no hexadecimal or negative octets, no
/// zones, brackets, ports, masks or white space, and no host bits. A bare address is one address,
/// `/32` or `/128`.
///
/// An IPv4-mapped IPv6 network (`::ffff:10.0.0.0/104`) is the IPv4 network that it stands for
/// (`10.0.0.0/8`). Nothing else is unwrapped: the 6to4, Teredo, NAT64 and IPv4-compatible forms stay
/// IPv6.
///
/// ```
/// use webhook_ip_layer::Network;
///
/// let network: Network = "192.30.252.0/22".parse()?;
/// assert!(network.contains("192.30.255.7".parse()?));
/// assert!(network.contains("::ffff:192.30.255.7".parse()?));
/// assert!(!network.contains("192.31.0.1".parse()?));
///
/// let refused = "2001:db8::1/32".parse::<Network>().unwrap_err();
/// assert_eq!(
///     refused.to_string(),
///     r#"entry "2001:db8::1/32" has host bits set; one address is 2001:db8::1/128, the network is 2001:db8::/32"#,
/// );
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Network {
    // Folded, and without host bits.
    address: IpAddr,
    prefix: u8,
}

impl Network {
    /// The network `address/prefix`, under the same rules as its text form.
    pub fn new(address: IpAddr, prefix: u8) -> Result<Self, NetworkError> {
        Self::checked(address, prefix)
            .map_err(|kind| NetworkError::about(kind, &format!("{address}/{prefix}")))
    }

    /// The network's first address.
    #[must_use]
    pub const fn address(&self) -> IpAddr {
        self.address
    }

    /// The number of leading bits that all its addresses share: 0 to 32 (IPv4) or 128 (IPv6).
    #[must_use]
    pub const fn prefix_len(&self) -> u8 {
        self.prefix
    }

    /// The network's last address.
    #[must_use]
    pub const fn last_address(&self) -> IpAddr {
        match self.address {
            IpAddr::V4(first) => {
                IpAddr::V4(Ipv4Addr::from_bits(first.to_bits() | !mask_v4(self.prefix)))
            }
            IpAddr::V6(first) => {
                IpAddr::V6(Ipv6Addr::from_bits(first.to_bits() | !mask_v6(self.prefix)))
            }
        }
    }

    /// Whether `address`, folded if it is IPv4-mapped, is in the network.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        Self::around(address.to_canonical(), self.prefix) == Some(*self)
    }

    /// Whether this is every address of its family, `0.0.0.0/0` or `::/0`.
    #[must_use]
    pub const fn is_everything(&self) -> bool {
        self.prefix == 0
    }

    /// The network of this prefix around a folded address.
    pub(super) fn around(address: IpAddr, prefix: u8) -> Option<Self> {
        let address = match address {
            IpAddr::V4(v4) if prefix <= 32 => {
                Ipv4Addr::from_bits(v4.to_bits() & mask_v4(prefix)).into()
            }
            IpAddr::V6(v6) if prefix <= 128 => {
                Ipv6Addr::from_bits(v6.to_bits() & mask_v6(prefix)).into()
            }
            _ => return None,
        };
        Some(Self { address, prefix })
    }

    pub(super) fn checked(address: IpAddr, prefix: u8) -> Result<Self, NetworkErrorKind> {
        let (address, prefix) = fold(address, prefix).ok_or(NetworkErrorKind::InvalidPrefix)?;
        let network = Self::around(address, prefix).ok_or(NetworkErrorKind::InvalidPrefix)?;
        if network.address == address {
            Ok(network)
        } else {
            Err(NetworkErrorKind::HostBitsSet)
        }
    }

    fn parse(text: &str) -> Result<Self, NetworkErrorKind> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address
            .parse()
            .map_err(|_| NetworkErrorKind::InvalidAddress)?;
        match prefix {
            None => Ok(Self::from(address)),
            Some(prefix) => {
                let prefix = parse_prefix(prefix).ok_or(NetworkErrorKind::InvalidPrefix)?;
                Self::checked(address, prefix)
            }
        }
    }
}

impl FromStr for Network {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text).map_err(|kind| NetworkError::about(kind, text))
    }
}

impl From<IpAddr> for Network {
    /// One address, `/32` or `/128`.
    fn from(address: IpAddr) -> Self {
        let address = address.to_canonical();
        let prefix = if address.is_ipv4() { 32 } else { 128 };
        Self { address, prefix }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

/// An IPv4-mapped network as IPv4; `None` where it would reach beyond the mapped range.
fn fold(address: IpAddr, prefix: u8) -> Option<(IpAddr, u8)> {
    match (address, address.to_canonical()) {
        (IpAddr::V6(_), folded @ IpAddr::V4(_)) => {
            let prefix = if prefix <= 128 {
                prefix.checked_sub(96)?
            } else {
                return None;
            };
            Some((folded, prefix))
        }
        (_, folded) => Some((folded, prefix)),
    }
}

/// Decimal digits, no sign, no leading zero, at most three. The integer parser of the standard
/// library would take `+8` and `008`.
fn parse_prefix(text: &str) -> Option<u8> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let padded = text.len() > 1 && text.starts_with('0');
    if digits && !padded {
        text.parse().ok()
    } else {
        None
    }
}

const fn mask_v4(prefix: u8) -> u32 {
    // A shift by the whole width is not defined; a prefix of 0 has no bits.
    match u32::MAX.checked_shl(32_u32.saturating_sub(prefix as u32)) {
        Some(mask) => mask,
        None => 0,
    }
}

const fn mask_v6(prefix: u8) -> u128 {
    match u128::MAX.checked_shl(128_u32.saturating_sub(prefix as u32)) {
        Some(mask) => mask,
        None => 0,
    }
}
