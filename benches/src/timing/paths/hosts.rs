//! A request through a layer, in process.

use std::{
    convert::Infallible,
    future::{Future as _, Ready, ready},
    pin::pin,
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use tower::{Layer, Service};
use webhook_layers::{Reason, Rejection};

use crate::timing::{Class, Path, Random};

/// What the services here answer.
pub(super) type Answer = Response<Full<Bytes>>;

/// The service that is never reached.
#[derive(Clone, Copy, Debug)]
pub(super) struct Handler;

impl<B> Service<Request<B>> for Handler {
    type Response = Answer;
    type Error = Infallible;
    type Future = Ready<Result<Answer, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<B>) -> Self::Future {
        ready(Ok(Answer::default()))
    }
}

/// A path through a layer: each request is refused with this reason.
pub(super) fn refused<L>(
    name: &str,
    layer: &L,
    request: impl FnMut(Class, &mut Random) -> Request<Full<Bytes>> + 'static,
    reason: Reason,
) -> Path
where
    L: Layer<Handler>,
    L::Service: Service<Request<Full<Bytes>>, Response = Answer, Error = Infallible> + 'static,
{
    let mut service = layer.layer(Handler);
    Path::real(
        name,
        request,
        move |request| send(&mut service, request),
        move |answer| {
            let told = answer.as_ref().and_then(|answer| answer.extensions().get());
            told.is_some_and(|rejection: &Rejection| rejection.reason() == reason)
        },
    )
}

/// The answer, which nothing has to be waited for.
fn send<S>(service: &mut S, request: Request<Full<Bytes>>) -> Option<Answer>
where
    S: Service<Request<Full<Bytes>>, Response = Answer, Error = Infallible>,
{
    let mut context = Context::from_waker(Waker::noop());
    let Poll::Ready(Ok(())) = service.poll_ready(&mut context) else {
        return None;
    };
    match pin!(service.call(request)).poll(&mut context) {
        Poll::Ready(Ok(answer)) => Some(answer),
        Poll::Pending => None,
    }
}
