//! A handler that tells what it saw, and requests with a record.
#![allow(dead_code, reason = "each test file takes what it needs")]

use std::convert::Infallible;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use tower::{Layer, Service, ServiceExt, service_fn};
use webhook_core::{
    Clock, DeliveryRecord, Facts, Reason, Rejection, RequestId, Secret, Verification,
};
use webhook_token_layer::{Token, TokenLayer};

/// A body of our own: the layer must take it and hand it on.
#[derive(Debug, PartialEq)]
pub(crate) struct AnyBody(pub(crate) &'static str);

pub(crate) type Answer = Response<Full<Bytes>>;

/// What the handler saw.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) uri: String,
    pub(crate) verification: Option<Verification>,
}

pub(crate) fn token(id: &'static str, text: &str) -> Token {
    Token::new(id, Secret::insecure_short(text).unwrap()).unwrap()
}

pub(crate) fn request(uri: &str, headers: &[(&str, &str)]) -> Request<AnyBody> {
    let mut request = Request::post(uri);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let mut request = request.body(AnyBody("as it came")).unwrap();
    let record = DeliveryRecord::new(RequestId::generate(&Clock::system()));
    Facts::of_mut(request.extensions_mut()).set_record(record);
    request
}

/// Sends a request through the layer to the handler.
pub(crate) async fn send(
    layer: &TokenLayer,
    request: Request<AnyBody>,
) -> (Answer, DeliveryRecord) {
    let record = Facts::record_of(request.extensions());
    let answer = call(layer.layer(service_fn(handler)), request).await;
    (answer, record)
}

pub(crate) async fn call<S>(service: S, request: Request<AnyBody>) -> Answer
where
    S: Service<Request<AnyBody>, Response = Answer, Error = Infallible>,
{
    service.oneshot(request).await.unwrap()
}

pub(crate) async fn handler(request: Request<AnyBody>) -> Result<Answer, Infallible> {
    assert_eq!(request.body(), &AnyBody("as it came"));
    let facts = Facts::of(request.extensions());
    let seen = Seen {
        uri: request.uri().to_string(),
        verification: facts.and_then(Facts::verification).cloned(),
    };
    let mut answer = Answer::default();
    answer.extensions_mut().insert(seen);
    Ok(answer)
}

pub(crate) fn seen(answer: &Answer) -> Option<&Seen> {
    answer.extensions().get()
}

/// The reason of a refusal; `Reason::Ok` where the handler was reached.
pub(crate) fn reason(answer: &Answer) -> Reason {
    let refused = answer.extensions().get().map(Rejection::reason);
    assert_eq!(refused.is_none(), seen(answer).is_some());
    refused.unwrap_or(Reason::Ok)
}
