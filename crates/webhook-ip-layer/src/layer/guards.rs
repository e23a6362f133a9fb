use crate::{Bans, IpLayer, rules::Https};

/// What is asked of a client beyond its address.
impl<R> IpLayer<R> {
    /// Requires that the sender used https, or refuses with 403 (`https_required`). Default: off.
    ///
    /// * A sender that reached the server itself: the server tells whether TLS ended in it, by a
    ///   [`Transport`](webhook_core::Transport) in the request's extensions.
    /// * A sender behind a trusted proxy: the proxy tells, by `proto` in the element of `Forwarded`
    ///   that names the client where that is the source, and else by `X-Forwarded-Proto` with
    ///   exactly one value, `https` or `http`.
    ///
    /// A [number of hops](Self::with_trusted_hops) cannot tell the proxy from a sender that reached the
    /// server itself, and believes either. Where neither tells, the request is refused, and the log says so once. The scheme of the
    /// request's own URL is never asked: whoever sends the request writes it.
    ///
    /// ```
    /// use webhook_ip_layer::{ClientAddressSource, IpLayer};
    ///
    /// let layer = IpLayer::new()
    ///     .with_source(ClientAddressSource::XForwardedFor)
    ///     .with_trusted_proxies(["10.0.0.0/8"])?
    ///     .with_https();
    /// # Ok::<_, webhook_ip_layer::ListError>(())
    /// ```
    #[must_use]
    pub const fn with_https(mut self) -> Self {
        self.rules.https = Some(Https {
            except_loopback: false,
        });
        self
    }

    /// As [`with_https`](Self::with_https), except of clients on this host, for development. A proxy
    /// on this host, which a forwarding header gives away, is no such client.
    #[must_use]
    pub const fn with_https_except_loopback(mut self) -> Self {
        self.rules.https = Some(Https {
            except_loopback: true,
        });
        self
    }

    /// Bans networks whose deliveries fail verification too often; see [`Bans`]. Default: off.
    ///
    /// It counts what inner layers refuse, so it belongs outside of them.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use webhook_ip_layer::{Bans, IpLayer};
    ///
    /// let bans = Bans::after(20, Duration::from_secs(60), Duration::from_secs(3600))?;
    /// let layer = IpLayer::new().with_bans(&bans);
    /// # Ok::<_, webhook_ip_layer::BanError>(())
    /// ```
    #[must_use]
    pub fn with_bans(mut self, bans: &Bans) -> Self {
        self.rules.bans = Some(bans.clone());
        self
    }

    /// Sets shadow mode for bans alone: failures are counted and bans are noted, and nobody is
    /// refused. Default: off.
    #[must_use]
    pub const fn with_insecure_shadow_bans(mut self, shadow: bool) -> Self {
        self.rules.shadow.bans = shadow;
        self
    }

    /// Sets shadow mode for https alone. Default: off.
    #[must_use]
    pub const fn with_insecure_shadow_https(mut self, shadow: bool) -> Self {
        self.rules.shadow.https = shadow;
        self
    }
}
