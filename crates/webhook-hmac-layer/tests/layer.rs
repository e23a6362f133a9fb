//! What the layer lets through, what it refuses, and what it never does.
// Clippy knows the functions of a test, not their helpers.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, Version};
use http_body::{Body, Frame, SizeHint};
use http_body_util::Full;
use tower::{ServiceExt as _, service_fn, util::BoxCloneService};
use tower_layer::Layer as _;
use webhook_core::{
    BufferedBody, Check, Clock, DeliveryRecord, Endpoint, Facts, ManualClock, Reason, Rejection,
    RequestId, Secret, Settings, Timestamp, Verdict, body::BodyLimits, change::Cause,
};
use webhook_hmac_layer::{ConfigError, HmacLayer, HmacSettings};
use webhook_signature::{KeyRing, Scheme, SignRequest, Verifier, presets};

const SECRET: &str = "current-secret-0123456789abcdef";
const NOW: Timestamp = Timestamp::from_unix_seconds(1_700_000_000);

type Guarded<B> = BoxCloneService<Request<B>, Response<Full<Bytes>>, Infallible>;

/// A handler behind the layer that answers with the body, and the id of the secret that matched.
fn guard<B>(layer: HmacLayer) -> Guarded<B>
where
    B: Body<Data = Bytes> + Send + Unpin + 'static,
    B::Error: Send,
{
    let (clock, _) = Clock::manual(NOW);
    let handler = service_fn(|request: Request<BufferedBody>| async move {
        let facts = Facts::of(request.extensions());
        let verification = facts.and_then(Facts::verification).cloned();
        let secret = verification.and_then(|verification| verification.secret_id().cloned());
        let mut response = Response::new(Full::new(request.into_body().into_bytes()));
        let secret = secret.map_or("unverified".into(), |id| id.to_string());
        response
            .headers_mut()
            .insert("x-secret", secret.parse().unwrap());
        Ok(response)
    });
    BoxCloneService::new(layer.with_clock(clock).layer(handler))
}

fn settings() -> HmacSettings {
    HmacSettings::new(presets::GITHUB.scheme(), secret(SECRET)).unwrap()
}

fn secret(text: &str) -> Secret {
    Secret::new(text).unwrap()
}

fn signed(secret_text: &str, body: &'static str) -> Request<Full<Bytes>> {
    let verifier = Verifier::new(presets::GITHUB.scheme(), secret(secret_text)).unwrap();
    let mut request = Request::post("/")
        .body(Full::new(Bytes::from_static(body.as_bytes())))
        .unwrap();
    for (name, value) in verifier
        .sign(&SignRequest::new(body.as_bytes(), NOW))
        .unwrap()
    {
        request.headers_mut().insert(name, value);
    }
    request
}

async fn reason(guarded: Guarded<Full<Bytes>>, request: Request<Full<Bytes>>) -> (u16, Reason) {
    let response = guarded.oneshot(request).await.unwrap();
    let rejection = response.extensions().get::<Rejection>().expect("a refusal");
    (response.status().as_u16(), rejection.reason())
}

/// A body that nobody may ask for a byte.
struct Untouchable {
    declared: Option<u64>,
}

impl Body for Untouchable {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        panic!("the body was polled")
    }

    fn size_hint(&self) -> SizeHint {
        self.declared
            .map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}

#[tokio::test]
async fn what_the_head_decides_is_decided_without_the_body() {
    let untouched = |change: &dyn Fn(&mut Request<Untouchable>)| {
        let signed = signed(SECRET, "body");
        let mut request = Request::new(Untouchable {
            declared: Some(26_214_400),
        });
        *request.method_mut() = Method::POST;
        *request.headers_mut() = signed.headers().clone();
        change(&mut request);
        let generous = settings().with_limits(BodyLimits::default().with_max_bytes(1 << 30));
        guard(generous.into()).oneshot(request)
    };
    let status = |response: Result<Response<_>, Infallible>| response.unwrap().status().as_u16();
    let unsigned = untouched(&|request| request.headers_mut().clear()).await;
    assert_eq!(
        unsigned.as_ref().unwrap().headers()["www-authenticate"],
        "Webhook realm=\"github\""
    );
    assert_eq!(status(unsigned), 401);
    let malformed = untouched(&|request| {
        request
            .headers_mut()
            .insert("x-hub-signature-256", "sha256=00".parse().unwrap());
    });
    assert_eq!(status(malformed.await), 401);
    assert_eq!(
        status(untouched(&|request| *request.method_mut() = Method::GET).await),
        405
    );
    let gzip = untouched(&|request| {
        request
            .headers_mut()
            .insert("content-encoding", "gzip".parse().unwrap());
    });
    assert_eq!(status(gzip.await), 415);
    let oversize = untouched(&|request| request.body_mut().declared = Some(u64::MAX));
    assert_eq!(status(oversize.await), 413);
}

#[tokio::test]
async fn a_body_of_exactly_the_limit_is_taken() {
    for (limit, status) in [(4, 200), (3, 413)] {
        let limits = BodyLimits::default().with_max_bytes(limit);
        let guarded = guard(settings().with_limits(limits).into());
        let response = guarded.oneshot(signed(SECRET, "body")).await.unwrap();
        assert_eq!(response.status(), status, "{limit}");
    }
}

#[tokio::test]
async fn a_name_that_cannot_stand_between_quotes_is_left_out_of_the_challenge() {
    for (name, challenge) in [
        ("acme", "Webhook realm=\"acme\""),
        ("ac\"me", "Webhook"),
        ("ac\\me", "Webhook"),
    ] {
        let scheme = Scheme::hmac_sha256(name).header("x-signature");
        let scheme = scheme.signed_text("{body}").build().unwrap();
        let guarded = guard(HmacLayer::new(scheme, secret(SECRET)).unwrap());
        let response = guarded.oneshot(signed(SECRET, "body")).await.unwrap();
        assert_eq!(response.status(), 401);
        assert_eq!(response.headers()["www-authenticate"], challenge, "{name}");
    }
}

#[tokio::test]
async fn any_secret_of_the_ring_verifies_and_is_named() {
    let ring = KeyRing::new("new", secret("another-secret-0123456789abcdef")).unwrap();
    let ring = ring.with("old", secret(SECRET)).unwrap();
    let guarded = guard(HmacLayer::new(presets::GITHUB.scheme(), ring).unwrap());
    let response = guarded
        .clone()
        .oneshot(signed(SECRET, "body"))
        .await
        .unwrap();
    assert_eq!(response.headers()["x-secret"], "old");
    let wrong = signed("retired-secret-0123456789abcdef", "body");
    assert_eq!(
        reason(guarded, wrong).await,
        (401, Reason::SignatureMismatch)
    );
}

#[tokio::test]
async fn promise_05_the_handler_reads_the_allocation_that_came_in() {
    let bytes = Bytes::from(b"body".to_vec());
    let place = bytes.as_ptr();
    let mut request = signed(SECRET, "body");
    *request.body_mut() = Full::new(bytes);
    let response = guard(settings().into()).oneshot(request).await.unwrap();
    let echoed = http_body_util::BodyExt::collect(response.into_body())
        .await
        .unwrap()
        .to_bytes();
    assert_eq!(echoed.as_ptr(), place);
}

#[tokio::test]
async fn layers_of_the_family_buffer_once() {
    let inner = HmacLayer::from(settings()).layer(service_fn(
        |request: Request<BufferedBody>| async move {
            Ok::<_, Infallible>(Response::new(Full::new(request.into_body().into_bytes())))
        },
    ));
    let both = HmacLayer::from(settings()).layer(inner);
    let response = both.oneshot(signed(SECRET, "body")).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
}

#[tokio::test]
async fn a_future_timestamp_is_refused_even_where_the_provider_looks_at_the_age_only() {
    let verifier = Verifier::new(presets::STRIPE.scheme(), secret(SECRET)).unwrap();
    let sent_at = |seconds| {
        let mut request = Request::post("/").body(Full::<Bytes>::default()).unwrap();
        let at = Timestamp::from_unix_seconds(NOW.unix_seconds() + seconds);
        for (name, value) in verifier.sign(&SignRequest::new(b"", at)).unwrap() {
            request.headers_mut().insert(name, value);
        }
        request
    };
    let layer = || HmacLayer::new(presets::STRIPE.scheme(), secret(SECRET)).unwrap();
    assert_eq!(
        guard(layer()).oneshot(sent_at(300)).await.unwrap().status(),
        200
    );
    assert_eq!(
        reason(guard(layer()), sent_at(301)).await,
        (401, Reason::TimestampInFuture)
    );
    assert_eq!(
        reason(guard(layer()), sent_at(-301)).await,
        (401, Reason::TimestampTooOld)
    );

    let lenient = HmacSettings::from_verifier(verifier.clone());
    assert_eq!(
        guard(lenient.into())
            .oneshot(sent_at(301))
            .await
            .unwrap()
            .status(),
        200
    );
}

#[tokio::test]
async fn shadow_mode_lets_wrong_signatures_pass_and_says_so() {
    let record = DeliveryRecord::new(RequestId::generate(&Clock::system()));
    let shadow: HmacLayer = settings().with_insecure_shadow(true).into();
    let mut forged = signed(SECRET, "body");
    *forged.body_mut() = Full::new(Bytes::from_static(b"forged"));
    Facts::of_mut(forged.extensions_mut()).set_record(record.clone());
    let response = guard(shadow.clone()).oneshot(forged).await.unwrap();
    assert_eq!(response.headers()["x-secret"], "unverified");
    assert_eq!(
        record.shadow_refusal(),
        Some((Reason::SignatureMismatch, Check::Signature))
    );
    assert_eq!(record.verdict(Check::Signature), Some(Verdict::ShadowFail));
    assert_eq!(record.verification(), None);

    let unsigned = Request::post("/")
        .body(Full::new(Bytes::from_static(b"plain")))
        .unwrap();
    assert_eq!(
        guard(shadow.clone())
            .oneshot(unsigned)
            .await
            .unwrap()
            .status(),
        200
    );
    let too_large = Request::post("/")
        .body(Full::new(Bytes::from(vec![0; 1 << 21])))
        .unwrap();
    assert_eq!(
        reason(guard(shadow), too_large).await,
        (413, Reason::BodyTooLarge)
    );
}

#[tokio::test]
async fn settings_come_from_the_endpoint_or_nobody_gets_in() {
    let layer = HmacLayer::with_settings(Settings::per_endpoint());
    let guarded = guard(layer);
    let lost = reason(guarded.clone(), signed(SECRET, "body")).await;
    assert_eq!(lost, (500, Reason::Misconfigured));

    let mut found = signed(SECRET, "body");
    let endpoint = Endpoint::new("tenant-7").with(settings());
    Facts::of_mut(found.extensions_mut()).set_endpoint(endpoint);
    assert_eq!(
        guarded.oneshot(found).await.unwrap().status(),
        StatusCode::OK
    );
}

#[tokio::test]
async fn a_swapped_secret_is_in_force_for_the_next_delivery() {
    let (settings, handle) = Settings::swappable(settings());
    let guarded = guard(HmacLayer::with_settings(settings));
    assert_eq!(
        guarded
            .clone()
            .oneshot(signed(SECRET, "body"))
            .await
            .unwrap()
            .status(),
        200
    );
    let next = secret("another-secret-0123456789abcdef");
    handle.replace(
        HmacSettings::new(presets::GITHUB.scheme(), next).unwrap(),
        &Cause::new("alice", "test"),
    );
    let refused = reason(guarded, signed(SECRET, "body")).await;
    assert_eq!(refused, (401, Reason::SignatureMismatch));
}

#[tokio::test]
async fn a_sender_whose_secrets_are_all_expired_is_asked_to_come_back() {
    let ring = KeyRing::new("2026-q3", secret(SECRET)).unwrap();
    let ring = ring
        .with_not_after("2026-q3", Timestamp::from_unix_seconds(1))
        .unwrap();
    let layer = HmacLayer::new(presets::GITHUB.scheme(), ring).unwrap();
    let response = guard(layer).oneshot(signed(SECRET, "body")).await.unwrap();
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(response.headers()["retry-after"], "60");
}

#[tokio::test]
async fn the_record_tells_what_was_claimed_and_what_was_tried() {
    let record = DeliveryRecord::new(RequestId::generate(&Clock::system()));
    let mut forged = signed("retired-secret-0123456789abcdef", "body");
    forged
        .headers_mut()
        .insert("x-github-delivery", "72d3162e".parse().unwrap());
    Facts::of_mut(forged.extensions_mut()).set_record(record.clone());
    let refused = reason(guard(settings().into()), forged).await;
    assert_eq!(refused, (401, Reason::SignatureMismatch));
    assert_eq!(
        record
            .claimed_delivery_id()
            .map(ToString::to_string)
            .as_deref(),
        Some("72d3162e")
    );
    assert_eq!(record.secrets_tried().len(), 1);
    assert_eq!(record.body_bytes(), Some(4));
    assert_eq!(
        record.provider().map(ToString::to_string).as_deref(),
        Some("github")
    );
    assert!(record.verify_time().is_some());
    assert!(record.handler_start().is_none());
}

/// A body whose every poll takes a second.
struct Slow(ManualClock, Option<Bytes>);

impl Body for Slow {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0.advance(Duration::from_secs(1));
        Poll::Ready(self.1.take().map(|bytes| Ok(Frame::data(bytes))))
    }
}

#[tokio::test]
async fn the_time_spent_on_a_delivery_is_recorded_without_the_handlers() {
    let (clock, hands) = Clock::manual(NOW);
    hands.advance(Duration::from_secs(60));
    let record = DeliveryRecord::new(RequestId::generate(&clock));
    let mut request = signed(SECRET, "body");
    Facts::of_mut(request.extensions_mut()).set_record(record.clone());
    let body = Slow(hands.clone(), Some(Bytes::from_static(b"body")));
    let request = request.map(|_| body);
    let handler = service_fn(move |_: Request<BufferedBody>| {
        hands.advance(Duration::from_secs(60));
        std::future::ready(Ok::<_, Infallible>(Response::new(Full::new(Bytes::new()))))
    });
    let layer = HmacLayer::from(settings()).with_clock(clock);
    let response = layer.layer(handler).oneshot(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    // One poll for the frame, and one for the end.
    assert_eq!(record.verify_time(), Some(2_000_000_000));
}

/// A body that never comes.
struct Stalled;

impl Body for Stalled {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Pending
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_that_never_comes_is_refused_at_its_deadline_without_asking_the_handler() {
    let (handler, mut handle) =
        tower_test::mock::pair::<Request<BufferedBody>, Response<Full<Bytes>>>();
    handle.allow(0);
    let limits = BodyLimits::default().with_deadline(Duration::from_secs(3));
    let layer = HmacLayer::from(settings().with_limits(limits));
    let mut request = Request::post("/").body(Stalled).unwrap();
    *request.headers_mut() = signed(SECRET, "body").headers().clone();
    let response = layer.layer(handler).oneshot(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::REQUEST_TIMEOUT);
    assert_eq!(response.headers()["connection"], "close");
}

#[tokio::test]
async fn an_http_2_body_that_was_reset_is_not_whole() {
    /// One frame, and then an end that the stream does not confirm.
    struct Reset(Option<Bytes>);
    impl Body for Reset {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
            Poll::Ready(self.0.take().map(|bytes| Ok(Frame::data(bytes))))
        }
    }
    for (version, status) in [(Version::HTTP_11, 200), (Version::HTTP_2, 400)] {
        let mut request = Request::post("/")
            .body(Reset(Some(Bytes::from_static(b"body"))))
            .unwrap();
        *request.headers_mut() = signed(SECRET, "body").headers().clone();
        *request.version_mut() = version;
        let response = guard(settings().into()).oneshot(request).await.unwrap();
        assert_eq!(response.status(), status, "{version:?}");
    }
}

#[test]
fn a_layer_that_would_refuse_everybody_or_nobody_cannot_be_made() {
    assert_eq!(
        settings().with_methods([]).unwrap_err(),
        ConfigError::NoMethods
    );
    let short = Secret::insecure_short("x").unwrap();
    assert!(HmacLayer::new(presets::GITHUB.scheme(), short).is_ok());
    let empty = Secret::new("whsec_").unwrap_err();
    assert!(empty.to_string().contains("fewer than 16"));
    let hollow = Secret::insecure_short("whsec_").unwrap();
    let error = HmacLayer::new(presets::STANDARD_WEBHOOKS.scheme(), hollow).unwrap_err();
    assert!(error.to_string().contains("empty"), "{error}");
}

#[test]
fn neither_layer_nor_service_prints_a_secret() {
    let layer = HmacLayer::from(settings());
    assert!(!format!("{layer:?} {:?}", layer.layer(())).contains(SECRET));
}
