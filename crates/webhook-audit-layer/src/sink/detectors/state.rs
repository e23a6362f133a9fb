use webhook_core::{Code, Name, Outcome, Timestamp};

use super::{
    Alert, AlertKind, DetectorSettings, SenderNetwork,
    detect::{Edge, Ended, Failing},
    ending::Endings,
    watch::{Raised, Watch, alert},
};
use crate::AuditRecord;

/// How many providers are watched by name; further ones are watched together.
pub const MAX_WATCHED_PROVIDERS: usize = 64;

/// Requests whose provider is not known.
const NO_PROVIDER: Name = Name::from_static("none");
/// Providers beyond [`MAX_WATCHED_PROVIDERS`].
const OTHERS: Name = Name::from_static("(others)");

/// What the detectors know: bounded, whatever comes.
#[derive(Debug)]
pub(super) struct State {
    watches: Vec<Watch>,
    others: Watch,
    failing: Failing,
    pub(super) endings: Endings,
    /// The second in which networks were looked through last.
    turned: Option<i64>,
}

impl State {
    pub(super) fn note(
        &mut self,
        record: &AuditRecord,
        settings: &DetectorSettings,
        raised: &mut Raised,
    ) {
        let is_failure = is_failure(record);
        let provider = record.provider.clone().unwrap_or(NO_PROVIDER);
        self.turn_networks(record.received_at, settings, raised);
        let watch = self.watch(&provider);
        watch.note(record, is_failure, settings, raised);
        let provider = watch.provider.clone();
        if let Some(client) = record.client {
            let network = SenderNetwork::of(client.ip());
            self.note_network(network, record, &provider, settings, raised);
        }
    }

    pub(super) fn expect(&mut self, provider: &Name, since: Timestamp) {
        self.watch(provider).expect(since);
    }

    pub(super) fn check(
        &mut self,
        now: Timestamp,
        settings: &DetectorSettings,
        raised: &mut Raised,
    ) {
        self.turn_networks(now, settings, raised);
        for watch in self.watches.iter_mut().chain([&mut self.others]) {
            watch.turn(now, settings, raised);
        }
        self.endings.turn(now, settings.notice, raised);
    }

    fn note_network(
        &mut self,
        network: SenderNetwork,
        record: &AuditRecord,
        provider: &Name,
        settings: &DetectorSettings,
        raised: &mut Raised,
    ) {
        let (now, limit) = (record.received_at, settings.network_failures);
        let (kind, edge) = if is_failure(record) {
            let window = settings.window;
            let edge = self.failing.note(network, provider, now, limit, window);
            (AlertKind::NetworkFailures, edge)
        } else if record.is_verified {
            let edge = self.failing.succeed(network, provider, limit);
            (AlertKind::SuccessAfterFailures, edge)
        } else {
            return;
        };
        raised.extend(edge.map(|edge| of_network(kind, provider, network, edge, now)));
    }

    /// At most once a second, so that a flood does not pay for it with every record.
    fn turn_networks(&mut self, now: Timestamp, settings: &DetectorSettings, raised: &mut Raised) {
        let second = now.unix_seconds();
        if self.turned.replace(second) == Some(second) {
            return;
        }
        let (limit, window) = (settings.network_failures, settings.window);
        self.failing.turn(now, limit, window, |ended| {
            let Ended { network, edge, .. } = ended;
            let failures = (AlertKind::NetworkFailures, Some(ended.provider));
            let success = (AlertKind::SuccessAfterFailures, ended.succeeded);
            for (kind, provider) in [failures, success] {
                raised.extend(provider.map(|name| of_network(kind, &name, network, edge, now)));
            }
        });
    }

    fn watch(&mut self, provider: &Name) -> &mut Watch {
        let mut watches = self.watches.iter();
        let known = watches.position(|watch| watch.provider == *provider);
        let place = known.unwrap_or(self.watches.len());
        if known.is_none() && place < MAX_WATCHED_PROVIDERS {
            self.watches.push(Watch::new(provider.clone()));
        }
        self.watches.get_mut(place).unwrap_or(&mut self.others)
    }
}

impl Default for State {
    fn default() -> Self {
        Self {
            watches: Vec::new(),
            others: Watch::new(OTHERS),
            failing: Failing::default(),
            endings: Endings::default(),
            turned: None,
        }
    }
}

/// Refused with 401 or 403, whatever the policy made of it. What shadow mode let pass is told by the
/// shadow report.
fn is_failure(record: &AuditRecord) -> bool {
    let code = record.reason.code();
    record.outcome == Outcome::Denied && matches!(code, Some(Code::Unauthorized | Code::Forbidden))
}

fn of_network(
    kind: AlertKind,
    provider: &Name,
    network: SenderNetwork,
    edge: Edge,
    now: Timestamp,
) -> Alert {
    Alert {
        network: Some(network),
        ..alert(kind, provider, edge, now)
    }
}
