use std::{net::IpAddr, sync::Arc};

use arc_swap::ArcSwap;

use super::{AddressSet, Network};

/// A set that is replaced as a whole at run time; clones see the same one.
#[derive(Clone, Debug, Default)]
pub(crate) struct LiveSet(Arc<ArcSwap<AddressSet>>);

impl LiveSet {
    pub(crate) fn contains(&self, address: IpAddr) -> bool {
        self.0.load().contains(address)
    }

    pub(crate) fn rule(&self, address: IpAddr) -> Option<Network> {
        self.0.load().rule(address)
    }

    pub(crate) fn is_only_v4(&self) -> bool {
        self.0.load().is_only_v4()
    }

    pub(crate) fn replace(&self, set: AddressSet) {
        self.0.store(Arc::new(set));
    }
}
