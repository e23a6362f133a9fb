//! What a request costs whose endpoint is known: nothing.
#![allow(clippy::unwrap_used, reason = "a helper that fails fails its test")]

use std::{
    convert::Infallible,
    pin::pin,
    task::{Context, Poll, Waker},
};

use allocation_counter::{AllocationInfo, measure};
use http::{Request, Response, request::Parts};
use tower::{Layer, Service, ServiceBuilder, service_fn};
use webhook_core::{Endpoint, Facts, PeerAddr, Rejection, change::Cause};
use webhook_endpoint_layer::{
    Directory, EndpointCache, EndpointKey, EndpointLayer, EndpointMap, Key, Lookup, PauseLayer,
    PauseSwitch,
};

fn plain(rejection: &Rejection, _: &Parts) -> Response<()> {
    let mut response = Response::new(());
    *response.status_mut() = rejection.code().status();
    response
}

/// What one request costs, from the call to the answer.
fn cost<D: Directory + Clone>(endpoints: D, key: &str) -> (AllocationInfo, u16) {
    let switch = PauseSwitch::new();
    let place = EndpointKey::path("/webhooks/{key}").unwrap();
    let place = place.and(EndpointKey::header("x-event").unwrap());
    let layer = EndpointLayer::new(place, endpoints).with_pause(switch.clone());
    let mut service = ServiceBuilder::new()
        .layer(PauseLayer::new(switch).with_rejection(plain))
        .layer(layer.with_rejection(plain))
        .service(service_fn(async |_: Request<()>| {
            Ok::<_, Infallible>(Response::new(()))
        }));
    // As an accept loop does that saves the layers the allocation.
    let facts = Facts::from_peer(PeerAddr::new(([203, 0, 113, 7], 1).into()));
    let request = Request::post(format!("/webhooks/{key}")).extension(facts);
    let mut request = Some(request.header("x-event", "push").body(()).unwrap());
    let mut status = 0;
    let info = measure(|| {
        let answer = pin!(service.call(request.take().unwrap()));
        let Poll::Ready(Ok(answer)) = answer.poll(&mut Context::from_waker(Waker::noop())) else {
            unreachable!("the endpoint is known and the handler is ready at once");
        };
        status = answer.status().as_u16();
    });
    (info, status)
}

#[test]
fn a_known_endpoint_costs_no_allocation() {
    let map = EndpointMap::new().with("acme push", Endpoint::new("acme".to_owned()).with(7_u32));
    let (info, status) = cost(map.clone(), "acme");
    assert_eq!((info.count_total, status), (0, 200), "{info:?}");

    let cache = EndpointCache::new(async |_: Key| Ok::<_, Infallible>(Lookup::Unknown));
    let cause = Cause::new("alice", "test");
    cache.replace("acme push", map.get("acme push"), &cause);
    let (info, status) = cost(cache.clone(), "acme");
    assert_eq!((info.count_total, status), (0, 200), "{info:?}");

    // The answer to a made-up key that is remembered is the policy's, and costs nothing more.
    cache.replace("made-up push", Lookup::Unknown, &cause);
    let (info, status) = cost(cache, "made-up");
    assert_eq!(status, 404);
    // The extension that a refusal leaves in its response.
    assert!(info.count_total <= 3, "{info:?}");
}

#[test]
fn the_layer_is_refused_nothing_by_the_compiler() {
    fn shared<T: Clone + Send + Sync + 'static>(_: &T) {}
    let layer = EndpointLayer::new(EndpointKey::header("x").unwrap(), EndpointMap::new());
    shared(&layer);
    shared(&layer.layer(()));
    shared(&PauseLayer::new(PauseSwitch::new()).layer(()));
    shared(&EndpointCache::new(async |_: Key| {
        Ok::<_, Infallible>(Lookup::Unknown)
    }));
}
