//! The tower contract: readiness before the call, and nothing reserved by whoever is refused.
#![allow(
    clippy::unwrap_used,
    reason = "helpers outside #[test] functions may fail a test too"
)]

use http::{Request, Response, StatusCode};
use tower::{Layer, Service, ServiceExt, limit::ConcurrencyLimitLayer, service_fn};
use tower_test::{assert_request_eq, mock};
use webhook_core::{Rejection, Secret};
use webhook_token_layer::{Token, TokenLayer, TokenSource, VerifyToken};

const TOKEN: &str = "tok-0123456789abcdef";

fn plain(rejection: &Rejection, _: &http::request::Parts) -> Response<&'static str> {
    let mut response = Response::new("refused");
    *response.status_mut() = rejection.code().status();
    response
}

fn layer() -> TokenLayer {
    let token = Token::new("current", Secret::new(TOKEN).unwrap()).unwrap();
    TokenLayer::new(TokenSource::header("x-token").unwrap(), token)
}

fn request(token: &str) -> Request<&'static str> {
    let request = Request::builder().header("x-token", token);
    request.body("as it came").unwrap()
}

type Mock = mock::Mock<&'static str, Response<&'static str>>;

#[tokio::test]
async fn readiness_is_the_inner_services() {
    let layer = layer().with_rejection(plain);
    let (mut service, mut handle) = mock::spawn_with(|inner: Mock| {
        layer.layer(inner.map_request(|request: Request<&'static str>| request.into_body()))
    });

    handle.allow(0);
    assert!(service.poll_ready().is_pending());
    handle.allow(1);
    assert!(service.poll_ready().is_ready());
    let response = tokio::spawn(service.call(request(TOKEN)));
    assert_request_eq!(handle, "as it came").send_response(Response::new("done"));
    assert_eq!(response.await.unwrap().unwrap().into_body(), "done");
}

#[tokio::test]
async fn errors_of_the_inner_service_pass_as_they_are() {
    let inner =
        service_fn(|_: Request<&'static str>| async { Err::<Response<&'static str>, _>("broken") });
    let service = layer().with_rejection(plain).layer(inner);
    assert_eq!(service.oneshot(request(TOKEN)).await.unwrap_err(), "broken");
}

#[tokio::test]
async fn a_refused_request_holds_no_permit() {
    let inner = ConcurrencyLimitLayer::new(1).layer(service_fn(|_: Request<&'static str>| async {
        Ok::<_, std::convert::Infallible>(Response::new("done"))
    }));
    let mut refusing = layer().with_rejection(plain).layer(inner);
    let mut other = mock::Spawn::new(refusing.clone());

    let response = refusing.ready().await.unwrap().call(request("wrong"));
    // Neither the service that refused nor its response keeps the only permit.
    assert!(other.poll_ready().is_ready());
    let admitted = other.call(request(TOKEN)).await.unwrap();
    assert_eq!(admitted.status(), StatusCode::OK);
    assert_eq!(response.await.unwrap().status(), StatusCode::UNAUTHORIZED);
}

#[test]
fn layer_and_service_are_what_servers_ask_for() {
    fn shared<T: Clone + Send + Sync + 'static>(_: &T) {}
    struct NotClone;
    shared(&layer());
    shared(&layer().layer(()));
    // A service is cloned without its policy, and printed without its tokens.
    let policy = |_: &Rejection, _: &http::request::Parts| Response::new(());
    let service: VerifyToken<(), _> = layer().with_rejection(policy).layer(());
    assert!(!format!("{service:?}").contains(TOKEN));
    let _unclonable = layer().layer(NotClone);
}
