//! A layer around a handler that keeps what reached it.

use std::{
    cell::RefCell,
    convert::Infallible,
    future::{Ready, ready},
    rc::Rc,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{Request, Response, request::Parts};
use tower_layer::Layer;
use tower_service::Service;
use webhook_core::BufferedBody;

use crate::support::now;

/// What came of a request.
pub struct Answered<T> {
    pub response: Response<T>,
    /// The head that reached the handler, where one did.
    pub reached_handler: Option<Parts>,
}

/// The handler: it does what it is told with the head, keeps it, and answers with an empty 200.
#[derive(Clone)]
pub struct Handler {
    kept: Rc<RefCell<Option<Parts>>>,
    act: Rc<dyn Fn(&Parts)>,
}

impl<B> Service<Request<B>> for Handler {
    type Response = Response<BufferedBody>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let (parts, _) = request.into_parts();
        (self.act)(&parts);
        *self.kept.borrow_mut() = Some(parts);
        ready(Ok(Response::new(BufferedBody::new(Bytes::new()))))
    }
}

/// Sends a request through a layer.
pub fn answered<L, S, B, T>(layer: &L, request: Request<B>) -> Answered<T>
where
    L: Layer<Handler, Service = S>,
    S: Service<Request<B>, Response = Response<T>, Error = Infallible>,
{
    answered_by(layer, request, |_| ())
}

/// As [`answered`], with a handler that acts.
pub fn answered_by<L, S, B, T>(
    layer: &L,
    request: Request<B>,
    act: impl Fn(&Parts) + 'static,
) -> Answered<T>
where
    L: Layer<Handler, Service = S>,
    S: Service<Request<B>, Response = Response<T>, Error = Infallible>,
{
    let handler = Handler {
        kept: Rc::default(),
        act: Rc::new(act),
    };
    let mut service = layer.layer(handler.clone());
    let Ok(()) = now(std::future::poll_fn(|cx| service.poll_ready(cx)));
    let Ok(response) = now(service.call(request));
    let reached_handler = handler.kept.borrow_mut().take();
    Answered {
        response,
        reached_handler,
    }
}
