use http::Extensions;

/// Whether the request's own connection is encrypted, as the server knows it.
///
/// Put it into the request's extensions, or into [`Facts`](crate::Facts), where the connection is
/// accepted: axum, tonic and hyper cannot tell it by themselves. It is about the connection alone;
/// behind a proxy that ends TLS, the sender's scheme is the proxy's to tell.
///
/// ```
/// use webhook_core::{Facts, PeerAddr, Transport};
///
/// let peer = PeerAddr::new("203.0.113.7:4711".parse()?);
/// let mut request = http::Request::new(());
/// request.extensions_mut().insert(Facts::from_peer(peer).with_transport(Transport::Tls));
/// assert_eq!(Facts::transport_of(request.extensions()), Some(Transport::Tls));
/// # Ok::<_, std::net::AddrParseError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Transport {
    /// TLS ends in this server.
    Tls,
    /// The connection is in the clear.
    Plain,
}

impl Transport {
    /// The transport that the server told; `None` where it told nothing, which is not `Plain`.
    #[must_use]
    pub fn find(extensions: &Extensions) -> Option<Self> {
        extensions.get().copied()
    }
}

#[cfg(test)]
mod tests {
    use http::Extensions;

    use super::Transport;
    use crate::{Facts, PeerAddr};

    #[test]
    fn what_nobody_told_is_not_known_and_the_accept_loop_is_asked_first() {
        let mut extensions = Extensions::new();
        assert_eq!(Facts::transport_of(&extensions), None);
        extensions.insert(Transport::Plain);
        assert_eq!(Facts::transport_of(&extensions), Some(Transport::Plain));
        extensions.insert(Facts::from_peer(PeerAddr::Unix).with_transport(Transport::Tls));
        assert_eq!(Facts::transport_of(&extensions), Some(Transport::Tls));
    }
}
