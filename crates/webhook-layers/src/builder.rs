use std::time::Duration;

use webhook_audit_layer::{AuditLayer, Sink, TracingSink};
use webhook_core::{
    Clock, Problem, Secret,
    body::{BodyLimits, MemoryBudget},
};
use webhook_endpoint_layer::{PauseLayer, PauseSwitch};
use webhook_hmac_layer::{HmacLayer, HmacSettings};
use webhook_ip_layer::{
    ClientAddressConfig, ClientAddressSource, IpLayer, ListError, TrustedProxies,
};
use webhook_ratelimit_layer::{Quota, RateLimitLayer};
use webhook_signature::{KeyRing, Scheme};

use crate::{Checked, EveryCopy, Mistake, Mistakes, Once, WebhookLayers, mistake};

/// Puts the layers together in the right order, and reports all mistakes at once; made by
/// [`WebhookLayers::builder`].
///
/// Nothing is checked before [`build`](Self::build), so no setter returns a `Result`.
#[derive(Debug)]
#[must_use = "nothing is guarded before `build()`"]
pub struct Builder<K = TracingSink, R = Problem, D = EveryCopy> {
    settings: Settings,
    sink: K,
    rejection: R,
    once: D,
}

/// What is set so far, right or wrong.
#[derive(Debug)]
struct Settings {
    scheme: Result<Scheme, Mistake>,
    secrets: Vec<(String, Result<Secret, Mistake>)>,
    limits: BodyLimits,
    budget: MemoryBudget,
    allow: Option<Vec<String>>,
    deny: Option<Vec<String>>,
    source: Option<ClientAddressSource>,
    proxies: Vec<String>,
    hops: Option<usize>,
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
            limits: BodyLimits::default(),
            budget: MemoryBudget::default(),
            allow: None,
            deny: None,
            source: None,
            proxies: Vec::new(),
            hops: None,
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

    /// Lets only these networks in; default everybody. An empty list lets nobody in.
    pub fn allow<I: IntoIterator<Item: Into<String>>>(mut self, networks: I) -> Self {
        self.settings.allow = Some(networks.into_iter().map(Into::into).collect());
        self
    }

    /// Keeps these networks out, whatever the allow list says; default nobody.
    pub fn deny<I: IntoIterator<Item: Into<String>>>(mut self, networks: I) -> Self {
        self.settings.deny = Some(networks.into_iter().map(Into::into).collect());
        self
    }

    /// Trusts the proxies in these networks (`unix:` for a Unix socket) to name the client; default
    /// nobody. The header is `X-Forwarded-For` unless [`client_address`](Self::client_address) says
    /// another. Nothing else ever makes a header believed.
    pub fn trusted_proxies<I: IntoIterator<Item: Into<String>>>(mut self, networks: I) -> Self {
        self.settings
            .proxies
            .extend(networks.into_iter().map(Into::into));
        self
    }

    /// Trusts this many proxies in front of the receiver, instead of their networks.
    pub fn trusted_hops(mut self, hops: usize) -> Self {
        self.settings.hops = Some(hops);
        self
    }

    /// Says which header names the client; default the peer, or `X-Forwarded-For` where proxies are
    /// trusted.
    pub fn client_address(mut self, source: ClientAddressSource) -> Self {
        self.settings.source = Some(source);
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
        Builder {
            settings: self.settings,
            sink: self.sink,
            rejection: self.rejection,
            once,
        }
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
}

impl<K: Sink, R: Clone, D: Once<R>> Builder<K, R, D> {
    /// Makes the layers.
    ///
    /// # Errors
    /// All mistakes at once, each with its code and its fix.
    pub fn build(self) -> Result<WebhookLayers<K, R, D::Layer>, Mistakes> {
        let Self {
            settings,
            sink,
            rejection,
            once,
        } = self;
        let mut mistakes = Vec::new();
        let ip = settings.ip(&mut mistakes);
        let per_network = RateLimitLayer::per_network();
        let per_network =
            settings.quota(per_network, settings.network_quota.as_ref(), &mut mistakes);
        let per_endpoint = RateLimitLayer::per_endpoint();
        let per_endpoint = settings.quota(
            per_endpoint,
            settings.endpoint_quota.as_ref(),
            &mut mistakes,
        );
        let (clock, budget) = (settings.clock.clone(), settings.budget.clone());
        let switch = PauseSwitch::with_clock(clock.clone());
        let is_shadow = settings.is_shadow;
        let hmac = settings.hmac(&mut mistakes);
        match hmac {
            Some(hmac) if mistakes.is_empty() => Ok(WebhookLayers {
                audit: AuditLayer::new(sink)
                    .with_clock(clock.clone())
                    .with_rejection(rejection.clone()),
                pause: PauseLayer::new(switch.clone()).with_rejection(rejection.clone()),
                switch,
                ip: ip.with_rejection(rejection.clone()),
                per_network: per_network.with_rejection(rejection.clone()),
                hmac: HmacLayer::from(hmac)
                    .with_clock(clock.clone())
                    .with_budget(budget)
                    .with_rejection(rejection.clone()),
                per_endpoint: per_endpoint.with_rejection(rejection.clone()),
                once: once.into_layer(rejection, &clock, is_shadow),
            }),
            _ => Err(Mistakes(mistakes)),
        }
    }
}

impl Settings {
    fn ip(&self, mistakes: &mut Vec<Mistake>) -> IpLayer {
        let mut layer = IpLayer::new().with_insecure_shadow(self.is_shadow);
        if let Some(allow) = &self.allow {
            layer = keep(layer, |layer| layer.with_allow(allow), "allow", mistakes);
        }
        if let Some(deny) = &self.deny {
            layer = keep(layer, |layer| layer.with_deny(deny), "deny", mistakes);
        }
        layer.with_client_address(self.client_address(mistakes))
    }

    fn client_address(&self, mistakes: &mut Vec<Mistake>) -> ClientAddressConfig {
        let trusted = match (self.hops, self.proxies.is_empty()) {
            (None, _) => TrustedProxies::networks(&self.proxies).map_err(|error| {
                mistakes.extend(mistake::of_list("trusted proxies", &error));
            }),
            (Some(hops), true) => {
                TrustedProxies::hops(hops).map_err(|error| mistakes.push(error.into()))
            }
            (Some(_), false) => {
                mistakes.push(Mistake::new("WHK-I004", HOPS_AND_NETWORKS));
                Err(())
            }
        };
        let is_trusting = self.hops.is_some() || !self.proxies.is_empty();
        let source = match &self.source {
            None if is_trusting => ClientAddressSource::XForwardedFor,
            None => ClientAddressSource::Peer,
            Some(source) => source.clone(),
        };
        if !is_trusting && source != ClientAddressSource::Peer {
            mistakes.push(Mistake::new("WHK-I005", NOBODY_TRUSTED));
        }
        ClientAddressConfig::new(
            source,
            trusted.unwrap_or_else(|()| TrustedProxies::nobody()),
        )
    }

    fn quota(
        &self,
        layer: RateLimitLayer,
        quota: Option<&Result<Quota, Mistake>>,
        mistakes: &mut Vec<Mistake>,
    ) -> RateLimitLayer {
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
    }

    fn hmac(self, mistakes: &mut Vec<Mistake>) -> Option<HmacSettings> {
        if self.limits.max_bytes() == 0 || self.limits.deadline().is_zero() {
            mistakes.push(Mistake::new("WHK-B001", NO_BODY));
        }
        let ring = ring(self.secrets, mistakes);
        let scheme = self.scheme.map_err(|mistake| mistakes.push(mistake)).ok();
        let mut settings = HmacSettings::new(scheme?, ring?);
        if self.answers_handshake {
            settings = settings.and_then(HmacSettings::with_preset_handshake);
        }
        let settings = settings.map_err(|error| mistakes.push(error.into())).ok()?;
        Some(
            settings
                .with_limits(self.limits)
                .with_insecure_shadow(self.is_shadow),
        )
    }
}

const HOPS_AND_NETWORKS: &str = "trusted hops and trusted networks are both given; name the proxies' networks, which is stricter, or count the hops";
const NOBODY_TRUSTED: &str = "a header is to name the client, but no proxy is trusted to write it, so that it would never be read; name the proxies with `trusted_proxies`, or leave the header out";
const NO_BODY: &str = "a limit of 0 bytes or 0 seconds refuses every delivery; give at least 1, or leave the limit out";
const NO_SECRET: &str =
    "there is no secret; add one with `.secret(\"2026-q4\", Secret::from_env(\"WEBHOOK_SECRET\"))`";

/// The layer with a list, or as it was where the list has mistakes.
fn keep(
    layer: IpLayer,
    add: impl FnOnce(IpLayer) -> Result<IpLayer, ListError>,
    list: &str,
    mistakes: &mut Vec<Mistake>,
) -> IpLayer {
    add(layer.clone()).unwrap_or_else(|error| {
        mistakes.extend(mistake::of_list(list, &error));
        layer
    })
}

/// The key ring of the secrets that are right; none where one of them is wrong.
fn ring(
    secrets: Vec<(String, Result<Secret, Mistake>)>,
    mistakes: &mut Vec<Mistake>,
) -> Option<KeyRing> {
    let before = mistakes.len();
    if secrets.is_empty() {
        mistakes.push(Mistake::new("WHK-C010", NO_SECRET));
    }
    let mut ring: Option<KeyRing> = None;
    let count = secrets.len();
    for (place, (id, secret)) in secrets.into_iter().enumerate() {
        let added = secret.and_then(|secret| {
            match ring.clone() {
                Some(ring) => ring.with(id, secret),
                None => KeyRing::new(id, secret),
            }
            .map_err(Mistake::from)
        });
        match added {
            Ok(longer) => ring = Some(longer),
            // By its place, not by its id: where the two were swapped, the id is the secret.
            Err(mistake) => {
                mistakes.push(mistake.about(format_args!("secret {} of {count}", place + 1)));
            }
        }
    }
    ring.filter(|_| mistakes.len() == before)
}
