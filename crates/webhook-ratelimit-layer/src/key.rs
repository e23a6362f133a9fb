use std::hash::{Hash, Hasher};

use http::{HeaderMap, HeaderName};
use webhook_core::{ClientNetwork, Name};

use crate::rule::Seen;

/// What a quota counts by: each distinct value has a bucket of its own.
///
/// A stranger must never choose whose bucket its request is charged to. So:
///
/// - [`network`](Self::network) is the address that the connection or a trusted proxy tells, never
///   one that a header tells on its own.
/// - [`endpoint`](Self::endpoint) and [`header`](Self::header) **act on verified deliveries only**.
///   A request that nothing verified is charged to its network instead, in a bucket that no
///   verified delivery shares, and the layer says once in the log that it stands outside the
///   verification (`WHK-O202`).
/// - A header is still the sender's choice once the delivery is verified, so a header's buckets lie
///   within those of its verified endpoint: no sender can use up another's. A sender that varies the
///   header gets a bucket for each value; add a limit by [`endpoint`](Self::endpoint) to bound the sum.
///
/// ```
/// use http::HeaderName;
/// use webhook_ratelimit_layer::Key;
///
/// let both = Key::network().and(Key::endpoint());
/// assert!(both.acts_on_verified_only());
/// assert!(!Key::network().acts_on_verified_only());
/// assert!(Key::header(HeaderName::from_static("x-endpoint-id")).acts_on_verified_only());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    network: bool,
    endpoint: bool,
    headers: Vec<HeaderName>,
}

impl Key {
    /// One bucket for all requests.
    #[must_use]
    pub const fn all() -> Self {
        Self {
            network: false,
            endpoint: false,
            headers: Vec::new(),
        }
    }

    /// A bucket for each client network: an IPv4 address, or an IPv6 /64.
    ///
    /// The client is the one that a layer outside this one resolved, else the connection's peer. An
    /// IPv4-mapped address is the IPv4 address. A request whose client is not known is refused with
    /// 403 (`ip_unresolved`): a shared bucket would let one such client shut out all others.
    #[must_use]
    pub const fn network() -> Self {
        Self {
            network: true,
            endpoint: false,
            headers: Vec::new(),
        }
    }

    /// A bucket for each verified endpoint: the endpoint's name where one is resolved, and the
    /// provider that the delivery was verified for.
    ///
    /// The secret that matched is no part of it: while two secrets overlap, the sender still has
    /// one quota.
    #[must_use]
    pub const fn endpoint() -> Self {
        Self {
            network: false,
            endpoint: true,
            headers: Vec::new(),
        }
    }

    /// A bucket for each value of this header within each verified endpoint. All lines of the
    /// header count, in their order; a delivery without it has a bucket too.
    #[must_use]
    pub fn header(name: HeaderName) -> Self {
        Self {
            network: false,
            endpoint: true,
            headers: vec![name],
        }
    }

    /// A bucket for each combination of both keys' values.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.network |= other.network;
        self.endpoint |= other.endpoint;
        for name in other.headers {
            if !self.headers.contains(&name) {
                self.headers.push(name);
            }
        }
        self
    }

    /// Whether this key needs a verified delivery: it names the endpoint or a header.
    #[must_use]
    pub const fn acts_on_verified_only(&self) -> bool {
        self.endpoint
    }

    /// Whether this key counts by network and nothing else.
    pub(crate) const fn is_network(&self) -> bool {
        self.network && !self.endpoint && self.headers.is_empty()
    }

    /// Whether this key counts by verified endpoint and nothing else.
    pub(crate) const fn is_endpoint(&self) -> bool {
        self.endpoint && !self.network && self.headers.is_empty()
    }

    /// Whether all requests have one bucket.
    pub(crate) const fn is_all(&self) -> bool {
        !self.network && !self.endpoint && self.headers.is_empty()
    }

    /// Whether a request meets this key that only verified deliveries should.
    #[inline]
    pub(crate) const fn lacks_sender(&self, seen: &Seen<'_>) -> bool {
        self.endpoint && seen.verification.is_none()
    }

    /// The request's bucket, within its endpoint where each has its own; `None` where it takes the
    /// client's network and that is not known.
    #[inline]
    pub(crate) fn bucket<'a>(
        &'a self,
        seen: &Seen<'a>,
        is_per_endpoint: bool,
    ) -> Option<Bucket<'a>> {
        let in_place_of_sender = self.lacks_sender(seen);
        let network = if self.network || in_place_of_sender {
            Some(seen.network()?)
        } else {
            None
        };
        let sender = seen.verification.filter(|_| self.endpoint);
        let endpoint = seen
            .endpoint()
            .filter(|_| sender.is_some() || is_per_endpoint);
        Some(Bucket {
            network,
            in_place_of_sender,
            endpoint: endpoint.map(|endpoint| endpoint.name().as_str()),
            provider: sender.map(|verification| verification.provider().as_str()),
            names: sender.map_or(&[], |_| &self.headers),
            headers: seen.headers,
        })
    }
}

/// What a request is counted by, ready to be hashed. Nothing is copied out of the request.
pub(crate) struct Bucket<'a> {
    network: Option<ClientNetwork>,
    in_place_of_sender: bool,
    endpoint: Option<&'a str>,
    provider: Option<&'a str>,
    names: &'a [HeaderName],
    headers: &'a HeaderMap,
}

impl<'a> Bucket<'a> {
    /// Of a network, and of nothing else.
    #[inline]
    pub(crate) const fn of_network(network: ClientNetwork, headers: &'a HeaderMap) -> Self {
        Self {
            network: Some(network),
            in_place_of_sender: false,
            endpoint: None,
            provider: None,
            names: &[],
            headers,
        }
    }

    /// Of a verified provider, and of nothing else.
    pub(crate) fn of_provider(provider: &'a Name, headers: &'a HeaderMap) -> Self {
        Self {
            network: None,
            in_place_of_sender: false,
            endpoint: None,
            provider: Some(provider.as_str()),
            names: &[],
            headers,
        }
    }
}

/// The first word says which parts there are, and has room for an IPv4 address above them. Each other
/// part is of a length that is known, or tells it, as a run of bytes does under a
/// [`Seed`](webhook_core::Seed); so no two buckets run together.
impl Hash for Bucket<'_> {
    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        let parts = u64::from(self.endpoint.is_some()) << 4
            | u64::from(self.in_place_of_sender) << 1
            | u64::from(self.provider.is_some());
        match self.network {
            None => state.write_u64(parts),
            Some(ClientNetwork::V4(v4)) => {
                state.write_u64(u64::from(v4.to_bits()) << 32 | 1 << 2 | parts);
            }
            Some(ClientNetwork::V6(upper)) => {
                state.write_u64(2 << 2 | parts);
                state.write_u64(upper);
            }
        }
        if let Some(endpoint) = self.endpoint {
            state.write(endpoint.as_bytes());
        }
        if let Some(provider) = self.provider {
            state.write(provider.as_bytes());
        }
        for name in self.names {
            let values = self.headers.get_all(name);
            state.write_usize(values.iter().count());
            for value in values {
                state.write(value.as_bytes());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        collections::HashSet,
        hash::{Hash as _, Hasher},
        net::Ipv4Addr,
    };

    use http::HeaderMap;
    use webhook_core::ClientNetwork;

    use super::Bucket;

    /// What is hashed.
    #[derive(Default)]
    struct Words(Vec<u64>);

    impl Hasher for Words {
        fn write(&mut self, bytes: &[u8]) {
            self.0.push(bytes.len() as u64);
            self.0.extend(bytes.iter().copied().map(u64::from));
        }

        fn write_u64(&mut self, word: u64) {
            self.0.push(word);
        }

        fn finish(&self) -> u64 {
            0
        }
    }

    #[test]
    fn no_bucket_hashes_as_another_does_nor_begins_as_one_without_a_sender() {
        let headers = HeaderMap::new();
        let v4 = [0, 1, 5, u32::MAX].map(|bits| ClientNetwork::V4(Ipv4Addr::from_bits(bits)));
        let v6 = [0, 1, 5, 1 << 32, u64::MAX].map(ClientNetwork::V6);
        let networks = v4.into_iter().chain(v6).map(Some).chain([None]);
        let mut seen = HashSet::new();
        let mut alone = Vec::new();
        for network in networks {
            for (in_place_of_sender, provider, endpoint) in [
                (false, None, None),
                (true, None, None),
                (false, None, Some("github")),
                (false, Some("github"), None),
                (true, Some("github"), None),
                (false, Some("github"), Some("")),
                (false, Some("git"), Some("hub")),
                (false, Some(""), Some("github")),
            ] {
                let is_alone = provider.or(endpoint).is_none();
                let bucket = Bucket {
                    network,
                    in_place_of_sender,
                    endpoint,
                    provider,
                    names: &[],
                    headers: &headers,
                };
                let mut words = Words::default();
                bucket.hash(&mut words);
                if is_alone {
                    alone.push(words.0.clone());
                }
                assert!(
                    seen.insert(words.0),
                    "{network:?} {in_place_of_sender} {provider:?} {endpoint:?}"
                );
            }
        }
        for short in &alone {
            let begins = |long: &&Vec<u64>| long.len() > short.len() && long.starts_with(short);
            assert_eq!(seen.iter().find(begins), None, "{short:?}");
        }
    }
}
