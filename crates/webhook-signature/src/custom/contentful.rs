use http::{HeaderName, HeaderValue};
use webhook_core::Reason;

use super::Delivery;
use crate::scheme::{
    only,
    query::{self, escaped},
};

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
/// it was sent, and as it was before a client escaped it.
pub(super) fn texts(delivery: &Delivery<'_>) -> Result<Vec<Vec<u8>>, Reason> {
    let headers = headers(delivery)?;
    let sent = uri(
        delivery.path().as_bytes(),
        delivery.query().map(str::as_bytes),
    );
    let path = query::unescaped(delivery.path());
    let query = delivery.query().map(query::unescaped);
    let unescaped = match (path, query) {
        (Some(path), None) => Some(uri(&path, None)),
        (Some(path), Some(Some(query))) => Some(uri(&path, Some(&query))),
        _ => None,
    };
    let text = |uri: &String| {
        let head = format!("{}\n{uri}\n", delivery.method);
        [head.as_bytes(), &headers, b"\n", delivery.body].concat()
    };
    let different = unescaped.filter(|uri| *uri != sent);
    Ok([Some(sent), different].iter().flatten().map(text).collect())
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
        uri.extend_from_slice(escaped(query, COMPONENT).as_bytes());
    }
    escaped(&uri, URI)
}
