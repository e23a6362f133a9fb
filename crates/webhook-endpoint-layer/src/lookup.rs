use std::time::Duration;

use webhook_core::{Clock, Endpoint, Timestamp};

/// What is known of a key: the answer of a look-up.
///
/// ```
/// use webhook_core::{Endpoint, Timestamp};
/// use webhook_endpoint_layer::Lookup;
///
/// let acme = Endpoint::new("acme");
/// let active: Lookup = acme.clone().into();
/// let unknown: Lookup = None::<Endpoint>.into();
/// let until = Some(Timestamp::from_unix_seconds(1_800_000_000));
/// let paused = Lookup::Paused { endpoint: acme.clone(), until };
/// let disabled = Lookup::Disabled(acme);
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Lookup {
    /// The endpoint takes deliveries.
    Active(Endpoint),
    /// The endpoint takes no deliveries for a while: 503 with `Retry-After`.
    Paused {
        /// The endpoint.
        endpoint: Endpoint,
        /// When it takes deliveries again, by itself; `None` where that is not known.
        until: Option<Timestamp>,
    },
    /// The endpoint takes no more deliveries: 410.
    Disabled(Endpoint),
    /// There is no such endpoint: 404.
    Unknown,
}

impl Lookup {
    /// An endpoint that takes deliveries again once this time has passed.
    #[must_use]
    pub fn paused_for(endpoint: Endpoint, time: Duration, clock: &Clock) -> Self {
        Self::Paused {
            endpoint,
            until: Some(clock.now().saturating_add(time)),
        }
    }

    /// The endpoint, whatever its state.
    #[must_use]
    pub const fn endpoint(&self) -> Option<&Endpoint> {
        match self {
            Self::Active(endpoint) | Self::Paused { endpoint, .. } | Self::Disabled(endpoint) => {
                Some(endpoint)
            }
            Self::Unknown => None,
        }
    }

    pub(crate) const fn is_unknown(&self) -> bool {
        matches!(self, Self::Unknown)
    }
}

impl From<Endpoint> for Lookup {
    fn from(endpoint: Endpoint) -> Self {
        Self::Active(endpoint)
    }
}

impl From<Option<Endpoint>> for Lookup {
    fn from(endpoint: Option<Endpoint>) -> Self {
        endpoint.map_or(Self::Unknown, Self::Active)
    }
}
