//! What an operator is told about a setup that cannot work: each thing once for a layer, never for
//! each request.

use std::sync::atomic::{AtomicBool, Ordering};

use http::{HeaderMap, header::FORWARDED};
use webhook_core::PeerAddr;

use crate::ClientAddressConfig;

const TARGET: &str = "webhook_ip";

/// What was said already.
#[derive(Debug, Default)]
pub(crate) struct Diagnoses {
    unbelieved_header: AtomicBool,
    no_peer: AtomicBool,
    no_settings: AtomicBool,
}

impl Diagnoses {
    /// WHK-I101: a proxy names clients, and nobody is trusted to.
    pub(crate) fn look(
        &self,
        config: &ClientAddressConfig,
        peer: Option<PeerAddr>,
        headers: &HeaderMap,
    ) {
        if config.believes_headers() || self.unbelieved_header.load(Ordering::Relaxed) {
            return;
        }
        let Some(header) = forwarding_header(headers) else {
            return;
        };
        if first_time(&self.unbelieved_header) {
            tracing::warn!(
                target: TARGET,
                code = "WHK-I101",
                peer = peer.map(tracing::field::display),
                header,
                "a forwarding header is present but no trusted proxy is configured for it. If the peer is your proxy, every client looks like it, and lists and quotas act on the proxy: set with_source and with_trusted_proxies. If it is not, a client made the header up, and ignoring it is right"
            );
        }
    }

    /// WHK-I110: the server does not tell peers.
    pub(crate) fn no_peer(&self) {
        if first_time(&self.no_peer) {
            tracing::error!(
                target: TARGET,
                code = "WHK-I110",
                "requests come without a peer address and are refused as ip_unresolved. axum: serve with into_make_service_with_connect_info::<SocketAddr>() and the feature axum; hyper and tower: insert a PeerAddr into the request's extensions; tonic: its own server sets it, with the feature tonic"
            );
        }
    }

    /// Settings are per endpoint, and this endpoint has none.
    pub(crate) fn no_settings(&self) {
        if first_time(&self.no_settings) {
            tracing::error!(
                target: TARGET,
                "an endpoint has no AccessList and its requests are refused as misconfigured: give it one, or use Settings::per_endpoint_or"
            );
        }
    }
}

/// Said when the configuration is made.
pub(crate) fn everyone_is_trusted() {
    tracing::warn!(
        target: TARGET,
        "0.0.0.0/0 or ::/0 is a trusted proxy: every client chooses the address it is taken for, and lists and quotas protect nothing"
    );
}

fn forwarding_header(headers: &HeaderMap) -> Option<&'static str> {
    if headers.contains_key("x-forwarded-for") {
        Some("x-forwarded-for")
    } else {
        headers.contains_key(FORWARDED).then_some("forwarded")
    }
}

fn first_time(said: &AtomicBool) -> bool {
    !said.load(Ordering::Relaxed) && !said.swap(true, Ordering::Relaxed)
}
