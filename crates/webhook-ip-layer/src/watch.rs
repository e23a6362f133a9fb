use std::sync::Arc;

use http::Response;
use webhook_core::{ClientAddr, ClientNetwork, Clock, Code, DeliveryRecord, Facts, Rejection};

use crate::{Bans, ListDrift, diagnosis::Diagnoses, rules::Rules};

/// Looks at what became of requests that were let in.
pub(crate) struct Watcher {
    bans: Option<Bans>,
    drift: Option<ListDrift>,
    diagnoses: Arc<Diagnoses>,
}

impl Watcher {
    /// `None` where nothing is watched.
    pub(crate) fn of(rules: &Rules, diagnoses: &Arc<Diagnoses>) -> Option<Arc<Self>> {
        let is_wanted = rules.bans.is_some() || rules.drift.is_some();
        is_wanted.then(|| {
            Arc::new(Self {
                bans: rules.bans.clone(),
                drift: rules.drift.clone(),
                diagnoses: Arc::clone(diagnoses),
            })
        })
    }
}

/// One request that is looked at once it is answered.
pub(crate) struct Watch {
    watcher: Arc<Watcher>,
    network: ClientNetwork,
    // Kept only where it matters whether the delivery was verified.
    record: DeliveryRecord,
    is_counted: bool,
    is_unlisted: bool,
}

impl Watch {
    /// `None` where nothing that could come of the request matters.
    pub(crate) fn new(
        watcher: &Arc<Watcher>,
        facts: &mut Facts,
        client: ClientAddr,
        is_proxy: bool,
        is_unlisted: bool,
    ) -> Option<Self> {
        let network = client.network();
        let bans = watcher.bans.as_ref().filter(|_| !is_proxy);
        let is_unlisted = is_unlisted && watcher.drift.is_some();
        let ends_count = bans.is_some_and(|bans| bans.may_count(network));
        if bans.is_none() && !is_unlisted {
            return None;
        }
        Some(Self {
            watcher: Arc::clone(watcher),
            network,
            record: if is_unlisted || ends_count {
                facts.keep_record(&Clock::system())
            } else {
                DeliveryRecord::default()
            },
            is_counted: bans.is_some(),
            is_unlisted,
        })
    }

    pub(crate) fn answered<B>(&self, response: &Response<B>) {
        let rejection = response.extensions().get::<Rejection>();
        let is_unauthorized =
            rejection.is_some_and(|rejection| rejection.code() == Code::Unauthorized);
        if let (Some(bans), true) = (&self.watcher.bans, self.is_counted) {
            if is_unauthorized {
                bans.note_failure(self.network);
            } else if self.record.verification().is_some() {
                bans.note_success(self.network);
            }
        }
        // Of several layers that verify, all have to.
        if !is_unauthorized {
            let is_through = rejection.is_none() && response.status().is_success();
            self.look_for_drift(is_through);
        }
    }

    fn look_for_drift(&self, is_through: bool) {
        let Some(drift) = self.watcher.drift.as_ref().filter(|_| self.is_unlisted) else {
            return;
        };
        match (self.record.verification(), self.record.client()) {
            (Some(verification), Some(client)) => drift.note(verification.provider(), client),
            (None, _) if is_through => self.watcher.diagnoses.nothing_verifies(),
            _ => {}
        }
    }
}
