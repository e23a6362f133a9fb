use webhook_core::Reason;

use super::{Claim, Claims, Delivery};
use crate::json::Json;

/// The event's time and type are signed, and nothing else. The document is a form's field `json`,
/// or the body.
pub(super) fn claims(delivery: &Delivery<'_>) -> Result<Claims, Reason> {
    let field = match Json::parse(delivery.body) {
        Some(_) => delivery.body.into(),
        None => delivery.field("json")?,
    };
    let event = Json::parse(&field)
        .ok_or(Reason::SignatureMalformed)?
        .member("event")?;
    let event = event.ok_or(Reason::SignatureMissing)?;
    let member = |name, missing: Reason| {
        let value = event.member(name)?.and_then(Json::scalar);
        value.filter(|value| !value.is_empty()).ok_or(missing)
    };
    let signature = member("event_hash", Reason::SignatureMissing)?;
    let time = member("event_time", Reason::TimestampMissing)?;
    let kind = member("event_type", Reason::SignatureMalformed)?;
    // Nothing stands between the two, so that a digit must not be able to change sides.
    if kind.starts_with(|char: char| char.is_ascii_digit()) {
        return Err(Reason::SignatureMalformed);
    }
    let text = format!("{time}{kind}").into_bytes();
    let claim = Claim::new(vec![text], delivery.signature(signature.as_bytes())?);
    Ok(Claims {
        timestamp: Some(time.into_owned().into_bytes()),
        event: Some(kind.into_owned()),
        ..Claims::of(claim)
    })
}
