use std::borrow::Cow;

use webhook_core::Reason;

use super::{Claim, Claims, Content, Delivery, Signer};
use crate::{
    json::{Json, quoted},
    multipart,
    scheme::query::with_fields,
    sign::SignError,
};

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

/// The document with the event's time and hash in it, and its type where one is given; in the form
/// where it stands in one.
pub(super) fn content(signer: &Signer<'_>) -> Result<Content, SignError> {
    if let Some(document) = Json::parse(signer.delivery.body) {
        return stamped(signer, document).map(Content::from);
    }
    if multipart::boundary(signer.delivery.headers).is_some() {
        return Err(SignError::Body);
    }
    let field = signer.delivery.field("json")?;
    let document = stamped(signer, Json::parse(&field).ok_or(SignError::Body)?)?;
    let fields: [(&str, &[u8]); 1] = [("json", document.as_bytes())];
    Ok(with_fields(signer.text()?, &fields).into())
}

fn stamped(signer: &Signer<'_>, document: Json<'_>) -> Result<String, SignError> {
    let kind = document
        .at(&["event", "event_type"])
        .map_err(Reason::from)?;
    let kind = signer
        .event
        .map(Cow::Borrowed)
        .or(kind.and_then(Json::text));
    let (kind, time) = (kind.ok_or(SignError::Body)?, signer.timestamp()?);
    let hash = signer.signature(format!("{time}{kind}").as_bytes());
    let members: [(&str, &str); 3] = [
        ("event_time", time),
        ("event_type", &kind),
        ("event_hash", &hash),
    ];
    members
        .iter()
        .try_fold(None, |text: Option<String>, (name, value)| {
            let document = match &text {
                Some(text) => Json::parse(text.as_bytes())?,
                None => document,
            };
            document.with(&["event", name], &quoted(value)).map(Some)
        })
        .flatten()
        .ok_or(SignError::Body)
}
