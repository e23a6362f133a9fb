//! Refusals that come once the signature or the token was compared: none takes another time than the
//! other, or the time would tell what the answer keeps back.

use bytes::Bytes;
use http::{HeaderName, Method, Request};
use http_body_util::Full;
use webhook_layers::{
    Clock, HmacLayer, KeyRing, Reason, Secret, SignRequest, Timestamp, Verifier, presets,
    token::{Token, TokenLayer, TokenRing, TokenSource},
};

use super::{hosts, tokens::headed};
use crate::{BoxError, timing::Path};

const CURRENT: &str = "the secret that is in use at present";
const NEXT: &str = "the secret that is used in some time";
const RETIRED: &str = "the secret that was used until lately";
const STRANGER: &str = "the secret that a stranger thought of";

const BODY: &[u8] = b"{\"ref\":\"refs/heads/main\"}";
const OTHER_BODY: &[u8] = b"{\"ref\":\"refs/heads/mail\"}";

static SIGNATURE: HeaderName = HeaderName::from_static("x-hub-signature-256");
static TOKEN: HeaderName = HeaderName::from_static("x-gitlab-token");

/// The retired ones are valid up to a minute before.
const NOW: Timestamp = Timestamp::from_unix_seconds(1_700_000_000);
const THEN: Timestamp = Timestamp::from_unix_seconds(1_700_000_000 - 60);

pub(super) fn all() -> Result<Vec<Path>, BoxError> {
    Ok(vec![
        signed(
            "near the first secret's, near the second's",
            near(CURRENT)?,
            near(NEXT)?,
        )?,
        signed(
            "of a stranger's secret, of another body",
            made(STRANGER)?,
            of_other_body()?,
        )?,
        signed(
            "of a stranger's secret, of a retired one",
            made(STRANGER)?,
            made(RETIRED)?,
        )?,
        retired_token()?,
    ])
}

/// The same request, with one signature or with the other.
fn signed(what: &str, first: String, second: String) -> Result<Path, BoxError> {
    let ring = KeyRing::new("current", Secret::new(CURRENT)?)?
        .with("next", Secret::new(NEXT)?)?
        .with("retired", Secret::new(RETIRED)?)?
        .with_not_after("retired", THEN)?;
    let layer = HmacLayer::new(&presets::GITHUB, ring)?.with_clock(Clock::manual(NOW).0);
    let path = hosts::refused(
        &format!("refusals: signature {what}"),
        &layer,
        move |class, _| {
            let value = class.choose(&*first, &*second);
            let mut request: Request<_> = headed(&SIGNATURE, value.to_owned());
            *request.method_mut() = Method::POST;
            *request.body_mut() = Full::new(Bytes::from_static(BODY));
            request
        },
        Reason::SignatureMismatch,
    );
    Ok(path)
}

fn signature(secret: &str, body: &[u8]) -> Result<String, BoxError> {
    let sender = Verifier::new(&presets::GITHUB, Secret::new(secret)?)?;
    let headers = sender.sign(&SignRequest::new(body, NOW))?;
    let (_, value) = headers.into_iter().next().ok_or("nothing was signed")?;
    Ok(value.to_str()?.to_owned())
}

fn made(secret: &str) -> Result<String, BoxError> {
    signature(secret, BODY)
}

fn of_other_body() -> Result<String, BoxError> {
    signature(CURRENT, OTHER_BODY)
}

/// Right but for its last digit.
fn near(secret: &str) -> Result<String, BoxError> {
    let mut text = made(secret)?;
    let last = text.pop().ok_or("nothing was signed")?;
    text.push(if last == '0' { '1' } else { '0' });
    Ok(text)
}

fn retired_token() -> Result<Path, BoxError> {
    let token = |id: &'static str, text: &str| -> Result<_, BoxError> {
        Ok(Token::new(id, Secret::new(text)?)?)
    };
    let ring = TokenRing::new(token("current", CURRENT)?)
        .with(token("retired", RETIRED)?.with_not_after(THEN)?)?;
    let layer =
        TokenLayer::new(TokenSource::Header(TOKEN.clone()), ring).with_clock(Clock::manual(NOW).0);
    Ok(hosts::refused(
        "refusals: token of a stranger, retired one",
        &layer,
        |class, _| headed(&TOKEN, class.choose(STRANGER, RETIRED).to_owned()),
        Reason::AuthInvalid,
    ))
}
