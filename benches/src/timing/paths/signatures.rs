//! Signatures that the verifier compares.

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request, request::Parts};
use webhook_layers::{
    Reason, Scheme, Secret, SignRequest, Timestamp, Verifier, presets,
    signature::{
        Encoding, Primitive,
        handshake::{self, Reply, Responder, Seen},
    },
};

use super::forge;
use crate::{
    BoxError,
    timing::{Class, Path, Random},
};

/// With an `a` at both ends, which [`forge::text`] changes.
pub(super) const SECRET: &str = "a secret that has an a at either enda";

const BODY: &[u8] = b"{\"ref\":\"refs/heads/main\"}";
pub(super) const NOW: Timestamp = Timestamp::from_unix_seconds(1_700_000_000);

static HEADER: HeaderName = HeaderName::from_static("x-signature");

pub(super) fn all() -> Result<Vec<Path>, BoxError> {
    let mut paths = Vec::new();
    for encoding in [
        Encoding::Hex,
        Encoding::HexUpper,
        Encoding::HexAnyCase,
        Encoding::Base64,
        Encoding::Base64Url,
    ] {
        paths.push(mac(Primitive::HmacSha256, encoding)?);
    }
    // Their lengths are compared in other steps: 20 bytes are no multiple of 8.
    paths.push(mac(Primitive::HmacSha1, Encoding::Hex)?);
    paths.push(mac(Primitive::HmacSha512, Encoding::Hex)?);
    paths.push(token(Encoding::Text)?);
    paths.push(token(Encoding::Base64Text)?);
    paths.push(passcode()?);
    paths.push(json_web_token()?);
    paths.push(verify_token()?);
    paths.push(secret()?);
    Ok(paths)
}

/// A head with this one header.
fn head(name: &HeaderName, value: String) -> Parts {
    let (mut parts, ()) = Request::new(()).into_parts();
    if let Ok(value) = HeaderValue::from_maybe_shared(Bytes::from(value)) {
        parts.headers.insert(name, value);
    }
    parts
}

/// A path through [`Verifier::verify`]: the header that `value` makes is refused with this reason.
fn verified(
    name: String,
    verifier: Verifier,
    header: HeaderName,
    mut value: impl FnMut(&[u8], Class, &mut Random) -> String + 'static,
    reason: Reason,
) -> Path {
    Path::real(
        name,
        move |class, random| {
            let body = body(random);
            (head(&header, value(&body, class, random)), body)
        },
        move |(parts, body)| (verifier.verify(&parts, &body, NOW), parts, body),
        move |(verdict, ..)| {
            verdict
                .as_ref()
                .is_err_and(|refusal| refusal.reason() == reason)
        },
    )
}

/// Another body each time, so that signatures of both classes are as good as random texts: else the
/// time that it takes to read the text would be told too, which only its sender chooses.
fn body(random: &mut Random) -> Vec<u8> {
    format!("{{\"number\":\"{:016x}\"}}", random.next()).into_bytes()
}

fn mac(primitive: Primitive, encoding: Encoding) -> Result<Path, BoxError> {
    let scheme = Scheme::builder("timing", primitive)
        .header(HEADER.as_str())
        .encoding(encoding)
        .build()?;
    let verifier = Verifier::new(scheme, Secret::new(SECRET)?)?;
    check(&verifier)?;
    let (name, sender) = (
        format!("signature: {}, {}", primitive.as_str(), encoding.as_str()),
        verifier.clone(),
    );
    let value = move |body: &[u8], class, random: &mut Random| {
        let right = signature(&sender, body).unwrap_or_default();
        wrong(&right, encoding, class, random)
    };
    let reason = Reason::SignatureMismatch;
    Ok(verified(name, verifier, HEADER.clone(), value, reason))
}

/// The signature with another first byte or another last one.
fn wrong(right: &str, encoding: Encoding, class: Class, random: &mut Random) -> String {
    let bytes = forge::decode(right, encoding).unwrap_or_default();
    forge::encode(&forge::bytes(&bytes, class, random), encoding)
}

/// What the sender's header says.
fn signature(sender: &Verifier, body: &[u8]) -> Result<String, BoxError> {
    let headers = sender.sign(&SignRequest::new(body, NOW))?;
    let (_, value) = headers.into_iter().next().ok_or("nothing was signed")?;
    Ok(value.to_str()?.to_owned())
}

/// Makes sure that what is right verifies.
fn check(verifier: &Verifier) -> Result<(), BoxError> {
    let header = verifier.scheme().signature_header().ok_or("no header")?;
    let parts = head(header, signature(verifier, BODY)?);
    verifier.verify(&parts, BODY, NOW)?;
    Ok(())
}

/// The secret itself as the signature.
fn token(encoding: Encoding) -> Result<Path, BoxError> {
    let scheme = Scheme::builder("timing", Primitive::Token)
        .header(HEADER.as_str())
        .encoding(encoding)
        .build()?;
    let verifier = Verifier::new(scheme, Secret::new(SECRET)?)?;
    check(&verifier)?;
    let value = move |_: &[u8], class, random: &mut Random| {
        let text = forge::text(SECRET, class, random);
        match encoding {
            Encoding::Base64Text => forge::encode(text.as_bytes(), Encoding::Base64),
            _ => text,
        }
    };
    let name = format!("signature: token, {}", encoding.as_str());
    let reason = Reason::AuthInvalid;
    Ok(verified(name, verifier, HEADER.clone(), value, reason))
}

/// A secret in the body, which a function finds there.
fn passcode() -> Result<Path, BoxError> {
    let verifier = Verifier::new(&presets::FIGMA, Secret::new(SECRET)?)?;
    let body = |text: &str| format!("{{\"event_type\":\"PING\",\"passcode\":\"{text}\"}}");
    let (parts, ()) = Request::new(()).into_parts();
    verifier.verify(&parts, body(SECRET).as_bytes(), NOW)?;
    Ok(Path::real(
        "signature: token in the body",
        move |class, random: &mut Random| body(&forge::text(SECRET, class, random)),
        move |body| (verifier.verify(&parts, body.as_bytes(), NOW), body),
        |(verdict, _)| {
            verdict
                .as_ref()
                .is_err_and(|refusal| refusal.reason() == Reason::AuthInvalid)
        },
    ))
}

fn json_web_token() -> Result<Path, BoxError> {
    let verifier = Verifier::new(&presets::NETLIFY, Secret::new(SECRET)?)?;
    check(&verifier)?;
    let header = verifier.scheme().signature_header().cloned();
    let sender = verifier.clone();
    let value = move |body: &[u8], class, random: &mut Random| {
        let token = signature(&sender, body).unwrap_or_default();
        let (signed, right) = token.rsplit_once('.').unwrap_or_default();
        let wrong = wrong(right, Encoding::Base64Url, class, random);
        format!("{signed}.{wrong}")
    };
    Ok(verified(
        "signature: JSON Web Token, HS256".into(),
        verifier,
        header.ok_or("no header")?,
        value,
        Reason::SignatureMismatch,
    ))
}

/// The token with which a provider shows that it was given the URL.
fn verify_token() -> Result<Path, BoxError> {
    let meta = handshake::by_name("meta").ok_or("no such handshake")?;
    let meta = Responder::new(meta).with_verify_token(Secret::new(TOKEN)?);
    Ok(Path::real(
        "handshake: verify token",
        move |class, random: &mut Random| {
            let token = forge::text(TOKEN, class, random);
            let uri = format!("/?hub.mode=subscribe&hub.challenge=1&hub.verify_token={token}");
            let (mut parts, ()) = Request::new(()).into_parts();
            parts.uri = uri.parse().unwrap_or_default();
            parts
        },
        move |parts| (meta.respond(&parts, Seen::Head), parts),
        |(reply, _)| match reply {
            Some(Reply::Answer(answer)) => answer.status() == http::StatusCode::FORBIDDEN,
            _ => false,
        },
    ))
}

/// Of letters that stand for themselves in a URL.
const TOKEN: &str = "a-token-of-my-own-choice-with-an-a-at-the-enda";

fn secret() -> Result<Path, BoxError> {
    let secret = Secret::new(SECRET)?;
    Ok(Path::real(
        "Secret::matches",
        move |class, random: &mut Random| forge::text(SECRET, class, random),
        move |text| (secret.matches(text.as_bytes()), text),
        |(is_right, _)| !is_right,
    ))
}
