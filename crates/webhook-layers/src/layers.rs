use tower_layer::Layer;
use webhook_audit_layer::{Audit, AuditLayer, TracingSink};
use webhook_core::Problem;
use webhook_hmac_layer::{HmacLayer, VerifySignature};
use webhook_ip_layer::{IpFilter, IpLayer};
use webhook_ratelimit_layer::{RateLimit, RateLimitLayer};
use webhook_signature::Scheme;

use crate::{Builder, Checked};

/// The whole stack as one layer; see the [crate](crate).
///
/// Clones share their quotas.
#[derive(Clone, Debug)]
pub struct WebhookLayers<K = TracingSink, R = Problem> {
    pub(crate) audit: AuditLayer<K, R>,
    pub(crate) ip: IpLayer<R>,
    pub(crate) per_network: RateLimitLayer<R>,
    pub(crate) hmac: HmacLayer<R>,
    pub(crate) per_endpoint: RateLimitLayer<R>,
}

/// The service that [`WebhookLayers`] makes: the order of the stack, written down.
pub type Guarded<S, K = TracingSink, R = Problem> =
    Audit<IpFilter<RateLimit<VerifySignature<RateLimit<S, R>, R>, R>, R>, K, R>;

impl WebhookLayers {
    /// Starts a stack for deliveries of one scheme: a preset, a scheme of your own, or the `Result`
    /// of making one.
    pub fn builder(scheme: impl Checked<Scheme>) -> Builder {
        Builder::new(scheme)
    }
}

impl<S, K, R> Layer<S> for WebhookLayers<K, R>
where
    K: Clone,
    R: Clone,
{
    type Service = Guarded<S, K, R>;

    fn layer(&self, inner: S) -> Self::Service {
        let verified = self.hmac.layer(self.per_endpoint.layer(inner));
        self.audit
            .layer(self.ip.layer(self.per_network.layer(verified)))
    }
}
