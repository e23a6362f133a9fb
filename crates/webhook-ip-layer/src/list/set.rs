use std::{net::IpAddr, sync::Arc};

use super::{ListError, Network, ranges::Ranges, wide::WideRanges};

/// Any number of networks, IPv4 and IPv6, that an address is looked up in.
///
/// The entries become sorted ranges once, when the set is built; a look-up is one binary search and
/// never allocates (about 20 ns among 10 000 entries). A set does not change: to change a list at
/// run time, build the new set and swap it (see [`IpLayer::with_access`]). Clones share the entries.
///
/// An entry takes at most 26 bytes (IPv4) or 58 bytes (IPv6), so that 100 000 IPv4 networks take
/// 2.6 MB; [`heap_bytes`](Self::heap_bytes) tells.
///
/// `::/0` holds no IPv4 address, and `0.0.0.0/0` no IPv6 address: each family has its own entries.
///
/// [`IpLayer::with_access`]: crate::IpLayer::with_access
///
/// ```
/// use webhook_ip_layer::AddressSet;
///
/// let set = AddressSet::parse(["192.0.2.0/24", "192.0.2.7", "2001:db8::/32"])?;
/// assert!(set.contains("192.0.2.7".parse()?));
/// assert!(set.contains("2001:db8::1".parse()?));
/// assert!(!set.contains("203.0.113.7".parse()?));
///
/// // Which entry was it? The most specific one.
/// let rule = set.rule("192.0.2.7".parse()?).map(|rule| rule.to_string());
/// assert_eq!(rule.as_deref(), Some("192.0.2.7/32"));
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct AddressSet(Arc<Entries>);

#[derive(Debug, Default)]
struct Entries {
    v4: Ranges<u32>,
    v6: WideRanges,
    // Sorted and without repetitions; for `rule`, off the hot path.
    networks: Box<[Network]>,
}

impl AddressSet {
    /// A set that holds no address.
    #[must_use]
    pub fn empty() -> Self {
        Self::default()
    }

    /// The set of these entries, each in the strict form of [`Network`].
    ///
    /// # Errors
    ///
    /// All entries that do not parse, not only the first. White space around an entry is an error:
    /// whoever splits a text into entries trims them.
    pub fn parse<I>(entries: I) -> Result<Self, ListError>
    where
        I: IntoIterator,
        I::Item: AsRef<str>,
    {
        let mut errors = Vec::new();
        let parsed = entries.into_iter().filter_map(|entry| {
            entry
                .as_ref()
                .parse::<Network>()
                .map_err(|error| errors.push(error))
                .ok()
        });
        let set = parsed.collect();
        if errors.is_empty() {
            Ok(set)
        } else {
            Err(ListError::new(errors))
        }
    }

    /// Whether the address, folded if it is IPv4-mapped, is in one of the networks.
    #[must_use]
    #[inline]
    pub fn contains(&self, address: IpAddr) -> bool {
        match address.to_canonical() {
            IpAddr::V4(v4) => self.0.v4.contains(v4.to_bits()),
            IpAddr::V6(v6) => self.0.v6.contains(v6.to_bits()),
        }
    }

    /// The most specific entry that the address is in. For explanations: slower than
    /// [`contains`](Self::contains), by as many searches as there are prefix lengths.
    #[must_use]
    pub fn rule(&self, address: IpAddr) -> Option<Network> {
        let address = address.to_canonical();
        (0..=128)
            .rev()
            .filter_map(|prefix| Network::around(address, prefix))
            .find(|network| self.0.networks.binary_search(network).is_ok())
    }

    /// The entries, sorted, each once.
    #[must_use]
    pub fn networks(&self) -> &[Network] {
        &self.0.networks
    }

    /// How many entries there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.networks.len()
    }

    /// How many bytes of the heap the entries take.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        let Entries { v4, v6, networks } = &*self.0;
        v4.heap_bytes() + v6.heap_bytes() + size_of_val(&**networks)
    }

    /// Whether there are entries, and all of them are IPv4.
    pub(crate) fn is_only_v4(&self) -> bool {
        let last = self.0.networks.last();
        last.is_some_and(|network| network.address().is_ipv4())
    }

    /// Whether there is no entry at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.networks.is_empty()
    }
}

impl FromIterator<Network> for AddressSet {
    fn from_iter<I: IntoIterator<Item = Network>>(networks: I) -> Self {
        let mut networks: Vec<Network> = networks.into_iter().collect();
        networks.sort_unstable();
        networks.dedup();
        let (mut v4, mut v6) = (Vec::new(), Vec::new());
        for network in &networks {
            match (network.address(), network.last_address()) {
                (IpAddr::V4(first), IpAddr::V4(last)) => v4.push((first.to_bits(), last.to_bits())),
                (IpAddr::V6(first), IpAddr::V6(last)) => v6.push((first.to_bits(), last.to_bits())),
                // A network lies in one family.
                _ => {}
            }
        }
        Self(Arc::new(Entries {
            v4: Ranges::new(v4),
            v6: WideRanges::new(v6),
            networks: networks.into(),
        }))
    }
}
