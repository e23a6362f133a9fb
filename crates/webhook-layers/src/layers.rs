use tower_layer::{Identity, Layer};
use webhook_audit_layer::{Audit, AuditLayer, Sink, TracingSink};
use webhook_core::{Name, Problem, SettingsHandle, body::MemoryBudget, change::ChangeLog};
use webhook_endpoint_layer::{Pause, PauseLayer, PauseSwitch};
use webhook_hmac_layer::{HmacLayer, HmacSettings, VerifySignature};
use webhook_ip_layer::{Bans, Denials, IpFilter, IpLayer};
use webhook_ratelimit_layer::{RateLimit, RateLimitLayer};
use webhook_signature::Scheme;

use crate::{Builder, Checked, Secrets};

/// The whole stack as one layer; see the [crate](crate).
///
/// Clones share their quotas, their pauses and what they remember of deliveries.
#[derive(Clone, Debug)]
pub struct WebhookLayers<K = TracingSink, R = Problem, D = Identity> {
    pub(crate) audit: AuditLayer<K, R>,
    pub(crate) switch: PauseSwitch,
    pub(crate) pause: PauseLayer<R>,
    pub(crate) bans: Option<Bans>,
    pub(crate) denials: Option<Denials>,
    // What the metrics tell.
    #[cfg_attr(not(feature = "metrics"), allow(dead_code))]
    pub(crate) provider: Name,
    #[cfg_attr(not(feature = "metrics"), allow(dead_code))]
    pub(crate) budget: MemoryBudget,
    pub(crate) secrets: SettingsHandle<HmacSettings>,
    pub(crate) ip: IpLayer<R>,
    pub(crate) per_network: RateLimitLayer<R>,
    pub(crate) hmac: HmacLayer<R>,
    pub(crate) per_endpoint: RateLimitLayer<R>,
    pub(crate) once: D,
}

/// The service that [`WebhookLayers`] makes: the order of the stack, written down. `S` is the
/// innermost service, inside of the layer that handles each delivery once where there is one.
pub type Guarded<S, K = TracingSink, R = Problem> =
    Audit<Pause<IpFilter<RateLimit<VerifySignature<RateLimit<S, R>, R>, R>, R>, R>, K, R>;

impl WebhookLayers {
    /// Starts a stack for deliveries of one scheme: a preset, a scheme of your own, or the `Result`
    /// of making one.
    pub fn builder(scheme: impl Checked<Scheme>) -> Builder {
        Builder::new(scheme)
    }
}

impl<K: Sink + Send + Sync + 'static, R, D> WebhookLayers<K, R, D> {
    /// A log whose changes go to this stack's sink, among the records of requests: for handles that
    /// change the stack at run time.
    #[must_use]
    pub fn changes(&self) -> ChangeLog {
        self.audit.changes()
    }

    /// The switch that takes the endpoint off the air for a while: senders get 503 with
    /// `Retry-After`, and each change is recorded, with who and why.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use webhook_layers::{Cause, Secret, WebhookLayers, presets};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let hooks = WebhookLayers::builder(&presets::GITHUB)
    ///     .secret("2026-q4", Secret::new("It's a Secret to Everybody"))
    ///     .build()?;
    /// let ten_minutes = Duration::from_secs(600);
    /// hooks.pause_switch().pause_all(ten_minutes, &Cause::new("alice", "the database moves"));
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn pause_switch(&self) -> PauseSwitch {
        self.switch.clone().with_log(self.changes())
    }

    /// The secrets: how each is used, and a way to revoke one that leaked, which is recorded.
    #[must_use]
    pub fn secrets(&self) -> Secrets {
        let handle = self.secrets.clone();
        Secrets(handle.with_log("secrets", self.changes()))
    }
}

impl<K, R, D> WebhookLayers<K, R, D> {
    /// What is banned, and a way to lift a ban, which is recorded; `None` unless the builder was
    /// given [`bans`](Builder::bans).
    #[must_use]
    pub const fn bans(&self) -> Option<&Bans> {
        self.bans.as_ref()
    }

    /// What is denied at run time, and a way to deny more, which is recorded; `None` unless the
    /// builder was given [`denials`](Builder::denials).
    #[must_use]
    pub const fn denials(&self) -> Option<&Denials> {
        self.denials.as_ref()
    }
}

impl<S, K, R, D> Layer<S> for WebhookLayers<K, R, D>
where
    K: Clone,
    R: Clone,
    D: Layer<S>,
{
    type Service = Guarded<D::Service, K, R>;

    fn layer(&self, inner: S) -> Self::Service {
        let verified = self.per_endpoint.layer(self.once.layer(inner));
        let judged = self.per_network.layer(self.hmac.layer(verified));
        let found = self.pause.layer(self.ip.layer(judged));
        self.audit.layer(found)
    }
}
