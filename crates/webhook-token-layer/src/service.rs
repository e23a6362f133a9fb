use std::{
    fmt, mem,
    sync::Arc,
    task::{Context, Poll},
};

use http::{Request, Response};
use tower_service::Service;
use webhook_core::{Check, Facts, Problem, Reason, Reject, Rejection};

use crate::{ResponseFuture, TokenLayer, TokenSettings, TokenSource, strip_query_token};

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

    fn call(&mut self, mut request: Request<ReqBody>) -> Self::Future {
        match self.layer.admit(&mut request) {
            // The instance that said it is ready is called at once, and need not be cloned.
            Ok(()) => ResponseFuture::admitted(self.inner.call(request)),
            Err(rejection) => {
                // The instance that said it is ready is not called, so what it reserved to be ready,
                // such as a concurrency permit, goes with it.
                let fresh = self.inner.clone();
                drop(mem::replace(&mut self.inner, fresh));
                let (parts, _unread) = request.into_parts();
                ResponseFuture::refused(rejection.answer(&self.layer.rejection, &parts))
            }
        }
    }
}

impl<R> TokenLayer<R> {
    /// Judges the head of a request, and tells inner layers what was found.
    fn admit<B>(&self, request: &mut Request<B>) -> Result<(), Rejection> {
        let Some(settings) = self.settings.load(request.extensions()) else {
            self.diagnoses.no_settings();
            return Err(Rejection::new(Reason::Misconfigured, Check::Token));
        };
        self.diagnoses.look(settings.source());
        if let (Some(facts), Some(provider)) =
            (Facts::of(request.extensions()), settings.named_provider())
        {
            facts.record().set_provider(provider);
        }
        let now = self.clock.now();
        let judged = settings.judge(request, now);
        if self.strips_query {
            strip(request, &settings);
        }
        match judged {
            Ok(token) => {
                settings.accept(request, token);
                Ok(())
            }
            Err(reason) => settings.refuse(request, reason, now),
        }
    }
}

/// A wrong token goes too: it may be right elsewhere, or have been right yesterday.
fn strip<B>(request: &mut Request<B>, settings: &TokenSettings) {
    if let TokenSource::Query(name) = settings.source() {
        *request.uri_mut() = strip_query_token(request.uri(), name.as_str());
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
