use bytes::Bytes;
use http::{
    Response,
    header::{CONTENT_LENGTH, CONTENT_TYPE},
    request::Parts,
};
use webhook_core::{Check, Facts, Reason, Reject, Rejection};
use webhook_signature::handshake::Answer;

/// How a request ends that does not reach the handler.
pub(crate) enum Ending {
    Refused(Rejection),
    /// Refused, without a body: the provider wants none.
    Bare(Rejection),
    /// A handshake, answered.
    Answered(Box<Answer>),
}

impl From<Answer> for Ending {
    fn from(answer: Answer) -> Self {
        Self::Answered(Box::new(answer))
    }
}

impl From<Rejection> for Ending {
    fn from(rejection: Rejection) -> Self {
        Self::Refused(rejection)
    }
}

impl Ending {
    pub(crate) fn response<B, R: Reject<B>>(self, policy: &R, request: &Parts) -> Response<B> {
        match self {
            Self::Refused(rejection) => rejection.answer(policy, request),
            Self::Bare(rejection) => bare(rejection.answer(policy, request), policy),
            Self::Answered(answer) => answered(*answer, policy, request),
        }
    }
}

fn bare<B, R: Reject<B>>(mut response: Response<B>, policy: &R) -> Response<B> {
    if let Some(empty) = policy.body(Bytes::new()) {
        *response.body_mut() = empty;
        response.headers_mut().remove(CONTENT_TYPE);
        response.headers_mut().remove(CONTENT_LENGTH);
    }
    response
}

fn answered<B, R: Reject<B>>(answer: Answer, policy: &R, request: &Parts) -> Response<B> {
    let is_refusal = answer.is_refusal();
    let (head, bytes) = answer.into_response().into_parts();
    let Some(body) = policy.body(bytes.into()) else {
        let rejection = Rejection::new(Reason::Misconfigured, Check::Signature);
        return rejection.answer(policy, request);
    };
    let mut response = Response::from_parts(head, body);
    if is_refusal {
        // The verify token was wrong; the provider expects its own status.
        Facts::record_of(&request.extensions).set_refusal(Reason::AuthInvalid, Check::Token);
        let rejection = Rejection::new(Reason::AuthInvalid, Check::Token);
        response.extensions_mut().insert(rejection);
    }
    response
}
