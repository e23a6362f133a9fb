use http::{Request, request::Parts};
use webhook_core::{
    BufferedBody,
    body::{BodyError, Collected, raise_host_limit},
};
use webhook_signature::Pending;

use crate::{ending::Ending, judge::Case};

/// A request whose head was admitted, while its body comes in.
pub(crate) struct Held<R> {
    pub(crate) case: Case,
    pub(crate) pending: Pending,
    pub(crate) parts: Parts,
    pub(crate) rejection: R,
}

impl Case {
    /// The body for the inner service, or how the request ends in its place.
    pub(crate) fn conclude(
        &mut self,
        parts: &mut Parts,
        pending: &mut Pending,
        collected: Result<Collected, BodyError>,
    ) -> Result<BufferedBody, Ending> {
        let (body, reservation) = match collected {
            Ok(collected) => collected.into_parts(),
            Err(error) => {
                let ending = self.give_up(parts, error);
                self.close(false);
                return Err(ending);
            }
        };
        let judged = self.judge_body(parts, &body, pending);
        self.close(judged.is_ok());
        if judged? {
            reservation.verified();
        }
        Ok(body)
    }
}

/// The request for the inner service.
#[inline]
pub(crate) fn whole(parts: Parts, body: BufferedBody, case: &Case) -> Request<BufferedBody> {
    let mut request = Request::from_parts(parts, body);
    raise_host_limit(&mut request, case.settings.limits.max_bytes());
    request
}
