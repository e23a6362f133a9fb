use webhook_core::Reason;

use super::Delivery;

/// Body and URL as JavaScript's binary strings: the low eight bits of each UTF-16 unit. Texts that
/// differ in nothing but the other bits have the same signature.
pub(super) fn texts(delivery: &Delivery<'_>) -> Result<Vec<Vec<u8>>, Reason> {
    let body = std::str::from_utf8(delivery.body).map_err(|_| Reason::SignatureMismatch)?;
    let url = format!("{}{}", delivery.base_url, delivery.target);
    let text = body.encode_utf16().chain(url.encode_utf16());
    Ok(vec![text.map(|unit| unit.to_le_bytes()[0]).collect()])
}
