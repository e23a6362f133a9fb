use bytes::Bytes;
use http::{
    Response,
    header::{CONTENT_LENGTH, CONTENT_TYPE},
    request::Parts,
};
use webhook_core::{Check, Reject, Rejection, introduction};
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
    pub(crate) fn response<B, R: Reject<B>>(self, policy: &R, request: &mut Parts) -> Response<B> {
        match self {
            Self::Refused(rejection) => rejection.end(policy, request),
            Self::Bare(rejection) => bare(rejection.end(policy, request), policy),
            Self::Answered(answer) => {
                let answer = answer.into_response().map(Bytes::from);
                introduction::send(answer, Check::Signature, policy, request)
            }
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
