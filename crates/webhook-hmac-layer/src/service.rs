use std::{
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use tower_service::Service;
use webhook_core::{
    BufferedBody, Problem, Reject,
    body::{Collect, arrived},
};
use webhook_signature::Pending;

use crate::{HmacLayer, ResponseFuture, held::Held, judge::Case};

/// The service that [`HmacLayer`] makes; see the [crate](crate).
#[derive(Debug)]
pub struct VerifySignature<S, R = Problem> {
    inner: S,
    layer: Arc<HmacLayer<R>>,
}

impl<S, R> VerifySignature<S, R> {
    pub(crate) fn new(inner: S, layer: HmacLayer<R>) -> Self {
        // A server clones the service for each request.
        let layer = Arc::new(layer);
        Self { inner, layer }
    }
}

impl<S: Clone, R> Clone for VerifySignature<S, R> {
    fn clone(&self) -> Self {
        Self {
            inner: self.inner.clone(),
            layer: Arc::clone(&self.layer),
        }
    }
}

impl<S, R, ReqBody, ResBody> Service<Request<ReqBody>> for VerifySignature<S, R>
where
    S: Service<Request<BufferedBody>, Response = Response<ResBody>> + Clone,
    ReqBody: Body<Data = Bytes> + Unpin + 'static,
    R: Reject<ResBody>,
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
        } = &*self.layer;
        let (mut parts, body) = request.into_parts();
        let mut case = match Case::open(settings, clock, &parts.extensions) {
            Ok(case) => case,
            Err(refused) => return ResponseFuture::answered(refused.end(rejection, &mut parts)),
        };
        let mut pending = Pending::default();
        if let Err(ending) = case.judge_head(&parts, &body, &mut pending) {
            case.name_provider();
            return ResponseFuture::answered(ending.response(rejection, &mut parts));
        }
        let network = case.network(&parts.extensions);
        match arrived(body, &case.limits(), budget, network, parts.version) {
            Ok(body) => {
                let is_verified = match case.judge_whole(&mut parts, &body, &mut pending) {
                    Ok(is_verified) => is_verified,
                    Err(ending) => {
                        return ResponseFuture::answered(ending.response(rejection, &mut parts));
                    }
                };
                if let Some(network) = network.filter(|_| is_verified) {
                    budget.verified(network);
                }
                ResponseFuture::calling(&mut self.inner, case.whole(parts, body))
            }
            Err(collect) => {
                let held = Held {
                    case,
                    pending,
                    parts,
                    layer: Arc::clone(&self.layer),
                };
                self.collect(collect, held)
            }
        }
    }
}

impl<S, R> VerifySignature<S, R> {
    /// Takes what is there of a body; what is not, the future waits for.
    fn collect<ReqBody, ResBody>(
        &mut self,
        mut collect: Collect<ReqBody>,
        mut held: Held<R>,
    ) -> ResponseFuture<S, ReqBody, R>
    where
        S: Service<Request<BufferedBody>, Response = Response<ResBody>> + Clone,
        ReqBody: Body<Data = Bytes> + Unpin + 'static,
        R: Reject<ResBody>,
    {
        held.case.name_provider();
        let Some(collected) = collect.now() else {
            held.case.pause();
            let pending = &mut held.pending;
            collect.chunks().for_each(|chunk| pending.update(chunk));
            return ResponseFuture::reading(collect, held, self.inner.clone());
        };
        match held.conclude(collected) {
            Ok(request) => ResponseFuture::calling(&mut self.inner, request),
            Err(response) => ResponseFuture::answered(response),
        }
    }
}
