use std::{fmt, sync::Arc};

use tower_layer::Layer;
use webhook_core::{Problem, Settings};

use crate::{
    AccessList, ClientAddressConfig, ClientAddressSource, HopsError, IpFilter, ListError,
    TrustedProxies,
    diagnosis::{self, Diagnoses},
    service::Policy,
};

/// Finds the client address and holds it against lists; see the [crate](crate).
///
/// | setting | default |
/// |---|---|
/// | source | the peer of the connection; no header is looked at |
/// | trusted proxies | nobody |
/// | allow list | none: everybody |
/// | deny list | none: nobody |
/// | rejection | [`Problem`] |
/// | shadow mode | off |
#[derive(Clone)]
pub struct IpLayer<R = Problem> {
    address: ClientAddressConfig,
    own: AccessList,
    settings: Option<Settings<AccessList>>,
    shadow: bool,
    rejection: R,
    // Of the layer, not of its services: a router makes one of those for each route.
    diagnoses: Arc<Diagnoses>,
}

impl IpLayer {
    /// Only finds the client address: the peer's. Every request passes.
    #[must_use]
    pub fn new() -> Self {
        Self {
            address: ClientAddressConfig::default(),
            own: AccessList::open(),
            settings: None,
            shadow: false,
            rejection: Problem::default(),
            diagnoses: Arc::default(),
        }
    }

    /// Lets only these networks in, each in the strict form of [`Network`](crate::Network). An
    /// empty list lets nobody in.
    ///
    /// ```
    /// use webhook_ip_layer::IpLayer;
    ///
    /// let layer = IpLayer::allow(["192.30.252.0/22", "2a0a:a440::/29"])?;
    /// assert!(IpLayer::allow(["192.30.252.1/22"]).is_err());
    /// # Ok::<_, webhook_ip_layer::ListError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// All entries that do not parse.
    pub fn allow<I>(entries: I) -> Result<Self, ListError>
    where
        I: IntoIterator,
        I::Item: AsRef<str>,
    {
        Self::new().with_allow(entries)
    }

    /// Lets everybody but these networks in.
    ///
    /// # Errors
    ///
    /// All entries that do not parse.
    pub fn deny<I>(entries: I) -> Result<Self, ListError>
    where
        I: IntoIterator,
        I::Item: AsRef<str>,
    {
        Self::new().with_deny(entries)
    }
}

impl Default for IpLayer {
    fn default() -> Self {
        Self::new()
    }
}

impl<R> IpLayer<R> {
    /// Sets the layer's own allow list. Default: none, everybody is let in.
    ///
    /// # Errors
    ///
    /// All entries that do not parse.
    pub fn with_allow<I>(mut self, entries: I) -> Result<Self, ListError>
    where
        I: IntoIterator,
        I::Item: AsRef<str>,
    {
        self.own = self.own.with_allow(entries)?;
        Ok(self)
    }

    /// Sets the layer's own deny list, which beats every allow list. Default: none.
    ///
    /// ```
    /// use webhook_ip_layer::IpLayer;
    ///
    /// let layer = IpLayer::allow(["203.0.113.0/24"])?.with_deny(["203.0.113.7"])?;
    /// # Ok::<_, webhook_ip_layer::ListError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// All entries that do not parse.
    pub fn with_deny<I>(mut self, entries: I) -> Result<Self, ListError>
    where
        I: IntoIterator,
        I::Item: AsRef<str>,
    {
        self.own = self.own.with_deny(entries)?;
        Ok(self)
    }

    /// Sets lists that change at run time or that belong to the endpoint. Default: none.
    ///
    /// They come on top of the layer's own lists: a client must pass both. Where settings are per
    /// endpoint and a request has none, it is refused with 500 `misconfigured`.
    ///
    /// ```
    /// use webhook_core::{Settings, change::Cause};
    /// use webhook_ip_layer::{AccessList, IpLayer};
    ///
    /// let (settings, handle) = Settings::swappable(AccessList::allow(["203.0.113.0/24"])?);
    /// let layer = IpLayer::new().with_access(settings);
    ///
    /// // Later. A list with mistakes never gets this far, so the last good one stays in force.
    /// let list = AccessList::allow(["203.0.113.0/24", "198.51.100.7"])?;
    /// handle.replace(list, &Cause::new("alice", "acme has a new address"));
    /// # Ok::<_, webhook_ip_layer::ListError>(())
    /// ```
    #[must_use]
    pub fn with_access(mut self, access: Settings<AccessList>) -> Self {
        self.settings = Some(access);
        self
    }

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
        self.address.set_source(source);
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
        let source = self.address.source().clone();
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
        self.address.set_trusted(TrustedProxies::hops(hops)?);
        Ok(self)
    }

    /// Sets source and trusted proxies at once.
    #[must_use]
    pub fn with_client_address(mut self, address: ClientAddressConfig) -> Self {
        if address.trusted().trusts_everyone() {
            diagnosis::everyone_is_trusted();
        }
        self.address = address;
        self
    }

    /// How the client address is found, for [`explain`](crate::explain).
    #[must_use]
    pub const fn client_address(&self) -> &ClientAddressConfig {
        &self.address
    }

    /// Sets how refusals are worded. Default: [`Problem`].
    ///
    /// ```
    /// use http::{Response, StatusCode, request::Parts};
    /// use webhook_core::Rejection;
    /// use webhook_ip_layer::IpLayer;
    ///
    /// let layer = IpLayer::allow(["203.0.113.0/24"])?.with_rejection(
    ///     |rejection: &Rejection, _: &Parts| {
    ///         let mut response = Response::new(String::from("go away"));
    ///         *response.status_mut() = rejection.code().status();
    ///         response
    ///     },
    /// );
    /// # Ok::<_, webhook_ip_layer::ListError>(())
    /// ```
    #[must_use]
    pub fn with_rejection<P>(self, rejection: P) -> IpLayer<P> {
        IpLayer {
            address: self.address,
            own: self.own,
            settings: self.settings,
            shadow: self.shadow,
            rejection,
            diagnoses: self.diagnoses,
        }
    }

    /// Sets shadow mode: judge, record, and let pass. Default: off.
    ///
    /// For the days before a list is enforced; while it is on, the lists protect nothing.
    #[must_use]
    pub const fn with_insecure_shadow(mut self, shadow: bool) -> Self {
        self.shadow = shadow;
        self
    }
}

impl<S, R: Clone> Layer<S> for IpLayer<R> {
    type Service = IpFilter<S, R>;

    fn layer(&self, inner: S) -> Self::Service {
        let policy = Policy {
            address: self.address.clone(),
            own: self.own.clone(),
            settings: self.settings.clone(),
            shadow: self.shadow,
            rejection: self.rejection.clone(),
            diagnoses: Arc::clone(&self.diagnoses),
        };
        IpFilter::new(inner, policy)
    }
}

/// Without the rejection policy, which may be a closure, and without every entry of the lists.
impl<R> fmt::Debug for IpLayer<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IpLayer")
            .field("source", self.address.source())
            .field("shadow", &self.shadow)
            .finish_non_exhaustive()
    }
}
