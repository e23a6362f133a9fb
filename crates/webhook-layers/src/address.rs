//! The address layer's part of the builder: who the client is, and whether it is let in.

use webhook_core::{Clock, change::ChangeLog};
use webhook_ip_layer::{
    Bans, ClientAddressConfig, ClientAddressSource, Denials, IpLayer, ListError, TrustedProxies,
};

use crate::{Builder, Checked, Mistake, mistake};

/// What is set of the address layer so far, right or wrong.
#[derive(Debug, Default)]
pub(crate) struct Address {
    allow: Option<Vec<String>>,
    deny: Option<Vec<String>>,
    source: Option<ClientAddressSource>,
    proxies: Vec<String>,
    hops: Option<usize>,
    requires_https: bool,
    bans: Option<Result<Bans, Mistake>>,
    denials: Option<Denials>,
    shadow: Shadow,
    pub(crate) tells_origin: bool,
}

/// The checks that only judge.
#[derive(Debug, Default)]
struct Shadow {
    lists: bool,
    bans: bool,
    https: bool,
}

/// Who the client is, and whether it is let in.
impl<K, R, D> Builder<K, R, D> {
    /// Lets only these networks in; default everybody. An empty list lets nobody in.
    pub fn allow<I: IntoIterator<Item: Into<String>>>(mut self, networks: I) -> Self {
        self.settings.address.allow = Some(networks.into_iter().map(Into::into).collect());
        self
    }

    /// Keeps these networks out, whatever the allow list says; default nobody.
    pub fn deny<I: IntoIterator<Item: Into<String>>>(mut self, networks: I) -> Self {
        self.settings.address.deny = Some(networks.into_iter().map(Into::into).collect());
        self
    }

    /// Trusts the proxies in these networks (`unix:` for a Unix socket) to name the client; default
    /// nobody. The header is `X-Forwarded-For` unless [`client_address`](Self::client_address) says
    /// another. Nothing else ever makes a header believed.
    pub fn trusted_proxies<I: IntoIterator<Item: Into<String>>>(mut self, networks: I) -> Self {
        self.settings
            .address
            .proxies
            .extend(networks.into_iter().map(Into::into));
        self
    }

    /// Trusts this many proxies in front of the receiver, instead of their networks.
    pub fn trusted_hops(mut self, hops: usize) -> Self {
        self.settings.address.hops = Some(hops);
        self
    }

    /// Says which header names the client; default the peer, or `X-Forwarded-For` where proxies are
    /// trusted.
    pub fn client_address(mut self, source: ClientAddressSource) -> Self {
        self.settings.address.source = Some(source);
        self
    }

    /// Refuses senders that did not use https, with 403 (`https_required`); default off.
    ///
    /// A trusted proxy tells it by `X-Forwarded-Proto` or `Forwarded`, and of a sender that reached
    /// the server itself the server does, by a [`Transport`](webhook_core::Transport) in the
    /// request's extensions. Where neither tells, the delivery is refused. See
    /// [`IpLayer::with_https`].
    pub fn require_https(mut self) -> Self {
        self.settings.address.requires_https = true;
        self
    }

    /// Bans networks whose deliveries fail verification too often; default nobody.
    ///
    /// The stack's clock and log become theirs: each ban is recorded. Lift one by
    /// [`WebhookLayers::bans`](crate::WebhookLayers::bans).
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use webhook_layers::{Bans, Secret, WebhookLayers, presets};
    ///
    /// // An hour for 20 refused deliveries within a minute.
    /// let hooks = WebhookLayers::builder(&presets::GITHUB)
    ///     .secret("2026-q4", Secret::new("It's a Secret to Everybody"))
    ///     .bans(Bans::after(20, Duration::from_secs(60), Duration::from_secs(3600)))
    ///     .build()?;
    /// # Ok::<_, webhook_layers::Mistakes>(())
    /// ```
    pub fn bans(mut self, bans: impl Checked<Bans>) -> Self {
        self.settings.address.bans = Some(bans.checked());
        self
    }

    /// Lets networks be denied at run time; default off. Several stacks may share them.
    ///
    /// The stack's clock becomes theirs; deny by
    /// [`WebhookLayers::denials`](crate::WebhookLayers::denials), and each denial is recorded.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use webhook_layers::{Cause, Denials, Secret, WebhookLayers, presets};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let hooks = WebhookLayers::builder(&presets::GITHUB)
    ///     .secret("2026-q4", Secret::new("It's a Secret to Everybody"))
    ///     .denials(Denials::new())
    ///     .build()?;
    ///
    /// // Later, from a console.
    /// let denials = hooks.denials().ok_or("not asked for")?;
    /// let cause = Cause::new("alice", "floods us since 3 o'clock");
    /// denials.deny("203.0.113.7".parse()?, Duration::from_secs(3600), &cause)?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn denials(mut self, denials: Denials) -> Self {
        self.settings.address.denials = Some(denials);
        self
    }

    /// Shadow mode for the allow and deny lists alone; default off. Denials stay enforced.
    pub fn insecure_shadow_lists(mut self, is_shadow: bool) -> Self {
        self.settings.address.shadow.lists = is_shadow;
        self
    }

    /// Shadow mode for bans alone: failures are counted, bans are recorded, and nobody is refused;
    /// default off.
    pub fn insecure_shadow_bans(mut self, is_shadow: bool) -> Self {
        self.settings.address.shadow.bans = is_shadow;
        self
    }

    /// Shadow mode for https alone; default off.
    pub fn insecure_shadow_https(mut self, is_shadow: bool) -> Self {
        self.settings.address.shadow.https = is_shadow;
        self
    }
}

impl Address {
    /// Has bans and denials end by the stack's clock, and their changes recorded in its log.
    pub(crate) fn keep_up(&mut self, clock: &Clock, log: &ChangeLog) {
        let bans = self.bans.take();
        self.bans =
            bans.map(|bans| bans.map(|bans| bans.with_clock(clock.clone()).with_log(log.clone())));
        let denials = self.denials.take();
        self.denials =
            denials.map(|denials| denials.with_clock(clock.clone()).with_log(log.clone()));
    }

    /// The handles by which both are changed at run time.
    pub(crate) fn handles(&self) -> (Option<Bans>, Option<Denials>) {
        let bans = self.bans.as_ref().and_then(|bans| bans.as_ref().ok());
        (bans.cloned(), self.denials.clone())
    }

    pub(crate) fn layer(&self, is_shadow: bool, mistakes: &mut Vec<Mistake>) -> IpLayer {
        let mut layer = IpLayer::new()
            .with_insecure_shadow(is_shadow)
            .with_insecure_shadow_lists(self.shadow.lists)
            .with_insecure_shadow_bans(self.shadow.bans)
            .with_insecure_shadow_https(self.shadow.https)
            .with_origin(self.tells_origin);
        if let Some(allow) = &self.allow {
            layer = keep(layer, |layer| layer.with_allow(allow), "allow", mistakes);
        }
        if let Some(deny) = &self.deny {
            layer = keep(layer, |layer| layer.with_deny(deny), "deny", mistakes);
        }
        if let Some(denials) = &self.denials {
            layer = layer.with_denials(denials);
        }
        match &self.bans {
            Some(Ok(bans)) => layer = layer.with_bans(bans),
            Some(Err(mistake)) => mistakes.push(mistake.clone()),
            None => {}
        }
        if self.requires_https {
            layer = layer.with_https();
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
        if self.tells_origin && !is_trusting {
            mistakes.push(Mistake::new("WHK-I006", NOBODY_TELLS));
        }
        ClientAddressConfig::new(
            source,
            trusted.unwrap_or_else(|()| TrustedProxies::nobody()),
        )
    }
}

const HOPS_AND_NETWORKS: &str = "trusted hops and trusted networks are both given; name the proxies' networks, which is stricter, or count the hops";
const NOBODY_TRUSTED: &str = "a header is to name the client, but no proxy is trusted to write it, so that it would never be read; name the proxies with `trusted_proxies`, or leave the header out";
const NOBODY_TELLS: &str = "a trusted proxy is to tell the URL that the provider signs, but no proxy is trusted; name the proxies with `trusted_proxies`, or say what the provider calls with `external_url(\"https://hooks.example.com\")`";

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
