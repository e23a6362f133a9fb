//! What a record tells of a request.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // Helpers of tests are tests.

mod common;

use std::{convert::Infallible, time::Duration};

use common::{Answer, Paper, Records, answer, delivery};
use http::{Request, Version};
use tower::{Layer, ServiceExt, service_fn};
use webhook_audit_layer::{
    AuditLayer, AuditRecord, MAX_DELIVERY_ID_BYTES, MAX_EVENT_TYPE_BYTES, MAX_METHOD_BYTES,
    MAX_PATH_BYTES, MAX_SECRETS_TRIED, MAX_USER_AGENT_BYTES, Sink,
};
use webhook_core::{
    AddressError, Check, ClientAddr, Clock, Endpoint, Facts, PeerAddr, Problem, Reason, Rejection,
    ShortText, Timestamp, Verdict, Verification,
};

/// Answers after the closure has played the part of the layers inside.
async fn record_of(
    request: Request<()>,
    part: impl Fn(&mut Facts) -> Answer,
) -> (AuditRecord, Answer) {
    let records = Records::default();
    let service = records
        .layer()
        .layer(service_fn(|mut request: Request<()>| {
            let response = part(Facts::of_mut(request.extensions_mut()));
            std::future::ready(Ok::<_, Infallible>(response))
        }));
    let response = service.oneshot(request).await.unwrap();
    (records.one(), response)
}

#[tokio::test]
async fn it_tells_what_the_request_was() {
    let request = Request::put("https://hooks.test/webhooks/github?token=hunter2")
        .version(Version::HTTP_2)
        .header("user-agent", "GitHub-Hookshot/044aadd")
        .extension(PeerAddr::new("10.0.3.7:4711".parse().unwrap()))
        .body(())
        .unwrap();
    let (record, _) = record_of(request, |_| answer(202)).await;
    assert_eq!(record.method.as_raw(), "PUT");
    assert_eq!(record.path.as_ref().unwrap().as_raw(), "/webhooks/github");
    assert_eq!(record.scheme, Some("https"));
    assert_eq!(record.version, Version::HTTP_2);
    assert_eq!(
        record.user_agent.as_ref().unwrap().as_raw(),
        "GitHub-Hookshot/044aadd"
    );
    assert_eq!(record.status.unwrap(), 202);
    assert_eq!(record.client.unwrap().to_string(), "10.0.3.7");
    assert_eq!(record.peer.unwrap().to_string(), "10.0.3.7:4711");
    assert!(!format!("{record:?}").contains("hunter2"));
}

#[tokio::test]
async fn it_tells_what_the_layers_found() {
    let (record, _) = record_of(delivery(), |facts| {
        facts.set_client(ClientAddr::new("203.0.113.9".parse().unwrap(), None));
        facts.set_endpoint(Endpoint::new("tenant-7"));
        facts.record().set_provider(&"github".into());
        facts.record().set_verdict(Check::Ip, Verdict::Pass);
        facts.record().set_verdict(Check::Signature, Verdict::Pass);
        facts.record().set_body_bytes(812);
        facts.record().set_verify_time(41_000);
        facts.record().set_note("order 7");
        let verification = Verification::new("github")
            .with_secret_id("2025-Q4")
            .with_delivery_id(ShortText::new("72d3"), true)
            .with_event_type(ShortText::new("push"), false)
            .with_timestamp(Timestamp::from_unix_seconds(1_700_000_000));
        facts.set_verification(verification);
        answer(200)
    })
    .await;
    assert!(record.is_verified && record.is_delivery_id_signed);
    assert_eq!(record.client.unwrap().to_string(), "203.0.113.9");
    assert_eq!(record.endpoint.unwrap().as_str(), "tenant-7");
    assert_eq!(record.provider.unwrap().as_str(), "github");
    assert_eq!(record.secret_id.unwrap().as_str(), "2025-Q4");
    assert_eq!(record.delivery_id.unwrap().as_raw(), "72d3");
    assert_eq!(record.event_type.unwrap().as_raw(), "push");
    assert_eq!(record.signed_at.unwrap().unix_seconds(), 1_700_000_000);
    assert_eq!(record.body_bytes, Some(812));
    assert_eq!(record.verify_time, Some(Duration::from_micros(41)));
    assert_eq!(record.note.unwrap().as_raw(), "order 7");
    assert_eq!(record.checks.to_string(), "ip:pass,signature:pass");
}

#[tokio::test]
async fn it_tells_why_a_request_was_refused() {
    let (record, response) = record_of(delivery(), |facts| {
        facts.record().set_address_error(AddressError::InvalidHop);
        facts
            .record()
            .set_claimed_delivery_id(ShortText::new("claimed"));
        facts.record().set_secrets_tried(vec!["2025-Q3".into(); 40]);
        let (mut parts, ()) = Request::new(()).into_parts();
        Facts::of_mut(&mut parts.extensions).set_record(facts.record().clone());
        Rejection::new(Reason::RateLimited, Check::RateNetwork)
            .with_quota("per-network".into())
            .answer(&Problem::default(), &parts)
    })
    .await;
    assert_eq!(response.status(), 429);
    assert_eq!(
        (record.reason, record.stage),
        (Reason::RateLimited, Some(Check::RateNetwork))
    );
    assert_eq!(record.event(), "webhook.rejected");
    assert_eq!(record.address_error, Some(AddressError::InvalidHop));
    assert_eq!(record.quota.unwrap().as_str(), "per-network");
    assert_eq!(record.delivery_id.unwrap().as_raw(), "claimed");
    assert!(!record.is_verified && !record.is_delivery_id_signed);
    assert_eq!(record.secrets_tried.len(), MAX_SECRETS_TRIED);
    assert_eq!(record.checks.get(Check::RateNetwork), Some(Verdict::Fail));
    assert_eq!(record.checks.get(Check::Signature), None);
}

#[tokio::test]
async fn whatever_a_stranger_can_choose_is_bounded() {
    let long = "x".repeat(60_000);
    let request = Request::builder()
        .method(long.as_str())
        .uri(format!("/{long}"))
        .header("user-agent", &long)
        .body(())
        .unwrap();
    let (record, _) = record_of(request, |facts| {
        let verification = Verification::new("github")
            .with_delivery_id(ShortText::new(&long), true)
            .with_event_type(ShortText::new(&long), true);
        facts.set_verification(verification);
        facts.record().set_note(&long);
        answer(200)
    })
    .await;
    let is_cut = |text: &str, max: usize| text.len() <= max && text.ends_with('…');
    assert!(is_cut(record.method.as_raw(), MAX_METHOD_BYTES));
    assert!(is_cut(
        record.path.as_ref().unwrap().as_raw(),
        MAX_PATH_BYTES
    ));
    assert!(is_cut(
        record.user_agent.as_ref().unwrap().as_raw(),
        MAX_USER_AGENT_BYTES
    ));
    assert!(is_cut(
        record.delivery_id.as_ref().unwrap().as_raw(),
        MAX_DELIVERY_ID_BYTES
    ));
    assert!(is_cut(
        record.event_type.as_ref().unwrap().as_raw(),
        MAX_EVENT_TYPE_BYTES
    ));
    assert_eq!(record.note.as_ref().unwrap().as_raw().len(), 256);
}

#[tokio::test]
async fn times_are_the_clocks() {
    let (clock, hands) = Clock::manual(Timestamp::from_unix_seconds(1_700_000_000));
    let records = Records::default();
    let layer = records.layer().with_clock(clock.clone());
    let service = layer.layer(service_fn(move |request: Request<()>| {
        hands.advance(Duration::from_millis(3));
        Facts::record_of(request.extensions()).set_handler_start(clock.ticks());
        hands.advance(Duration::from_millis(4));
        std::future::ready(Ok::<_, Infallible>(answer(200)))
    }));
    service.oneshot(delivery()).await.unwrap();
    let record = records.one();
    assert_eq!(
        record.received_at.to_string(),
        "2023-11-14T22:13:20.000000Z"
    );
    assert_eq!(record.handler_time, Some(Duration::from_millis(4)));
    assert_eq!(record.total_time, Duration::from_millis(7));
    assert_eq!(record.verify_time, None);
}

#[tokio::test]
async fn a_path_that_holds_a_secret_can_be_left_out() {
    let records = Records::default();
    let layer = records.layer().without_path();
    let service = layer.layer(service_fn(async |_| Ok::<_, Infallible>(answer(200))));
    service
        .oneshot(Request::post("/hooks/hunter2").body(()).unwrap())
        .await
        .unwrap();
    assert!(!format!("{:?}", records.one()).contains("hunter2"));
}

#[tokio::test]
async fn several_sinks_get_the_same_record() {
    let (a, b, c) = (Records::default(), Records::default(), Records::default());
    let quiet: Option<Records> = None;
    let sink = (
        vec![a.clone(), b.clone()],
        quiet,
        std::sync::Arc::new(c.clone()),
    );
    let service =
        AuditLayer::new(sink).layer(service_fn(async |_| Ok::<_, Infallible>(answer(200))));
    service.oneshot(delivery()).await.unwrap();
    assert_eq!(a.one().id, b.one().id);
    assert_eq!(a.one().id, c.one().id);
}

#[tokio::test]
async fn the_event_tells_which_secrets_were_tried_and_how_long_it_took() {
    let paper = Paper::default();
    let subscriber = tracing_subscriber::fmt()
        .with_ansi(false)
        .with_writer(paper.clone())
        .finish();
    let guard = tracing::subscriber::set_default(subscriber);
    let layer = AuditLayer::new(webhook_audit_layer::TracingSink::new());
    let service = layer.layer(service_fn(async |request: Request<()>| {
        let record = Facts::record_of(request.extensions());
        record.set_secrets_tried(vec!["2025-Q3".into(), "2025-Q4".into()]);
        record.set_verify_time(41_999);
        Ok::<_, Infallible>(answer(200))
    }));
    service.clone().oneshot(delivery()).await.unwrap();
    drop(guard);
    let text = paper.text();
    assert!(
        text.contains(r#"secrets_tried=["2025-Q3", "2025-Q4"]"#),
        "{text}"
    );
    assert!(text.contains("verify_us=41 "), "{text}");
}

#[test]
fn a_sink_can_be_an_object() {
    fn assert_usable<K: Sink + Send + Sync + 'static>() {}
    assert_usable::<std::sync::Arc<dyn Sink + Send + Sync>>();
    assert_usable::<Box<dyn Fn(AuditRecord) + Send + Sync>>();
}

#[test]
fn layers_and_services_go_where_servers_want_them() {
    fn assert_goes<T: Clone + Send + Sync + 'static>(_: &T) {}
    let layer = AuditLayer::new(webhook_audit_layer::TracingSink::new());
    assert_goes(&layer);
    assert_goes(&layer.layer(service_fn(async |_: Request<()>| {
        Ok::<_, Infallible>(answer(200))
    })));
}

#[tokio::test]
async fn a_grpc_status_counts_only_for_callers_that_speak_grpc() {
    let failed = || {
        let mut response = answer(200);
        let headers = response.headers_mut();
        headers.insert("grpc-status", http::HeaderValue::from_static("13"));
        response
    };
    let of = async |content_type: Option<&'static str>| {
        let mut request = delivery();
        if let Some(content_type) = content_type {
            let value = http::HeaderValue::from_static(content_type);
            request.headers_mut().insert("content-type", value);
        }
        let (record, _) = record_of(request, |_| failed()).await;
        (record.is_grpc, record.reason, record.grpc_status)
    };
    for other in [
        None,
        Some("application/json; charset=utf-8"),
        Some("application/grpcx"),
        Some("application/grpc-web+proto"),
    ] {
        assert_eq!(of(other).await, (false, Reason::Ok, None), "{other:?}");
    }
    for grpc in [
        "application/grpc",
        "application/grpc+proto",
        "Application/gRPC;a=b",
    ] {
        let failed = (true, Reason::HandlerError, Some(13));
        assert_eq!(of(Some(grpc)).await, failed, "{grpc}");
    }
}
