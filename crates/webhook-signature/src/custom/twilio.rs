use subtle::ConstantTimeEq as _;
use webhook_core::Reason;

use super::{Delivery, url};
use crate::{
    hash::sha256,
    scheme::{
        Encoding,
        query::{only, sorted},
    },
};

/// The URL, and behind it each name and value of a form, sorted, a value that is there several
/// times once. Of any other body the URL holds the digest.
pub(super) fn texts(delivery: &Delivery<'_>) -> Result<Vec<Vec<u8>>, Reason> {
    let mut form = Vec::new();
    let query = delivery.query().unwrap_or_default();
    match only(query, "bodySHA256").map_err(|_| Reason::SignatureMalformed)? {
        Some(digest) => check(delivery.body, digest)?,
        None if delivery.is_form() || !delivery.has_a_type() => {
            let mut pairs = sorted(delivery.form()?);
            pairs.dedup();
            for (name, value) in pairs {
                form.extend_from_slice(&[name, value].concat());
            }
        }
        None if delivery.body.is_empty() => {}
        // Nothing of this body is signed.
        None => return Err(Reason::SignatureMalformed),
    }
    let urls = url::forms(delivery.base_url, delivery.target, delivery.body);
    Ok(urls.iter().map(|url| [&**url, &*form].concat()).collect())
}

fn check(body: &[u8], digest: &str) -> Result<(), Reason> {
    let mut told = [0; 32];
    let read = Encoding::Hex.decode(digest.as_bytes(), &mut told);
    if read && bool::from(told.ct_eq(&sha256(body))) {
        Ok(())
    } else {
        Err(Reason::SignatureMismatch)
    }
}
