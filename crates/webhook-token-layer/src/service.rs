use std::{
    fmt,
    sync::Arc,
    task::{Context, Poll},
};

use http::{Request, Response, request::Parts};
use tower_service::Service;
use webhook_core::{Check, Facts, Problem, Reason, Reject, Rejection, settings::Loaded};

use crate::{ResponseFuture, TokenLayer, TokenSettings, ending::Ending};

/// Lets requests with a shared token through to `S`; see the [crate](crate).
pub struct VerifyToken<S, R = Problem> {
    inner: S,
    layer: Arc<TokenLayer<R>>,
}

impl<S, R> VerifyToken<S, R> {
    pub(crate) fn new(inner: S, layer: TokenLayer<R>) -> Self {
        Self {
            inner,
            layer: Arc::new(layer),
        }
    }
}

impl<S, R, ReqBody, ResBody> Service<Request<ReqBody>> for VerifyToken<S, R>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>> + Clone,
    R: Reject<ResBody>,
{
    type Response = Response<ResBody>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future, ResBody>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<ReqBody>) -> Self::Future {
        let (mut parts, body) = request.into_parts();
        match self.layer.admit(&mut parts) {
            // The instance that said it is ready is called at once, and need not be cloned.
            Ok(()) => ResponseFuture::admitted(self.inner.call(Request::from_parts(parts, body))),
            Err(ending) => {
                // The instance that said it is ready is not called, so what it reserved to be ready,
                // such as a concurrency permit, goes with it.
                self.inner = self.inner.clone();
                ResponseFuture::refused(ending.response(&self.layer.rejection, &mut parts))
            }
        }
    }
}

impl<R> TokenLayer<R> {
    /// Judges the head of a request, and tells inner layers what was found.
    fn admit(&self, parts: &mut Parts) -> Result<(), Ending> {
        let settings = self.settings_for(parts)?;
        let now = self.clock.now();
        settings
            .admit(parts, now, self.strips_query, false)
            .map(drop)
    }

    /// The settings in force; a request for which there are none is refused.
    pub(crate) fn settings_for(&self, parts: &Parts) -> Result<Loaded<'_, TokenSettings>, Ending> {
        let Some(settings) = self.settings.load(&parts.extensions) else {
            self.diagnoses.no_settings();
            let rejection = Rejection::new(Reason::Misconfigured, Check::Token);
            return Err(Ending::Refused(rejection));
        };
        self.diagnoses.look(settings.source());
        if let (Some(facts), Some(provider)) =
            (Facts::of(&parts.extensions), settings.named_provider())
        {
            facts.record().set_provider(provider);
        }
        Ok(settings)
    }
}

impl<S: Clone, R> Clone for VerifyToken<S, R> {
    fn clone(&self) -> Self {
        Self {
            inner: self.inner.clone(),
            layer: Arc::clone(&self.layer),
        }
    }
}

impl<S: fmt::Debug, R> fmt::Debug for VerifyToken<S, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifyToken")
            .field("inner", &self.inner)
            .field("layer", &self.layer)
            .finish()
    }
}
