use webhook_core::Reason;

use super::Delivery;
use crate::scheme::query::{self, sorted};

/// Version 1: the URL, and each field's name and value, sorted.
pub(super) fn texts_v1(delivery: &Delivery<'_>) -> Result<Vec<Vec<u8>>, Reason> {
    let url = format!("{}{}", delivery.base_url, delivery.target);
    let mut text = url.into_bytes();
    for (name, value) in sorted(delivery.form()?) {
        text.extend_from_slice(&name);
        text.extend_from_slice(&value);
    }
    Ok(vec![text])
}

/// Version 2: the URL without its query, and the nonce. No byte of the body.
pub(super) fn texts_v2(delivery: &Delivery<'_>) -> Vec<Vec<u8>> {
    let text = |path: &str| {
        let text = format!("{}{path}{}", delivery.base_url, delivery.id);
        text.into_bytes()
    };
    let path = delivery.path();
    // A URL without a path is called as `/`, and signed as it was given.
    let root = (path == "/").then(|| text(""));
    std::iter::once(text(path)).chain(root).collect()
}

/// Version 3: the URL with its query sorted, the form's fields, sorted, and the nonce.
pub(super) fn texts_v3(delivery: &Delivery<'_>) -> Result<Vec<Vec<u8>>, Reason> {
    let query = delivery.query().unwrap_or_default().as_bytes();
    let query = sorted(query::pairs(query).ok_or(Reason::SignatureMalformed)?);
    let form = sorted(fields(delivery)?);
    let text = |path: &str| {
        let mut text = format!("{}{path}", delivery.base_url).into_bytes();
        if !query.is_empty() || !form.is_empty() {
            text.push(b'?');
        }
        for (at, (name, value)) in query.iter().enumerate() {
            let and: &[u8] = if at > 0 { b"&" } else { b"" };
            text.extend_from_slice(&[and, name, b"=", value].concat());
        }
        if !query.is_empty() && !form.is_empty() {
            text.push(b'.');
        }
        for (name, value) in &form {
            text.extend_from_slice(&[&**name, value].concat());
        }
        text.push(b'.');
        text.extend_from_slice(delivery.id.as_bytes());
        text
    };
    let path = delivery.path();
    let root = (path == "/").then(|| text(""));
    Ok(std::iter::once(text(path)).chain(root).collect())
}

/// The fields of a form. A body that is none would not be signed.
fn fields(delivery: &Delivery<'_>) -> Result<query::Pairs, Reason> {
    if delivery.body.is_empty() || delivery.is_form() {
        delivery.form()
    } else {
        Err(Reason::SignatureMalformed)
    }
}
