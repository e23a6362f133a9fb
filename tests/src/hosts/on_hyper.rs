use std::convert::Infallible;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full, combinators::UnsyncBoxBody};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
    service::TowerToHyperService,
};
use tower::{BoxError, Service as _, ServiceBuilder, ServiceExt as _, service_fn};
use webhook_layers::{BufferedBody, Facts};

use super::{DELIVER, events::EventsServer, handler::Handler, receiver::Parts};

type Answer = Response<UnsyncBoxBody<Bytes, BoxError>>;

pub(super) async fn serve((listener, hooks, watch, handler): Parts) {
    let guarded = ServiceBuilder::new()
        .layer(watch)
        .layer(hooks)
        .service(service_fn(move |request| receive(handler.clone(), request)));
    loop {
        let (stream, peer) = listener.accept().await.unwrap();
        let guarded = guarded.clone();
        let told = service_fn(move |mut request: Request<_>| {
            request.extensions_mut().insert(Facts::from_peer(peer));
            guarded.clone().oneshot(request)
        });
        tokio::spawn(async move {
            // How a connection ends is the client's affair.
            let _ended = auto::Builder::new(TokioExecutor::new())
                .serve_connection(TokioIo::new(stream), TowerToHyperService::new(told))
                .await;
        });
    }
}

async fn receive(handler: Handler, request: Request<BufferedBody>) -> Result<Answer, Infallible> {
    if request.uri().path() == DELIVER {
        let answer = EventsServer(handler).call(request).await?;
        return Ok(answer.map(|body| body.map_err(Into::into).boxed_unsync()));
    }
    let (parts, body) = request.into_parts();
    let receipt = handler.receive(&body.into_bytes(), &parts.headers, &parts.extensions);
    let body = Full::from(receipt.to_json());
    Ok(Response::new(
        body.map_err(|never| match never {}).boxed_unsync(),
    ))
}
