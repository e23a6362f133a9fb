use std::{fmt, sync::Arc};

use http::Request;
use tower_layer::Layer;
use webhook_core::Problem;

use crate::{
    Explanation, IpFilter, ListError,
    diagnosis::Diagnoses,
    policy::{Judge, Policy},
    rules::Rules,
    watch::Watcher,
};

/// Finds the client address and holds it against lists; see the [crate](crate).
///
/// | setting | default |
/// |---|---|
/// | source | the peer of the connection; no header is looked at |
/// | trusted proxies | nobody |
/// | allow list | none: everybody |
/// | deny list | none: nobody |
/// | feeds | none |
/// | denials at run time | none |
/// | bans after failures | off |
/// | https | not required |
/// | origin | not told |
/// | advisory list | off: it is enforced |
/// | rejection | [`Problem`] |
/// | shadow mode | off |
#[derive(Clone)]
pub struct IpLayer<R = Problem> {
    pub(super) rules: Rules,
    rejection: R,
    // Of the layer, not of its services: a router makes one of those for each route.
    diagnoses: Arc<Diagnoses>,
}

impl IpLayer {
    /// Only finds the client address: the peer's. Every request passes.
    #[must_use]
    pub fn new() -> Self {
        Self {
            rules: Rules::default(),
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
            rules: self.rules,
            rejection,
            diagnoses: self.diagnoses,
        }
    }

    /// Sets shadow mode for every check: judge, record, and let pass. Default: off.
    ///
    /// For the days before a check is enforced; while it is on, the layer protects nothing. Each
    /// check has its own: [lists](Self::with_insecure_shadow_lists),
    /// [bans](Self::with_insecure_shadow_bans), [https](Self::with_insecure_shadow_https).
    #[must_use]
    pub const fn with_insecure_shadow(mut self, shadow: bool) -> Self {
        self.rules.shadow.all = shadow;
        self
    }

    /// What the layer does with a request, and why: the client, then every check. Nothing is
    /// recorded or counted by it.
    ///
    /// ```
    /// use http::Request;
    /// use webhook_core::{Check, PeerAddr, Reason};
    /// use webhook_ip_layer::IpLayer;
    ///
    /// let layer = IpLayer::allow(["203.0.113.0/24"])?.with_deny(["203.0.113.7"])?;
    /// let mut request = Request::new(());
    /// request.extensions_mut().insert(PeerAddr::new("203.0.113.7:4711".parse()?));
    ///
    /// let explanation = layer.explain(&request);
    /// assert_eq!(explanation.refusal, Some((Reason::IpDenied, Check::Ip)));
    /// assert_eq!(explanation.why.last().unwrap(), "203.0.113.7 is denied by 203.0.113.7/32");
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn explain<B>(&self, request: &Request<B>) -> Explanation {
        self.rules.explain(request.headers(), request.extensions())
    }
}

impl<S, R: Clone> Layer<S> for IpLayer<R> {
    type Service = IpFilter<S, R>;

    fn layer(&self, inner: S) -> Self::Service {
        let policy = Policy {
            judge: Judge {
                rules: self.rules.clone(),
                diagnoses: Arc::clone(&self.diagnoses),
                watcher: Watcher::of(&self.rules, &self.diagnoses),
            },
            rejection: self.rejection.clone(),
        };
        IpFilter::new(inner, policy)
    }
}

/// Without the rejection policy, which may be a closure, and without every entry of the lists.
impl<R> fmt::Debug for IpLayer<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IpLayer")
            .field("source", self.rules.address.source())
            .field("https", &self.rules.https)
            .field("shadow", &self.rules.shadow)
            .finish_non_exhaustive()
    }
}
