use std::net::IpAddr;

use http::{Extensions, HeaderMap};
use webhook_core::{Facts, Reason};

use crate::{
    Access, Explanation, Network,
    client::{explain, find},
    rules::{Finding, Findings, Rules, Sight},
};

impl Rules {
    /// What becomes of a request, and why: the client's explanation, and a sentence for each check.
    pub(crate) fn explain(&self, headers: &HeaderMap, extensions: &Extensions) -> Explanation {
        let peer = Facts::peer_of(extensions);
        let mut explanation = explain(peer, headers, &self.address);
        let found = find(peer, headers, &self.address);
        let told = self.told(extensions);
        let sight = Sight::new(peer, headers, &told, &found);
        let findings = self.judge(&sight);
        let sentences = [
            self.about_https(&findings),
            self.about_denials(&findings, sight.ip()),
            self.about_bans(&findings, sight.ip()),
            self.about_lists(&findings, sight.ip(), extensions),
        ];
        let checks = sentences.into_iter().zip(self.in_order(&findings));
        for (sentence, (_, finding, is_shadow)) in checks {
            let refuses = !matches!(finding, Finding::Skipped | Finding::Passed);
            let recorded = if refuses && is_shadow {
                ", which is only recorded"
            } else {
                ""
            };
            explanation
                .why
                .extend(sentence.map(|sentence| sentence + recorded));
        }
        explanation.refusal = self.refusal(&findings);
        explanation
    }

    fn about_https(&self, findings: &Findings) -> Option<String> {
        self.https?;
        Some(match (findings.https, findings.untold) {
            (Finding::Passed, _) => "the sender used https".to_owned(),
            (Finding::Skipped, _) => "https is not required of clients on this host".to_owned(),
            (_, Some(untold)) => format!("https is required, and {untold}"),
            (_, None) => "https is required, and the sender did not use it".to_owned(),
        })
    }

    fn about_denials(&self, findings: &Findings, client: Option<IpAddr>) -> Option<String> {
        match findings.denied {
            Finding::Refused(Reason::IpDenied) => {
                let client = client?;
                let denials = self.denials.as_ref()?.in_force();
                let denial = denials
                    .into_iter()
                    .find(|denial| denial.network.contains(client))?;
                let (by, why) = (denial.cause.by(), denial.cause.why());
                let (network, left) = (denial.network, denial.remaining.as_secs());
                Some(format!(
                    "{client} is denied at run time by {network}, for {left} s more, by {by:?}: {why:?}"
                ))
            }
            Finding::Refused(_) => {
                Some("networks can be denied at run time, and the client is unknown".to_owned())
            }
            _ => None,
        }
    }

    fn about_bans(&self, findings: &Findings, client: Option<IpAddr>) -> Option<String> {
        if findings.banned != Finding::Refused(Reason::IpBanned) {
            return None;
        }
        let (client, bans) = (client?, self.bans.as_ref()?);
        let network = webhook_core::ClientNetwork::of(client);
        let ban = bans
            .in_force()
            .into_iter()
            .find(|ban| ban.network == network)?;
        let left = ban.remaining.as_secs();
        Some(format!("{network} is banned for {left} s more"))
    }

    fn about_lists(
        &self,
        findings: &Findings,
        client: Option<IpAddr>,
        extensions: &Extensions,
    ) -> Option<String> {
        let shown = client.map_or_else(|| "the client".to_owned(), |client| client.to_string());
        let rule = |access| client.and_then(|client| self.rule(client, access, extensions));
        Some(match findings.listed {
            Finding::Skipped => return None,
            Finding::Passed => match rule(Access::Allowed) {
                Some(rule) => format!("{shown} is allowed by {rule}"),
                None => format!("{shown} is on no deny list"),
            },
            Finding::Unlisted { .. } => format!("{shown} is on no allow list"),
            Finding::Refused(Reason::IpDenied) => match rule(Access::Denied) {
                Some(rule) => format!("{shown} is denied by {rule}"),
                None => format!("{shown} is denied"),
            },
            Finding::Refused(Reason::Misconfigured) => {
                "the endpoint has no AccessList: misconfigured".to_owned()
            }
            Finding::Refused(_) => "the client is unknown, and an address is needed".to_owned(),
        })
    }

    /// The entry of the first list that says this about the client.
    fn rule(&self, client: IpAddr, access: Access, extensions: &Extensions) -> Option<Network> {
        let settings = self.settings.as_ref();
        let loaded = settings.and_then(|settings| settings.load(extensions));
        [Some(&self.own), loaded.as_deref()]
            .into_iter()
            .flatten()
            .filter(|list| list.judge(Some(client)) == access)
            .find_map(|list| list.rule(client))
    }
}
