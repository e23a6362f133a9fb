use std::borrow::Cow;

use webhook_core::Reason;

use super::{Claim, Claims, Delivery};
use crate::json::Json;

/// Timestamp and token are signed, and nothing else: they are members of `signature` in a JSON
/// body, or fields of a form. The token is good once, which is for whoever remembers ids.
pub(super) fn claims(delivery: &Delivery<'_>) -> Result<Claims, Reason> {
    let document = Json::parse(delivery.body);
    let fields = document.map(|body| body.member("signature")).transpose()?;
    let read = |name| -> Result<Vec<u8>, Reason> {
        let Some(fields) = fields else {
            return delivery.field(name).map(Cow::into_owned);
        };
        let fields = fields.ok_or(Reason::SignatureMissing)?;
        let text = fields.member(name)?.and_then(Json::scalar);
        Ok(text.unwrap_or_default().into_owned().into_bytes())
    };
    let (timestamp, token) = (read("timestamp")?, read("token")?);
    let signature = read("signature")?;
    if timestamp.is_empty() {
        return Err(Reason::TimestampMissing);
    }
    if token.is_empty() {
        return Err(Reason::IdMissing);
    }
    if token.len() > crate::verify::MAX_ID || !token.iter().all(u8::is_ascii_alphanumeric) {
        return Err(Reason::IdMalformed);
    }
    let signatures = delivery.signature(&signature)?;
    let claim = Claim::new(vec![[&*timestamp, &*token].concat()], signatures);
    Ok(Claims {
        timestamp: Some(timestamp),
        id: String::from_utf8(token).ok(),
        ..Claims::of(claim)
    })
}
