use std::{
    fmt,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{Request, Response, request::Parts};
use http_body::Body;
use tower_service::Service;
use webhook_core::{
    BufferedBody, Facts, Problem, Reject,
    body::{BodyLimits, Collect},
    introduction::MAX_BODY,
};

use super::{Case, future::Held};
use crate::{BufferedTokenLayer, BufferingFuture, ending::Ending, judge::Admission};

/// Lets requests with a shared token and a whole body through to `S`; see [`BufferedTokenLayer`].
pub struct VerifyTokenBuffered<S, R = Problem> {
    inner: S,
    layer: Arc<BufferedTokenLayer<R>>,
}

impl<S, R> VerifyTokenBuffered<S, R> {
    pub(super) fn new(inner: S, layer: BufferedTokenLayer<R>) -> Self {
        Self {
            inner,
            layer: Arc::new(layer),
        }
    }
}

impl<S, R, ReqBody, ResBody> Service<Request<ReqBody>> for VerifyTokenBuffered<S, R>
where
    S: Service<Request<BufferedBody>, Response = Response<ResBody>> + Clone,
    ReqBody: Body<Data = Bytes> + Unpin + 'static,
    R: Reject<ResBody>,
{
    type Response = Response<ResBody>;
    type Error = S::Error;
    type Future = BufferingFuture<S, ReqBody, R>;

    /// Always ready: the inner service is asked once the body is whole, so that a slow upload holds
    /// none of its permits. Its back-pressure is not seen by an outer `LoadShed`.
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<ReqBody>) -> Self::Future {
        let (mut parts, body) = request.into_parts();
        let (case, limits) = match self.layer.open(&mut parts, &body) {
            Ok(opened) => opened,
            Err(ending) => {
                let response = ending.response(&self.layer.tokens.rejection, &mut parts);
                return BufferingFuture::answered(response);
            }
        };
        let client = Facts::client_of(&parts.extensions);
        let network = client.map(|client| client.network());
        let reservation = self.layer.budget.reserve_for(network);
        let mut collect = Collect::within(body, &limits, reservation).with_version(parts.version);
        let held = Held {
            case,
            parts,
            layer: Arc::clone(&self.layer),
        };
        let Some(collected) = collect.now() else {
            return BufferingFuture::reading(collect, held, self.inner.clone());
        };
        match held.conclude(collected) {
            Ok(request) => BufferingFuture::calling(&mut self.inner, request),
            Err(response) => BufferingFuture::answered(response),
        }
    }
}

impl<R> BufferedTokenLayer<R> {
    /// Everything that the head decides, and how much of the body is read then.
    fn open(&self, parts: &mut Parts, body: &impl Body) -> Result<(Case, BodyLimits), Ending> {
        let settings = self.tokens.settings_for(parts)?.into_arc();
        let now = self.tokens.clock.now();
        // A body that says it is longer is no introduction.
        let fits = body.size_hint().lower() <= max_introduction();
        let admission = settings.admit(parts, now, self.tokens.strips_query, fits)?;
        let is_waiting = matches!(admission, Admission::Waiting);
        let mut limits = *settings.limits();
        if is_waiting && !settings.is_insecure_shadow() {
            limits = limits.with_max_bytes(limits.max_bytes().min(max_introduction()));
        }
        let case = Case {
            settings,
            is_waiting,
        };
        Ok((case, limits))
    }
}

fn max_introduction() -> u64 {
    u64::try_from(MAX_BODY).unwrap_or(u64::MAX)
}

impl<S: Clone, R> Clone for VerifyTokenBuffered<S, R> {
    fn clone(&self) -> Self {
        Self {
            inner: self.inner.clone(),
            layer: Arc::clone(&self.layer),
        }
    }
}

impl<S: fmt::Debug, R> fmt::Debug for VerifyTokenBuffered<S, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifyTokenBuffered")
            .field("inner", &self.inner)
            .field("layer", &self.layer)
            .finish()
    }
}
