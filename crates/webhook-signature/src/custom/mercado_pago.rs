use webhook_core::Reason;

use super::Delivery;
use crate::scheme::query;

/// `id:…;request-id:…;ts:…;`: a parameter of the query, a header and the timestamp, each left out
/// with its label where it is not there. No byte of the body.
pub(super) fn texts(delivery: &Delivery<'_>) -> Result<Vec<Vec<u8>>, Reason> {
    let mut text = Vec::new();
    let query = delivery.query().unwrap_or_default();
    let id = query::only(query, "data.id").map_err(|_| Reason::SignatureMalformed)?;
    let id = id
        .map(|id| query::unescaped(id).ok_or(Reason::SignatureMalformed))
        .transpose()?;
    for (label, value) in [
        ("id:", id.as_deref().unwrap_or_default()),
        ("request-id:", delivery.id.as_bytes()),
        ("ts:", delivery.timestamp),
    ] {
        // A semicolon would let one value end, and another one begin.
        if value.contains(&b';') {
            return Err(Reason::SignatureMalformed);
        }
        if !value.is_empty() {
            text.extend_from_slice(label.as_bytes());
            text.extend_from_slice(value);
            text.push(b';');
        }
    }
    Ok(vec![text])
}
