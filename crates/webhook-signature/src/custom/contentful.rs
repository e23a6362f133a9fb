use http::{HeaderName, HeaderValue};
use webhook_core::Reason;

use super::{Delivery, escapes};
use crate::scheme::{only, query};

/// Names the headers that are signed, itself among them.
pub(super) const SIGNED_HEADERS: &str = "x-contentful-signed-headers";

const TIMESTAMP: &str = "x-contentful-timestamp";

/// The least that a sender signs.
pub(super) const LEAST_HEADERS: &str = "x-contentful-signed-headers,x-contentful-timestamp";

/// The most headers that are signed.
const MAX_HEADERS: usize = 64;

/// What `encodeURI` leaves as it is, beside letters and digits.
const URI: &[u8] = b"!#$&'()*+,/:;=?@-._~";

/// What `querystring.escape` leaves as it is, beside letters and digits.
const COMPONENT: &[u8] = b"!'()*-._~";

/// Method, path and query, signed headers and body, each on a line of its own. The URL is taken as
/// it was sent, and as it may have been before a client escaped it.
pub(super) fn texts(delivery: &Delivery<'_>) -> Result<Vec<Vec<u8>>, Reason> {
    let headers = headers(delivery)?;
    let text = |uri: &String| {
        let head = format!("{}\n{uri}\n", delivery.method);
        [head.as_bytes(), &headers, b"\n", delivery.body].concat()
    };
    Ok(uris(delivery).iter().map(text).collect())
}

/// The path and the query, escaped as the sender does it: once for each form of the URL.
fn uris(delivery: &Delivery<'_>) -> Vec<String> {
    let path = query::unescaped(delivery.path());
    let query = delivery.query().map(query::unescaped);
    let unescaped = match (path, query) {
        (Some(path), None) => Some(uri(&path, None)),
        (Some(path), Some(Some(query))) => Some(uri(&path, Some(&query))),
        _ => None,
    };
    let is_short = delivery.body.len() <= escapes::MAX_BODY;
    let mut uris = Vec::new();
    for target in escapes::forms(delivery.target, is_short) {
        let at = target.iter().position(|&byte| byte == b'?');
        let (path, query) = target
            .split_at_checked(at.unwrap_or(target.len()))
            .unwrap_or_default();
        uris.push(uri(path, query.strip_prefix(b"?")));
    }
    uris.extend(unescaped);
    let mut seen = Vec::new();
    uris.retain(|uri| {
        let is_new = !seen.contains(uri);
        seen.extend(is_new.then(|| uri.clone()));
        is_new
    });
    uris
}

/// The signed headers as `name:value` between semicolons. What is not among them may have been
/// changed: the timestamp and the list itself must be.
fn headers(delivery: &Delivery<'_>) -> Result<Vec<u8>, Reason> {
    let list = one(delivery, SIGNED_HEADERS)?;
    let list = list.to_str().map_err(|_| Reason::SignatureMalformed)?;
    let names: Vec<_> = list
        .split(',')
        .map(|name| name.trim().to_ascii_lowercase())
        .collect();
    let has = |name: &str| names.iter().any(|signed| signed == name);
    if names.len() > MAX_HEADERS || !has(SIGNED_HEADERS) || !has(TIMESTAMP) {
        return Err(Reason::SignatureMalformed);
    }
    let mut text = Vec::new();
    for (at, name) in names.iter().enumerate() {
        if at > 0 {
            text.push(b';');
        }
        text.extend_from_slice(name.as_bytes());
        text.push(b':');
        text.extend_from_slice(one(delivery, name)?.as_bytes().trim_ascii());
    }
    Ok(text)
}

fn one<'a>(delivery: &Delivery<'a>, name: &str) -> Result<&'a HeaderValue, Reason> {
    let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| Reason::SignatureMalformed)?;
    only(delivery.headers, &name)?.ok_or(Reason::SignatureMalformed)
}

fn uri(path: &[u8], query: Option<&[u8]>) -> String {
    let mut uri = path.to_vec();
    if let Some(query) = query.filter(|query| !query.is_empty()) {
        uri.push(b'?');
        uri.extend_from_slice(query::escaped(query, COMPONENT).as_bytes());
    }
    query::escaped(&uri, URI)
}
