use webhook_core::Reason;

use super::{Claim, Claims, Content, Delivery, Signer};
use crate::{
    json::{Json, quoted},
    sign::SignError,
};

/// The most notifications in one delivery.
const MAX_ITEMS: usize = 64;

/// The fields that are signed, in their order.
const FIELDS: [&[&str]; 8] = [
    &["pspReference"],
    &["originalReference"],
    &["merchantAccountCode"],
    &["merchantReference"],
    &["amount", "value"],
    &["amount", "currency"],
    &["eventCode"],
    &["success"],
];

/// Where an item of the list holds its signature.
const SIGNATURE: [&str; 3] = ["NotificationRequestItem", "additionalData", "hmacSignature"];

/// Each notification carries its own signature, over eight of its fields.
pub(super) fn claims(delivery: &Delivery<'_>) -> Result<Claims, Reason> {
    let items = delivery.json()?.member("notificationItems")?;
    let items = items
        .and_then(Json::items)
        .ok_or(Reason::SignatureMissing)?;
    let mut groups = Vec::new();
    for item in items {
        if groups.len() == MAX_ITEMS {
            return Err(Reason::TooManySignatures);
        }
        let item = item
            .member("NotificationRequestItem")?
            .ok_or(Reason::SignatureMissing)?;
        groups.push(vec![claim(delivery, item)?]);
    }
    if groups.is_empty() {
        return Err(Reason::SignatureMissing);
    }
    Ok(Claims::all(groups))
}

fn claim(delivery: &Delivery<'_>, item: Json<'_>) -> Result<Claim, Reason> {
    let signature = item.at(&["additionalData", "hmacSignature"])?;
    let signature = signature
        .and_then(Json::text)
        .ok_or(Reason::SignatureMissing)?;
    let signatures = delivery.signature(signature.as_bytes())?;
    Ok(Claim::new(vec![text(item)?], signatures))
}

/// The same deliveries, each notification with its signature in its place.
pub(super) fn content(signer: &Signer<'_>) -> Result<Content, SignError> {
    let body = signer.delivery.json()?;
    let items = body.member("notificationItems").map_err(Reason::from)?;
    let mut whole = Vec::new();
    for item in items.and_then(Json::items).ok_or(SignError::Body)? {
        let request = item
            .member("NotificationRequestItem")
            .map_err(Reason::from)?;
        let signature = signer.signature(&text(request.ok_or(SignError::Body)?)?);
        let item = item.with(&SIGNATURE, &quoted(&signature));
        whole.push(item.ok_or(SignError::Body)?);
    }
    let items = format!("[{}]", whole.join(","));
    let body = body.with(&["notificationItems"], &items);
    body.map(Content::from).ok_or(SignError::Body)
}

fn text(item: Json<'_>) -> Result<Vec<u8>, Reason> {
    let mut text = Vec::new();
    for (at, path) in FIELDS.iter().enumerate() {
        if at > 0 {
            text.push(b':');
        }
        let value = item.at(path)?.and_then(Json::scalar).unwrap_or_default();
        text.extend_from_slice(value.as_bytes());
    }
    Ok(text)
}
