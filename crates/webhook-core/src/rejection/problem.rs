use std::{fmt::Write as _, sync::LazyLock};

use bytes::Bytes;
use http::{
    HeaderMap, HeaderValue, Method, Response, Version,
    header::{
        ACCEPT, ALLOW, CACHE_CONTROL, CONNECTION, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE,
    },
    request::Parts,
};

use super::{Accept, Reject, Rejection, RejectionBody, decimal::Decimal, grpc};
use crate::{BufferedBody, Code, Facts, RequestId};

/// The default policy: problem documents, gRPC statuses, plain text; see the [module](super).
///
/// Two refusals with the same code differ in nothing but the request's id and `Retry-After`.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct Problem;

impl<B: RejectionBody> Reject<B> for Problem {
    fn reject(&self, rejection: &Rejection, request: &Parts) -> Response<B> {
        let facts = Facts::of(&request.extensions);
        let (is_grpc, wants_text) = asked_for(request, facts);
        if is_grpc {
            return grpc::answer(rejection);
        }
        let (content_type, bytes) = if wants_text {
            (TEXT, line(rejection.code()).into())
        } else {
            (JSON, document(rejection, facts))
        };
        let bytes = if request.method == Method::HEAD {
            Bytes::new()
        } else {
            bytes
        };
        let mut response = Response::new(B::from_bytes(bytes));
        *response.status_mut() = rejection.code().status();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, content_type);
        headers.insert(CACHE_CONTROL, NO_STORE);
        add_fields(headers, rejection, request.version);
        response
    }

    fn body(&self, bytes: Bytes) -> Option<B> {
        Some(B::from_bytes(bytes))
    }

    fn buffered(&self, body: BufferedBody) -> Option<B> {
        B::from_buffered(body)
    }
}

// As constants they are checked when they are compiled, and not for each refusal.
const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");
const JSON: HeaderValue = HeaderValue::from_static("application/problem+json");
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");
const CHALLENGE: HeaderValue = HeaderValue::from_static("Webhook");
const POST: HeaderValue = HeaderValue::from_static("POST");
const CLOSE: HeaderValue = HeaderValue::from_static("close");

/// The fields that the status calls for.
fn add_fields(headers: &mut HeaderMap, rejection: &Rejection, version: Version) {
    if let Some(seconds) = rejection.retry_after_seconds()
        && let Ok(seconds) = HeaderValue::from_bytes(Decimal::new(seconds).as_bytes())
    {
        headers.insert(RETRY_AFTER, seconds);
    }
    match rejection.code() {
        Code::Unauthorized => {
            headers.insert(WWW_AUTHENTICATE, field(rejection, CHALLENGE));
        }
        Code::MethodNotAllowed => {
            headers.insert(ALLOW, field(rejection, POST));
        }
        // What is left of a slow body must not be taken for the next request (RFC 9110, 15.5.9).
        Code::BodyTimeout if version < Version::HTTP_2 => {
            headers.insert(CONNECTION, CLOSE);
        }
        _ => {}
    }
}

fn field(rejection: &Rejection, default: HeaderValue) -> HeaderValue {
    rejection.status_field().cloned().unwrap_or(default)
}

/// Whether the caller speaks gRPC, and whether it prefers text. A record knows both, which saves two
/// look-ups: 390 instructions.
fn asked_for(request: &Parts, facts: Option<&Facts>) -> (bool, bool) {
    match facts.and_then(|facts| facts.record().head()) {
        Some(head) => (head.is_grpc, head.accepts_text),
        None => (
            grpc::is_grpc(&request.headers),
            wants_text(&request.headers),
        ),
    }
}

fn wants_text(headers: &HeaderMap) -> bool {
    let mut accept = Accept::default();
    let lines = headers.get_all(ACCEPT).iter();
    lines.for_each(|line| accept.add(line));
    accept.prefers_text()
}

fn line(code: Code) -> String {
    format!("{code}: {}\n", code.detail())
}

/// What stands before a value, the value where there is one, and what stands after it.
type Member<'a> = (&'a [u8], Option<&'a [u8]>, &'a [u8]);

/// RFC 9457. Every text in it is ours, so nothing needs escaping but a quota's name.
///
/// What is the same for each refusal with the code is written once, and sent as it is where there is
/// nothing to add; a refusal must be cheaper than what it refuses.
fn document(rejection: &Rejection, facts: Option<&Facts>) -> Bytes {
    let common = common(rejection.code());
    let id = facts.and_then(|facts| facts.record().id());
    let id = id.map(RequestId::text);
    let seconds = rejection.retry_after_seconds().map(Decimal::new);
    // Strangers are not told how quotas are cut.
    let is_verified = || facts.is_some_and(|facts| facts.verification().is_some());
    let quota = rejection.quota().filter(|_| is_verified());
    let quota = quota.map(|quota| escape(quota.as_str()));

    let members: [Member<'_>; 3] = [
        (
            br#","instance":"urn:uuid:"#,
            id.as_ref().map(|id| &id[..]),
            b"\"",
        ),
        (
            br#","retry_after":"#,
            seconds.as_ref().map(Decimal::as_bytes),
            b"",
        ),
        (
            br#","violated-policies":[""#,
            quota.as_deref().map(str::as_bytes),
            br#""]"#,
        ),
    ];
    let length = |(start, value, end): &Member<'_>| match value {
        Some(value) => start.len() + value.len() + end.len(),
        None => 0,
    };
    let length: usize = members.iter().map(length).sum();
    if length == 0 {
        return Bytes::from_static(common);
    }
    // As long as the text: `Bytes` would need a second allocation for what is left over.
    let mut text = Vec::with_capacity(common.len() + length);
    text.extend_from_slice(common.strip_suffix(b"}").unwrap_or(common));
    for (start, value, end) in members {
        if let Some(value) = value {
            text.extend_from_slice(start);
            text.extend_from_slice(value);
            text.extend_from_slice(end);
        }
    }
    text.push(b'}');
    text.into()
}

/// The document of the members that are the same for each refusal with this code.
fn common(code: Code) -> &'static [u8] {
    static ALL: LazyLock<[String; Code::ALL.len()]> = LazyLock::new(|| {
        Code::ALL.map(|code| {
            format!(
                r#"{{"type":"{}","title":"{}","status":{},"detail":"{}","code":"{code}"}}"#,
                type_uri(code),
                code.title(),
                code.status().as_u16(),
                code.detail(),
            )
        })
    });
    let common = ALL.get(code.index());
    common.map_or(b"{}", |common| common.as_bytes())
}

/// A stable page on the code; for a quota, the type that the `RateLimit` draft registers.
fn type_uri(code: Code) -> &'static str {
    macro_rules! page {
        ($variant:literal) => {
            concat!(
                "https://docs.rs/webhook-core/latest/webhook_core/enum.Code.html#variant.",
                $variant
            )
        };
    }
    match code {
        Code::Unauthorized => page!("Unauthorized"),
        Code::Forbidden => page!("Forbidden"),
        Code::NotFound => page!("NotFound"),
        Code::Gone => page!("Gone"),
        Code::PayloadTooLarge => page!("PayloadTooLarge"),
        Code::BodyTimeout => page!("BodyTimeout"),
        Code::BadRequest => page!("BadRequest"),
        Code::UnsupportedMediaType => page!("UnsupportedMediaType"),
        Code::MethodNotAllowed => page!("MethodNotAllowed"),
        Code::RateLimited => "https://iana.org/assignments/http-problem-types#quota-exceeded",
        Code::DuplicateInFlight => page!("DuplicateInFlight"),
        Code::Unavailable => page!("Unavailable"),
        Code::Misconfigured => page!("Misconfigured"),
        Code::Internal => page!("Internal"),
    }
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '"' | '\\' => escaped.extend(['\\', character]),
            _ if character.is_control() => {
                let _infallible = write!(escaped, "\\u{:04x}", u32::from(character));
            }
            _ => escaped.push(character),
        }
    }
    escaped
}
