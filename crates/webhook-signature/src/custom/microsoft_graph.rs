use webhook_core::Reason;

use super::{Claim, Claims, Content, Delivery, Signer};
use crate::{
    json::{Json, quoted},
    sign::SignError,
};

/// The most notifications in one delivery.
const MAX_ITEMS: usize = 1024;

/// Each notification shows the secret itself, in `clientState`.
pub(super) fn claims(delivery: &Delivery<'_>) -> Result<Claims, Reason> {
    let body = Json::parse(delivery.body).ok_or(Reason::AuthMissing)?;
    let items = body.member("value").map_err(|_| Reason::AuthMalformed)?;
    let items = items.and_then(Json::items).ok_or(Reason::AuthMissing)?;
    let mut groups = Vec::new();
    for item in items {
        if groups.len() == MAX_ITEMS {
            return Err(Reason::AuthMalformed);
        }
        groups.push(vec![claim(delivery, item)?]);
    }
    if groups.is_empty() {
        return Err(Reason::AuthMissing);
    }
    Ok(Claims::all(groups))
}

fn claim(delivery: &Delivery<'_>, item: Json<'_>) -> Result<Claim, Reason> {
    let state = item
        .member("clientState")
        .map_err(|_| Reason::AuthMalformed)?
        .ok_or(Reason::AuthMissing)?
        .text()
        .ok_or(Reason::AuthMalformed)?;
    if state.is_empty() {
        return Err(Reason::AuthMissing);
    }
    let signatures = delivery
        .signature(state.as_bytes())
        .map_err(|_| Reason::AuthMalformed)?;
    Ok(Claim::new(vec![Vec::new()], signatures))
}

/// The same notifications, each with the secret in it.
pub(super) fn content(signer: &Signer<'_>) -> Result<Content, SignError> {
    let body = signer.delivery.json()?;
    let items = body.member("value").map_err(Reason::from)?;
    let state = quoted(&signer.signature(b""));
    let mut whole = Vec::new();
    for item in items.and_then(Json::items).ok_or(SignError::Body)? {
        let item = item.with(&["clientState"], &state);
        whole.push(item.ok_or(SignError::Body)?);
    }
    let items = format!("[{}]", whole.join(","));
    let body = body.with(&["value"], &items);
    body.map(Content::from).ok_or(SignError::Body)
}
