//! Shared tokens in headers, credentials and queries: against a naive reader of each.

use http::{Request, Uri, header::AUTHORIZATION, request::Parts};
use webhook_core::{Clock, Facts, Secret, Timestamp};
use webhook_token_layer::{
    Token, TokenHash, TokenLayer, TokenRing, TokenSource, strip_query_token,
};

use crate::{
    service::answered,
    support::{Input, lines, planted, reached, request},
};

const TOKENS: [(&str, &str); 3] = [
    ("front", "tok-0123456789abcdef"),
    ("second", "a:b c%20d+e=f&0123"),
    ("old", "expired 0123456789"),
];
const USER: &str = "hook user";
const NOW: i64 = 1_700_000_000;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Place {
    Header,
    Bearer,
    Basic,
    Query,
}

fn source(place: Place) -> TokenSource {
    match place {
        Place::Header => TokenSource::header("x-token").expect("a name"),
        Place::Bearer => TokenSource::Bearer,
        Place::Basic => TokenSource::basic(USER).expect("a user"),
        Place::Query => TokenSource::query("token").expect("a name"),
    }
}

/// The token that a request shows, as bytes.
fn shown(place: Place, parts: &Parts) -> Option<Vec<u8>> {
    let one = |name| match lines(parts, name)[..] {
        [value] => Some(value.trim_ascii()).filter(|value| !value.is_empty()),
        _ => None,
    };
    let credentials = |scheme: &str| {
        let value = one(AUTHORIZATION.as_str())?;
        let (name, rest) = value.split_at_checked(scheme.len())?;
        name.eq_ignore_ascii_case(scheme.as_bytes())
            .then(|| rest.strip_prefix(b" "))?
    };
    let short = |text: &[u8]| (text.len() <= 8192).then(|| text.to_vec());
    match place {
        Place::Header => short(one("x-token")?),
        Place::Bearer => short(credentials("Bearer")?),
        Place::Basic => {
            let text = short(credentials("Basic")?)?;
            let decoded = base64(&text)?;
            let colon = decoded.iter().position(|byte| *byte == b':')?;
            let (user, password) = (&decoded[..colon], &decoded[colon + 1..]);
            (user == USER.as_bytes() || planted(1)).then(|| password.to_vec())
        }
        Place::Query => {
            let pairs = parts.uri.query().unwrap_or_default().split('&');
            let pairs = pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")));
            let ours: Vec<_> = pairs
                .filter(|(name, _)| plain(name.as_bytes()) == Some(b"token".to_vec()))
                .collect();
            match ours[..] {
                [(_, value)] if value.len() <= 8192 => {
                    plain(value.as_bytes()).filter(|value| !value.is_empty())
                }
                [_, (_, last)] if planted(2) => plain(last.as_bytes()),
                _ => None,
            }
        }
    }
}

/// Percent-decoding, in which `+` is itself.
fn plain(text: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut at = 0;
    while at < text.len() {
        if text[at] == b'%' {
            let digits = std::str::from_utf8(text.get(at + 1..at + 3)?).ok()?;
            if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                return None;
            }
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
            at += 3;
        } else {
            bytes.push(text[at]);
            at += 1;
        }
    }
    Some(bytes)
}

/// Base64 with padding, of which there is one spelling.
fn base64(text: &[u8]) -> Option<Vec<u8>> {
    let alphabet: Vec<u8> = (b'A'..=b'Z')
        .chain(b'a'..=b'z')
        .chain(b'0'..=b'9')
        .chain(*b"+/")
        .collect();
    if !text.len().is_multiple_of(4) {
        return None;
    }
    let digits = text
        .strip_suffix(b"==")
        .or_else(|| text.strip_suffix(b"="))
        .unwrap_or(text);
    let (mut bits, mut count, mut bytes) = (0_u32, 0, Vec::new());
    for digit in digits {
        let value = alphabet.iter().position(|other| other == digit)?;
        bits = bits << 6 | u32::try_from(value).ok()?;
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count & 255) as u8);
        }
    }
    let is_whole = bits & ((1 << count) - 1) == 0;
    let padding = text.len() - digits.len();
    (is_whole && padding == (3 - bytes.len() % 3) % 3).then_some(bytes)
}

fn ring() -> TokenRing {
    let token = |(id, text): (&'static str, &str)| {
        Token::new(id, Secret::new(text).expect("long")).expect("a token")
    };
    let old = token(TOKENS[2])
        .with_not_after(Timestamp::from_unix_seconds(NOW - 1))
        .expect("a time");
    TokenRing::new(token(TOKENS[0]))
        .with(token(TOKENS[1]))
        .and_then(|ring| ring.with(old))
        .expect("a ring")
}

/// No parameter of that name is left, and every other stays as it is.
fn stripped(uri: &Uri) {
    let left = strip_query_token(uri, "token");
    let others = |uri: &Uri| {
        let pairs = uri
            .query()
            .unwrap_or_default()
            .split('&')
            .map(str::to_owned);
        let is_other = |pair: &String| {
            plain(pair.split('=').next().unwrap_or_default().as_bytes()) != Some(b"token".to_vec())
        };
        let (others, ours): (Vec<_>, Vec<_>) = pairs.partition(is_other);
        (others.join("&"), ours.len())
    };
    let (before, ours) = others(uri);
    let (after, none) = others(&left);
    assert_eq!(
        (none, before.as_str(), uri.path()),
        (0, after.as_str(), left.path()),
        "{uri} became {left}"
    );
    assert_eq!(
        (uri.scheme(), uri.authority()),
        (left.scheme(), left.authority())
    );
    if ours > 0 {
        reached("a token that is taken out of the query");
    } else {
        assert_eq!(uri, &left);
    }
}

/// A hash is 64 digits and nothing else.
fn hash(text: &[u8]) {
    let text = String::from_utf8_lossy(text);
    let is_digest = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if let Ok(hash) = text.parse::<TokenHash>() {
        assert!(is_digest && hash.to_hex() == text.to_ascii_lowercase());
        reached("the hash of a token");
    }
}

pub fn run(data: &[u8]) {
    let mut input = Input::new(data, 4);
    let place = input.pick(&[Place::Header, Place::Bearer, Place::Basic, Place::Query]);
    hash(input.text.trim_ascii());
    let Some((parts, _)) = request(input.text) else {
        return;
    };
    stripped(&parts.uri);
    let token = shown(place, &parts);
    let known = token.and_then(|token| {
        TOKENS[..2]
            .iter()
            .find(|(_, known)| known.as_bytes() == token)
    });
    let (clock, _hands) = Clock::manual(Timestamp::from_unix_seconds(NOW));
    let layer = TokenLayer::new(source(place), ring()).with_clock(clock);
    let answer = answered(&layer, Request::from_parts(parts, ()));
    let verification = answer
        .reached_handler
        .as_ref()
        .and_then(|parts| Facts::of(&parts.extensions)?.verification());
    let id = verification.and_then(|verification| verification.secret_id());
    assert_eq!(
        id.map(webhook_core::Name::as_str),
        known.map(|(id, _)| *id),
        "{place:?}"
    );
    assert_eq!(answer.reached_handler.is_some(), known.is_some());
    if known.is_none() {
        assert_eq!(answer.response.status(), 401);
        assert!(answer.response.headers().contains_key("www-authenticate"));
        return;
    }
    match place {
        Place::Header => reached("accepted by a header"),
        Place::Bearer => reached("accepted as Bearer"),
        Place::Basic => reached("accepted as Basic"),
        Place::Query => reached("accepted by the query"),
    }
}
