use std::{mem, sync::Arc};

use http::{Extensions, HeaderMap, Request};
use webhook_core::{
    AddressError, Check, ClientAddr, DeliveryRecord, Facts, Origin, PeerAddr, Reason, Verdict,
};

use crate::{
    client::{find, origin},
    diagnosis::Diagnoses,
    rules::{Finding, Findings, Rules, Sight},
    watch::{Watch, Watcher},
};

/// Why a request is refused, and by which check.
pub(crate) type Refusal = (Reason, Check);

/// What the services of one layer share.
pub(crate) struct Policy<R> {
    pub(crate) judge: Judge,
    pub(crate) rejection: R,
}

/// All of it but the wording of refusals.
pub(crate) struct Judge {
    pub(crate) rules: Rules,
    pub(crate) diagnoses: Arc<Diagnoses>,
    pub(crate) watcher: Option<Arc<Watcher>>,
}

impl<R> Policy<R> {
    /// Finds the client, tells it to inner layers, and judges it. What is let in may be watched.
    pub(crate) fn admit<B>(&self, request: &mut Request<B>) -> Result<Option<Watch>, Refusal> {
        // Taken out, so that they can be added to while the headers are looked at.
        let mut extensions = mem::take(request.extensions_mut());
        let admitted = self.judge.admit(request.headers(), &mut extensions);
        *request.extensions_mut() = extensions;
        admitted
    }
}

impl Judge {
    /// As [`Policy::admit`]. Most requests come through without anything to settle.
    fn admit(
        &self,
        headers: &HeaderMap,
        extensions: &mut Extensions,
    ) -> Result<Option<Watch>, Refusal> {
        let rules = &self.rules;
        let told = rules.told(extensions);
        // The facts are looked up once, where an outer layer settled the peer.
        let facts = Facts::of_mut(extensions);
        let (peer, facts) = match facts.peer() {
            Some(peer) => (Some(peer), facts),
            None => (PeerAddr::find(extensions), Facts::of_mut(extensions)),
        };
        let found = find(peer, headers, &rules.address);
        let sight = Sight::new(peer, headers, &told, &found);
        let findings = rules.judge(&sight);
        self.diagnoses.look(&rules.address, &sight);
        if !findings.are_clear() || self.watcher.is_some() || rules.tells_origin {
            let origin = self.origin(&sight);
            self.diagnoses.judged(&findings, peer);
            let client = found.map(|found| found.client);
            return self.settle(client, origin, &findings, facts);
        }
        if let Ok(found) = &found {
            facts.set_client(found.client);
        }
        findings.note(facts.record());
        Ok(None)
    }

    fn origin(&self, sight: &Sight<'_>) -> Option<Origin> {
        if !self.rules.tells_origin {
            return None;
        }
        let found = sight.found.as_ref().ok();
        origin(sight.peer, sight.headers, &self.rules.address, found)
    }

    /// Tells inner layers and the record, and refuses what has to be refused: whatever was found.
    #[inline(never)]
    fn settle(
        &self,
        client: Result<ClientAddr, AddressError>,
        origin: Option<Origin>,
        findings: &Findings,
        facts: &mut Facts,
    ) -> Result<Option<Watch>, Refusal> {
        let watch = self.watch(facts, findings, client.ok());
        if let Ok(client) = client {
            facts.set_client(client);
        }
        if let Some(origin) = origin {
            facts.set_origin(origin);
        }
        if let (Err(error), true) = (client, findings.want_address()) {
            facts.record().set_address_error(error);
        }
        let record = facts.record();
        if findings.are_clear() {
            findings.note(record);
        } else {
            self.enforce(findings, record)?;
        }
        Ok(watch)
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
