//! What is captured of a delivery, and what never is.
#![cfg(feature = "capture")]
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a helper that fails fails its test"
)]

mod common;

use std::{
    collections::VecDeque,
    convert::Infallible,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use common::Paper;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Empty};
use tower::{Layer as _, Service, ServiceExt as _, service_fn};
use webhook_audit_layer::{
    AuditLayer, AuditRecord,
    capture::{
        CaptureErrorKind, CaptureLayer, CaptureSettings, Captured, CapturedBody, Content,
        DEFAULT_CAPTURED_BYTES, MAX_CAPTURED_BYTES, Withheld,
    },
};
use webhook_core::{
    BufferedBody, Clock, Endpoint, Facts, PeerAddr, Settings, Timestamp, Verification,
};

const CANARY: &str = "ann@example.com";

/// Keeps captures, and the ids of records.
#[derive(Clone, Default)]
struct Kept {
    captures: Arc<Mutex<Vec<Captured>>>,
    records: Arc<Mutex<Vec<AuditRecord>>>,
}

impl Kept {
    fn layer(&self, settings: CaptureSettings) -> CaptureLayer<impl Fn(Captured) + use<>> {
        self.layer_with(Settings::fixed(settings))
    }

    fn layer_with(
        &self,
        settings: Settings<CaptureSettings>,
    ) -> CaptureLayer<impl Fn(Captured) + use<>> {
        let captures = Arc::clone(&self.captures);
        CaptureLayer::with_settings(settings, move |captured| {
            captures.lock().unwrap().push(captured);
        })
    }

    fn one(&self) -> Captured {
        let mut captures = self.captures.lock().unwrap();
        assert_eq!(captures.len(), 1);
        captures.pop().unwrap()
    }

    fn none(&self) -> bool {
        self.captures.lock().unwrap().is_empty()
    }
}

/// Whether a layer verified the delivery, and the endpoint that a layer found.
#[derive(Clone, Default)]
struct Outer {
    verified: bool,
    endpoint: Option<Endpoint>,
}

const VERIFIED: Outer = Outer {
    verified: true,
    endpoint: None,
};

/// Through an audit layer, what stands for the layers between, the capture, and a handler that echoes.
async fn send<K: webhook_audit_layer::capture::CaptureSink + Send + Sync + 'static>(
    kept: &Kept,
    capture: &CaptureLayer<K>,
    outer: Outer,
    request: Request<BufferedBody>,
) -> Response<BufferedBody> {
    let handler = service_fn(async |request: Request<BufferedBody>| {
        Ok::<_, Infallible>(Response::new(request.into_body()))
    });
    let captured = capture.layer(handler);
    let between = service_fn(move |mut request: Request<BufferedBody>| {
        let facts = Facts::of_mut(request.extensions_mut());
        if let Some(endpoint) = outer.endpoint.clone() {
            facts.set_endpoint(endpoint);
        }
        if outer.verified {
            facts.set_verification(Verification::new("github"));
        }
        captured.clone().oneshot(request)
    });
    let records = Arc::clone(&kept.records);
    let audited = AuditLayer::new(move |record| records.lock().unwrap().push(record))
        .with_rejection(|_: &webhook_core::Rejection, _: &http::request::Parts| {
            Response::new(BufferedBody::default())
        })
        .layer(between);
    audited.oneshot(request).await.unwrap()
}

fn request(body: impl Into<Bytes>) -> Request<BufferedBody> {
    Request::post("/webhooks/github?token=never")
        .extension(PeerAddr::new(([203, 0, 113, 9], 4711).into()))
        .header("content-type", "application/json")
        .header("x-github-event", "push")
        .header("x-unlisted", CANARY)
        .header("authorization", CANARY)
        .body(BufferedBody::new(body))
        .unwrap()
}

fn content(captured: Captured) -> Content {
    captured.into_body().unwrap().content
}

#[tokio::test]
async fn a_capture_is_joined_by_the_requests_id_and_tells_where_it_belongs() {
    let kept = Kept::default();
    let (clock, _) = Clock::manual(Timestamp::from_unix_seconds(1_700_000_000));
    let settings = CaptureSettings::body()
        .with_headers(["x-github-event"])
        .unwrap();
    let layer = kept.layer(settings).with_clock(clock.clone());
    let outer = Outer {
        verified: true,
        endpoint: Some(Endpoint::new("acme")),
    };
    let response = send(&kept, &layer, outer, request("{}")).await;
    // The handler reads the same bytes.
    let body = response.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(body, "{}");
    let captured = kept.one();
    assert_eq!(captured.id, kept.records.lock().unwrap()[0].id);
    assert_eq!(captured.captured_at, clock.now());
    assert_eq!(captured.endpoint.as_ref().unwrap().as_str(), "acme");
    assert_eq!(captured.provider.as_ref().unwrap().as_str(), "github");
    assert_eq!(captured.client.unwrap().ip().to_string(), "203.0.113.9");
    assert!(captured.is_verified);
    let headers: Vec<_> = captured
        .headers
        .iter()
        .map(|(name, text)| (name.as_str(), text.as_raw()))
        .collect();
    assert_eq!(headers, [("x-github-event", "push")]);
    let held = size_of::<Captured>() + "push".len() + "{}".len();
    assert_eq!(captured.held_bytes(), held);
    let CapturedBody { bytes, content, .. } = captured.into_body().unwrap();
    assert_eq!((bytes, content), (2, Content::Whole(b"{}".to_vec())));
}

#[tokio::test]
async fn the_default_keeps_nothing_and_headers_keep_no_body() {
    let kept = Kept::default();
    send(
        &kept,
        &kept.layer(CaptureSettings::default()),
        VERIFIED,
        request("{}"),
    )
    .await;
    assert!(kept.none());
    assert_eq!(CaptureSettings::default(), CaptureSettings::metadata());
    let settings = CaptureSettings::headers(["content-type", "x-absent"]).unwrap();
    send(&kept, &kept.layer(settings), VERIFIED, request("{}")).await;
    let captured = kept.one();
    assert_eq!(captured.headers.len(), 1);
    assert!(captured.into_body().is_none());
}

#[tokio::test]
async fn what_nobody_verified_is_not_captured_unless_that_is_asked_for() {
    let kept = Kept::default();
    send(
        &kept,
        &kept.layer(CaptureSettings::body()),
        Outer::default(),
        request("{}"),
    )
    .await;
    assert!(kept.none());
    let settings = CaptureSettings::body().with_insecure_unverified(true);
    send(
        &kept,
        &kept.layer(settings),
        Outer::default(),
        request("{}"),
    )
    .await;
    assert!(!kept.one().is_verified);
}

#[tokio::test]
async fn without_a_record_nothing_is_captured_and_that_is_said_once() {
    let paper = Paper::default();
    let subscriber = tracing_subscriber::fmt()
        .with_ansi(false)
        .with_writer(paper.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let kept = Kept::default();
    let capture = kept.layer(CaptureSettings::body());
    let handler = service_fn(async |_: Request<BufferedBody>| {
        Ok::<_, Infallible>(Response::new(Empty::<Bytes>::new()))
    });
    let service = capture.layer(handler);
    for _ in 0..3 {
        let mut request = request("{}");
        Facts::of_mut(request.extensions_mut()).set_verification(Verification::new("github"));
        service.clone().oneshot(request).await.unwrap();
    }
    assert!(kept.none());
    assert_eq!(paper.text().lines().count(), 1, "{}", paper.text());
}

#[tokio::test]
async fn each_endpoint_may_have_settings_of_its_own() {
    let kept = Kept::default();
    let layer = kept.layer_with(Settings::per_endpoint());
    let of = |endpoint| Outer {
        verified: true,
        endpoint: Some(endpoint),
    };
    send(&kept, &layer, of(Endpoint::new("quiet")), request("{}")).await;
    send(&kept, &layer, VERIFIED, request("{}")).await;
    assert!(kept.none());
    let watched = Endpoint::new("watched").with(CaptureSettings::body());
    send(&kept, &layer, of(watched), request("{}")).await;
    assert_eq!(kept.one().endpoint.unwrap().as_str(), "watched");
}

#[tokio::test]
async fn a_long_body_is_cut_and_one_to_be_redacted_is_withheld() {
    let kept = Kept::default();
    let settings = || CaptureSettings::body().with_max_bytes(8).unwrap();
    let layer = kept.layer(settings());
    for (body, expected) in [
        ("12345678", Content::Whole(b"12345678".to_vec())),
        ("123456789", Content::Cut(b"12345678".to_vec())),
        ("", Content::Whole(Vec::new())),
    ] {
        send(&kept, &layer, VERIFIED, request(body)).await;
        let captured = kept.one().into_body().unwrap();
        assert_eq!(captured.bytes, body.len() as u64);
        assert_eq!(captured.content, expected);
    }
    let layer = kept.layer(settings().with_redacted(["/a"]).unwrap());
    for (body, expected) in [
        (
            r#"{"a":12}"#,
            Content::Whole(br#"{"a":"[redacted]"}"#.to_vec()),
        ),
        (r#"{"a":123}"#, Content::Withheld(Withheld::TooLarge)),
        ("a=12", Content::Withheld(Withheld::NotJson)),
        ("[12]", Content::Withheld(Withheld::Misfit)),
    ] {
        send(&kept, &layer, VERIFIED, request(body)).await;
        assert_eq!(content(kept.one()), expected, "{body}");
    }
}

#[tokio::test]
async fn a_body_in_several_frames_is_one_copy() {
    let kept = Kept::default();
    let frames: Vec<_> = (0..5).map(|n| Bytes::from(vec![n; 1000])).collect();
    let whole = frames.concat();
    let stream = Frames(frames.into_iter());
    let limits = webhook_core::body::BodyLimits::default();
    let budget = webhook_core::body::MemoryBudget::default();
    let body = webhook_core::body::Collect::new(stream, &limits, &budget);
    let body = body.await.unwrap().into_body();
    assert!(body.chunks().count() > 1);
    let settings = CaptureSettings::body().with_max_bytes(2500).unwrap();
    let request = request("").map(|_| body);
    send(&kept, &kept.layer(settings), VERIFIED, request).await;
    assert_eq!(content(kept.one()), Content::Cut(whole[..2500].to_vec()));
}

struct Frames(std::vec::IntoIter<Bytes>);

impl http_body::Body for Frames {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.0.next().map(|bytes| Ok(http_body::Frame::data(bytes))))
    }
}

/// Says when nothing refers to it any more.
struct Owned(Vec<u8>, Arc<AtomicBool>);

impl AsRef<[u8]> for Owned {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        self.1.store(true, Ordering::SeqCst);
    }
}

#[tokio::test]
async fn a_capture_pins_nothing_of_the_request() {
    let kept = Kept::default();
    let is_free = Arc::new(AtomicBool::new(false));
    let body = Bytes::from_owner(Owned(b"{}".to_vec(), Arc::clone(&is_free)));
    let head_is_free = Arc::new(AtomicBool::new(false));
    let value = Bytes::from_owner(Owned(b"push".to_vec(), Arc::clone(&head_is_free)));
    let mut request = request(body);
    let value = http::HeaderValue::from_maybe_shared(value).unwrap();
    request.headers_mut().insert("x-github-event", value);
    let settings = CaptureSettings::body()
        .with_headers(["x-github-event"])
        .unwrap();
    drop(send(&kept, &kept.layer(settings), VERIFIED, request).await);
    assert!(is_free.load(Ordering::SeqCst) && head_is_free.load(Ordering::SeqCst));
    let captured = kept.one();
    assert_eq!(captured.headers[0].1.as_raw(), "push");
    assert_eq!(content(captured), Content::Whole(b"{}".to_vec()));
}

#[tokio::test]
async fn a_sink_that_panics_costs_its_capture_alone() {
    let kept = Kept::default();
    let layer = CaptureLayer::new(CaptureSettings::body(), |_: Captured| {
        panic!("a broken sink")
    });
    let response = send(&kept, &layer, VERIFIED, request("{}")).await;
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(
        kept.records.lock().unwrap()[0].reason,
        webhook_core::Reason::Ok
    );
}

#[test]
fn it_is_ready_when_the_inner_service_is() {
    let mut ready = VecDeque::from([
        Poll::Pending,
        Poll::Ready(Err("broken")),
        Poll::Ready(Ok(())),
    ]);
    let inner = Readiness(ready.clone());
    let layer = CaptureLayer::new(CaptureSettings::body(), |_: Captured| ());
    let mut service = layer.layer(inner);
    let mut context = Context::from_waker(Waker::noop());
    while let Some(expected) = ready.pop_front() {
        assert_eq!(service.poll_ready(&mut context), expected);
    }
}

/// Says how ready it is, one after another.
struct Readiness(VecDeque<Poll<Result<(), &'static str>>>);

impl Service<Request<BufferedBody>> for Readiness {
    type Response = ();
    type Error = &'static str;
    type Future = std::future::Ready<Result<(), &'static str>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), &'static str>> {
        self.0.pop_front().unwrap()
    }

    fn call(&mut self, _: Request<BufferedBody>) -> Self::Future {
        std::future::ready(Ok(()))
    }
}

#[tokio::test]
async fn an_option_of_a_sink_is_a_sink() {
    let kept = Kept::default();
    let captures = Arc::clone(&kept.captures);
    let mut sink = Some(move |captured| captures.lock().unwrap().push(captured));
    let layer = CaptureLayer::new(CaptureSettings::body(), sink.clone());
    send(&kept, &layer, VERIFIED, request("{}")).await;
    assert_eq!(content(kept.one()), Content::Whole(b"{}".to_vec()));
    sink = None;
    let layer = CaptureLayer::new(CaptureSettings::body(), sink);
    send(&kept, &layer, VERIFIED, request("{}")).await;
    assert!(kept.none());
}

#[test]
fn why_nothing_is_kept_has_the_words_of_the_stores() {
    let words = [Withheld::TooLarge, Withheld::NotJson, Withheld::Misfit].map(Withheld::as_str);
    assert_eq!(words, ["too_large", "not_json", "misfit"]);
}

#[tokio::test]
async fn debug_and_records_print_nothing_that_was_captured() {
    let kept = Kept::default();
    let settings = CaptureSettings::body()
        .with_headers(["x-unlisted"])
        .unwrap();
    let body = format!("{{\"email\":\"{CANARY}\"}}");
    send(&kept, &kept.layer(settings), VERIFIED, request(body)).await;
    let mut captured = kept.one();
    let before = format!("{captured:?}");
    let body = captured.take_body().unwrap();
    let record = kept.records.lock().unwrap()[0].clone();
    let mut line = Vec::new();
    record.write_json_line(&mut line);
    let line = String::from_utf8(line).unwrap();
    let printed = format!("{before} {captured:?} {body:?} {record:?} {line}");
    assert!(!printed.contains(CANARY), "{printed}");
    // The query's secret.
    assert!(!printed.contains("never"), "{printed}");
}

#[test]
fn limits_are_held() {
    assert_eq!(DEFAULT_CAPTURED_BYTES, 16_384);
    let of = |bytes| CaptureSettings::body().with_max_bytes(bytes);
    assert!(of(1).is_ok() && of(MAX_CAPTURED_BYTES).is_ok());
    for bytes in [0, MAX_CAPTURED_BYTES + 1] {
        assert_eq!(
            of(bytes).unwrap_err().kind(),
            CaptureErrorKind::InvalidLimit
        );
    }
    let many: Vec<_> = (0..65).map(|n| format!("/{n}")).collect();
    let many = CaptureSettings::body().with_redacted(many.iter().map(String::as_str));
    assert_eq!(many.unwrap_err().kind(), CaptureErrorKind::TooManyPointers);
    let error = CaptureSettings::body()
        .with_redacted(["/items/*/email"])
        .unwrap_err();
    assert_eq!(error.kind(), CaptureErrorKind::InvalidPointer);
    assert!(
        error.to_string().contains("redact the whole array"),
        "{error}"
    );
}
