use super::Delivery;
use crate::hash::sha256;

/// The timestamp, the query with its parameters sorted, and the body's SHA-256 digest in bytes,
/// with a line break between them.
pub(super) fn texts(delivery: &Delivery<'_>) -> Vec<Vec<u8>> {
    let mut pairs: Vec<_> = delivery
        .query()
        .unwrap_or_default()
        .split('&')
        .filter(|pair| !pair.is_empty())
        .collect();
    pairs.sort_by_key(|pair| pair.split_once('=').map_or(*pair, |(name, _)| name));
    let query = pairs.join("&");
    let digest = sha256(delivery.body);
    vec![[delivery.timestamp, b"\n", query.as_bytes(), b"\n", &digest].concat()]
}
