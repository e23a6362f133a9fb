//! Shared tokens, and the keys of endpoints, through their layers.

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request, Uri, header::AUTHORIZATION};
use http_body_util::Full;
use webhook_layers::{
    EndpointKey, EndpointLayer, Reason, Secret,
    core::Endpoint,
    endpoint::EndpointMap,
    signature::Encoding,
    token::{Token, TokenLayer, TokenSource},
};

use super::{forge, hosts};
use crate::{
    BoxError,
    timing::{Class, Path, Random},
};

/// With an `a` at both ends, which [`forge::text`] changes.
const TOKEN: &str = "a-token-that-has-an-a-at-either-enda";
const USER: &str = "a-user-that-has-an-a-at-either-enda";

static HEADER: HeaderName = HeaderName::from_static("x-gitlab-token");

pub(super) fn all() -> Result<Vec<Path>, BoxError> {
    let with = |class, random: &mut Random| forge::text(TOKEN, class, random);
    Ok(vec![
        shared(
            "header",
            TokenSource::header(HEADER.as_str())?,
            move |class, random| headed(&HEADER, with(class, random)),
        )?,
        shared("bearer", TokenSource::Bearer, move |class, random| {
            headed(&AUTHORIZATION, format!("Bearer {}", with(class, random)))
        })?,
        shared(
            "basic, password",
            TokenSource::basic(USER)?,
            move |class, random| basic(USER, &with(class, random)),
        )?,
        shared("basic, user", TokenSource::basic(USER)?, |class, random| {
            basic(&forge::text(USER, class, random), TOKEN)
        })?,
        // Either half right tells nothing of the other one.
        shared(
            "basic, user or password",
            TokenSource::basic(USER)?,
            |class, random| {
                let other = forge::text(USER, Class::First, random);
                let wrong = forge::text(TOKEN, Class::First, random);
                basic(class.choose(&other, USER), class.choose(TOKEN, &wrong))
            },
        )?,
        shared(
            "query",
            TokenSource::query("token")?,
            move |class, random| to(format!("/?token={}", with(class, random))),
        )?,
        endpoint()?,
    ])
}

fn shared(
    name: &str,
    source: TokenSource,
    request: impl FnMut(Class, &mut Random) -> Request<Full<Bytes>> + 'static,
) -> Result<Path, BoxError> {
    let layer = TokenLayer::new(source, Token::new("one", Secret::new(TOKEN)?)?);
    let name = format!("token: {name}");
    Ok(hosts::refused(&name, &layer, request, Reason::AuthInvalid))
}

/// Endpoints whose keys keep strangers out: each of them is nearly guessed in turn.
fn endpoint() -> Result<Path, BoxError> {
    const ENDPOINTS: u8 = 200;
    let key = |number: u8| format!("a{:016x}a", Random::new(number.into()).next());
    let known = (1..=ENDPOINTS).map(|number| (key(number), Endpoint::new("acme")));
    let endpoints: EndpointMap = known.collect();
    let layer = EndpointLayer::new(EndpointKey::path("/{key}")?, endpoints);
    Ok(hosts::refused(
        "endpoint: key in the path",
        &layer,
        move |class, random| {
            let key = key(random.up_to(ENDPOINTS));
            to(format!("/{}", forge::text(&key, class, random)))
        },
        Reason::EndpointUnknown,
    ))
}

pub(super) fn headed(name: &HeaderName, value: String) -> Request<Full<Bytes>> {
    let mut request = Request::new(Full::default());
    if let Ok(value) = HeaderValue::from_maybe_shared(Bytes::from(value)) {
        request.headers_mut().insert(name, value);
    }
    request
}

fn basic(user: &str, password: &str) -> Request<Full<Bytes>> {
    let pair = forge::encode(format!("{user}:{password}").as_bytes(), Encoding::Base64);
    headed(&AUTHORIZATION, format!("Basic {pair}"))
}

fn to(uri: String) -> Request<Full<Bytes>> {
    let mut request = Request::new(Full::default());
    *request.uri_mut() = Uri::from_maybe_shared(Bytes::from(uri)).unwrap_or_default();
    request
}
