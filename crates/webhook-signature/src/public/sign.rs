//! Making tokens, for the providers that make them with a shared secret.

use base64ct::{Base64UrlUnpadded, Encoding as _};
use http::{HeaderName, HeaderValue};
use sha2::{Digest as _, Sha256};

use super::{
    Keys, Rules,
    rules::{Payload, Place, TokenRules, TokenTime},
    text::Text,
    token::url_hash,
};
use crate::{
    json::quoted,
    scheme::Scheme,
    sign::{SignError, SignRequest, check_texts, header_value},
};

/// How long a token lasts, in seconds: as long as the providers' own.
const LIFETIME: i64 = 60;

/// Signs where the scheme's key is a secret.
pub(crate) fn sign(
    scheme: &Scheme,
    keys: &Keys,
    request: &SignRequest<'_>,
) -> Result<Vec<(HeaderName, HeaderValue)>, SignError> {
    let Some(Rules::Token(rules)) = scheme.rules() else {
        return Err(SignError::NoPrivateKey);
    };
    let Place::Header(prefix) = rules.place else {
        return Err(SignError::NoPrivateKey);
    };
    if rules.payload != Payload::Claims || !rules.is_symmetric() {
        return Err(SignError::NoPrivateKey);
    }
    check_texts(request)?;
    let name = scheme.primitive.jose().ok_or(SignError::NoPrivateKey)?;
    let encode = |json: &str| Base64UrlUnpadded::encode_string(json.as_bytes());
    let header = encode(&format!("{{\"alg\":\"{name}\",\"typ\":\"JWT\"}}"));
    let claims = encode(&claims(scheme, rules, request)?);
    let text = format!("{header}.{claims}");
    let tag = keys.sign(scheme.primitive, &Text::new([text.as_bytes()]));
    let tag = Base64UrlUnpadded::encode_string(&tag.ok_or(SignError::NoPrivateKey)?);

    let mut value = header_value(&format!("{prefix}{text}.{tag}"))?;
    value.set_sensitive(true);
    let place = scheme.signature_header().ok_or(SignError::NotInAHeader)?;
    let mut headers = vec![(place.clone(), value)];
    if let (Some(name), Some(event)) = (scheme.event_header(), request.event()) {
        headers.push((name.clone(), header_value(event)?));
    }
    Ok(headers)
}

/// The claims, as the JSON object that the token holds.
fn claims(
    scheme: &Scheme,
    rules: &TokenRules,
    request: &SignRequest<'_>,
) -> Result<String, SignError> {
    let now = request.timestamp().unix_seconds();
    if now < 0 {
        return Err(SignError::TimestampOutOfRange);
    }
    let mut claims = Vec::new();
    let mut number = |name: &str, value: i64| claims.push(format!("\"{name}\":{value}"));
    match rules.time {
        TokenTime::Expiry => {
            number("nbf", now);
            number("exp", now.saturating_add(LIFETIME));
        }
        TokenTime::Age => number("iat", now),
        TokenTime::IfAny | TokenTime::HeaderTs => {}
    }
    let mut text = |name: &str, value: &str| claims.push(format!("\"{name}\":{}", quoted(value)));
    let named = [
        ("iss", &rules.issuer),
        ("aud", &rules.audience),
        ("sub", &rules.subject),
    ];
    for (name, value) in named {
        if let Some(value) = value {
            text(name, value);
        }
    }
    if let (Some(name), Some(id)) = (rules.id, request.id()) {
        text(name, id);
    }
    if let Some(name) = rules.url {
        let target = request.target().ok_or(SignError::TargetMissing)?;
        text(name, &url_hash(request.base_url_under(scheme)?, target));
    }
    let bodiless = request.body().is_empty();
    if let Some(claim) = &rules.body
        && !(claim.absent_without_body && bodiless)
    {
        let digest = claim.encoding.encode(&Sha256::digest(request.body()));
        text(claim.name, &digest);
    }
    Ok(format!("{{{}}}", claims.join(",")))
}
