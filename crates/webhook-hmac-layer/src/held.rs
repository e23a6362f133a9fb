use std::sync::Arc;

use http::{Request, Response, request::Parts};
use webhook_core::{
    BufferedBody, Reject,
    body::{BodyError, Collected, raise_host_limit},
};
use webhook_signature::Pending;

use crate::{HmacLayer, ending::Ending, judge::Case};

/// A request whose head was admitted, while its body comes in.
pub(crate) struct Held<R> {
    pub(crate) case: Case,
    pub(crate) pending: Pending,
    pub(crate) parts: Parts,
    pub(crate) layer: Arc<HmacLayer<R>>,
}

impl<R> Held<R> {
    /// The request for the inner service, or the answer in its place.
    pub(crate) fn conclude<B>(
        mut self,
        collected: Result<Collected, BodyError>,
    ) -> Result<Request<BufferedBody>, Response<B>>
    where
        R: Reject<B>,
    {
        let (body, reservation) = match collected {
            Ok(collected) => collected.into_parts(),
            Err(error) => {
                let ending = self.case.give_up(&self.parts, error);
                self.case.close(false);
                return Err(ending.response(&self.layer.rejection, &mut self.parts));
            }
        };
        let judged = self
            .case
            .judge_whole(&mut self.parts, &body, &mut self.pending);
        match judged {
            Ok(is_verified) => {
                if is_verified {
                    reservation.verified();
                }
                Ok(self.case.whole(self.parts, body))
            }
            Err(ending) => Err(ending.response(&self.layer.rejection, &mut self.parts)),
        }
    }
}

impl Case {
    /// Judges the whole body, and notes how long it all took. `true` is a verified delivery.
    pub(crate) fn judge_whole(
        &mut self,
        parts: &mut Parts,
        body: &BufferedBody,
        pending: &mut Pending,
    ) -> Result<bool, Ending> {
        let judged = self.judge_body(parts, body, pending);
        if !matches!(judged, Ok(true)) {
            self.name_provider();
        }
        self.close(judged.is_ok());
        judged
    }

    /// The request for the inner service.
    #[inline]
    pub(crate) fn whole(&self, parts: Parts, body: BufferedBody) -> Request<BufferedBody> {
        let mut request = Request::from_parts(parts, body);
        raise_host_limit(&mut request, self.settings.limits.max_bytes());
        request
    }
}
