use webhook_core::Reason;

use super::{Claim, Claims, Content, Delivery, Signer};
use crate::{
    json::{Json, quoted},
    sign::SignError,
};

/// The secret itself is a member of the body.
pub(super) fn claims(delivery: &Delivery<'_>) -> Result<Claims, Reason> {
    let body = Json::parse(delivery.body).ok_or(Reason::AuthMissing)?;
    let passcode = body.member("passcode").map_err(|_| Reason::AuthMalformed)?;
    let passcode = passcode
        .ok_or(Reason::AuthMissing)?
        .text()
        .ok_or(Reason::AuthMalformed)?;
    if passcode.is_empty() {
        return Err(Reason::AuthMissing);
    }
    let signatures = delivery
        .signature(passcode.as_bytes())
        .map_err(|_| Reason::AuthMalformed)?;
    Ok(Claims::of(Claim::new(vec![Vec::new()], signatures)))
}

/// The document with the secret in it.
pub(super) fn content(signer: &Signer<'_>) -> Result<Content, SignError> {
    let body = Json::parse(signer.delivery.body).ok_or(SignError::Body)?;
    let body = body.with(&["passcode"], &quoted(&signer.signature(b"")));
    body.map(Content::from).ok_or(SignError::Body)
}
