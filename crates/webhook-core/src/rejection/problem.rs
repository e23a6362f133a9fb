use std::fmt::Write as _;

use bytes::Bytes;
use http::{
    HeaderMap, HeaderValue, Method, Response, Version,
    header::{
        ACCEPT, ALLOW, CACHE_CONTROL, CONNECTION, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE,
    },
    request::Parts,
};

use super::{Reject, Rejection, RejectionBody, grpc};
use crate::{BufferedBody, Code, Facts};

/// The default policy: problem documents, gRPC statuses, plain text; see the [module](super).
///
/// Two refusals with the same code differ in nothing but the request's id and `Retry-After`.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct Problem;

impl<B: RejectionBody> Reject<B> for Problem {
    fn reject(&self, rejection: &Rejection, request: &Parts) -> Response<B> {
        if grpc::is_grpc(&request.headers) {
            return grpc::answer(rejection);
        }
        let (content_type, text) = if wants_text(&request.headers) {
            ("text/plain; charset=utf-8", line(rejection.code()))
        } else {
            ("application/problem+json", document(rejection, request))
        };
        let bytes = if request.method == Method::HEAD {
            Bytes::new()
        } else {
            text.into()
        };
        let mut response = Response::new(B::from_bytes(bytes));
        *response.status_mut() = rejection.code().status();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
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

/// The fields that the status calls for.
fn add_fields(headers: &mut HeaderMap, rejection: &Rejection, version: Version) {
    if let Some(seconds) = rejection.retry_after_seconds() {
        headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    match rejection.code() {
        Code::Unauthorized => {
            headers.insert(WWW_AUTHENTICATE, field(rejection, "Webhook"));
        }
        Code::MethodNotAllowed => {
            headers.insert(ALLOW, field(rejection, "POST"));
        }
        // What is left of a slow body must not be taken for the next request (RFC 9110, 15.5.9).
        Code::BodyTimeout if version < Version::HTTP_2 => {
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
        }
        _ => {}
    }
}

fn field(rejection: &Rejection, default: &'static str) -> HeaderValue {
    rejection
        .status_field()
        .cloned()
        .unwrap_or(HeaderValue::from_static(default))
}

fn wants_text(headers: &HeaderMap) -> bool {
    let mut text = false;
    for value in headers.get_all(ACCEPT) {
        let Ok(value) = value.to_str() else {
            return false;
        };
        if value.contains("json") {
            return false;
        }
        text |= value.contains("text/plain");
    }
    text
}

fn line(code: Code) -> String {
    format!("{code}: {}\n", code.detail())
}

/// RFC 9457. Every text in it is ours, so nothing needs escaping but a quota's name.
fn document(rejection: &Rejection, request: &Parts) -> String {
    let code = rejection.code();
    let mut text = String::with_capacity(320);
    let _infallible = write!(
        text,
        r#"{{"type":"{}","title":"{}","status":{},"detail":"{}","code":"{code}""#,
        type_uri(code),
        code.title(),
        code.status().as_u16(),
        code.detail(),
    );
    let facts = Facts::of(&request.extensions);
    if let Some(id) = facts.and_then(|facts| facts.record().id()) {
        let _infallible = write!(text, r#","instance":"urn:uuid:{id}""#);
    }
    if let Some(seconds) = rejection.retry_after_seconds() {
        let _infallible = write!(text, r#","retry_after":{seconds}"#);
    }
    // Strangers are not told how quotas are cut.
    let is_verified = facts.is_some_and(|facts| facts.verification().is_some());
    if let Some(quota) = rejection.quota().filter(|_| is_verified) {
        let _infallible = write!(
            text,
            r#","violated-policies":["{}"]"#,
            escape(quota.as_str())
        );
    }
    text.push('}');
    text
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
