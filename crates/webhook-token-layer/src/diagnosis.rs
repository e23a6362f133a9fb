//! What an operator is told about a setup that is weak or cannot work: each thing once for a layer,
//! never for each request.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::{Token, TokenSource};

const TARGET: &str = "webhook_token";

/// What was said already.
#[derive(Debug, Default)]
pub(crate) struct Diagnoses {
    query_token: AtomicBool,
    no_settings: AtomicBool,
}

impl Diagnoses {
    /// WHK-T001: a token in the query.
    pub(crate) fn look(&self, source: &TokenSource) {
        let TokenSource::Query(name) = source else {
            return;
        };
        if first_time(&self.query_token) {
            tracing::warn!(
                target: TARGET,
                code = "WHK-T001",
                parameter = name.as_str(),
                "a token is taken from the query: it is visible in URLs, and so in the logs and caches of every proxy on its way and of the sender. Where the sender can set a header, use TokenSource::Header or TokenSource::Bearer; else keep query strings out of the proxies' logs"
            );
        }
    }

    /// Settings are per endpoint, and this endpoint has none.
    pub(crate) fn no_settings(&self) {
        if first_time(&self.no_settings) {
            tracing::error!(
                target: TARGET,
                "an endpoint has no TokenSettings and its requests are refused as misconfigured: give it some, or use Settings::per_endpoint_or"
            );
        }
    }
}

/// Why a sender is refused whose token an operator believes to be right. It is asked only where
/// somebody listens, lest the time of an answer tell that a token was right once.
pub(crate) fn out_of_time<'a>(find: impl FnOnce() -> Option<&'a Token>) {
    if !tracing::enabled!(target: TARGET, tracing::Level::DEBUG) {
        return;
    }
    if let Some(token) = find() {
        tracing::debug!(
            target: TARGET,
            secret_id = token.id().as_str(),
            "a token of the ring was offered before or after the time in which it is valid"
        );
    }
}

fn first_time(said: &AtomicBool) -> bool {
    !said.load(Ordering::Relaxed) && !said.swap(true, Ordering::Relaxed)
}
