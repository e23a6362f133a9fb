//! The kit on a tonic router: calls in place of webhooks, refusals in gRPC's own terms.
#![cfg(feature = "tonic")]
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test fails by panicking, and its helpers with it"
)]

use std::{
    convert::Infallible,
    future::{Ready, ready},
    pin::Pin,
    task::{Context, Poll},
};

use http::{Request, Response};
use http_body::Body;
use prost::Message as _;
use tonic::{
    Status,
    server::{Grpc, NamedService, UnaryService},
    service::Routes,
};
use tonic_prost::ProstCodec;
use tower::{BoxError, Layer as _, Service};
use webhook_core::{Clock, Reason, Secret, Timestamp};
use webhook_layers::{DedupSettings, WebhookLayers, presets};
use webhook_testing::{HandlerProbe, Outcome, TestApp, attack, signed};

const SECRET: &str = "whsec_dGhlIHNlY3JldCBvZiB0aGVzZSB0ZXN0";
const PATH: &str = "/hook.Events/Deliver";
const NOW: Timestamp = Timestamp::from_unix_seconds(1_700_000_000);

#[derive(Clone, PartialEq, prost::Message)]
struct Event {
    #[prost(string, tag = "1")]
    text: String,
}

/// The service `hook.Events`, as `tonic-prost-build` would write it out.
#[derive(Clone)]
struct Events;

impl NamedService for Events {
    const NAME: &'static str = "hook.Events";
}

impl<B> Service<Request<B>> for Events
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
        Box::pin(async move {
            let codec = ProstCodec::<Event, Event>::default();
            Ok(Grpc::new(codec).unary(Echo, request).await)
        })
    }
}

struct Echo;

impl UnaryService<Event> for Echo {
    type Response = Event;
    type Future = Ready<Result<tonic::Response<Event>, Status>>;

    fn call(&mut self, request: tonic::Request<Event>) -> Self::Future {
        let event = request.into_inner();
        // What nobody sent, so that a message which is not understood is no success.
        let answer = if event.text == "hello" {
            Ok(tonic::Response::new(event))
        } else {
            Err(Status::internal("another message than the test sent"))
        };
        ready(answer)
    }
}

fn hello() -> Vec<u8> {
    let text = "hello".to_owned();
    Event { text }.encode_to_vec()
}

/// tonic's own router, behind the whole stack.
fn guarded() -> TestApp {
    let (clock, _hands) = Clock::manual(NOW);
    let hooks = WebhookLayers::builder(&presets::STANDARD_WEBHOOKS)
        .secret("default", Secret::new(SECRET))
        .max_body(64 * 1024)
        .deny(["198.51.100.0/24"])
        .dedup(DedupSettings::new())
        .clock(clock.clone())
        .build()
        .unwrap();
    let routes = HandlerProbe.layer(Routes::new(Events));
    TestApp::new(hooks.layer(routes)).path(PATH).clock(clock)
}

#[tokio::test]
async fn nothing_gets_through_to_a_guarded_tonic_router() {
    let report = attack(&guarded(), &presets::STANDARD_WEBHOOKS, SECRET)
        .grpc_calls(hello())
        .denied_peer("198.51.100.7:443")
        .await;
    println!("{report}");
    report.assert_clean();
    let judged = report.count(Outcome::Safe);
    assert!(judged >= 75, "{judged}\n{report}");
}

#[tokio::test]
async fn an_open_tonic_router_is_found_out() {
    let app = TestApp::new(HandlerProbe.layer(Routes::new(Events))).path(PATH);
    let report = attack(&app, &presets::STANDARD_WEBHOOKS, SECRET)
        .grpc_calls(hello())
        .await;
    assert!(report.found("signature-missing"), "{report}");
    assert!(report.found("signature-of-wrong-secret"), "{report}");
    assert!(!report.found("valid-delivery"), "{report}");
}

#[tokio::test]
async fn a_signed_call_is_accepted_and_a_forged_one_refused_in_grpc() {
    let body = [&[0, 0, 0, 0, 7], hello().as_slice()].concat();
    let call = |secret| {
        signed(&presets::STANDARD_WEBHOOKS, secret)
            .body(body.clone())
            .header("content-type", "application/grpc")
            .header("te", "trailers")
    };
    let app = guarded();
    app.send(call(SECRET))
        .await
        .assert_accepted()
        .assert_handled(1);
    let other = "whsec_bm90IHRoZSBzZWNyZXQgb2YgdGhlc2UgdGVz";
    let refused = app.send(call(other)).await;
    refused.assert_rejected(Reason::SignatureMismatch);
    assert_eq!(refused.status(), 200);
    assert_eq!(refused.headers()["grpc-status"], "16");
}
