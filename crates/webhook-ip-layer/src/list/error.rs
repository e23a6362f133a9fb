use std::{error::Error, fmt, net::IpAddr};

use super::Network;

/// Entries are shown up to this many characters, so that a binary file given as a list stays
/// readable as an error.
const SHOWN: usize = 64;

/// What is wrong with a list entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NetworkErrorKind {
    /// The part before the slash is not an address in its strict form.
    InvalidAddress,
    /// The part after the slash is not a decimal prefix length of the address's family.
    InvalidPrefix,
    /// The address has bits set beyond the prefix, so either the address or the prefix is a slip.
    HostBitsSet,
}

impl NetworkErrorKind {
    /// The stable name: `invalid_address`, `invalid_prefix` or `host_bits_set`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidAddress => "invalid_address",
            Self::InvalidPrefix => "invalid_prefix",
            Self::HostBitsSet => "host_bits_set",
        }
    }
}

/// A list entry that does not parse, with the right forms that come nearest.
///
/// ```
/// use webhook_ip_layer::{Network, NetworkErrorKind};
///
/// let error = "10.0.0.1/8".parse::<Network>().unwrap_err();
/// assert_eq!(error.kind(), NetworkErrorKind::HostBitsSet);
/// assert_eq!(error.entry(), "10.0.0.1/8");
/// let nearest: Vec<String> = error.nearest().iter().map(ToString::to_string).collect();
/// assert_eq!(nearest, ["10.0.0.1/32", "10.0.0.0/8"]);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetworkError {
    kind: NetworkErrorKind,
    entry: Box<str>,
    nearest: Vec<Network>,
}

impl NetworkError {
    pub(super) fn about(kind: NetworkErrorKind, entry: &str) -> Self {
        Self {
            kind,
            entry: entry.into(),
            nearest: nearest(kind, entry),
        }
    }

    /// What is wrong.
    #[must_use]
    pub const fn kind(&self) -> NetworkErrorKind {
        self.kind
    }

    /// The entry as it was written.
    #[must_use]
    pub const fn entry(&self) -> &str {
        &self.entry
    }

    /// What may have been meant, a single address before its network; empty where that would be a
    /// guess.
    #[must_use]
    pub fn nearest(&self) -> &[Network] {
        &self.nearest
    }

    fn problem(&self) -> &'static str {
        match self.kind {
            NetworkErrorKind::InvalidAddress => {
                "is not an IP address or a network such as 192.0.2.0/24 or 2001:db8::/32"
            }
            NetworkErrorKind::InvalidPrefix => "has no valid prefix length",
            NetworkErrorKind::HostBitsSet => "has host bits set",
        }
    }
}

impl fmt::Display for NetworkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown: String = self.entry.chars().take(SHOWN).collect();
        let cut = if shown.len() < self.entry.len() {
            "…"
        } else {
            ""
        };
        write!(f, "entry {shown:?}{cut} {}", self.problem())?;
        match self.nearest.as_slice() {
            [] => Ok(()),
            [one] => write!(f, "; one address is {one}"),
            [one, network, ..] => write!(f, "; one address is {one}, the network is {network}"),
        }
    }
}

impl Error for NetworkError {}

/// Every mistake of a list of networks, in the order of the list.
///
/// ```
/// use webhook_ip_layer::AddressSet;
///
/// let error = AddressSet::parse(["10.0.0.0/8", "10.0.0.1/8", "localhost"]).unwrap_err();
/// assert_eq!(error.errors().len(), 2);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListError {
    list: &'static str,
    errors: Vec<NetworkError>,
}

impl ListError {
    pub(crate) const fn new(errors: Vec<NetworkError>) -> Self {
        Self { list: "", errors }
    }

    /// Says which list it is that has the mistakes.
    pub(crate) fn of(mut self, list: &'static str) -> Self {
        self.list = list;
        self
    }

    /// The mistakes; never empty.
    #[must_use]
    pub fn errors(&self) -> &[NetworkError] {
        &self.errors
    }
}

impl fmt::Display for ListError {
    /// One line for each mistake.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, error) in self.errors.iter().enumerate() {
            let line = if place == 0 { "" } else { "\n" };
            let space = if self.list.is_empty() { "" } else { " " };
            write!(f, "{line}{}{space}{error}", self.list)?;
        }
        Ok(())
    }
}

impl Error for ListError {}

/// The right forms nearest to a wrong one. Never a guess at what octal, short or masked forms mean.
fn nearest(kind: NetworkErrorKind, entry: &str) -> Vec<Network> {
    let entry = entry.trim();
    let (address, prefix) = entry.split_once('/').unwrap_or((entry, ""));
    let bare = address
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    let Ok(address) = bare.unwrap_or(address).parse::<IpAddr>() else {
        return Vec::new();
    };
    let mut nearest = vec![Network::from(address)];
    nearest.extend(
        network_of(kind, address, prefix).filter(|network| Some(network) != nearest.first()),
    );
    nearest
}

/// The network that `address/prefix` lies in, where the prefix can be read at all.
fn network_of(kind: NetworkErrorKind, address: IpAddr, prefix: &str) -> Option<Network> {
    let prefix: u8 = prefix.trim().parse().ok()?;
    let folded = address.to_canonical();
    let mapped = folded.is_ipv4() && address.is_ipv6();
    let prefix = match kind {
        // A mapped base with an IPv4 prefix: the slip is the notation.
        NetworkErrorKind::InvalidPrefix if mapped && prefix <= 32 => prefix,
        _ if mapped => prefix.checked_sub(96)?,
        _ => prefix,
    };
    Network::around(folded, prefix)
}
