use bytes::Bytes;
use http::{Response, request::Parts};
use webhook_core::{Check, Reject, Rejection, introduction};

/// How a request ends that does not reach the inner service.
pub(crate) enum Ending {
    Refused(Rejection),
    /// A provider's introduction, answered.
    Answered(Box<Response<Bytes>>),
}

impl Ending {
    pub(crate) fn response<B, R: Reject<B>>(self, policy: &R, request: &mut Parts) -> Response<B> {
        match self {
            Self::Refused(rejection) => rejection.end(policy, request),
            Self::Answered(answer) => introduction::send(*answer, Check::Token, policy, request),
        }
    }
}
