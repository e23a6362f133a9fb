use http::HeaderName;
use webhook_core::Reason;

use super::Delivery;
use crate::scheme::only;

/// The most headers that are signed.
const MAX_HEADERS: usize = 64;

/// Timestamp, the names of the signed headers, their values and the body, with dots between them.
/// The names stand in the element `h` of the signature's header, and the sender chooses them.
pub(super) fn texts(delivery: &Delivery<'_>) -> Result<Vec<Vec<u8>>, Reason> {
    let names = names(delivery)?;
    let mut text = [delivery.timestamp, b".", names.as_bytes(), b"."].concat();
    for (at, name) in names.split(' ').filter(|name| !name.is_empty()).enumerate() {
        if at == MAX_HEADERS {
            return Err(Reason::SignatureMalformed);
        }
        if at > 0 {
            text.push(b'.');
        }
        let name =
            HeaderName::from_bytes(name.as_bytes()).map_err(|_| Reason::SignatureMalformed)?;
        let value = only(delivery.headers, &name)?.ok_or(Reason::SignatureMalformed)?;
        text.extend_from_slice(value.as_bytes());
    }
    text.push(b'.');
    text.extend_from_slice(delivery.body);
    Ok(vec![text])
}

fn names<'a>(delivery: &Delivery<'a>) -> Result<&'a str, Reason> {
    let header = delivery.scheme.signature_header();
    let header = header.ok_or(Reason::Misconfigured)?;
    let Some(line) = only(delivery.headers, header)? else {
        // The delivery is being signed, and no header with it.
        return Ok("");
    };
    let line = line.to_str().map_err(|_| Reason::SignatureMalformed)?;
    let mut lists = line
        .split(',')
        .filter_map(|element| element.trim().strip_prefix("h="));
    match (lists.next(), lists.next()) {
        (names, None) => Ok(names.unwrap_or_default()),
        _ => Err(Reason::SignatureMalformed),
    }
}
