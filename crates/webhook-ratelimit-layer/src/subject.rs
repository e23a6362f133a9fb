use std::{fmt, net::IpAddr};

use http::{Extensions, HeaderMap, HeaderName, HeaderValue};
use webhook_core::{ClientAddr, Endpoint, Facts, Name, Verification};

/// Whose bucket an operator means: a network, an endpoint, the value of a header, or all of them.
///
/// ```
/// use http::{HeaderName, HeaderValue};
/// use webhook_core::Endpoint;
/// use webhook_ratelimit_layer::Subject;
///
/// let network = Subject::network("2001:db8::1".parse()?);
/// assert_eq!(network.to_string(), "2001:db8::/64");
/// let tenant = Subject::endpoint(Endpoint::new("tenant-7"), "github");
/// assert_eq!(tenant.to_string(), "tenant-7 github");
/// let repository = tenant.with_header(
///     HeaderName::from_static("x-repository"),
///     HeaderValue::from_static("one"),
/// );
/// # Ok::<_, std::net::AddrParseError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Subject {
    headers: HeaderMap,
    extensions: Extensions,
}

impl Subject {
    /// Everybody, for a quota that counts by [`Key::all`](crate::Key::all).
    #[must_use]
    pub fn all() -> Self {
        Self::default()
    }

    /// The network of this client: an IPv4 address, or an IPv6 /64.
    #[must_use]
    pub fn network(client: IpAddr) -> Self {
        Self::default().with_network(client)
    }

    /// A verified endpoint, of a provider. Where quotas are per endpoint, give the endpoint with its
    /// quota.
    #[must_use]
    pub fn endpoint(endpoint: Endpoint, provider: impl Into<Name>) -> Self {
        let mut subject = Self::provider(provider);
        Facts::of_mut(&mut subject.extensions).set_endpoint(endpoint);
        subject
    }

    /// A verified provider, where no layer resolves endpoints.
    #[must_use]
    pub fn provider(provider: impl Into<Name>) -> Self {
        let mut subject = Self::default();
        let verification = Verification::new(provider);
        Facts::of_mut(&mut subject.extensions).set_verification(verification);
        subject
    }

    /// Says the network too, for a quota that counts by both.
    #[must_use]
    pub fn with_network(mut self, client: IpAddr) -> Self {
        let client = ClientAddr::new(client, None);
        Facts::of_mut(&mut self.extensions).set_client(client);
        self
    }

    /// Adds a line of a header.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.append(name, value);
        self
    }

    pub(crate) const fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    pub(crate) const fn extensions(&self) -> &Extensions {
        &self.extensions
    }
}

/// Tells the network, the endpoint, the provider and the headers' names, not their values.
impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let facts = Facts::of(&self.extensions);
        let network = facts
            .and_then(Facts::client)
            .map(|it| it.network().to_string());
        let endpoint = facts
            .and_then(Facts::endpoint)
            .map(|it| it.name().to_string());
        let provider = facts
            .and_then(Facts::verification)
            .map(|it| it.provider().to_string());
        let headers = self.headers.keys().map(ToString::to_string);
        let parts: Vec<_> = network
            .into_iter()
            .chain(endpoint)
            .chain(provider)
            .chain(headers)
            .collect();
        if parts.is_empty() {
            f.write_str("all")
        } else {
            f.write_str(&parts.join(" "))
        }
    }
}
