use std::net::IpAddr;

use http::{Extensions, HeaderMap};
use webhook_core::{AddressError, Facts, PeerAddr, Reason, Settings};

use crate::{
    Access, AccessList, Bans, ClientAddressConfig, Denials, ListDrift,
    client::{Found, Untold, find, is_https},
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

/// What a request shows.
pub(crate) struct Sight<'a> {
    pub(crate) peer: Option<PeerAddr>,
    pub(crate) headers: &'a HeaderMap,
    extensions: &'a Extensions,
    pub(crate) found: Result<Found<'a>, AddressError>,
}

impl<'a> Sight<'a> {
    pub(crate) fn of(
        headers: &'a HeaderMap,
        extensions: &'a Extensions,
        address: &ClientAddressConfig,
    ) -> Self {
        let peer = Facts::peer_of(extensions);
        Self {
            peer,
            headers,
            extensions,
            found: find(peer, headers, address),
        }
    }

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
    /// Whether any check, enforced or not, would refuse for want of a client address.
    pub(crate) fn want_address(&self) -> bool {
        [self.denied, self.listed].contains(&Finding::Refused(Reason::IpUnresolved))
    }
}

impl Rules {
    pub(crate) fn judge(&self, sight: &Sight<'_>) -> Findings {
        let (https, untold) = self.judge_https(sight);
        Findings {
            https,
            untold,
            denied: self.judge_denials(sight),
            banned: self.judge_bans(sight),
            listed: self.judge_lists(sight),
        }
    }

    fn judge_https(&self, sight: &Sight<'_>) -> (Finding, Option<Untold>) {
        let Some(https) = self.https else {
            return (Finding::Skipped, None);
        };
        if https.except_loopback && self.is_local(sight) {
            return (Finding::Skipped, None);
        }
        let (peer, found) = (sight.peer, sight.found.as_ref().ok());
        let transport = Facts::transport_of(sight.extensions);
        match is_https(peer, transport, sight.headers, &self.address, found) {
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
        match (&self.denials, sight.ip()) {
            (None, _) => Finding::Skipped,
            (Some(_), None) => Finding::Refused(Reason::IpUnresolved),
            (Some(denials), Some(ip)) if denials.denies(ip) => Finding::Refused(Reason::IpDenied),
            (Some(_), Some(_)) => Finding::Passed,
        }
    }

    fn judge_bans(&self, sight: &Sight<'_>) -> Finding {
        match (&self.bans, sight.ip()) {
            (Some(bans), Some(ip)) if bans.is_banned(ip) => Finding::Refused(Reason::IpBanned),
            (Some(_), Some(_)) => Finding::Passed,
            // An unknown client is never banned.
            _ => Finding::Skipped,
        }
    }

    fn judge_lists(&self, sight: &Sight<'_>) -> Finding {
        let settings = self.settings.as_ref();
        let loaded = settings.map(|settings| settings.load(sight.extensions));
        if matches!(loaded, Some(None)) {
            return Finding::Refused(Reason::Misconfigured);
        }
        let loaded = loaded.flatten();
        judge(sight, &self.address, [Some(&self.own), loaded.as_deref()])
    }
}

/// Holds a client against every list there is; each must permit it.
///
/// A client that cannot be told is refused wherever a list, a source or a trusted proxy is
/// configured. With nothing configured there is nothing to guard, and it stays unknown.
fn judge(
    sight: &Sight<'_>,
    address: &ClientAddressConfig,
    lists: [Option<&AccessList>; 2],
) -> Finding {
    let client = sight.ip();
    if client.is_none() && address.is_configured() {
        return Finding::Refused(Reason::IpUnresolved);
    }
    let mut finding = Finding::Skipped;
    let configured = |list: &&AccessList| list.is_configured();
    for list in lists.into_iter().flatten().filter(configured) {
        match list.judge(client) {
            // A list that does not hold the client decides unless another denies it.
            Access::Allowed if finding == Finding::Skipped => finding = Finding::Passed,
            Access::Allowed => {}
            Access::NotAllowed => {
                // A proxy next door that stands for its clients is another fault.
                let is_v6 = client.is_some_and(|ip| ip.is_ipv6() && !is_private(ip));
                finding = Finding::Unlisted {
                    by_family: is_v6 && list.allows_only_v4(),
                };
            }
            Access::Denied => return Finding::Refused(Reason::IpDenied),
            Access::Unknown => return Finding::Refused(Reason::IpUnresolved),
        }
    }
    finding
}
