//! A panic of the inner service is one answer and one record, and the caller lives on.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // Helpers of tests are tests.

mod common;

use std::convert::Infallible;

use bytes::Bytes;
use common::{Answer, Records, delivery};
use http::{Request, Response, StatusCode, request::Parts};
use http_body_util::{BodyExt as _, Full};
use tower::{Layer, ServiceExt, service_fn};
use webhook_core::{Check, Facts, Reason, Rejection};

async fn panics(_: Request<()>) -> Result<Answer, Infallible> {
    panic!("the handler's secret: hunter2")
}

async fn text(response: Answer) -> String {
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[tokio::test]
async fn it_is_a_problem_with_the_records_id() {
    let records = Records::default();
    let service = records.layer().layer(service_fn(panics));
    let response = service.oneshot(delivery()).await.unwrap();

    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(
        response.headers()["content-type"],
        "application/problem+json"
    );
    let left = response.extensions().get::<Rejection>().unwrap();
    assert_eq!(
        (left.reason(), left.check()),
        (Reason::HandlerPanic, Check::Handler)
    );

    let record = records.one();
    assert_eq!(record.status, Some(StatusCode::INTERNAL_SERVER_ERROR));
    assert_eq!(record.stage, Some(Check::Handler));
    assert_eq!(records.words(), ("error", "handler_panic"));
    let body = text(response).await;
    assert!(
        body.contains("internal_error") && body.contains(&record.id.to_string()),
        "{body}"
    );
    assert!(!body.contains("hunter2"));
    assert!(!format!("{record:?}").contains("hunter2"));
}

#[tokio::test]
async fn what_the_panic_carried_may_panic_when_it_is_dropped() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            assert!(std::thread::panicking(), "dropped again");
        }
    }
    let records = Records::default();
    let service = records.layer().layer(service_fn(
        async |_: Request<()>| -> Result<Answer, Infallible> { std::panic::panic_any(Bomb) },
    ));
    let response = service.oneshot(delivery()).await.unwrap();
    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(records.words(), ("error", "handler_panic"));
}

#[tokio::test]
async fn a_grpc_caller_gets_internal() {
    let records = Records::default();
    let mut request = delivery();
    let headers = request.headers_mut();
    headers.insert("content-type", "application/grpc+proto".parse().unwrap());
    let service = records.layer().layer(service_fn(panics));
    let response = service.oneshot(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()["grpc-status"], "13");
    assert_eq!(records.words(), ("error", "handler_panic"));
    assert_eq!(records.one().grpc_status, Some(13));
}

#[tokio::test]
async fn a_caller_that_reads_text_gets_a_line_and_head_nothing() {
    let records = Records::default();
    let service = records.layer().layer(service_fn(panics));
    let request = Request::post("/")
        .header("accept", "text/plain")
        .body(())
        .unwrap();
    let response = service.clone().oneshot(request).await.unwrap();
    assert!(text(response).await.starts_with("internal_error: "));
    let response = service
        .oneshot(Request::head("/").body(()).unwrap())
        .await
        .unwrap();
    assert_eq!(text(response).await, "");
}

#[tokio::test]
async fn the_answer_can_be_worded_otherwise() {
    let records = Records::default();
    let layer = records
        .layer()
        .with_rejection(|rejection: &Rejection, request: &Parts| {
            let body = format!(
                "{} {} {}",
                request.method,
                request.uri.path(),
                rejection.code()
            );
            Response::new(Full::new(Bytes::from(body)))
        });
    let response = layer
        .layer(service_fn(panics))
        .oneshot(delivery())
        .await
        .unwrap();
    assert_eq!(text(response).await, "POST /webhooks/github internal_error");
    assert_eq!(records.words(), ("error", "handler_panic"));
}

#[tokio::test]
async fn a_panic_of_the_wording_itself_is_recorded_and_goes_on() {
    let records = Records::default();
    let layer = records
        .layer()
        .with_rejection(|_: &Rejection, _: &Parts| -> Answer {
            panic!("no words");
        });
    let service = layer.layer(service_fn(panics));
    let task = tokio::spawn(async move { service.oneshot(delivery()).await });
    assert!(task.await.unwrap_err().is_panic());
    assert_eq!(records.words(), ("error", "handler_panic"));
}

#[tokio::test]
async fn what_the_layers_found_before_the_panic_is_told() {
    let records = Records::default();
    let service = records
        .layer()
        .layer(service_fn(async |mut request: Request<()>| {
            let facts = Facts::of_mut(request.extensions_mut());
            facts.record().set_body_bytes(812);
            facts.record().set_refusal(Reason::IpDenied, Check::Ip);
            panics(request).await
        }));
    service.oneshot(delivery()).await.unwrap();
    // The caller was answered for the panic, so that is the reason.
    assert_eq!(records.words(), ("error", "handler_panic"));
    assert_eq!(records.one().body_bytes, Some(812));
}
