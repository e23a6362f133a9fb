//! What is decided about a request before its claim, and about the claim.

use std::{sync::Arc, time::Duration};

use http::{Extensions, Request};
use webhook_core::{
    BufferedBody, Check, DeliveryRecord, Facts, Reason, Reject, Rejection, Settings, Verdict,
};

use crate::{DedupSettings, DeliveryKey, InFlight, StoreError, shared::Shared};

/// The longest that a refused caller is told to wait: most handlers are done sooner, and a store that
/// fails is back sooner, than this.
const RETRY_AFTER: Duration = Duration::from_secs(10);

/// What is to become of a request.
pub(crate) enum Opening {
    /// A claim is made for it.
    Claim(Plan),
    /// It goes on without.
    Pass,
}

/// How one delivery is claimed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    pub(crate) key: DeliveryKey,
    pub(crate) keep: Duration,
    pub(crate) lease: Duration,
    pub(crate) in_flight: InFlight,
    pub(crate) is_shadow: bool,
    passes_without_store: bool,
}

/// Decides whether, and under which key, a claim is made. Nothing is claimed for a request that
/// nothing verified.
pub(crate) fn open<B, R: Reject<B>>(
    settings: &Settings<DedupSettings>,
    shared: &Arc<Shared>,
    policy: &R,
    request: &Request<BufferedBody>,
) -> Result<Opening, Rejection> {
    let misconfigured = || Rejection::new(Reason::Misconfigured, Check::Replay);
    let extensions = request.extensions();
    let Some(settings) = settings.load(extensions) else {
        shared.diagnoses.no_settings();
        return Err(misconfigured());
    };
    let verification = Facts::of(extensions).and_then(Facts::verification);
    let Some(verification) = verification else {
        shared.diagnoses.not_verified();
        if settings.is_shadow {
            return Ok(skip(extensions));
        }
        return Err(misconfigured());
    };
    if !shared.can_answer(policy) {
        shared.diagnoses.no_body();
        return Err(misconfigured());
    }
    let key = DeliveryKey::of(verification, extensions, request.body(), &settings);
    let Some(key) = key else {
        shared.diagnoses.no_key(verification.provider().as_str());
        return Ok(skip(extensions));
    };
    Ok(Opening::Claim(Plan {
        key,
        keep: settings.keep,
        lease: settings.lease,
        in_flight: settings.in_flight,
        is_shadow: settings.is_shadow,
        passes_without_store: settings.passes_without_store,
    }))
}

fn skip(extensions: &Extensions) -> Opening {
    record(extensions, |record| {
        record.set_verdict(Check::Replay, Verdict::Skipped);
    });
    Opening::Pass
}

/// Writes to the request's record where there is one.
pub(crate) fn record(extensions: &Extensions, write: impl FnOnce(&DeliveryRecord)) {
    if let Some(facts) = Facts::of(extensions) {
        write(facts.record());
    }
}

impl Plan {
    /// The refusal of a copy that came while another is being handled.
    pub(crate) fn in_flight(left: Duration) -> Rejection {
        Rejection::new(Reason::DuplicateInFlight, Check::Replay)
            .with_retry_after(left.min(RETRY_AFTER))
    }

    /// What a store that failed makes of the request: a refusal, or `None` where it goes on.
    pub(crate) fn without_store(
        &self,
        shared: &Shared,
        extensions: &Extensions,
        error: &StoreError,
    ) -> Option<Rejection> {
        shared.diagnoses.store_fails(error);
        if self.is_shadow || self.passes_without_store {
            shadow(extensions, Reason::StoreUnavailable);
            return None;
        }
        let rejection = Rejection::new(Reason::StoreUnavailable, Check::Replay);
        Some(rejection.with_retry_after(RETRY_AFTER))
    }
}

/// Notes that the request would have been answered or refused, and goes on.
pub(crate) fn shadow(extensions: &Extensions, reason: Reason) {
    record(extensions, |record| {
        record.set_shadow_refusal(reason, Check::Replay);
    });
}
