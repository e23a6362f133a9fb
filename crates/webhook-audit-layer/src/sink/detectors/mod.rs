//! What is unusual, as events.

mod alert;
mod detect;
mod ending;
mod network;
mod settings;
mod state;
mod watch;

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use webhook_core::{Name, Timestamp, change::Change};

pub use self::{
    alert::{Alert, AlertKind},
    network::SenderNetwork,
    settings::DetectorSettings,
    state::MAX_WATCHED_PROVIDERS,
};
use self::{state::State, watch::Raised};
use super::Sink;
use crate::AuditRecord;

/// Looks for what is unusual in the records, and says once when it begins and once when it ends.
///
/// | alert | begins with | ends with |
/// |---|---|---|
/// | `spike` | a minute of far more requests than the last hour's mean, 10 minutes after the start at the earliest | a minute of half of that, or the new level having become usual |
/// | `failures` | many refusals with 401 or 403 of one provider's deliveries | a window of fewer |
/// | `network_failures` | the same from one network, IPv4 /24 or IPv6 /56, of whatever provider | a window of fewer |
/// | `success_after_failures` | a verified delivery from such a network | the end of the other alert |
/// | `new_network` | a verified delivery from a network that the provider never used, once its networks are learned | no further one for a while |
/// | `large_body` | a body far above the p99 of the provider's verified ones, once 100 have come | no further one for a while |
/// | `silence` | no verified delivery for long | the next one |
/// | `clock_skew` | the median of the last 64 signed timestamps being far from this clock, once 16 have come | its being within half of that |
/// | `secret_ending` | a secret near its end, as told by [`secret_ends`](Self::secret_ends) | a later end, or none |
/// | `old_secret` | a delivery under a secret that rested while another was in use | no further one for a while |
///
/// [`DetectorSettings`] has the numbers. All time is that of the records, and of
/// [`check`](Self::check), which the application calls once a minute or so: without it nobody notices
/// what does not come. What was learned is forgotten with the process.
///
/// Its memory is bounded, whatever comes: [`MAX_WATCHED_PROVIDERS`] providers with 256 networks and
/// 16 secrets each, 1,024 networks of refusals, 256 ends of secrets; about 1.2 MiB where all of that
/// is in use. So are its alerts: one of a kind for each provider at a time, and at most 16 networks.
/// Clones look together. It takes a lock for a microsecond or so with each record.
///
/// ```
/// use webhook_audit_layer::{Alert, AuditLayer, Detectors, TracingSink};
/// use webhook_core::{Clock, Timestamp};
///
/// let detectors = Detectors::new(|alert: &Alert| {
///     alert.emit(); // an event of `tracing`
///     if !alert.is_end {
///         // … call somebody
///     }
/// });
/// detectors.secret_ends("github", "2026-q4", Some(Timestamp::from_unix_seconds(1_798_761_600)));
/// let layer = AuditLayer::new((TracingSink::new(), detectors.clone()));
///
/// // On a timer, once a minute:
/// detectors.check(Clock::system().now());
/// ```
#[derive(Clone)]
pub struct Detectors {
    shared: Arc<Shared>,
}

struct Shared {
    settings: DetectorSettings,
    receive: Box<dyn Fn(&Alert) + Send + Sync>,
    state: Mutex<State>,
}

impl Detectors {
    /// Hands each alert to `receive`, on the path of the request that showed it: it must not block.
    /// With the default [settings](DetectorSettings).
    #[must_use]
    pub fn new(receive: impl Fn(&Alert) + Send + Sync + 'static) -> Self {
        Self::with_settings(DetectorSettings::new(), receive)
    }

    /// The same with other settings.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use webhook_audit_layer::{Alert, DetectorSettings, Detectors};
    ///
    /// let hour = Duration::from_secs(3600);
    /// let settings = DetectorSettings::new().with_silence(2 * hour);
    /// let detectors = Detectors::with_settings(settings, Alert::emit);
    /// ```
    #[must_use]
    pub fn with_settings(
        settings: DetectorSettings,
        receive: impl Fn(&Alert) + Send + Sync + 'static,
    ) -> Self {
        Self {
            shared: Arc::new(Shared {
                settings,
                receive: Box::new(receive),
                state: Mutex::default(),
            }),
        }
    }

    /// A verified delivery of this provider is to be expected from `since` on, so that its silence is
    /// noticed even if none ever comes. Without it, silence counts from the first one.
    pub fn expect_provider(&self, provider: impl Into<Name>, since: Timestamp) {
        let provider = provider.into();
        self.look(|state, _, _| state.expect(&provider, since));
    }

    /// A secret of this provider ends then; `None` where it has no end any more, or is gone. The
    /// next [`check`](Self::check) looks at it. Further secrets than 256 are not watched.
    pub fn secret_ends(
        &self,
        provider: impl Into<Name>,
        secret_id: impl Into<Name>,
        ends: Option<Timestamp>,
    ) {
        let (provider, secret_id) = (provider.into(), secret_id.into());
        self.look(|state, _, _| state.endings.set(provider, secret_id, ends));
    }

    /// Notices what does not come, and what is over: for a timer of the application's, once a minute
    /// or so, with the time that it is.
    pub fn check(&self, now: Timestamp) {
        self.look(|state, settings, raised| state.check(now, settings, raised));
    }

    /// Looks under the lock, and hands over after it.
    fn look(&self, look: impl FnOnce(&mut State, &DetectorSettings, &mut Raised)) {
        let mut raised = Raised::new();
        {
            // Nothing panics while it holds the lock; were it so, the counts would still be sound.
            let state = self.shared.state.lock();
            let mut state = state.unwrap_or_else(PoisonError::into_inner);
            look(&mut state, &self.shared.settings, &mut raised);
        }
        for alert in &raised {
            (self.shared.receive)(alert);
        }
    }
}

impl Sink for Detectors {
    fn record(&self, record: AuditRecord) {
        self.look(|state, settings, raised| state.note(&record, settings, raised));
    }

    /// Changes are not looked at.
    fn change(&self, _: Change) {}
}

impl fmt::Debug for Detectors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Detectors")
            .field("settings", &self.shared.settings)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
