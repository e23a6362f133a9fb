//! What the layer allocates: nothing for a request that it lets through, and nothing that grows with
//! what a stranger sent.
#![allow(
    clippy::unwrap_used,
    reason = "helpers outside #[test] functions may fail a test too"
)]

use std::{
    convert::Infallible,
    pin::pin,
    task::{Context, Poll, Waker},
};

use allocation_counter::{AllocationInfo, measure};
use http::{Request, Response, StatusCode, request::Parts};
use tower::{Layer, Service, service_fn};
use webhook_core::{Facts, PeerAddr, Rejection, Secret};
use webhook_token_layer::{Token, TokenLayer, TokenRing, TokenSource};

const TOKEN: &str = "tok-0123456789abcdef";

fn ring() -> TokenRing {
    let token = |id: &'static str, text: &str| Token::new(id, Secret::new(text).unwrap()).unwrap();
    let ring = TokenRing::new(token("new", "tok-fedcba9876543210"));
    ring.with(token("current", TOKEN)).unwrap()
}

/// What one request costs, from the call to the answer.
fn cost(source: TokenSource, header: (&str, &str), expected: StatusCode) -> AllocationInfo {
    let policy = |rejection: &Rejection, _: &Parts| {
        let mut response = Response::new(());
        *response.status_mut() = rejection.code().status();
        response
    };
    let layer = TokenLayer::new(source, ring()).with_rejection(policy);
    let mut service = layer.layer(service_fn(async |_: Request<()>| {
        Ok::<_, Infallible>(Response::new(()))
    }));
    // As an accept loop does that saves the layers the allocation.
    let facts = Facts::from_peer(PeerAddr::new(([203, 0, 113, 7], 1).into()));
    let request = Request::builder().extension(facts);
    let request = request.header(header.0, header.1).body(()).unwrap();
    let mut request = Some(request);
    measure(|| {
        let answer = pin!(service.call(request.take().unwrap()));
        let Poll::Ready(Ok(answer)) = answer.poll(&mut Context::from_waker(Waker::noop())) else {
            unreachable!("the handler is ready at once");
        };
        assert_eq!(answer.status(), expected);
    })
}

#[test]
fn a_request_that_is_let_through_allocates_nothing() {
    for (source, header) in [
        (TokenSource::header("x-token").unwrap(), ("x-token", TOKEN)),
        (
            TokenSource::Bearer,
            ("authorization", "Bearer tok-0123456789abcdef"),
        ),
        (
            TokenSource::basic("hook").unwrap(),
            (
                "authorization",
                "Basic aG9vazp0b2stMDEyMzQ1Njc4OWFiY2RlZg==",
            ),
        ),
    ] {
        let cost = cost(source, header, StatusCode::OK);
        assert_eq!(cost.count_total, 0, "{header:?}: {cost:?}");
    }
}

#[test]
fn a_refusal_costs_the_same_whatever_a_stranger_sent() {
    let refused = |value: &str| {
        let header = ("authorization", value);
        let source = TokenSource::basic("hook").unwrap();
        cost(source, header, StatusCode::UNAUTHORIZED).bytes_total
    };
    let small = refused("Basic aG9vazpwYTpzdA==");
    let pair = "aG9v".repeat(2000);
    for large in [
        format!("Basic {pair}Og=="),
        format!("Basic {}", "aG9v".repeat(16_000)),
        "Basic !".repeat(8000),
    ] {
        assert_eq!(refused(&large), small);
    }
}
