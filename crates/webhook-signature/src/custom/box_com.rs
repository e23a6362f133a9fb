use webhook_core::Reason;

use super::{Claim, Claims, Delivery, WhichKey};
use crate::scheme::only;

/// Each key has a header of its own: the primary's and the secondary's.
pub(super) const HEADERS: [&str; 2] = ["box-signature-primary", "box-signature-secondary"];

/// The body, and behind it the timestamp.
pub(super) fn texts(delivery: &Delivery<'_>) -> Vec<Vec<u8>> {
    vec![[delivery.body, delivery.timestamp].concat()]
}

pub(super) fn claims(delivery: &Delivery<'_>) -> Result<Claims, Reason> {
    let mut claims = Vec::new();
    for (slot, name) in HEADERS.into_iter().enumerate() {
        let line = only(delivery.headers, &http::HeaderName::from_static(name))?;
        // One of the two may be malformed, as any one of a list may.
        let signatures = line.and_then(|line| delivery.signature(line.as_bytes()).ok());
        if let Some(signatures) = signatures {
            let key = WhichKey::Slot(slot);
            claims.push(Claim {
                key,
                ..Claim::new(texts(delivery), signatures)
            });
        }
    }
    Ok(Claims::all(vec![claims]))
}
