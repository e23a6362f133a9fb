use webhook_core::Reason;

use super::{Claim, Claims, Delivery};
use crate::json::Json;

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
    let mut text = Vec::new();
    for (at, path) in FIELDS.iter().enumerate() {
        if at > 0 {
            text.push(b':');
        }
        let value = item.at(path)?.and_then(Json::scalar).unwrap_or_default();
        text.extend_from_slice(value.as_bytes());
    }
    Ok(Claim::new(vec![text], signatures))
}
