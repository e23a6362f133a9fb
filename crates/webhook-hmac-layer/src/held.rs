use http::{Request, Response, request::Parts};
use webhook_core::{
    BufferedBody, Reject,
    body::{BodyError, Collected, raise_host_limit},
};
use webhook_signature::Pending;

use crate::judge::Case;

/// A request whose head was admitted, without its body.
pub(crate) struct Held<R> {
    pub(crate) case: Case,
    pub(crate) pending: Pending,
    pub(crate) parts: Parts,
    pub(crate) rejection: R,
}

impl<R> Held<R> {
    /// The body for the inner service, or the answer in its place.
    pub(crate) fn conclude<ResBody>(
        &mut self,
        collected: Result<Collected, BodyError>,
    ) -> Result<BufferedBody, Response<ResBody>>
    where
        R: Reject<ResBody>,
    {
        let Self {
            case,
            pending,
            parts,
            rejection,
        } = self;
        let (body, reservation) = match collected {
            Ok(collected) => collected.into_parts(),
            Err(error) => {
                let ending = case.give_up(parts, error);
                case.close(false);
                return Err(ending.response(rejection, parts));
            }
        };
        let judged = case.judge_body(parts, &body, pending);
        case.close(judged.is_ok());
        match judged {
            Ok(is_verified) => {
                if is_verified {
                    reservation.verified();
                }
                Ok(body)
            }
            Err(ending) => Err(ending.response(rejection, parts)),
        }
    }
}

/// The request for the inner service.
pub(crate) fn whole(parts: Parts, body: BufferedBody, case: &Case) -> Request<BufferedBody> {
    let mut request = Request::from_parts(parts, body);
    raise_host_limit(&mut request, case.settings.limits.max_bytes());
    request
}
