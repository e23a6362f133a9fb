use crate::{
    ClientAddressConfig, ClientAddressSource, HopsError, IpLayer, ListError, TrustedProxies,
    diagnosis,
};

/// Who the client is, and what it called.
impl<R> IpLayer<R> {
    /// Sets where the client address is. Default: [`ClientAddressSource::Peer`].
    ///
    /// A header is believed only from [trusted proxies](Self::with_trusted_proxies). Where the
    /// address cannot be told from it, the request is refused, with a list or without.
    ///
    /// ```
    /// use webhook_ip_layer::{ClientAddressSource, IpLayer};
    ///
    /// let layer = IpLayer::new()
    ///     .with_source(ClientAddressSource::XForwardedFor)
    ///     .with_trusted_proxies(["10.0.0.0/8"])?;
    /// # Ok::<_, webhook_ip_layer::ListError>(())
    /// ```
    #[must_use]
    pub fn with_source(mut self, source: ClientAddressSource) -> Self {
        self.rules.address.set_source(source);
        self
    }

    /// Sets the networks whose proxies may name the client; `unix:` is a peer on a Unix socket.
    /// Default: nobody. See [`TrustedProxies::networks`].
    ///
    /// # Errors
    ///
    /// All entries that do not parse.
    pub fn with_trusted_proxies<I>(self, entries: I) -> Result<Self, ListError>
    where
        I: IntoIterator,
        I::Item: AsRef<str>,
    {
        let trusted = TrustedProxies::networks(entries)?;
        let source = self.rules.address.source().clone();
        Ok(self.with_client_address(ClientAddressConfig::new(source, trusted)))
    }

    /// Sets the number of proxies in front of the receiver, instead of their networks. Default: 0.
    /// See [`TrustedProxies::hops`].
    ///
    /// ```
    /// use webhook_ip_layer::{ClientAddressSource, IpLayer};
    ///
    /// let layer =
    ///     IpLayer::new().with_source(ClientAddressSource::Forwarded).with_trusted_hops(1)?;
    /// # Ok::<_, webhook_ip_layer::HopsError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// More than [`MAX_HOPS`](crate::MAX_HOPS) hops.
    pub fn with_trusted_hops(mut self, hops: usize) -> Result<Self, HopsError> {
        self.rules.address.set_trusted(TrustedProxies::hops(hops)?);
        Ok(self)
    }

    /// Sets source and trusted proxies at once.
    #[must_use]
    pub fn with_client_address(mut self, address: ClientAddressConfig) -> Self {
        if address.trusted().trusts_everyone() {
            diagnosis::everyone_is_trusted();
        }
        self.rules.address = address;
        self
    }

    /// How the client address is found, for [`explain`](crate::explain).
    #[must_use]
    pub const fn client_address(&self) -> &ClientAddressConfig {
        &self.rules.address
    }

    /// Tells inner layers what the sender called, in
    /// [`Facts::origin`](webhook_core::Facts::origin), as far as a trusted proxy tells it. Default:
    /// off. For layers that verify a signature over the URL.
    ///
    /// With the source `Forwarded` it is `proto` and `host` of the element that names the client;
    /// with any other header `X-Forwarded-Proto`, `X-Forwarded-Host` and `X-Forwarded-Port`, each
    /// with exactly one value. Where the proxy tells no scheme, or anything that is not exactly one
    /// scheme, host or port, nothing is told. The request's own `Host` is never asked, and neither is
    /// a peer that is not trusted. **The proxy has to set these headers itself**: one that passes on
    /// what clients send lets them choose.
    ///
    /// ```
    /// use webhook_ip_layer::{ClientAddressSource, IpLayer};
    ///
    /// let layer = IpLayer::new()
    ///     .with_source(ClientAddressSource::XForwardedFor)
    ///     .with_trusted_proxies(["10.0.0.0/8"])?
    ///     .with_origin(true);
    /// # Ok::<_, webhook_ip_layer::ListError>(())
    /// ```
    #[must_use]
    pub const fn with_origin(mut self, tell: bool) -> Self {
        self.rules.tells_origin = tell;
        self
    }
}
