//! The tower contract: readiness before the call, and nothing reserved by whoever is refused.

use http::{Request, Response, StatusCode};
use tower::{Layer, Service, ServiceExt, limit::ConcurrencyLimitLayer, service_fn};
use tower_test::{assert_request_eq, mock};
use webhook_core::{PeerAddr, Rejection};
use webhook_ip_layer::{IpFilter, IpLayer};

fn plain(rejection: &Rejection, _: &http::request::Parts) -> Response<&'static str> {
    let mut response = Response::new("refused");
    *response.status_mut() = rejection.code().status();
    response
}

fn request(peer: [u8; 4]) -> Request<&'static str> {
    let mut request = Request::new("as it came");
    request
        .extensions_mut()
        .insert(PeerAddr::new((peer, 1).into()));
    request
}

const LISTED: [u8; 4] = [203, 0, 113, 7];
const STRANGER: [u8; 4] = [198, 51, 100, 66];

type Mock = mock::Mock<&'static str, Response<&'static str>>;

#[tokio::test]
async fn readiness_is_the_inner_services() {
    let layer = IpLayer::allow(["203.0.113.7"])
        .unwrap()
        .with_rejection(plain);
    let (mut service, mut handle) = mock::spawn_with(|inner: Mock| {
        layer.layer(inner.map_request(|request: Request<&'static str>| request.into_body()))
    });

    handle.allow(0);
    assert!(service.poll_ready().is_pending());
    handle.allow(1);
    assert!(service.poll_ready().is_ready());
    let response = tokio::spawn(service.call(request(LISTED)));
    assert_request_eq!(handle, "as it came").send_response(Response::new("done"));
    assert_eq!(response.await.unwrap().unwrap().into_body(), "done");
}

#[tokio::test]
async fn errors_of_the_inner_service_pass_as_they_are() {
    let inner =
        service_fn(|_: Request<&'static str>| async { Err::<Response<&'static str>, _>("broken") });
    let layer = IpLayer::new().with_rejection(plain);
    assert_eq!(
        layer
            .layer(inner)
            .oneshot(request(LISTED))
            .await
            .unwrap_err(),
        "broken"
    );
}

#[tokio::test]
async fn a_refused_request_holds_no_permit() {
    let inner = ConcurrencyLimitLayer::new(1).layer(service_fn(|_: Request<&'static str>| async {
        Ok::<_, std::convert::Infallible>(Response::new("done"))
    }));
    let layer = IpLayer::allow(["203.0.113.7"])
        .unwrap()
        .with_rejection(plain);
    let mut refusing = layer.layer(inner);
    let mut other = mock::Spawn::new(refusing.clone());

    let response = refusing.ready().await.unwrap().call(request(STRANGER));
    // Neither the service that refused nor its response keeps the only permit.
    assert!(other.poll_ready().is_ready());
    let listed = other.call(request(LISTED)).await.unwrap();
    assert_eq!(listed.status(), StatusCode::OK);
    assert_eq!(response.await.unwrap().status(), StatusCode::FORBIDDEN);
}

#[test]
fn layer_and_service_are_what_servers_ask_for() {
    fn shared<T: Clone + Send + Sync + 'static>(_: &T) {}
    struct NotClone;
    let layer = IpLayer::new();
    shared(&layer);
    shared(&layer.layer(()));
    // A service is cloned without its policy, and printed without its lists.
    let policy = |_: &Rejection, _: &http::request::Parts| Response::new(());
    let service: IpFilter<(), _> = IpLayer::deny(["203.0.113.7"])
        .unwrap()
        .with_rejection(policy)
        .layer(());
    assert!(!format!("{service:?}").contains("203.0.113.7"));
    let _unclonable = IpLayer::new().layer(NotClone);
}
