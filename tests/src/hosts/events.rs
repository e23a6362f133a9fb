//! The gRPC service `hook.Events`, written out as `tonic-prost-build` would generate it.

use std::{
    convert::Infallible,
    future::{Ready, ready},
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use tonic::{Status, server::NamedService, server::UnaryService};
use tonic_prost::ProstCodec;
use tower::{BoxError, Service};

use super::handler::Handler;

/// The path of the service's one method.
pub const DELIVER: &str = "/hook.Events/Deliver";

/// One event.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Event {
    /// What happened, in the sender's words.
    #[prost(bytes = "bytes", tag = "1")]
    pub payload: Bytes,
}

/// What the handler read.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Receipt {
    /// How many bytes.
    #[prost(uint64, tag = "1")]
    pub bytes: u64,
    /// Their digest, in lower-case hex.
    #[prost(string, tag = "2")]
    pub sha256: String,
}

#[derive(Clone, Debug)]
pub(super) struct EventsServer(pub(super) Handler);

impl NamedService for EventsServer {
    const NAME: &'static str = "hook.Events";
}

impl<B> Service<Request<B>> for EventsServer
where
    B: Body + Send + 'static,
    B::Error: Into<BoxError> + Send,
{
    type Response = Response<tonic::body::Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let deliver = Deliver(self.0.clone());
        Box::pin(async move {
            if request.uri().path() != DELIVER {
                return Ok(Status::unimplemented("no such method").into_http());
            }
            let codec = ProstCodec::<Receipt, Event>::default();
            Ok(tonic::server::Grpc::new(codec)
                .unary(deliver, request)
                .await)
        })
    }
}

struct Deliver(Handler);

impl UnaryService<Event> for Deliver {
    type Response = Receipt;
    type Future = Ready<Result<tonic::Response<Receipt>, Status>>;

    fn call(&mut self, request: tonic::Request<Event>) -> Self::Future {
        let headers = request.metadata().clone().into_headers();
        let payload = &request.get_ref().payload;
        let receipt = self.0.receive(payload, &headers, request.extensions());
        ready(Ok(tonic::Response::new(receipt)))
    }
}
