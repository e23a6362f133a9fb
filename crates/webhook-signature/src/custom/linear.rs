use webhook_core::Reason;

use super::{Claim, Claims, Delivery};
use crate::{candidates::Candidates, json::Json};

/// The whole body is signed, and the timestamp is a member of it. Where freshness is not judged,
/// there need be none.
pub(super) fn claims(delivery: &Delivery<'_>, signatures: Candidates) -> Result<Claims, Reason> {
    let judged = delivery
        .scheme
        .tolerance()
        .is_some_and(|tolerance| tolerance.past().or(tolerance.future()).is_some());
    let timestamp = if judged {
        Some(timestamp(delivery)?)
    } else {
        None
    };
    Ok(Claims {
        timestamp,
        ..Claims::of(Claim::new(vec![delivery.body.to_vec()], signatures))
    })
}

/// The timestamp's digits. It is a number: the provider's library takes no text and no `null`.
fn timestamp(delivery: &Delivery<'_>) -> Result<Vec<u8>, Reason> {
    let body = Json::parse(delivery.body).ok_or(Reason::TimestampMissing)?;
    let member = body
        .member("webhookTimestamp")
        .map_err(|_| Reason::TimestampMalformed)?
        .ok_or(Reason::TimestampMissing)?;
    let number = member.scalar().filter(|_| member.text().is_none());
    let digits = number.ok_or(Reason::TimestampMalformed)?;
    Ok(digits.into_owned().into_bytes())
}
