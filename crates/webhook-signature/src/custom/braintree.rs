use base64ct::{Base64, Encoding as _};
use webhook_core::Reason;

use super::{Claim, Claims, Content, Delivery, Signer, WhichKey};
use crate::{scheme::query::with_fields, sign::SignError};

/// The most pairs of a public key and a signature.
const MAX_PAIRS: usize = 16;

/// A form of `bt_signature`, which holds pairs `public key|signature` between `&`, and
/// `bt_payload`, which may have been signed with a newline at its end.
pub(super) fn claims(delivery: &Delivery<'_>) -> Result<Claims, Reason> {
    if delivery.form()?.len() != 2 {
        return Err(Reason::SignatureMalformed);
    }
    let (pairs, payload) = (
        delivery.field("bt_signature")?,
        delivery.field("bt_payload")?,
    );
    let is_base64 =
        |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=' | b'\n');
    if payload.is_empty() || !payload.iter().all(is_base64) {
        return Err(Reason::SignatureMalformed);
    }
    let texts = vec![payload.to_vec(), [&*payload, b"\n"].concat()];
    let mut claims = Vec::new();
    for pair in pairs.split(|&byte| byte == b'&') {
        if claims.len() == MAX_PAIRS {
            return Err(Reason::TooManySignatures);
        }
        let Some(at) = pair.iter().position(|&byte| byte == b'|') else {
            continue;
        };
        let (name, signature) = pair.split_at_checked(at).unwrap_or_default();
        let signature = signature.strip_prefix(b"|").unwrap_or_default();
        if let Ok(signatures) = delivery.signature(signature) {
            claims.push(Claim {
                key: WhichKey::Named(name.to_vec()),
                ..Claim::new(texts.clone(), signatures)
            });
        }
    }
    match (claims.is_empty(), pairs.is_empty()) {
        (true, true) => Err(Reason::SignatureMissing),
        (true, false) => Err(Reason::SignatureMalformed),
        (false, _) => Ok(Claims::all(vec![claims])),
    }
}

/// The two fields. The payload is the form's `bt_payload` or, where the body is no such form, the
/// body in base64; the key's id is the public key that it goes by.
pub(super) fn content(signer: &Signer<'_>) -> Result<Content, SignError> {
    let payload = match signer.delivery.field("bt_payload") {
        Ok(payload) => payload.into_owned(),
        Err(_) => Base64::encode_string(signer.delivery.body).into_bytes(),
    };
    if payload.is_empty() {
        return Err(SignError::Body);
    }
    let name = signer.key.name.as_deref().unwrap_or(b"default");
    let pair = [name, b"|", signer.signature(&payload).as_bytes()].concat();
    let fields: [(&str, &[u8]); 2] = [("bt_signature", &pair), ("bt_payload", &payload)];
    Ok(with_fields("", &fields).into())
}
