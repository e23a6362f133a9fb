//! What an operator is told about a setup that cannot work: each thing once for a layer, never for
//! each request.

use std::{
    net::IpAddr,
    sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering},
    time::Duration,
};

use http::{HeaderMap, HeaderName, header::FORWARDED};
use webhook_core::{ClientNetwork, PeerAddr, Reason};

use crate::{
    ClientAddressConfig, StaleList,
    client::Untold,
    rules::{Finding, Findings, Sight},
};

const TARGET: &str = "webhook_ip";

// A name that is looked up as text is parsed each time.
static X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// How many requests of one peer make it a proxy that strips the header.
const OF_ONE_PEER: u32 = 500;

/// How many requests are looked at for a header that is not believed, before it is one connection
/// in [`SOME`]: a proxy sends it with each, and to look costs a fifth of the layer.
const FIRST: u32 = 64;
const SOME: u16 = 16;

/// What was said already.
#[derive(Debug, Default)]
pub(crate) struct Diagnoses {
    unbelieved_header: AtomicBool,
    /// Requests that were looked at for it, up to [`FIRST`].
    looked_at: AtomicU32,
    one_peer: OnePeer,
    wrong_family: AtomicBool,
    no_peer: AtomicBool,
    no_settings: AtomicBool,
    no_transport: AtomicBool,
    no_scheme: AtomicBool,
    nothing_verifies: AtomicBool,
}

impl Diagnoses {
    /// Looks at peer and headers: WHK-I101 and WHK-I102.
    #[inline]
    pub(crate) fn look(&self, config: &ClientAddressConfig, sight: &Sight<'_>) {
        if !self.one_peer.is_settled() {
            self.look_for_one_peer(config, sight);
        }
        if !self.unbelieved_header.load(Ordering::Relaxed)
            && !config.believes_headers()
            && self.is_due(sight)
        {
            self.look_for_header(sight);
        }
    }

    /// WHK-I101: a proxy names clients, and nobody is trusted to.
    #[inline(never)]
    fn look_for_header(&self, sight: &Sight<'_>) {
        let Sight { peer, headers, .. } = *sight;
        let Some(header) = forwarding_header(headers) else {
            return;
        };
        if first_time(&self.unbelieved_header) {
            tracing::warn!(
                target: TARGET,
                code = "WHK-I101",
                peer = peer.map(tracing::field::display),
                header,
                "a forwarding header is present but no trusted proxy is configured for it. If the peer is your proxy, every client looks like it, and lists, bans and quotas act on the proxy: set with_source and with_trusted_proxies. If it is not, a client made the header up, and ignoring it is right"
            );
        }
    }

    /// Whether to look at a request of this peer; a port is as good as a die.
    fn is_due(&self, sight: &Sight<'_>) -> bool {
        if self.looked_at.load(Ordering::Relaxed) < FIRST {
            self.looked_at.fetch_add(1, Ordering::Relaxed);
            return true;
        }
        let port = sight.peer.as_ref().and_then(PeerAddr::port);
        port.unwrap_or(0).is_multiple_of(SOME)
    }

    /// WHK-I102: every request comes from one private peer, and none tells of a client.
    #[inline(never)]
    fn look_for_one_peer(&self, config: &ClientAddressConfig, sight: &Sight<'_>) {
        let Sight { peer, headers, .. } = *sight;
        let own_header = config.source().header_name();
        let is_told = forwarding_header(headers).is_some()
            || own_header.is_some_and(|name| headers.contains_key(name));
        let ip = peer.and_then(|peer| peer.ip()).filter(|_| !is_told);
        if self.one_peer.is_it(ip) {
            tracing::warn!(
                target: TARGET,
                code = "WHK-I102",
                peer = peer.map(tracing::field::display),
                requests = OF_ONE_PEER,
                "all requests so far come from one private peer and carry no forwarding header. If the peer is your proxy, it strips the header or never sets it, and every client looks like the proxy: have it append to X-Forwarded-For or Forwarded"
            );
        }
    }

    /// Looks at what the checks found.
    pub(crate) fn judged(&self, findings: &Findings, peer: Option<PeerAddr>) {
        if peer.is_none() && findings.want_address() {
            self.no_peer();
        }
        if findings.listed == Finding::Refused(Reason::Misconfigured) {
            self.no_settings();
        }
        if findings.listed == (Finding::Unlisted { by_family: true }) {
            self.wrong_family();
        }
        match findings.untold {
            Some(Untold::NoTransport) => self.no_transport(),
            Some(Untold::NoHeader) => self.no_scheme(),
            // A stranger may have caused it.
            Some(Untold::Malformed) | None => {}
        }
    }

    /// WHK-I103: a client of a family that the list cannot hold.
    fn wrong_family(&self) {
        if first_time(&self.wrong_family) {
            tracing::warn!(
                target: TARGET,
                code = "WHK-I103",
                "the allow list has only IPv4 networks, but clients come from IPv6 addresses: add the provider's IPv6 networks, or have the receiver's name resolve to IPv4 only"
            );
        }
    }

    /// WHK-I110: the server does not tell peers.
    fn no_peer(&self) {
        if first_time(&self.no_peer) {
            tracing::error!(
                target: TARGET,
                code = "WHK-I110",
                "requests come without a peer address and are refused as ip_unresolved. axum: serve with into_make_service_with_connect_info::<SocketAddr>() and the feature axum; hyper and tower: insert a PeerAddr into the request's extensions; tonic: its own server sets it, with the feature tonic"
            );
        }
    }

    /// Settings are per endpoint, and this endpoint has none.
    fn no_settings(&self) {
        if first_time(&self.no_settings) {
            tracing::error!(
                target: TARGET,
                "an endpoint has no AccessList and its requests are refused as misconfigured: give it one, or use Settings::per_endpoint_or"
            );
        }
    }

    /// https is required, and the server does not tell of TLS.
    fn no_transport(&self) {
        if first_time(&self.no_transport) {
            tracing::error!(
                target: TARGET,
                "https is required, and the server does not tell whether its connections are encrypted, so requests are refused as https_required. Where TLS ends in this server, insert webhook_core::Transport::Tls into the request's extensions; where it ends in a proxy, set with_source and with_trusted_proxies"
            );
        }
    }

    /// https is required, and the proxy does not tell of TLS.
    fn no_scheme(&self) {
        if first_time(&self.no_scheme) {
            tracing::error!(
                target: TARGET,
                "https is required, and the trusted proxy does not tell the sender's scheme, so requests are refused as https_required: have it set X-Forwarded-Proto, or proto= in Forwarded where that is the source"
            );
        }
    }

    /// The list is advisory, and nothing stands in for it.
    pub(crate) fn nothing_verifies(&self) {
        if first_time(&self.nothing_verifies) {
            tracing::error!(
                target: TARGET,
                "the allow list is advisory, and an unlisted client was answered without anything having verified its delivery: put the layer outside one that verifies, or enforce the list. A provider's handshake is the one harmless case"
            );
        }
    }
}

/// Whether one peer sends everything. Settled once it is known, for good.
#[derive(Debug, Default)]
struct OnePeer {
    settled: AtomicBool,
    requests: AtomicU32,
    // The peer, folded to 64 bits; 0 before the first request.
    peer: AtomicU64,
}

impl OnePeer {
    fn is_settled(&self) -> bool {
        self.settled.load(Ordering::Relaxed)
    }

    /// Whether this request settles that it is so; `None` is one that speaks against it.
    fn is_it(&self, peer: Option<IpAddr>) -> bool {
        let Some(peer) = peer.filter(|peer| is_private(*peer)).map(folded) else {
            self.settled.store(true, Ordering::Relaxed);
            return false;
        };
        let first = self
            .peer
            .compare_exchange(0, peer, Ordering::Relaxed, Ordering::Relaxed);
        if first.is_err_and(|first| first != peer) {
            self.settled.store(true, Ordering::Relaxed);
            return false;
        }
        let before = self.requests.fetch_add(1, Ordering::Relaxed);
        before.saturating_add(1) >= OF_ONE_PEER && first_time(&self.settled)
    }
}

/// Two peers that share it by accident only make for a diagnosis that is not said.
#[allow(clippy::cast_possible_truncation, reason = "both halves are folded in")]
const fn folded(peer: IpAddr) -> u64 {
    match peer {
        IpAddr::V4(v4) => v4.to_bits() as u64 | 1 << 63,
        IpAddr::V6(v6) => (v6.to_bits() >> 64) as u64 ^ v6.to_bits() as u64 | 1 << 63,
    }
}

/// Addresses that a proxy next door has, and a sender on the internet has not.
pub(crate) const fn is_private(peer: IpAddr) -> bool {
    match peer {
        IpAddr::V4(v4) => v4.is_private() || v4.is_loopback() || v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_unique_local() || v6.is_loopback() || v6.is_unicast_link_local(),
    }
}

/// Said when the configuration is made.
pub(crate) fn everyone_is_trusted() {
    tracing::warn!(
        target: TARGET,
        "0.0.0.0/0 or ::/0 is a trusted proxy: every client chooses the address it is taken for, and lists and quotas protect nothing"
    );
}

/// Bounded by whoever calls it.
pub(crate) fn list_is_stale(stale: &StaleList) {
    tracing::warn!(
        target: TARGET,
        event = "ip_list_stale",
        provider = stale.provider.as_str(),
        network = %stale.network,
        "a verified delivery came from a network that the allow list does not hold: the list is stale"
    );
}

/// Bounded by whoever calls it.
pub(crate) fn banned(network: ClientNetwork, why: &str, lasting: Duration) {
    tracing::warn!(
        target: TARGET,
        event = "ip_banned",
        network = %network,
        why,
        seconds = lasting.as_secs(),
        "a client network is banned for its failures"
    );
}

/// Said once for a table.
pub(crate) fn no_place_for_bans() {
    tracing::warn!(
        target: TARGET,
        "the table of bans has no place for more networks, so the failures of newcomers are not counted: set a larger capacity"
    );
}

/// The first header that names clients. In one pass: a delivery has about ten headers, and two
/// look-ups by hash cost 180 instructions more.
fn forwarding_header(headers: &HeaderMap) -> Option<&'static str> {
    headers.keys().find_map(|name| {
        if *name == X_FORWARDED_FOR {
            Some("x-forwarded-for")
        } else {
            (*name == FORWARDED).then_some("forwarded")
        }
    })
}

fn first_time(said: &AtomicBool) -> bool {
    !said.load(Ordering::Relaxed) && !said.swap(true, Ordering::Relaxed)
}
