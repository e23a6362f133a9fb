use webhook_core::{Name, Timestamp};

use super::{
    Alert, AlertKind, DetectorSettings, SenderNetwork,
    detect::{Edge, Networks, Rate, Secrets, Silence, Sizes, Skew, Tally},
};
use crate::AuditRecord;

/// What the detectors know of one provider.
#[derive(Debug)]
pub(super) struct Watch {
    pub(super) provider: Name,
    rate: Rate,
    failures: Tally,
    networks: Networks,
    sizes: Sizes,
    silence: Silence,
    skew: Skew,
    secrets: Secrets,
}

/// Alerts that are raised under the lock and handed over after it.
pub(super) type Raised = Vec<Alert>;

impl Watch {
    pub(super) fn new(provider: Name) -> Self {
        Self {
            provider,
            rate: Rate::default(),
            failures: Tally::default(),
            networks: Networks::default(),
            sizes: Sizes::default(),
            silence: Silence::default(),
            skew: Skew::default(),
            secrets: Secrets::default(),
        }
    }

    pub(super) fn expect(&mut self, since: Timestamp) {
        self.silence.expect(since);
    }

    /// Looks at one of the provider's records.
    pub(super) fn note(
        &mut self,
        record: &AuditRecord,
        is_failure: bool,
        settings: &DetectorSettings,
        raised: &mut Raised,
    ) {
        let now = record.received_at;
        self.turn(now, settings, raised);
        let spike = self.rate.note(now, settings.spike);
        self.raise(AlertKind::Spike, spike, now, raised);
        if is_failure {
            let (limit, window) = (settings.failures, settings.window);
            let failures = self.failures.note(now, limit, window, true);
            self.raise(AlertKind::Failures, failures, now, raised);
        }
        if let Some(bytes) = record.body_bytes {
            let is_verified = record.is_verified;
            let size = self
                .sizes
                .note(bytes, is_verified, now, settings.large_body);
            self.raise(AlertKind::LargeBody, size, now, raised);
        }
        if record.is_verified {
            self.note_verified(record, settings, raised);
        }
    }

    fn note_verified(
        &mut self,
        record: &AuditRecord,
        settings: &DetectorSettings,
        raised: &mut Raised,
    ) {
        let now = record.received_at;
        let silence = self.silence.note(now, settings.silence);
        self.raise(AlertKind::Silence, silence, now, raised);
        if let Some(client) = record.client {
            let network = SenderNetwork::of(client.ip());
            if let Some(edge) = self.networks.note(network, now, settings.learning) {
                let alert = alert(AlertKind::NewNetwork, &self.provider, edge, now);
                raised.push(Alert {
                    network: Some(network),
                    ..alert
                });
            }
        }
        if let Some(signed_at) = record.signed_at {
            let skew = self.skew.note(signed_at, now, settings.skew);
            self.raise(AlertKind::ClockSkew, skew, now, raised);
        }
        if let Some(id) = &record.secret_id
            && let Some(edge) = self.secrets.note(id, now, settings.rest)
        {
            raised.push(self.of_secret(id.clone(), edge, now));
        }
    }

    /// Ends what is over, and notices what does not come.
    pub(super) fn turn(
        &mut self,
        now: Timestamp,
        settings: &DetectorSettings,
        raised: &mut Raised,
    ) {
        let quiet = settings.quiet;
        let spike = self.rate.turn(now, settings.spike);
        self.raise(AlertKind::Spike, spike, now, raised);
        let failures = self.failures.turn(now, settings.failures, settings.window);
        self.raise(AlertKind::Failures, failures, now, raised);
        let networks = self.networks.turn(now, quiet);
        self.raise(AlertKind::NewNetwork, networks, now, raised);
        let sizes = self.sizes.turn(now, quiet);
        self.raise(AlertKind::LargeBody, sizes, now, raised);
        let silence = self.silence.turn(now, settings.silence);
        self.raise(AlertKind::Silence, silence, now, raised);
        if let Some((id, edge)) = self.secrets.turn(now, quiet, settings.rest) {
            raised.push(self.of_secret(id, edge, now));
        }
    }

    fn of_secret(&self, id: Name, edge: Edge, now: Timestamp) -> Alert {
        Alert {
            secret_id: Some(id),
            ..alert(AlertKind::OldSecret, &self.provider, edge, now)
        }
    }

    fn raise(&self, kind: AlertKind, edge: Option<Edge>, now: Timestamp, raised: &mut Raised) {
        raised.extend(edge.map(|edge| alert(kind, &self.provider, edge, now)));
    }
}

pub(super) fn alert(kind: AlertKind, provider: &Name, edge: Edge, at: Timestamp) -> Alert {
    Alert {
        kind,
        is_end: edge.is_end,
        provider: provider.clone(),
        network: None,
        secret_id: None,
        value: edge.value,
        threshold: edge.threshold,
        at,
    }
}
