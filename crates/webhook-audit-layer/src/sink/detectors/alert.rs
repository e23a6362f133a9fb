use std::fmt;

use webhook_core::{Name, Timestamp};

use super::SenderNetwork;
use crate::{SenderText, record::MAX_NAME_BYTES};

/// What a detector noticed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum AlertKind {
    /// More requests in a minute than the last hour lets expect.
    Spike,
    /// Many refusals with 401 or 403 of one provider's deliveries.
    Failures,
    /// Many refusals with 401 or 403 from one network.
    NetworkFailures,
    /// A verified delivery from a network whose refusals are an alert right now.
    SuccessAfterFailures,
    /// A verified delivery from a network from which none came before.
    NewNetwork,
    /// A body far larger than nearly all of the provider's.
    LargeBody,
    /// No verified delivery for long.
    Silence,
    /// The sender's clock and this one differ.
    ClockSkew,
    /// A secret ends soon, or has ended.
    SecretEnding,
    /// A secret that had rested while another one was in use.
    OldSecret,
}

impl AlertKind {
    /// Every kind.
    pub const ALL: [Self; 10] = [
        Self::Spike,
        Self::Failures,
        Self::NetworkFailures,
        Self::SuccessAfterFailures,
        Self::NewNetwork,
        Self::LargeBody,
        Self::Silence,
        Self::ClockSkew,
        Self::SecretEnding,
        Self::OldSecret,
    ];

    /// The kind's stable name, in events and metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Spike => "spike",
            Self::Failures => "failures",
            Self::NetworkFailures => "network_failures",
            Self::SuccessAfterFailures => "success_after_failures",
            Self::NewNetwork => "new_network",
            Self::LargeBody => "large_body",
            Self::Silence => "silence",
            Self::ClockSkew => "clock_skew",
            Self::SecretEnding => "secret_ending",
            Self::OldSecret => "old_secret",
        }
    }
}

impl fmt::Display for AlertKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One alert begins, or ends.
///
/// It holds names of the configuration, numbers and a network; nothing else that a sender chooses.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Alert {
    /// What was noticed.
    pub kind: AlertKind,
    /// Whether this is the end of it.
    pub is_end: bool,
    /// The provider; `none` for requests whose provider is not known, `(others)` for those beyond
    /// [`MAX_WATCHED_PROVIDERS`](crate::MAX_WATCHED_PROVIDERS).
    pub provider: Name,
    /// The network that it came from, where there is one to tell.
    pub network: Option<SenderNetwork>,
    /// The id of the secret, where it is about one.
    pub secret_id: Option<Name>,
    /// What was measured: requests, refusals, bytes, or seconds.
    pub value: f64,
    /// What it was held against, in the same unit.
    pub threshold: f64,
    /// When, by the record that showed it, or by the time that was given to
    /// [`Detectors::check`](crate::Detectors::check).
    pub at: Timestamp,
}

impl Alert {
    /// Emits an event of `tracing`, target `webhook_audit`: `webhook alert` at WARN where it begins,
    /// `webhook alert ended` at INFO.
    ///
    /// ```
    /// use webhook_audit_layer::{Alert, Detectors};
    ///
    /// let detectors = Detectors::new(Alert::emit);
    /// ```
    pub fn emit(&self) {
        let name = |name: &Name| SenderText::new(name.as_str(), MAX_NAME_BYTES);
        macro_rules! emit {
            ($level:ident, $message:literal) => {
                tracing::event!(
                    target: "webhook_audit",
                    tracing::Level::$level,
                    kind = self.kind.as_str(),
                    webhook.provider = %name(&self.provider),
                    webhook.secret.id = self.secret_id.as_ref().map(name).map(tracing::field::display),
                    network = self.network.map(tracing::field::display),
                    value = self.value,
                    threshold = self.threshold,
                    at = %self.at,
                    $message
                )
            };
        }
        if self.is_end {
            emit!(INFO, "webhook alert ended");
        } else {
            emit!(WARN, "webhook alert");
        }
    }

    /// Counts the alert as `webhook_alerts_total`, by kind, where it begins.
    ///
    /// ```
    /// use webhook_audit_layer::{Alert, Detectors};
    ///
    /// let detectors = Detectors::new(|alert: &Alert| {
    ///     alert.emit();
    ///     alert.count();
    /// });
    /// ```
    #[cfg(feature = "metrics")]
    #[cfg_attr(docsrs, doc(cfg(feature = "metrics")))]
    pub fn count(&self) {
        if !self.is_end {
            metrics::counter!("webhook_alerts_total", "kind" => self.kind.as_str()).increment(1);
        }
    }
}
