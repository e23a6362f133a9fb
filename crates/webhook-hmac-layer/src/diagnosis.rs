//! What an operator is told about a setup that is weak or cannot work: each thing once in a process,
//! never for each request.

use std::{
    collections::BTreeSet,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use webhook_core::Name;
use webhook_signature::NewlineMistake;

const TARGET: &str = "webhook_hmac";

/// The most things that are remembered as said; once there are as many, nothing more is said.
const MAX_SAID: usize = 1024;

/// What was said already: the code, and what it was about. Looked at only where something is to be
/// said, and never for a request that is in order.
static SAID: Mutex<BTreeSet<(&str, String)>> = Mutex::new(BTreeSet::new());

/// WHK-H301: one of the two sides has a newline at the end of its secret.
pub(crate) fn newline(provider: &Name, mistake: &NewlineMistake, failed: usize) {
    let (id, cure) = match mistake {
        NewlineMistake::Ours(id) => (
            id,
            "after removing a trailing newline from the secret here: it was encoded together with the newline that `echo` adds; encode it again with `printf %s`",
        ),
        NewlineMistake::Theirs(id) => (
            id,
            "if the secret here had a trailing newline, as the sender's has: set it again at the sender, without the newline",
        ),
        _ => return,
    };
    if first_time("WHK-H301", provider, id.as_str()) {
        tracing::warn!(
            target: TARGET,
            code = "WHK-H301",
            provider = provider.as_str(),
            secret_id = id.as_str(),
            "{failed} of {failed} signatures failed and {failed} of {failed} would verify {cure}"
        );
    }
}

/// WHK-H302: deliveries are refused for their time alone, one after the other.
pub(crate) fn skew(provider: &Name, seconds: i64, refused: usize) {
    if first_time("WHK-H302", provider, "") {
        tracing::warn!(
            target: TARGET,
            code = "WHK-H302",
            provider = provider.as_str(),
            skew_seconds = seconds,
            "the last {refused} deliveries were all refused for their timestamps, whose median skew is {seconds:+} s: this clock or the sender's is wrong; compare both with a time server. Their signatures were not looked at: if the clocks are right, somebody replays old deliveries"
        );
    }
}

/// WHK-H303: a secret that nothing signs with any more.
pub(crate) fn unused(provider: &Name, id: &Name, unused: Duration) {
    if first_time("WHK-H303", provider, id.as_str()) {
        tracing::info!(
            target: TARGET,
            code = "WHK-H303",
            provider = provider.as_str(),
            secret_id = id.as_str(),
            "the secret was not used for {} days, while others were: if the provider has changed over, it is safe to remove",
            unused.as_secs() / 86_400
        );
    }
}

/// WHK-H304: the URL is signed, and nobody tells it.
pub(crate) fn no_origin(provider: &Name) {
    if first_time("WHK-H304", provider, "") {
        tracing::error!(
            target: TARGET,
            code = "WHK-H304",
            provider = provider.as_str(),
            "the signature covers the URL and no trusted proxy told its scheme and host: deliveries are refused as misconfigured. Put the layer that resolves the client outside of this one and let it believe the proxy's forwarded scheme and host, or give with_base_url"
        );
    }
}

/// Settings are per endpoint, and an endpoint has none.
pub(crate) fn no_settings() {
    static SAID: AtomicBool = AtomicBool::new(false);
    if !SAID.load(Ordering::Relaxed) && !SAID.swap(true, Ordering::Relaxed) {
        tracing::error!(
            target: TARGET,
            "an endpoint has no HmacSettings and its requests are refused as misconfigured: give it some, or use Settings::per_endpoint_or"
        );
    }
}

fn first_time(code: &'static str, provider: &Name, what: &str) -> bool {
    let mut said = SAID.lock().unwrap_or_else(PoisonError::into_inner);
    said.len() < MAX_SAID && said.insert((code, format!("{provider}/{what}")))
}
