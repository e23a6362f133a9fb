use bytes::Bytes;
use http::{
    HeaderMap, HeaderName, HeaderValue, Method, Response, Version,
    header::{ACCEPT, ALLOW, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, WWW_AUTHENTICATE},
    request::Parts,
};

use super::{
    Accept, Reject, Rejection, RejectionBody,
    decimal::decimal,
    grpc,
    prepared::{JSON, Prepared, head},
};
use crate::{BufferedBody, Code, Facts};

/// The default policy: problem documents, gRPC statuses, plain text; see the [module](super).
///
/// Two refusals with the same code differ in nothing but the request's id and `Retry-After`. Each has
/// the `Content-Length` of its body, but an answer to `HEAD` and one in gRPC.
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
        let code = rejection.code();
        let id = facts.and_then(|facts| facts.record().id());
        let retry_after = rejection.retry_after_seconds().map(decimal);
        // Strangers are not told how quotas are cut.
        let is_verified = || facts.is_some_and(|facts| facts.verification().is_some());
        let quota = rejection.quota().filter(|_| is_verified());
        let is_common = !wants_text && retry_after.is_none() && quota.is_none();

        let prepared = Prepared::of(code, id.is_some());
        let bytes = if wants_text {
            format!("{code}: {}\n", code.detail()).into()
        } else if is_common {
            prepared.document(id)
        } else {
            prepared.document_with(id, retry_after.as_ref(), quota)
        };
        let mut head = if is_common {
            prepared.head.clone()
        } else {
            // Not a copy with fields added: one has no room for them, and finding it costs 600
            // instructions.
            let content_type = if wants_text { TEXT } else { JSON };
            head(code, content_type, bytes.len(), retry_after)
        };
        add_fields(head.headers_mut(), rejection, request.version);
        if request.method == Method::HEAD {
            head.headers_mut().remove(CONTENT_LENGTH);
            return head.map(|()| B::from_bytes(Bytes::new()));
        }
        head.map(|()| B::from_bytes(bytes))
    }

    fn body(&self, bytes: Bytes) -> Option<B> {
        Some(B::from_bytes(bytes))
    }

    fn buffered(&self, body: BufferedBody) -> Option<B> {
        B::from_buffered(body)
    }
}

const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");
const CLOSE: HeaderValue = HeaderValue::from_static("close");

/// The fields that the rejection says otherwise, and those that the request calls for.
fn add_fields(headers: &mut HeaderMap, rejection: &Rejection, version: Version) {
    let own = rejection.status_field();
    match (rejection.code(), own) {
        (Code::Unauthorized, Some(challenge)) => set(headers, &WWW_AUTHENTICATE, challenge),
        (Code::MethodNotAllowed, Some(methods)) => set(headers, &ALLOW, methods),
        // What is left of a slow body must not be taken for the next request (RFC 9110, 15.5.9).
        (Code::BodyTimeout, _) if version < Version::HTTP_2 => {
            headers.insert(CONNECTION, CLOSE);
        }
        _ => {}
    }
}

/// Gives a field that is there another value. A look at each of the few costs less than a look-up.
fn set(headers: &mut HeaderMap, field: &HeaderName, value: &HeaderValue) {
    if let Some((_, place)) = headers.iter_mut().find(|(name, _)| *name == field) {
        *place = value.clone();
    }
}

/// Whether the caller speaks gRPC, and whether it prefers text. A record knows both; else they are
/// found in one pass, which costs half as much as two look-ups.
fn asked_for(request: &Parts, facts: Option<&Facts>) -> (bool, bool) {
    if let Some(head) = facts.and_then(|facts| facts.record().head()) {
        return (head.is_grpc, head.accepts_text);
    }
    let (mut content_type, mut accept) = (None, Accept::default());
    for (name, value) in &request.headers {
        if *name == CONTENT_TYPE {
            content_type = content_type.or(Some(value));
        } else if *name == ACCEPT {
            accept.add(value);
        }
    }
    let is_grpc = content_type.is_some_and(grpc::is_grpc_type);
    (is_grpc, accept.prefers_text())
}
