//! Sources for the metrics that no record tells.

use webhook_audit_layer::{Gauges, Sink};
use webhook_core::{Name, SettingsHandle};
use webhook_hmac_layer::HmacSettings;
use webhook_ratelimit_layer::RateLimitHandle;

use crate::WebhookLayers;

/// Gives [`Gauges`] the handles of the layers, each with its metric.
///
/// ```
/// use webhook_layers::{GaugeSources as _, RateLimitLayer, audit::Gauges};
///
/// let per_network = RateLimitLayer::per_network();
/// let gauges = Gauges::new().with_ratelimit(&per_network.handle());
/// gauges.publish();
/// ```
pub trait GaugeSources: Sized {
    /// `webhook_ratelimit_keys`: how many keys each quota of the layer has in use.
    #[must_use]
    fn with_ratelimit(self, handle: &RateLimitHandle) -> Self;

    /// `webhook_secret_expiry_timestamp_seconds`: when each of the secrets ends that are in force now; of
    /// one that has no end, or is revoked later, nothing. A recorder shows what it was told last until it
    /// forgets: give an exporter an idle time-out for gauges. Never the secrets.
    #[must_use]
    fn with_secrets(
        self,
        provider: impl Into<Name>,
        settings: &SettingsHandle<HmacSettings>,
    ) -> Self;
}

impl GaugeSources for Gauges {
    fn with_ratelimit(mut self, handle: &RateLimitHandle) -> Self {
        for quota in handle.quotas() {
            let (handle, name) = (handle.clone(), quota.clone());
            self = self.with_ratelimit_keys(quota.clone(), move || {
                let keys = handle.keys_in_use_by(name.as_str()).unwrap_or(0);
                u64::try_from(keys).unwrap_or(u64::MAX)
            });
        }
        self
    }

    fn with_secrets(
        mut self,
        provider: impl Into<Name>,
        settings: &SettingsHandle<HmacSettings>,
    ) -> Self {
        let provider = provider.into();
        for secret in settings.current().secret_uses() {
            let (settings, id) = (settings.clone(), secret.id.clone());
            self = self.with_secret_expiry(provider.clone(), secret.id, move || {
                let current = settings.current();
                let mut secrets = current.secret_uses();
                secrets.find(|secret| secret.id == id)?.not_after
            });
        }
        self
    }
}

impl<K: Sink + Send + Sync + 'static, R, D> WebhookLayers<K, R, D> {
    /// What this stack holds, as metrics: bytes of unverified bodies, keys of its quotas, the ends of its
    /// secrets. Publish them before each scrape, or from a task of your own; nothing is read in between.
    /// Of several stacks, give each one's gauges its turn.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use webhook_layers::{Secret, WebhookLayers, presets};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let hooks = WebhookLayers::builder(&presets::GITHUB)
    ///     .secret("2026-q4", Secret::new("a secret of this quarter"))
    ///     .build()?;
    /// let gauges = hooks.gauges();
    /// tokio::spawn(async move {
    ///     let mut every = tokio::time::interval(Duration::from_secs(15));
    ///     loop {
    ///         every.tick().await;
    ///         gauges.publish();
    ///     }
    /// });
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn gauges(&self) -> Gauges {
        let budget = self.budget.clone();
        Gauges::new()
            .with_unverified_bytes(move || budget.held())
            .with_ratelimit(&self.per_network.handle())
            .with_ratelimit(&self.per_endpoint.handle())
            .with_secrets(self.provider.clone(), &self.secrets)
    }
}
