use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use tower_service::Service;
use webhook_core::{BufferedBody, Facts, Problem, Reject, body::Collect};
use webhook_signature::Pending;

use crate::{
    HmacLayer, ResponseFuture,
    held::{Held, whole},
    judge::Case,
};

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
    ReqBody: Body<Data = Bytes> + Unpin + 'static,
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
        let (mut parts, body) = request.into_parts();
        let mut case = match Case::open(settings, clock, &parts.extensions) {
            Ok(case) => case,
            Err(refused) => return ResponseFuture::answered(refused.end(rejection, &mut parts)),
        };
        let mut pending = Pending::default();
        if let Err(ending) = case.judge_head(&parts, &body, &mut pending) {
            return ResponseFuture::answered(ending.response(rejection, &mut parts));
        }
        let client = Facts::client_of(&parts.extensions);
        let reservation = budget.reserve_for(client.map(|client| client.network()));
        let mut collect =
            Collect::within(body, &case.limits(), reservation).with_version(parts.version);
        let Some(collected) = collect.now() else {
            case.pause();
            collect.chunks().for_each(|chunk| pending.update(chunk));
            let held = Held {
                case,
                pending,
                parts,
                rejection: rejection.clone(),
            };
            return ResponseFuture::reading(collect, held, self.inner.clone());
        };
        match case.conclude(&mut parts, &mut pending, collected) {
            Ok(body) => {
                let request = whole(parts, body, &case);
                ResponseFuture::calling(&mut self.inner, request)
            }
            Err(ending) => ResponseFuture::answered(ending.response(rejection, &mut parts)),
        }
    }
}
