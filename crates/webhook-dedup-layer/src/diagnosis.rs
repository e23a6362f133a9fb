use std::sync::atomic::{AtomicBool, Ordering};

use crate::StoreError;

/// What an operator is told once about a layer, and never again for each request.
#[derive(Debug, Default)]
pub(crate) struct Diagnoses {
    not_verified: AtomicBool,
    no_settings: AtomicBool,
    no_body: AtomicBool,
    no_key: AtomicBool,
    lost: AtomicBool,
    store_fails: AtomicBool,
}

impl Diagnoses {
    /// A request came that nothing verified.
    pub(crate) fn not_verified(&self) {
        if is_first(&self.not_verified) {
            tracing::error!(
                target: "webhook_dedup",
                code = "WHK-D301",
                "no layer verified the delivery, or the one that does is in shadow mode: no claim is \
                 made for it; put this layer inside the layer that verifies, and put both into shadow \
                 mode or neither",
            );
        }
    }

    /// There are no settings for a request.
    pub(crate) fn no_settings(&self) {
        if is_first(&self.no_settings) {
            tracing::error!(
                target: "webhook_dedup",
                code = "WHK-D302",
                "no dedup settings for this endpoint: its requests are refused; give the endpoint \
                 `DedupSettings`, or the layer `Settings::per_endpoint_or(…)`",
            );
        }
    }

    /// The policy makes no bodies.
    pub(crate) fn no_body(&self) {
        if is_first(&self.no_body) {
            tracing::error!(
                target: "webhook_dedup",
                code = "WHK-D303",
                "the rejection policy makes no body for the answer to a duplicate: requests are \
                 refused; implement `Reject` with `body` in place of a closure",
            );
        }
    }

    /// Nothing tells a delivery from the next.
    pub(crate) fn no_key(&self, provider: &str) {
        if is_first(&self.no_key) {
            tracing::warn!(
                target: "webhook_dedup",
                code = "WHK-D304",
                provider,
                "a delivery has neither a signed id nor a body, so nothing tells it from the next: it \
                 is handled without a claim, however often it comes",
            );
        }
    }

    /// A claim was no longer its owner's when the handler was done.
    pub(crate) fn lost(&self) {
        if is_first(&self.lost) {
            tracing::error!(
                target: "webhook_dedup",
                code = "WHK-D305",
                "a handler took longer than its lease, and its delivery may have been handled twice; \
                 give a longer lease, or bound the handler's time",
            );
        }
    }

    /// The store failed: told once, until it answers again.
    pub(crate) fn store_fails(&self, error: &StoreError) {
        if is_first(&self.store_fails) {
            tracing::error!(
                target: "webhook_dedup",
                %error,
                "the store of claims fails; this is told again once it has answered",
            );
        }
    }

    /// The store answered.
    pub(crate) fn store_answers(&self) {
        if self.store_fails.load(Ordering::Relaxed)
            && self.store_fails.swap(false, Ordering::Relaxed)
        {
            tracing::info!(target: "webhook_dedup", "the store of claims answers again");
        }
    }
}

fn is_first(told: &AtomicBool) -> bool {
    // A load first: the line stays shared between the processors that read it.
    !told.load(Ordering::Relaxed) && !told.swap(true, Ordering::Relaxed)
}
