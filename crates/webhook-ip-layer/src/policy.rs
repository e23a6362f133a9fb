use std::sync::Arc;

use http::Request;
use webhook_core::{Check, ClientAddr, DeliveryRecord, Facts, Origin, Reason, Verdict};

use crate::{
    client::origin,
    diagnosis::Diagnoses,
    rules::{Finding, Findings, Rules, Sight},
    watch::{Watch, Watcher},
};

/// Why a request is refused, and by which check.
pub(crate) type Refusal = (Reason, Check);

/// What the services of one layer share.
pub(crate) struct Policy<R> {
    pub(crate) rules: Rules,
    pub(crate) rejection: R,
    pub(crate) diagnoses: Arc<Diagnoses>,
    pub(crate) watcher: Option<Arc<Watcher>>,
}

impl<R> Policy<R> {
    /// Finds the client, tells it to inner layers, and judges it. What is let in may be watched.
    #[inline(never)]
    pub(crate) fn admit<B>(&self, request: &mut Request<B>) -> Result<Option<Watch>, Refusal> {
        let sight = Sight::of(request.headers(), request.extensions(), &self.rules.address);
        let findings = self.rules.judge(&sight);
        let client = sight.found.map(|found| found.client);
        let origin = self.origin(&sight);
        self.diagnoses
            .look(&self.rules.address, sight.peer, request.headers());
        self.diagnoses.judged(&findings, sight.peer);

        let facts = Facts::of_mut(request.extensions_mut());
        let watch = self.watch(facts, &findings, client.ok());
        if let Ok(client) = client {
            facts.set_client(client);
        }
        if let Some(origin) = origin {
            facts.set_origin(origin);
        }
        if let (Err(error), true) = (client, findings.want_address()) {
            facts.record().set_address_error(error);
        }
        self.enforce(&findings, facts.record()).map(|()| watch)
    }

    fn origin(&self, sight: &Sight<'_>) -> Option<Origin> {
        if !self.rules.tells_origin {
            return None;
        }
        let found = sight.found.as_ref().ok();
        origin(sight.peer, sight.headers, &self.rules.address, found)
    }

    /// Who watches what becomes of a request that is let in. Before anything is written to the record, which it
    /// may have to keep.
    fn watch(
        &self,
        facts: &mut Facts,
        findings: &Findings,
        client: Option<ClientAddr>,
    ) -> Option<Watch> {
        let watcher = self.watcher.as_ref()?;
        let client = client?;
        if self.rules.refusal(findings).is_some() {
            return None;
        }
        let is_proxy = self.rules.address.trusted().includes(client.ip());
        let is_unlisted = matches!(findings.listed, Finding::Unlisted { .. });
        Watch::new(watcher, facts, client, is_proxy, is_unlisted)
    }

    /// Notes what every check found, up to the first refusal that is enforced.
    fn enforce(&self, findings: &Findings, record: &DeliveryRecord) -> Result<(), Refusal> {
        for (check, finding, is_shadow) in self.rules.in_order(findings) {
            let reason = match finding {
                Finding::Passed => {
                    record.set_verdict(check, Verdict::Pass);
                    continue;
                }
                // A check that was not asked for never ran.
                Finding::Skipped if check == Check::Https => continue,
                Finding::Skipped => {
                    record.set_verdict(check, Verdict::Skipped);
                    continue;
                }
                Finding::Unlisted { .. } => Reason::IpDenied,
                Finding::Refused(reason) => reason,
            };
            if !is_shadow {
                // Noted by the answer.
                return Err((reason, check));
            }
            record.set_shadow_refusal(reason, check);
        }
        Ok(())
    }
}

impl Rules {
    /// The findings in the order of the checks, and whether each only records.
    pub(crate) fn in_order(&self, findings: &Findings) -> [(Check, Finding, bool); 4] {
        let shadow = self.shadow;
        let is_advisory =
            self.drift.is_some() && matches!(findings.listed, Finding::Unlisted { .. });
        [
            (Check::Https, findings.https, shadow.all || shadow.https),
            (Check::Ip, findings.denied, shadow.all),
            (Check::Ip, findings.banned, shadow.all || shadow.bans),
            (
                Check::Ip,
                findings.listed,
                shadow.all || shadow.lists || is_advisory,
            ),
        ]
    }

    /// The first refusal that is enforced.
    pub(crate) fn refusal(&self, findings: &Findings) -> Option<Refusal> {
        let mut enforced = self
            .in_order(findings)
            .into_iter()
            .filter(|(_, _, is_shadow)| !is_shadow);
        enforced.find_map(|(check, finding, _)| match finding {
            Finding::Skipped | Finding::Passed => None,
            Finding::Unlisted { .. } => Some((Reason::IpDenied, check)),
            Finding::Refused(reason) => Some((reason, check)),
        })
    }
}
