use webhook_core::PeerAddr;

use super::{ClientAddressSource, TrustedProxies};

/// How the client address is found: which header, and who may write it.
///
/// ```
/// use http::HeaderMap;
/// use webhook_core::{ClientAddr, PeerAddr};
/// use webhook_ip_layer::{ClientAddressConfig, ClientAddressSource, TrustedProxies, resolve};
///
/// let config = ClientAddressConfig::new(
///     ClientAddressSource::XForwardedFor,
///     TrustedProxies::networks(["10.0.0.0/8"])?,
/// );
/// let mut headers = HeaderMap::new();
/// headers.insert("x-forwarded-for", "198.51.100.66, 203.0.113.7, 10.0.0.2".parse()?);
///
/// let proxy = PeerAddr::new("10.0.0.1:4711".parse()?);
/// let client = resolve(Some(proxy), &headers, &config)?;
/// assert_eq!(client.to_string(), "203.0.113.7");
///
/// // A stranger may write what it likes.
/// let stranger = PeerAddr::new("198.51.100.1:4711".parse()?);
/// let client = resolve(Some(stranger), &headers, &config)?;
/// assert_eq!(client.to_string(), "198.51.100.1");
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct ClientAddressConfig {
    source: ClientAddressSource,
    trusted: TrustedProxies,
}

impl ClientAddressConfig {
    /// The address that `source` tells, as far as `trusted` proxies wrote it.
    #[must_use]
    pub const fn new(source: ClientAddressSource, trusted: TrustedProxies) -> Self {
        Self { source, trusted }
    }

    /// Where the address is. Default: the peer, and no header.
    #[must_use]
    pub const fn source(&self) -> &ClientAddressSource {
        &self.source
    }

    /// Who may name clients. Default: nobody.
    #[must_use]
    pub const fn trusted(&self) -> &TrustedProxies {
        &self.trusted
    }

    /// Whether anything but the default is configured, so that an address that cannot be told is an
    /// error rather than unknown.
    #[must_use]
    pub fn is_configured(&self) -> bool {
        self.source != ClientAddressSource::Peer || self.trusted.is_configured()
    }

    /// Whether there are requests whose header is believed.
    pub(crate) fn believes_headers(&self) -> bool {
        self.source != ClientAddressSource::Peer && self.trusted.is_configured()
    }

    /// Whether this peer's forwarding headers are believed.
    pub(crate) fn believes(&self, peer: Option<PeerAddr>) -> bool {
        self.source != ClientAddressSource::Peer
            && peer.is_some_and(|peer| self.trusted.trust().includes(peer))
    }

    pub(crate) fn set_source(&mut self, source: ClientAddressSource) {
        self.source = source;
    }

    pub(crate) fn set_trusted(&mut self, trusted: TrustedProxies) {
        self.trusted = trusted;
    }
}
