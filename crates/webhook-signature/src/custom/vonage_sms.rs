use http::Method;
use webhook_core::Reason;

use super::{Claim, Claims, Content, Delivery, Signer};
use crate::{
    scheme::query::{self, sorted, with_fields},
    sign::SignError,
};

/// `&name=value` of each parameter but the signature, sorted; what separates them is replaced in
/// the values. The parameters are a form, or the query of a `GET`, which has no body: none of it would
/// be signed.
pub(super) fn claims(delivery: &Delivery<'_>) -> Result<Claims, Reason> {
    let pairs = if delivery.method == Method::GET {
        if !delivery.body.is_empty() {
            return Err(Reason::SignatureMalformed);
        }
        let query = delivery.query().unwrap_or_default();
        query::pairs(query.as_bytes()).ok_or(Reason::SignatureMalformed)?
    } else {
        delivery.form()?
    };
    let pairs = sorted(pairs);
    let repeated = pairs.windows(2).any(|two| match two {
        [one, other] => one.0 == other.0,
        _ => false,
    });
    if repeated {
        return Err(Reason::SignatureMalformed);
    }
    let value = |name: &[u8]| {
        pairs
            .iter()
            .find(|(key, _)| *key == name)
            .map(|(_, value)| value)
    };
    let signature = value(b"sig").ok_or(Reason::SignatureMissing)?;
    let timestamp = value(b"timestamp").ok_or(Reason::TimestampMissing)?;
    let text = text(&pairs)?;
    Ok(Claims {
        timestamp: Some(timestamp.clone()),
        ..Claims::of(Claim::new(vec![text], delivery.signature(signature)?))
    })
}

/// The form, or the target of a `GET`, with timestamp and signature in it.
pub(super) fn content(signer: &Signer<'_>) -> Result<Content, SignError> {
    let is_get = signer.delivery.method == Method::GET;
    if is_get && !signer.delivery.body.is_empty() {
        return Err(SignError::Body);
    }
    let unsigned = if is_get {
        signer.delivery.query().unwrap_or_default()
    } else {
        signer.text()?
    };
    let stamped = with_fields(unsigned, &[("timestamp", signer.timestamp()?.as_bytes())]);
    let pairs = query::pairs(stamped.as_bytes()).ok_or(SignError::Body)?;
    let signature = signer.signature(&text(&sorted(pairs))?);
    let whole = with_fields(&stamped, &[("sig", signature.as_bytes())]);
    Ok(if is_get {
        Content::Target(format!("{}?{whole}", signer.delivery.path()))
    } else {
        whole.into()
    })
}

/// The signed text of sorted parameters.
fn text(pairs: &query::Pairs) -> Result<Vec<u8>, Reason> {
    let mut text = Vec::new();
    for (name, value) in pairs.iter().filter(|(name, _)| name != b"sig") {
        // A name with a separator in it could pass for several parameters.
        if name.iter().any(|byte| matches!(byte, b'&' | b'=')) {
            return Err(Reason::SignatureMalformed);
        }
        text.push(b'&');
        text.extend_from_slice(name);
        text.push(b'=');
        let replaced = value.iter().map(|&byte| {
            if matches!(byte, b'&' | b'=') {
                b'_'
            } else {
                byte
            }
        });
        text.extend(replaced);
    }
    Ok(text)
}
