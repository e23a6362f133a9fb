//! Verification by a function that takes the whole body.

use std::borrow::Cow;

use webhook_core::{Reason, ShortText, Verification};

use super::{Verifier, headers::Judged};
use crate::custom::Head;

/// Compares what the function found with what each key makes of it, the front one's first.
pub(super) fn judge<'b>(
    verifier: &Verifier,
    head: &Head,
    judged: Judged,
    body: impl Iterator<Item = &'b [u8]>,
) -> Result<Verification, Reason> {
    let (scheme, covered) = (verifier.scheme(), verifier.covered());
    let custom = scheme.custom.ok_or(Reason::Misconfigured)?;
    let body = one_piece(body);
    let Judged {
        candidates, known, ..
    } = judged;
    let mut known = known.ok_or(Reason::Misconfigured)?;
    let claims = custom.claims(&head.with(scheme, &body), candidates)?;
    if let (Some(text), Some(rule)) = (&claims.timestamp, &scheme.timestamp) {
        let timestamp = rule.read(text).ok_or(Reason::TimestampMalformed)?;
        rule.judge(timestamp, head.now)?;
        known.set_timestamp(timestamp);
    }
    if let Some(id) = &claims.id {
        known.set_delivery_id(ShortText::new(id), covered.id);
    }
    if let Some(event) = &claims.event {
        known.set_event_type(ShortText::new(event), covered.event);
    }
    let key = verifier
        .valid_keys(head.now)
        .find(|key| claims.hold(key))
        .ok_or(Reason::SignatureMismatch)?;
    verifier.count(&key.watched, head.now);
    Ok(known.with_secret_id(key.watched.id.clone()))
}

/// The body in one piece, which it is as a rule.
fn one_piece<'b>(mut body: impl Iterator<Item = &'b [u8]>) -> Cow<'b, [u8]> {
    let first = body.next().unwrap_or_default();
    let Some(second) = body.next() else {
        return Cow::Borrowed(first);
    };
    let mut whole = [first, second].concat();
    body.for_each(|piece| whole.extend_from_slice(piece));
    Cow::Owned(whole)
}
