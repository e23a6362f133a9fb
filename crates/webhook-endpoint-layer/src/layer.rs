use std::{fmt, sync::Arc};

use tower_layer::Layer;
use webhook_core::{Clock, Problem};

use crate::{EndpointKey, FindEndpoint, PauseSwitch, policy::Policy};

/// Finds the endpoint that a delivery is for, and tells it to the layers inside; see the
/// [crate](crate).
///
/// | setting | default |
/// |---|---|
/// | pause switch | none |
/// | clock | the system's |
/// | rejection | [`Problem`] |
/// | shadow mode | off |
#[derive(Clone)]
pub struct EndpointLayer<D, R = Problem> {
    key: EndpointKey,
    endpoints: D,
    pause: Option<PauseSwitch>,
    clock: Clock,
    shadow: bool,
    rejection: R,
}

impl<D> EndpointLayer<D> {
    /// Finds endpoints by this key in an [`EndpointMap`](crate::EndpointMap) or an
    /// [`EndpointCache`](crate::EndpointCache).
    ///
    /// ```
    /// use webhook_core::Endpoint;
    /// use webhook_endpoint_layer::{EndpointCache, EndpointKey, EndpointLayer, Key, Lookup};
    ///
    /// async fn find(key: Key) -> Result<Lookup, std::io::Error> {
    ///     // … a query …
    ///     Ok(Lookup::Unknown)
    /// }
    ///
    /// let key = EndpointKey::path("/webhooks/{key}")?;
    /// let layer = EndpointLayer::new(key, EndpointCache::new(find));
    /// # Ok::<_, webhook_endpoint_layer::EndpointError>(())
    /// ```
    #[must_use]
    pub fn new(key: EndpointKey, endpoints: D) -> Self {
        Self {
            key,
            endpoints,
            pause: None,
            clock: Clock::system(),
            shadow: false,
            rejection: Problem::default(),
        }
    }
}

impl<D, R> EndpointLayer<D, R> {
    /// Obeys this switch: a pause of all endpoints, and pauses of single ones by their name. Default:
    /// none.
    #[must_use]
    pub fn with_pause(mut self, switch: PauseSwitch) -> Self {
        self.pause = Some(switch);
        self
    }

    /// Sets where the time comes from, for endpoints that are [paused](crate::Lookup::Paused) until
    /// some time; default the system. A cache and a switch have clocks of their own.
    #[must_use]
    pub fn with_clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Sets how refusals are worded; default [`Problem`].
    ///
    /// ```
    /// use http::{Response, request::Parts};
    /// use webhook_core::Rejection;
    /// use webhook_endpoint_layer::{EndpointKey, EndpointLayer, EndpointMap};
    ///
    /// let key = EndpointKey::header("x-webhook-endpoint")?;
    /// let layer = EndpointLayer::new(key, EndpointMap::new()).with_rejection(
    ///     |rejection: &Rejection, _: &Parts| {
    ///         let mut response = Response::new(String::from("nobody here"));
    ///         *response.status_mut() = rejection.code().status();
    ///         response
    ///     },
    /// );
    /// # Ok::<_, webhook_endpoint_layer::EndpointError>(())
    /// ```
    #[must_use]
    pub fn with_rejection<P>(self, rejection: P) -> EndpointLayer<D, P> {
        EndpointLayer {
            key: self.key,
            endpoints: self.endpoints,
            pause: self.pause,
            clock: self.clock,
            shadow: self.shadow,
            rejection,
        }
    }

    /// Sets shadow mode: an endpoint that the look-up says is disabled or paused is recorded as such
    /// and let through. Default: off.
    ///
    /// An unknown endpoint, and one whose look-up failed, is refused in shadow mode too: without an
    /// endpoint there are no settings for the layers inside to judge by. So is one that is paused by
    /// a [`PauseSwitch`], which somebody ordered.
    #[must_use]
    pub const fn with_insecure_shadow(mut self, shadow: bool) -> Self {
        self.shadow = shadow;
        self
    }
}

impl<S, D: Clone, R: Clone> Layer<S> for EndpointLayer<D, R> {
    type Service = FindEndpoint<S, D, R>;

    fn layer(&self, inner: S) -> Self::Service {
        let policy = Policy {
            key: self.key.clone(),
            pause: self.pause.clone(),
            clock: self.clock.clone(),
            shadow: self.shadow,
            rejection: self.rejection.clone(),
        };
        FindEndpoint::new(inner, self.endpoints.clone(), Arc::new(policy))
    }
}

/// Without the rejection policy, which may be a closure.
impl<D: fmt::Debug, R> fmt::Debug for EndpointLayer<D, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EndpointLayer")
            .field("key", &self.key)
            .field("endpoints", &self.endpoints)
            .field("pause", &self.pause)
            .field("shadow", &self.shadow)
            .finish_non_exhaustive()
    }
}
