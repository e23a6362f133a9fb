use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use http::{Extensions, HeaderMap};
use sha2::{Digest as _, Sha256};
use webhook_layers::Facts;

use super::Receipt;

/// A request with this header makes the handler panic.
pub const PANIC_HEADER: &str = "x-panic";

/// The handler of every host: counts its calls, and says what it read.
#[derive(Clone, Debug, Default)]
pub(super) struct Handler(Arc<AtomicUsize>);

impl Handler {
    pub(super) fn calls(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }

    /// Handles one delivery.
    ///
    /// # Panics
    /// Where the sender asked for it, and where nothing verified the delivery.
    pub(super) fn receive(
        &self,
        payload: &[u8],
        headers: &HeaderMap,
        extensions: &Extensions,
    ) -> Receipt {
        self.0.fetch_add(1, Ordering::SeqCst);
        assert!(
            !headers.contains_key(PANIC_HEADER),
            "the sender asked for this panic"
        );
        let verification = Facts::of(extensions).and_then(Facts::verification);
        assert!(
            verification.is_some(),
            "a delivery that nothing verified reached the handler"
        );
        Receipt::of(payload)
    }
}

impl Receipt {
    /// What the handler answers to this payload.
    #[must_use]
    pub fn of(payload: &[u8]) -> Self {
        let bytes = u64::try_from(payload.len()).unwrap();
        Self {
            bytes,
            sha256: const_hex::encode(Sha256::digest(payload)),
        }
    }

    pub(super) fn to_json(&self) -> String {
        serde_json::json!({ "bytes": self.bytes, "sha256": self.sha256 }).to_string()
    }
}
