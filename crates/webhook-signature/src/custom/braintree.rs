use webhook_core::Reason;

use super::{Claim, Claims, Delivery, WhichKey};

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
