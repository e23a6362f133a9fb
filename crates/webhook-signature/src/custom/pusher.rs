use http::HeaderName;
use webhook_core::Reason;

use super::{Claim, Claims, Delivery, WhichKey};
use crate::{candidates::Candidates, scheme::only};

/// The header that names the key.
pub(super) const KEY: &str = "x-pusher-key";

/// The whole body is signed; a header names the key that did.
pub(super) fn claims(delivery: &Delivery<'_>, signatures: Candidates) -> Result<Claims, Reason> {
    let key = only(delivery.headers, &HeaderName::from_static(KEY))?;
    let key = key.ok_or(Reason::SignatureMissing)?;
    Ok(Claims::of(Claim {
        key: WhichKey::Named(key.as_bytes().to_vec()),
        ..Claim::new(vec![delivery.body.to_vec()], signatures)
    }))
}
