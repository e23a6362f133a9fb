use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use tower_service::Service;
use webhook_core::{BufferedBody, Facts, Problem, Reject, body::Collect};

use crate::{HmacLayer, ResponseFuture, ending::Ending, future::Reading, judge::Case};

/// The service that [`HmacLayer`] makes; see the [crate](crate).
#[derive(Clone, Debug)]
pub struct VerifySignature<S, R = Problem> {
    inner: S,
    layer: HmacLayer<R>,
}

impl<S, R> VerifySignature<S, R> {
    pub(crate) const fn new(inner: S, layer: HmacLayer<R>) -> Self {
        Self { inner, layer }
    }
}

impl<S, R, ReqBody, ResBody> Service<Request<ReqBody>> for VerifySignature<S, R>
where
    S: Service<Request<BufferedBody>, Response = Response<ResBody>> + Clone,
    ReqBody: Body<Data = Bytes> + 'static,
    R: Reject<ResBody> + Clone,
{
    type Response = Response<ResBody>;
    type Error = S::Error;
    type Future = ResponseFuture<S, ReqBody, R>;

    /// Always ready: the inner service is asked once the delivery is verified, so that a slow upload
    /// holds none of its permits. Its back-pressure is not seen by an outer `LoadShed`.
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<ReqBody>) -> Self::Future {
        let HmacLayer {
            settings,
            rejection,
            clock,
            budget,
        } = &self.layer;
        let (parts, body) = request.into_parts();
        let record = Facts::record_of(&parts.extensions);
        let judged = Case::open(settings, clock, &parts, record)
            .map_err(Ending::from)
            .and_then(|mut case| {
                let hashing = case.judge_head(&parts, &body)?;
                Ok((case, hashing))
            });
        match judged {
            Ok((case, hashing)) => {
                let limits = case.limits();
                let client = Facts::client_of(&parts.extensions);
                let reservation = budget.reserve_for(client.map(|client| client.network()));
                let collect = Collect::within(body, &limits, reservation, hashing);
                let collect = collect.with_version(parts.version);
                let (inner, rejection) = (self.inner.clone(), rejection.clone());
                ResponseFuture::reading(
                    collect,
                    Reading {
                        case,
                        parts,
                        inner,
                        rejection,
                    },
                )
            }
            Err(ending) => ResponseFuture::ended(ending.response(rejection, &parts)),
        }
    }
}
