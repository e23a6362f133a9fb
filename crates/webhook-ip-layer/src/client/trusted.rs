use std::{error::Error, fmt, net::IpAddr};

use webhook_core::PeerAddr;

use super::MAX_HOPS;
use crate::{AddressSet, ListError, Network};

/// The entry that stands for the peer on a Unix socket.
const UNIX: &str = "unix:";

/// Which proxies may name the client: nobody (the default), those of some networks, or a number of
/// hops.
///
/// Name networks where they are known: a number of hops cannot tell a proxy from a stranger who
/// reached the receiver directly, so use it only where nobody can.
#[derive(Clone, Debug, Default)]
pub struct TrustedProxies(Trust);

#[derive(Clone, Debug, Default)]
pub(super) enum Trust {
    #[default]
    Nobody,
    Networks {
        set: AddressSet,
        unix: bool,
    },
    Hops(usize),
}

impl TrustedProxies {
    /// Nobody: every peer speaks for itself only.
    #[must_use]
    pub fn nobody() -> Self {
        Self::default()
    }

    /// The proxies of these networks, each in the strict form of [`Network`]; `unix:` is the peer on
    /// a Unix socket. Private networks are not trusted unless they are named.
    ///
    /// Trust as little as there is: with `0.0.0.0/0` every client chooses its own address
    /// ([`trusts_everyone`](Self::trusts_everyone), which the layer warns of).
    ///
    /// ```
    /// use webhook_ip_layer::TrustedProxies;
    ///
    /// let proxies = TrustedProxies::networks(["10.0.3.0/24", "2001:db8:10::/48", "unix:"])?;
    /// assert!(proxies.is_configured());
    ///
    /// let error = TrustedProxies::networks(["10.0.3.7/24"]).unwrap_err();
    /// assert_eq!(
    ///     error.to_string(),
    ///     r#"trusted proxy entry "10.0.3.7/24" has host bits set; one address is 10.0.3.7/32, the network is 10.0.3.0/24"#,
    /// );
    /// # Ok::<_, webhook_ip_layer::ListError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// All entries that do not parse.
    pub fn networks<I>(entries: I) -> Result<Self, ListError>
    where
        I: IntoIterator,
        I::Item: AsRef<str>,
    {
        let mut unix = false;
        let networks = entries.into_iter().filter(|entry| {
            let is_unix = entry.as_ref() == UNIX;
            unix |= is_unix;
            !is_unix
        });
        let set = AddressSet::parse(networks).map_err(|error| error.of("trusted proxy"))?;
        Ok(Self(if set.is_empty() && !unix {
            Trust::Nobody
        } else {
            Trust::Networks { set, unix }
        }))
    }

    /// The last `hops` proxies before the receiver, whatever their addresses: with 1 the peer is
    /// a proxy and the last element of the header is the client. 0 is nobody.
    ///
    /// ```
    /// use webhook_ip_layer::TrustedProxies;
    ///
    /// assert!(TrustedProxies::hops(2).is_ok());
    /// assert!(TrustedProxies::hops(33).is_err());
    /// ```
    ///
    /// # Errors
    ///
    /// More than [`MAX_HOPS`] hops.
    pub const fn hops(hops: usize) -> Result<Self, HopsError> {
        match hops {
            0 => Ok(Self(Trust::Nobody)),
            1..=MAX_HOPS => Ok(Self(Trust::Hops(hops))),
            _ => Err(HopsError { hops }),
        }
    }

    /// Whether anybody is trusted.
    #[must_use]
    pub const fn is_configured(&self) -> bool {
        !matches!(self.0, Trust::Nobody)
    }

    /// Whether a whole address family is trusted (`0.0.0.0/0` or `::/0`), so that every client of
    /// it chooses the address it is taken for.
    #[must_use]
    pub fn trusts_everyone(&self) -> bool {
        match &self.0 {
            Trust::Networks { set, .. } => set.networks().iter().any(Network::is_everything),
            Trust::Nobody | Trust::Hops(_) => false,
        }
    }

    /// Whether this address is a trusted proxy's. A number of hops names no address.
    #[must_use]
    pub fn includes(&self, address: IpAddr) -> bool {
        match &self.0 {
            Trust::Networks { set, .. } => set.contains(address),
            Trust::Nobody | Trust::Hops(_) => false,
        }
    }

    pub(super) const fn trust(&self) -> &Trust {
        &self.0
    }
}

impl Trust {
    /// Whether a peer may name clients.
    pub(super) fn includes(&self, peer: PeerAddr) -> bool {
        match (self, peer.ip()) {
            (Self::Nobody, _) => false,
            (Self::Hops(_), _) => true,
            (Self::Networks { set, .. }, Some(address)) => set.contains(address),
            (Self::Networks { unix, .. }, None) => *unix && peer == PeerAddr::Unix,
        }
    }
}

/// More trusted hops than are ever walked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HopsError {
    hops: usize,
}

impl fmt::Display for HopsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} trusted hops are more than the {MAX_HOPS} that are walked; count the proxies between client and receiver, usually 1 or 2",
            self.hops
        )
    }
}

impl Error for HopsError {}
