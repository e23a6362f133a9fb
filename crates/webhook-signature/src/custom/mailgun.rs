use std::borrow::Cow;

use webhook_core::Reason;

use super::{Claim, Claims, Content, Delivery, Signer};
use crate::{
    json::{Json, quoted},
    multipart,
    scheme::query::with_fields,
    sign::SignError,
};

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

/// The document or form with timestamp, token and signature in it. The delivery's id is the token.
pub(super) fn content(signer: &Signer<'_>) -> Result<Content, SignError> {
    let (timestamp, token) = (signer.timestamp()?, signer.delivery.id);
    if token.is_empty() {
        return Err(SignError::IdMissing);
    }
    if !token.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Err(SignError::IdMalformed);
    }
    let signature = signer.signature([timestamp, token].concat().as_bytes());
    if let Some(document) = Json::parse(signer.delivery.body) {
        let members = format!(
            "{{\"timestamp\":{},\"token\":{},\"signature\":{}}}",
            quoted(timestamp),
            quoted(token),
            quoted(&signature)
        );
        let document = document.with(&["signature"], &members);
        return document.map(Content::from).ok_or(SignError::Body);
    }
    if multipart::boundary(signer.delivery.headers).is_some() {
        return Err(SignError::Body);
    }
    let fields = [
        ("timestamp", timestamp.as_bytes()),
        ("token", token.as_bytes()),
        ("signature", signature.as_bytes()),
    ];
    Ok(with_fields(signer.text()?, &fields).into())
}
