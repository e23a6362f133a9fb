use std::net::IpAddr;

use http::{Extensions, HeaderMap};
use webhook_core::{
    AddressError, Check, DeliveryRecord, Facts, PeerAddr, Reason, Settings, Transport, Verdict,
    settings::Loaded,
};

use crate::{
    Access, AccessList, Bans, ClientAddressConfig, Denials, ListDrift,
    client::{Found, Untold, is_https},
    diagnosis::is_private,
};

/// What a layer is configured to check, all but the wording of its refusals.
#[derive(Clone, Default)]
pub(crate) struct Rules {
    pub(crate) address: ClientAddressConfig,
    pub(crate) own: AccessList,
    pub(crate) settings: Option<Settings<AccessList>>,
    pub(crate) denials: Option<Denials>,
    pub(crate) bans: Option<Bans>,
    /// Where it is there, the allow lists are advisory.
    pub(crate) drift: Option<ListDrift>,
    pub(crate) https: Option<Https>,
    pub(crate) tells_origin: bool,
    pub(crate) shadow: Shadow,
}

/// That https is required, and of whom.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Https {
    pub(crate) except_loopback: bool,
}

/// Which checks only record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools, reason = "one switch for each check")]
pub(crate) struct Shadow {
    /// All of them, run-time denials included.
    pub(crate) all: bool,
    pub(crate) https: bool,
    pub(crate) lists: bool,
    pub(crate) bans: bool,
}

/// What proxies add to a request, whatever else they do.
const OF_PROXIES: [&str; 6] = [
    "forwarded",
    "via",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
    "x-real-ip",
];

/// What a request's extensions tell beside its peer, as far as the rules ask for it.
pub(crate) struct Told<'a> {
    transport: Option<Transport>,
    /// The lists of the request's endpoint.
    lists: Option<Loaded<'a, AccessList>>,
}

/// What a request shows.
pub(crate) struct Sight<'a> {
    pub(crate) peer: Option<PeerAddr>,
    pub(crate) headers: &'a HeaderMap,
    told: &'a Told<'a>,
    pub(crate) found: &'a Result<Found<'a>, AddressError>,
}

impl<'a> Sight<'a> {
    /// What a request shows, with what was found of its client. That is not moved in here, which would
    /// cost 30 instructions: addresses are copied byte by byte.
    pub(crate) const fn new(
        peer: Option<PeerAddr>,
        headers: &'a HeaderMap,
        told: &'a Told<'a>,
        found: &'a Result<Found<'a>, AddressError>,
    ) -> Self {
        Self {
            peer,
            headers,
            told,
            found,
        }
    }

    #[inline]
    pub(crate) fn ip(&self) -> Option<IpAddr> {
        self.found.as_ref().ok().map(|found| found.client.ip())
    }
}

/// What one check found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Finding {
    /// There is nothing to check.
    Skipped,
    Passed,
    /// There is an allow list, and the client is not on it.
    Unlisted {
        /// The client is IPv6, and the list has only IPv4 networks.
        by_family: bool,
    },
    Refused(Reason),
}

/// What all checks found, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Findings {
    pub(crate) https: Finding,
    /// Why it is not known whether the sender used https.
    pub(crate) untold: Option<Untold>,
    pub(crate) denied: Finding,
    pub(crate) banned: Finding,
    pub(crate) listed: Finding,
}

impl Findings {
    /// Whether nothing was found that would be refused, enforced or not.
    #[inline]
    pub(crate) fn are_clear(&self) -> bool {
        [self.https, self.denied, self.banned, self.listed]
            .into_iter()
            .all(|finding| matches!(finding, Finding::Skipped | Finding::Passed))
    }

    /// Notes what the checks found where all is clear: one verdict for all that look at the address.
    #[inline]
    pub(crate) fn note(&self, record: &DeliveryRecord) {
        // A check that was not asked for never ran.
        if self.https == Finding::Passed {
            record.set_verdict(Check::Https, Verdict::Pass);
        }
        let by_address = [self.denied, self.banned, self.listed];
        let verdict = if by_address.contains(&Finding::Passed) {
            Verdict::Pass
        } else {
            Verdict::Skipped
        };
        record.set_verdict(Check::Ip, verdict);
    }

    /// Whether any check, enforced or not, would refuse for want of a client address.
    pub(crate) fn want_address(&self) -> bool {
        [self.denied, self.listed].contains(&Finding::Refused(Reason::IpUnresolved))
    }
}

impl Rules {
    /// What the rules ask of the extensions.
    #[inline]
    pub(crate) fn told(&self, extensions: &Extensions) -> Told<'_> {
        let settings = self.settings.as_ref();
        Told {
            transport: self.https.and_then(|_| Facts::transport_of(extensions)),
            lists: settings.and_then(|settings| settings.load(extensions)),
        }
    }

    #[inline]
    pub(crate) fn judge(&self, sight: &Sight<'_>) -> Findings {
        let (https, untold) = match self.https {
            None => (Finding::Skipped, None),
            Some(https) => self.judge_https(https, sight),
        };
        Findings {
            https,
            untold,
            denied: self.judge_denials(sight),
            banned: self.judge_bans(sight),
            listed: self.judge_lists(sight),
        }
    }

    fn judge_https(&self, https: Https, sight: &Sight<'_>) -> (Finding, Option<Untold>) {
        if https.except_loopback && self.is_local(sight) {
            return (Finding::Skipped, None);
        }
        let (peer, found) = (sight.peer, sight.found.as_ref().ok());
        match is_https(
            peer,
            sight.told.transport,
            sight.headers,
            &self.address,
            found,
        ) {
            Ok(true) => (Finding::Passed, None),
            Ok(false) => (Finding::Refused(Reason::HttpsRequired), None),
            Err(untold) => (Finding::Refused(Reason::HttpsRequired), Some(untold)),
        }
    }

    /// Whether peer and client are this host. A proxy on this host is not: it says so by the
    /// headers that it adds, whether they are believed or not.
    fn is_local(&self, sight: &Sight<'_>) -> bool {
        let peer = sight.peer.and_then(|peer| peer.ip());
        let names_another = OF_PROXIES
            .into_iter()
            .any(|name| sight.headers.contains_key(name));
        let own_header = self.address.source().header_name();
        peer.is_some_and(|ip| ip.is_loopback())
            && sight.ip() == peer
            && !names_another
            && own_header.is_none_or(|name| !sight.headers.contains_key(name))
    }

    fn judge_denials(&self, sight: &Sight<'_>) -> Finding {
        let Some(denials) = &self.denials else {
            return Finding::Skipped;
        };
        match sight.ip() {
            None => Finding::Refused(Reason::IpUnresolved),
            Some(ip) if denials.denies(ip) => Finding::Refused(Reason::IpDenied),
            Some(_) => Finding::Passed,
        }
    }

    fn judge_bans(&self, sight: &Sight<'_>) -> Finding {
        let Some(bans) = &self.bans else {
            return Finding::Skipped;
        };
        match sight.ip() {
            // An unknown client is never banned.
            None => Finding::Skipped,
            Some(ip) if bans.is_banned(ip) => Finding::Refused(Reason::IpBanned),
            Some(_) => Finding::Passed,
        }
    }

    #[inline]
    fn judge_lists(&self, sight: &Sight<'_>) -> Finding {
        let client = sight.ip();
        match &sight.told.lists {
            Some(lists) => judge(client, &self.address, [&self.own, lists]),
            None if self.settings.is_some() => Finding::Refused(Reason::Misconfigured),
            None => judge(client, &self.address, [&self.own]),
        }
    }
}

/// Holds a client against every list there is; each must permit it.
///
/// A client that cannot be told is refused wherever a list, a source or a trusted proxy is
/// configured. With nothing configured there is nothing to guard, and it stays unknown.
#[inline]
fn judge<const N: usize>(
    client: Option<IpAddr>,
    address: &ClientAddressConfig,
    lists: [&AccessList; N],
) -> Finding {
    if client.is_none() && address.is_configured() {
        return Finding::Refused(Reason::IpUnresolved);
    }
    let mut finding = Finding::Skipped;
    for list in lists.into_iter().filter(|list| list.is_configured()) {
        match list.judge(client) {
            // A list that does not hold the client decides unless another denies it.
            Access::Allowed if finding == Finding::Skipped => finding = Finding::Passed,
            Access::Allowed => {}
            Access::NotAllowed => finding = unlisted(client, list),
            Access::Denied => return Finding::Refused(Reason::IpDenied),
            Access::Unknown => return Finding::Refused(Reason::IpUnresolved),
        }
    }
    finding
}

/// There is an allow list, and the client is not on it.
#[cold]
fn unlisted(client: Option<IpAddr>, list: &AccessList) -> Finding {
    // A proxy next door that stands for its clients is another fault.
    let is_v6 = client.is_some_and(|ip| ip.is_ipv6() && !is_private(ip));
    Finding::Unlisted {
        by_family: is_v6 && list.allows_only_v4(),
    }
}
