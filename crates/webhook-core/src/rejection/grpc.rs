//! A refusal as a gRPC status in a trailers-only response
//! (<https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md#responses>).

use std::fmt::Write as _;

use http::{HeaderMap, HeaderName, HeaderValue, Response, header::CONTENT_TYPE};

use super::{Rejection, RejectionBody};
use crate::Code;

/// Whether the caller speaks gRPC: its content type is `application/grpc`, alone or with a suffix.
/// gRPC-Web is not gRPC.
#[must_use]
pub fn is_grpc(headers: &HeaderMap) -> bool {
    headers.get(CONTENT_TYPE).is_some_and(is_grpc_type)
}

/// As [`is_grpc`], of a content type that is found already.
#[must_use]
pub fn is_grpc_type(content_type: &HeaderValue) -> bool {
    let value = content_type.as_bytes();
    let Some((name, rest)) = value.split_at_checked(b"application/grpc".len()) else {
        return false;
    };
    name.eq_ignore_ascii_case(b"application/grpc")
        && matches!(rest.first(), None | Some(b'+' | b';' | b' '))
}

// Names that are read when they are compiled; one that is given as text is read and copied each time.
const STATUS: HeaderName = HeaderName::from_static("grpc-status");
const MESSAGE: HeaderName = HeaderName::from_static("grpc-message");
const PUSHBACK: HeaderName = HeaderName::from_static("grpc-retry-pushback-ms");

/// HTTP 200, the status in the head, and no body.
pub(super) fn answer<B: RejectionBody>(rejection: &Rejection) -> Response<B> {
    let code = rejection.code();
    let mut response = Response::new(B::from_bytes(bytes::Bytes::new()));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    headers.insert(STATUS, HeaderValue::from(u16::from(code.grpc_status())));
    if let Ok(message) = HeaderValue::try_from(percent_encode(code.detail())) {
        headers.insert(MESSAGE, message);
    }
    if let Some(pushback) = pushback_millis(rejection) {
        headers.insert(PUSHBACK, HeaderValue::from(pushback));
    }
    response
}

/// The pushback of gRFC A6 (<https://github.com/grpc/proposal/blob/master/A6-client-retries.md>):
/// milliseconds to wait, or -1 where trying again is no use.
fn pushback_millis(rejection: &Rejection) -> Option<i32> {
    match (rejection.code(), rejection.retry_after_seconds()) {
        (Code::PayloadTooLarge, _) => Some(-1),
        (_, Some(seconds)) => Some(i32::try_from(seconds.saturating_mul(1000)).unwrap_or(i32::MAX)),
        (_, None) => None,
    }
}

/// Visible ASCII but `%` stands for itself, everything else is `%XX`.
fn percent_encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b' '..=b'~' if byte != b'%' => encoded.push(char::from(byte)),
            _ => {
                let _infallible = write!(encoded, "%{byte:02X}");
            }
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderValue};

    use super::{is_grpc, percent_encode};

    #[test]
    fn grpc_is_told_by_its_content_type() {
        let spoken = |value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert("content-type", HeaderValue::from_static(value));
            is_grpc(&headers)
        };
        assert!(spoken("application/grpc"));
        assert!(spoken("application/grpc+proto"));
        assert!(spoken("Application/GRPC; x=y"));
        assert!(!spoken("application/grpc-web"));
        assert!(!spoken("application/json"));
        assert!(!is_grpc(&HeaderMap::new()));
    }

    #[test]
    fn messages_are_percent_encoded() {
        assert_eq!(percent_encode("50 % of é"), "50 %25 of %C3%A9");
    }
}
