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
    let timestamp = match Json::parse(delivery.body) {
        Some(body) => body
            .member("webhookTimestamp")
            .map_err(|_| Reason::TimestampMalformed)?,
        None => None,
    };
    if timestamp.is_none() && judged {
        return Err(Reason::TimestampMissing);
    }
    let timestamp = timestamp.and_then(Json::scalar).filter(|_| judged);
    Ok(Claims {
        timestamp: timestamp.map(|text| text.into_owned().into_bytes()),
        ..Claims::of(Claim::new(vec![delivery.body.to_vec()], signatures))
    })
}
