use std::sync::atomic::{AtomicBool, Ordering};

use webhook_core::Name;

/// What an operator is told once about a layer, and never again for each request.
#[derive(Debug, Default)]
pub(crate) struct Diagnoses {
    before_verification: AtomicBool,
    no_client: AtomicBool,
    no_quota: AtomicBool,
}

impl Diagnoses {
    /// A quota for verified senders met a request that nothing verified.
    #[cold]
    pub(crate) fn before_verification(&self, quota: &Name) {
        if is_first(&self.before_verification) {
            tracing::warn!(
                target: "webhook_ratelimit",
                code = "WHK-O202",
                quota = quota.as_str(),
                "rate limit keyed by source runs before verification, or verification is in shadow \
                 mode: the request was charged to its network instead; put this layer inside the \
                 layer that verifies",
            );
        }
    }

    /// A quota for networks met a request whose client is not known.
    #[cold]
    pub(crate) fn no_client(&self, quota: &str) {
        if is_first(&self.no_client) {
            tracing::error!(
                target: "webhook_ratelimit",
                code = "WHK-I110",
                quota,
                "no client address: requests are refused; in axum, serve with \
                 `into_make_service_with_connect_info::<SocketAddr>()` and turn on the feature \
                 `axum`; with hyper or tower, put a `PeerAddr` into the request's extensions; \
                 behind a Unix socket, resolve the client in an outer layer or count by `Key::all()`",
            );
        }
    }

    /// Quotas are per endpoint, and this endpoint has none.
    #[cold]
    pub(crate) fn no_quota(&self, quota: &str) {
        if is_first(&self.no_quota) {
            tracing::error!(
                target: "webhook_ratelimit",
                quota,
                "an endpoint has no Quota and its requests are refused as misconfigured: give it \
                 one, or use Settings::per_endpoint_or",
            );
        }
    }
}

fn is_first(told: &AtomicBool) -> bool {
    // A load first: the line stays shared between the processors that read it.
    !told.load(Ordering::Relaxed) && !told.swap(true, Ordering::Relaxed)
}
