use std::time::Duration;

use webhook_audit_layer::{AuditLayer, Sink, TracingSink};
use webhook_core::{
    Clock, Problem, Secret, Settings as Source, Timestamp,
    body::{BodyLimits, MemoryBudget},
};
use webhook_endpoint_layer::{PauseLayer, PauseSwitch};
use webhook_hmac_layer::{HmacLayer, HmacSettings};
use webhook_ratelimit_layer::{Quota, RateLimitLayer};
use webhook_signature::{BodyDigestKey, Scheme};

use crate::{
    Checked, EveryCopy, Mistake, Mistakes, Once, WebhookLayers, address::Address, secrets::ring,
};

/// Puts the layers together in the right order, and reports all mistakes at once; made by
/// [`WebhookLayers::builder`].
///
/// Nothing is checked before [`build`](Self::build), so no setter returns a `Result`.
#[derive(Debug)]
#[must_use = "nothing is guarded before `build()`"]
pub struct Builder<K = TracingSink, R = Problem, D = EveryCopy> {
    pub(crate) settings: Settings,
    sink: K,
    rejection: R,
    once: D,
}

/// What is set so far, right or wrong.
#[derive(Debug)]
pub(crate) struct Settings {
    scheme: Result<Scheme, Mistake>,
    secrets: Vec<(String, Result<Secret, Mistake>)>,
    ends: Vec<(String, Timestamp)>,
    body_digest: Option<Result<Secret, Mistake>>,
    limits: BodyLimits,
    budget: MemoryBudget,
    pub(crate) address: Address,
    external_url: Option<String>,
    answers_handshake: bool,
    network_quota: Option<Result<Quota, Mistake>>,
    endpoint_quota: Option<Result<Quota, Mistake>>,
    is_shadow: bool,
    clock: Clock,
}

impl Builder {
    pub(crate) fn new(scheme: impl Checked<Scheme>) -> Self {
        let settings = Settings {
            scheme: scheme.checked(),
            secrets: Vec::new(),
            ends: Vec::new(),
            body_digest: None,
            limits: BodyLimits::default(),
            budget: MemoryBudget::default(),
            address: Address::default(),
            external_url: None,
            answers_handshake: false,
            network_quota: None,
            endpoint_quota: None,
            is_shadow: false,
            clock: Clock::system(),
        };
        Self {
            settings,
            sink: TracingSink::default(),
            rejection: Problem::default(),
            once: EveryCopy,
        }
    }
}

impl<K, R, D> Builder<K, R, D> {
    /// Adds a secret, with an id that records may show. The first one is tried first. At least one
    /// is required, at most 16 are taken.
    pub fn secret(mut self, id: impl Into<String>, secret: impl Checked<Secret>) -> Self {
        self.settings.secrets.push((id.into(), secret.checked()));
        self
    }

    /// Bounds the body's bytes; default 1 MiB.
    pub fn max_body(mut self, bytes: u64) -> Self {
        self.settings.limits = self.settings.limits.with_max_bytes(bytes);
        self
    }

    /// Bounds the time that a whole body may take; default 10 s.
    pub fn body_deadline(mut self, deadline: Duration) -> Self {
        self.settings.limits = self.settings.limits.with_deadline(deadline);
        self
    }

    /// Draws on another budget for unverified bodies; default the one of the process, 64 MiB.
    pub fn memory_budget(mut self, budget: MemoryBudget) -> Self {
        self.settings.budget = budget;
        self
    }

    /// Limits each client network before anything is verified; default 600 a minute.
    pub fn network_quota(mut self, quota: impl Checked<Quota>) -> Self {
        self.settings.network_quota = Some(quota.checked());
        self
    }

    /// Limits the verified deliveries of the endpoint; default 100 a minute.
    pub fn endpoint_quota(mut self, quota: impl Checked<Quota>) -> Self {
        self.settings.endpoint_quota = Some(quota.checked());
        self
    }

    /// Says what the provider calls, for schemes that sign the URL (Square, Twilio, Trello): scheme and
    /// host, and a port where the provider signs one, without a path. Default: not known, and such a
    /// scheme cannot be built. It changes nothing for the others.
    ///
    /// ```
    /// use webhook_layers::{Secret, WebhookLayers, presets};
    ///
    /// let hooks = WebhookLayers::builder(&presets::SQUARE)
    ///     .secret("2026-q4", Secret::new("a secret of this quarter"))
    ///     .external_url("https://hooks.example.com")
    ///     .build()?;
    /// # Ok::<_, webhook_layers::Mistakes>(())
    /// ```
    pub fn external_url(mut self, base: impl Into<String>) -> Self {
        self.settings.external_url = Some(base.into());
        self
    }

    /// Takes the URL that the provider calls from what a trusted proxy tells of each delivery, and
    /// the [`external_url`](Self::external_url) only where it tells none. Default: off.
    ///
    /// Proxies have to be trusted, and the proxy has to set `X-Forwarded-Proto` and
    /// `X-Forwarded-Host`, or `proto` and `host` of `Forwarded`, itself: see
    /// [`IpLayer::with_origin`](webhook_ip_layer::IpLayer::with_origin). Let it serve your hosts only.
    ///
    /// ```
    /// use webhook_layers::{Secret, WebhookLayers, presets};
    ///
    /// let builder = || {
    ///     WebhookLayers::builder(&presets::SQUARE)
    ///         .secret("2026-q4", Secret::new("a secret of this quarter"))
    ///         .external_url_from_trusted_proxy()
    /// };
    /// assert!(builder().trusted_proxies(["10.0.0.0/8"]).build().is_ok());
    /// assert_eq!(builder().build().unwrap_err().all()[0].code(), "WHK-I006");
    /// ```
    pub fn external_url_from_trusted_proxy(mut self) -> Self {
        self.settings.address.tells_origin = true;
        self
    }

    /// Answers the handshake by which the provider checks the endpoint, such as Slack's
    /// `url_verification`; the handler is not run for it. Default off.
    ///
    /// A provider whose handshake needs a token of its own, such as Meta, wants
    /// [`HmacSettings::with_handshake`].
    pub fn provider_handshake(mut self) -> Self {
        self.settings.answers_handshake = true;
        self
    }

    /// Judge, record, and let pass, in every layer; default off. For the days before enforcement.
    /// The bounds on the body hold all the same.
    pub fn insecure_shadow(mut self, is_shadow: bool) -> Self {
        self.settings.is_shadow = is_shadow;
        self
    }

    /// Takes the time from another clock; default the system's.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.settings.clock = clock;
        self
    }

    /// Sends the records to another sink; default [`TracingSink`].
    pub fn audit<T: Sink>(self, sink: T) -> Builder<T, R, D> {
        Builder {
            settings: self.settings,
            sink,
            rejection: self.rejection,
            once: self.once,
        }
    }

    /// Ends the secret of this id: it verifies nothing after that instant. Default: it has no end.
    ///
    /// ```
    /// use webhook_layers::{Secret, Timestamp, WebhookLayers, presets};
    ///
    /// let hooks = WebhookLayers::builder(&presets::GITHUB)
    ///     .secret("2026-q4", Secret::new("a secret of this quarter"))
    ///     .secret("2026-q3", Secret::new("a secret of last quarter"))
    ///     .secret_ends("2026-q3", Timestamp::from_unix_seconds(1_798_761_600))
    ///     .build()?;
    /// # Ok::<_, webhook_layers::Mistakes>(())
    /// ```
    pub fn secret_ends(mut self, id: impl Into<String>, instant: Timestamp) -> Self {
        self.settings.ends.push((id.into(), instant));
        self
    }

    /// Has each record tell a digest of its body under this key, which is no provider's secret; default
    /// none. It costs a second hash: see [`HmacSettings::with_body_digest`].
    pub fn body_digest(mut self, key: impl Checked<Secret>) -> Self {
        self.settings.body_digest = Some(key.checked());
        self
    }

    /// Words refusals with another policy; default [`Problem`].
    pub fn rejection<P: Clone>(self, policy: P) -> Builder<K, P, D> {
        Builder {
            settings: self.settings,
            sink: self.sink,
            rejection: policy,
            once: self.once,
        }
    }

    pub(crate) fn map_once<T>(self, change: impl FnOnce(D) -> T) -> Builder<K, R, T> {
        Builder {
            settings: self.settings,
            sink: self.sink,
            rejection: self.rejection,
            once: change(self.once),
        }
    }
}

impl<K, R> Builder<K, R> {
    /// Has each delivery handled once; default [`EveryCopy`]: a sender that tries again reaches the
    /// handler again.
    ///
    /// Give [`DedupSettings`](webhook_dedup_layer::DedupSettings), to remember deliveries in memory,
    /// or a [`DedupLayer`](webhook_dedup_layer::DedupLayer) with a store of your own. A duplicate
    /// is answered with 200 and `Webhook-Duplicate: true`, and the handler does not run. Of a
    /// provider that signs no delivery id the body decides: two events whose bodies are the same to
    /// the byte are one delivery.
    ///
    /// ```
    /// use webhook_layers::{DedupSettings, Secret, WebhookLayers, presets};
    ///
    /// let hooks = WebhookLayers::builder(&presets::STANDARD_WEBHOOKS)
    ///     .secret("2026-q4", Secret::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"))
    ///     .dedup(DedupSettings::new())
    ///     .build()?;
    /// # Ok::<_, webhook_layers::Mistakes>(())
    /// ```
    pub fn dedup<T: Once<R>>(self, once: T) -> Builder<K, R, T> {
        self.map_once(|EveryCopy| once)
    }
}

impl<K: Sink + Send + Sync + 'static, R: Clone, D: Once<R>> Builder<K, R, D> {
    /// Makes the layers.
    ///
    /// # Errors
    /// All mistakes at once, each with its code and its fix.
    pub fn build(self) -> Result<WebhookLayers<K, R, D::Layer>, Mistakes> {
        let Self {
            mut settings,
            sink,
            rejection,
            once,
        } = self;
        let mut mistakes = Vec::new();
        let (clock, budget) = (settings.clock.clone(), settings.budget.clone());
        let audit = AuditLayer::new(sink).with_clock(clock.clone());
        settings.read_scheme();
        settings.address.keep_up(&clock, &audit.changes());
        let ip = settings.address.layer(settings.is_shadow, &mut mistakes);
        let (bans, denials) = settings.address.handles();
        let [per_network, per_endpoint] = settings.quotas(&mut mistakes);
        let switch = PauseSwitch::with_clock(clock.clone());
        let is_shadow = settings.is_shadow;
        let hmac = settings.hmac(&mut mistakes);
        let Some(hmac) = hmac.filter(|_| mistakes.is_empty()) else {
            return Err(Mistakes(mistakes));
        };
        let provider = hmac.provider().clone();
        let (hmac, secrets) = Source::swappable(hmac);
        Ok(WebhookLayers {
            provider,
            budget: budget.clone(),
            audit: audit.with_rejection(rejection.clone()),
            pause: PauseLayer::new(switch.clone()).with_rejection(rejection.clone()),
            switch,
            bans,
            denials,
            secrets,
            ip: ip.with_rejection(rejection.clone()),
            per_network: per_network.with_rejection(rejection.clone()),
            hmac: HmacLayer::with_settings(hmac)
                .with_clock(clock.clone())
                .with_budget(budget)
                .with_rejection(rejection.clone()),
            per_endpoint: per_endpoint.with_rejection(rejection.clone()),
            once: once.into_layer(rejection, &clock, is_shadow),
        })
    }
}

impl Settings {
    /// Where the scheme and the address layer have to agree: who tells the URL.
    fn read_scheme(&mut self) {
        let Ok(mut scheme) = self.scheme.clone() else {
            return;
        };
        if self.address.tells_origin {
            scheme = scheme.with_url_from_trusted_proxy();
        }
        self.address.tells_origin = scheme.takes_url_from_trusted_proxy();
        if let Some(base) = self.external_url.take() {
            self.scheme = scheme.with_base_url(base).map_err(Mistake::from);
        } else {
            self.scheme = Ok(scheme);
        }
    }

    /// The quotas of networks and of the endpoint.
    fn quotas(&self, mistakes: &mut Vec<Mistake>) -> [RateLimitLayer; 2] {
        let mut quota = |layer: RateLimitLayer, quota: &Option<Result<Quota, Mistake>>| {
            let layer = layer
                .with_clock(self.clock.clone())
                .with_insecure_shadow(self.is_shadow);
            match quota {
                None => layer,
                Some(Ok(quota)) => layer.with_quota(*quota),
                Some(Err(mistake)) => {
                    mistakes.push(mistake.clone());
                    layer
                }
            }
        };
        [
            quota(RateLimitLayer::per_network(), &self.network_quota),
            quota(RateLimitLayer::per_endpoint(), &self.endpoint_quota),
        ]
    }

    fn hmac(self, mistakes: &mut Vec<Mistake>) -> Option<HmacSettings> {
        if self.limits.max_bytes() == 0 || self.limits.deadline().is_zero() {
            mistakes.push(Mistake::new("WHK-B001", NO_BODY));
        }
        let ring = ring(self.secrets, self.ends, mistakes);
        let digest = self.body_digest.map(|key| match key {
            Ok(key) => Some(BodyDigestKey::new(&key)),
            Err(mistake) => {
                mistakes.push(mistake.about("the key of body digests"));
                None
            }
        });
        let scheme = self.scheme.map_err(|mistake| mistakes.push(mistake)).ok();
        let mut settings = HmacSettings::new(scheme?, ring?);
        if self.answers_handshake {
            settings = settings.and_then(HmacSettings::with_preset_handshake);
        }
        let mut settings = settings.map_err(|error| mistakes.push(error.into())).ok()?;
        if let Some(key) = digest.flatten() {
            settings = settings.with_body_digest(key);
        }
        Some(
            settings
                .with_limits(self.limits)
                .with_insecure_shadow(self.is_shadow),
        )
    }
}

const NO_BODY: &str = "a limit of 0 bytes or 0 seconds refuses every delivery; give at least 1, or leave the limit out";
