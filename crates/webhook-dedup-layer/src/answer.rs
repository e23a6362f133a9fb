//! What a duplicate is answered whose first copy was handled.

use bytes::Bytes;
use http::{
    HeaderMap, HeaderName, HeaderValue, Response, StatusCode,
    header::{CACHE_CONTROL, CONTENT_TYPE},
    request::Parts,
};
use webhook_core::{BufferedBody, Check, Facts, Reason, Reject, Rejection, rejection::is_grpc};

/// `true` in the answer to a duplicate that was handled before.
pub const DUPLICATE: HeaderName = HeaderName::from_static("webhook-duplicate");

/// Beside [`DUPLICATE`], the HTTP status that the first copy was answered with.
pub const DUPLICATE_STATUS: HeaderName = HeaderName::from_static("webhook-duplicate-status");

/// A gRPC message without content: not compressed, of length 0.
const EMPTY_MESSAGE: Bytes = Bytes::from_static(&[0; 5]);

pub(crate) fn duplicate<B, R: Reject<B>>(
    policy: &R,
    request: &Parts,
    first: StatusCode,
) -> Response<B> {
    let response = if is_grpc(&request.headers) {
        in_grpc(policy)
    } else {
        policy.body(Bytes::new()).map(|body| {
            let mut response = Response::new(body);
            let no_store = HeaderValue::from_static("no-store");
            response.headers_mut().insert(CACHE_CONTROL, no_store);
            response
        })
    };
    let Some(mut response) = response else {
        let rejection = Rejection::new(Reason::Misconfigured, Check::Replay);
        return rejection.answer(policy, request);
    };
    let headers = response.headers_mut();
    headers.insert(DUPLICATE, HeaderValue::from_static("true"));
    headers.insert(DUPLICATE_STATUS, HeaderValue::from(first.as_u16()));
    if let Some(facts) = Facts::of(&request.extensions) {
        facts
            .record()
            .set_answered(Reason::Duplicate, Check::Replay);
    }
    response
}

/// OK with an empty message; without one, where the host's body has no room for trailers.
fn in_grpc<B, R: Reject<B>>(policy: &R) -> Option<Response<B>> {
    let mut trailers = HeaderMap::with_capacity(1);
    trailers.insert("grpc-status", HeaderValue::from_static("0"));
    let message = BufferedBody::new(EMPTY_MESSAGE).with_trailers(trailers.clone());
    let mut response = if let Some(body) = policy.buffered(message) {
        Response::new(body)
    } else {
        let mut response = Response::new(policy.body(Bytes::new())?);
        response.headers_mut().extend(trailers);
        response
    };
    let grpc = HeaderValue::from_static("application/grpc");
    response.headers_mut().insert(CONTENT_TYPE, grpc);
    Some(response)
}
