//! The tower contract: readiness before the call, and nothing reserved by whoever is refused or has
//! to wait.
#![allow(clippy::unwrap_used, reason = "a helper that fails fails its test")]

mod common;

use std::convert::Infallible;

use common::{Store, path, settle};
use http::{Request, Response, StatusCode, request::Parts};
use tower::{Layer, Service, ServiceExt, limit::ConcurrencyLimitLayer, service_fn};
use tower_test::{assert_request_eq, mock};
use webhook_core::{Endpoint, Rejection, change::Cause};
use webhook_endpoint_layer::{CacheSettings, EndpointLayer, EndpointMap, PauseLayer, PauseSwitch};

type Mock = mock::Mock<&'static str, Response<&'static str>>;

fn plain(rejection: &Rejection, _: &Parts) -> Response<&'static str> {
    let mut response = Response::new("refused");
    *response.status_mut() = rejection.code().status();
    response
}

fn request(path: &str) -> Request<&'static str> {
    Request::post(path).body("as it came").unwrap()
}

fn known() -> EndpointLayer<EndpointMap> {
    EndpointLayer::new(
        path(),
        EndpointMap::new().with("acme", Endpoint::new("acme")),
    )
}

async fn done(_: Request<&'static str>) -> Result<Response<&'static str>, Infallible> {
    Ok(Response::new("done"))
}

#[tokio::test]
async fn readiness_is_the_inner_services() {
    let layer = known().with_rejection(plain);
    let (mut service, mut handle) = mock::spawn_with(|inner: Mock| {
        layer.layer(inner.map_request(|request: Request<&'static str>| request.into_body()))
    });
    handle.allow(0);
    assert!(service.poll_ready().is_pending());
    handle.allow(1);
    assert!(service.poll_ready().is_ready());
    let response = tokio::spawn(service.call(request("/webhooks/acme")));
    assert_request_eq!(handle, "as it came").send_response(Response::new("done"));
    assert_eq!(response.await.unwrap().unwrap().into_body(), "done");
}

#[tokio::test]
async fn errors_of_the_inner_service_pass_as_they_are() {
    let inner =
        service_fn(async |_: Request<&'static str>| Err::<Response<&'static str>, _>("broken"));
    let store = Store::of(&["acme"]);
    let (looked_up, _, _hands) = store.layer(CacheSettings::new());
    let looked_up = looked_up.with_rejection(plain).layer(inner);
    for _ in 0..2 {
        let answer = looked_up.clone().oneshot(request("/webhooks/acme")).await;
        assert_eq!(answer.unwrap_err(), "broken");
    }
}

#[tokio::test]
async fn whoever_is_refused_or_waits_for_a_look_up_holds_no_permit() {
    let inner = ConcurrencyLimitLayer::new(1).layer(service_fn(done));
    let store = Store::of(&["acme"]);
    let (layer, cache, _hands) = store.layer(CacheSettings::new());
    let mut waiting = layer.with_rejection(plain).layer(inner);
    let mut other = mock::Spawn::new(waiting.clone());

    let gate = store.close().await;
    let answer = waiting
        .ready()
        .await
        .unwrap()
        .call(request("/webhooks/acme"));
    let answer = tokio::spawn(answer);
    settle().await;
    assert!(other.poll_ready().is_ready(), "the only permit is free");
    let mut third = mock::Spawn::new(other.get_ref().clone());
    assert!(third.poll_ready().is_pending(), "and taken now");
    let refused = other.call(request("/nowhere"));
    assert!(third.poll_ready().is_ready(), "and free again");
    drop(third);
    assert!(other.poll_ready().is_ready());
    assert_eq!(refused.await.unwrap().status(), StatusCode::NOT_FOUND);

    // The one that waited asks for a permit of its own, and so waits on for this one.
    cache.replace(
        "globex",
        Endpoint::new("globex"),
        &Cause::new("alice", "test"),
    );
    drop(gate);
    settle().await;
    assert!(!answer.is_finished());
    let served = other.call(request("/webhooks/globex")).await.unwrap();
    assert_eq!(served.into_body(), "done");
    assert_eq!(answer.await.unwrap().unwrap().into_body(), "done");
}

#[tokio::test]
async fn whoever_is_paused_holds_no_permit() {
    let switch = PauseSwitch::new();
    let inner = ConcurrencyLimitLayer::new(1).layer(service_fn(done));
    let layer = PauseLayer::new(switch.clone()).with_rejection(plain);
    let mut paused = layer.layer(inner);
    let mut other = mock::Spawn::new(paused.clone());
    switch.pause_all(None, &Cause::new("alice", "test"));
    let answer = paused.ready().await.unwrap().call(request("/any"));
    assert!(other.poll_ready().is_ready());
    assert_eq!(
        answer.await.unwrap().status(),
        StatusCode::SERVICE_UNAVAILABLE
    );
}
