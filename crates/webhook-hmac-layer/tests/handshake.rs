//! Handshakes are answered in the handler's place, and only where they may be.
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
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{Request, Response, request::Parts};
use http_body::Frame;
use http_body_util::{BodyExt as _, Full};
use tower::{ServiceExt as _, service_fn};
use tower_layer::Layer as _;
use webhook_core::{
    BufferedBody, Check, Clock, DeliveryRecord, Facts, Problem, Reason, Reject, Rejection,
    RequestId, Secret, Timestamp, Verdict,
};
use webhook_hmac_layer::{ConfigError, HmacLayer, HmacSettings};
use webhook_signature::{
    Scheme, SignRequest, Verifier,
    handshake::{self, Confirmation, HandshakeError, Responder},
    presets,
};

const SECRET: &str = "current-secret-0123456789abcdef";
const NOW: Timestamp = Timestamp::from_unix_seconds(1_700_000_000);

type Body = Full<Bytes>;

/// What came of a request.
struct Seen {
    status: u16,
    body: String,
    content_type: Option<String>,
    handled: usize,
    record: DeliveryRecord,
    reason: Option<Reason>,
}

fn secret(text: &str) -> Secret {
    Secret::new(text).unwrap()
}

fn responder(provider: &str) -> Responder {
    Responder::new(handshake::by_name(provider).unwrap())
}

/// A scheme of this name that signs the body alone.
fn over_body(name: &'static str) -> Scheme {
    let scheme = Scheme::hmac_sha256(name).header("x-signature");
    scheme.build().unwrap()
}

fn settings(scheme: impl Into<Scheme>) -> HmacSettings {
    HmacSettings::new(scheme, secret(SECRET)).unwrap()
}

fn answering(provider: &'static str) -> HmacSettings {
    settings(over_body(provider))
        .with_preset_handshake()
        .unwrap()
}

fn request(method: &str, uri: &str, body: &str) -> Request<Body> {
    Request::builder()
        .method(method)
        .uri(uri)
        .body(Full::new(Bytes::copy_from_slice(body.as_bytes())))
        .unwrap()
}

/// A delivery with the signature of this secret.
fn signed(scheme: impl Into<Scheme>, key: &str, body: &str) -> Request<Body> {
    let verifier = Verifier::new(scheme, secret(key)).unwrap();
    let mut request = request("POST", "/", body);
    let signing = SignRequest::new(body.as_bytes(), NOW);
    for (name, value) in verifier.sign(&signing).unwrap() {
        request.headers_mut().insert(name, value);
    }
    request
}

async fn send_with<R>(layer: HmacLayer<R>, mut request: Request<Body>) -> Seen
where
    R: Reject<Body> + Clone + Send + 'static,
{
    let (clock, _) = Clock::manual(NOW);
    let record = DeliveryRecord::new(RequestId::generate(&clock));
    Facts::of_mut(request.extensions_mut()).set_record(record.clone());
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let handler = service_fn(move |request: Request<BufferedBody>| {
        counted.fetch_add(1, Ordering::Relaxed);
        let confirmation = request.extensions().get::<Confirmation>();
        let text = confirmation.map_or("handled", Confirmation::url).to_owned();
        async move { Ok::<_, Infallible>(Response::new(Full::new(text.into()))) }
    });
    let service = layer.with_clock(clock).layer(handler);
    let response = service.oneshot(request).await.unwrap();
    let (head, body) = response.into_parts();
    let bytes = body.collect().await.unwrap().to_bytes();
    Seen {
        status: head.status.as_u16(),
        body: String::from_utf8(bytes.to_vec()).unwrap(),
        content_type: head
            .headers
            .get("content-type")
            .map(|value| value.to_str().unwrap().to_owned()),
        handled: calls.load(Ordering::Relaxed),
        record,
        reason: head.extensions.get::<Rejection>().map(Rejection::reason),
    }
}

async fn send(settings: HmacSettings, request: Request<Body>) -> Seen {
    send_with(HmacLayer::from(settings), request).await
}

#[tokio::test]
async fn a_get_is_answered_before_its_method_is_refused() {
    let seen = send(answering("x"), request("GET", "/?crc_token=MjQ3", "")).await;
    assert_eq!((seen.status, seen.handled), (200, 0));
    assert!(seen.body.starts_with(r#"{"response_token": "sha256="#));
    assert_eq!(seen.content_type.unwrap(), "application/json");
    assert_eq!(seen.record.note(), Some("handshake"));
    assert_eq!((seen.record.refusal(), seen.reason), (None, None));
    assert_eq!(seen.record.handler_start(), None);

    for uri in ["/", "/?crc_token=%7B%7D", "/?crc_token=a&crc_token=b"] {
        let seen = send(answering("x"), request("GET", uri, "")).await;
        assert_eq!((seen.status, seen.handled), (405, 0), "{uri}");
        assert_eq!(seen.record.note(), None);
    }
    // Off unless it is asked for.
    let seen = send(
        settings(over_body("x")),
        request("GET", "/?crc_token=MjQ3", ""),
    );
    assert_eq!(seen.await.status, 405);
}

#[tokio::test]
async fn what_was_signed_as_a_challenge_is_no_delivery() {
    let token = "MjQ3MjQ3MjQ3";
    let delivery = || signed(over_body("x"), SECRET, token);
    assert_eq!(send(settings(over_body("x")), delivery()).await.handled, 1);
    let seen = send(answering("x"), delivery()).await;
    assert_eq!((seen.status, seen.handled), (401, 0));
    assert_eq!(seen.reason, Some(Reason::SignatureMismatch));
    let real = signed(over_body("x"), SECRET, r#"{"for_user_id":"1"}"#);
    assert_eq!(send(answering("x"), real).await.handled, 1);
}

#[tokio::test]
async fn a_signed_handshake_is_answered_once_it_is_verified() {
    let body = r#"{"token":"t","challenge":"3eZbrw1aBm2rZgRNFdxV","type":"url_verification"}"#;
    let slack = || settings(&presets::SLACK).with_preset_handshake().unwrap();
    let seen = send(slack(), signed(&presets::SLACK, SECRET, body)).await;
    assert_eq!((seen.status, seen.handled), (200, 0));
    assert_eq!(seen.body, "3eZbrw1aBm2rZgRNFdxV");
    assert_eq!(seen.content_type.unwrap(), "text/plain");
    assert_eq!(seen.record.verdict(Check::Signature), Some(Verdict::Pass));
    assert!(seen.record.verification().is_some());
    assert_eq!(seen.record.note(), Some("handshake"));

    let forged = signed(&presets::SLACK, "another-secret-0123456789abcdef", body);
    for request in [forged, request("POST", "/", body)] {
        let seen = send(slack(), request).await;
        assert_eq!((seen.status, seen.handled), (401, 0));
        assert!(!seen.body.contains("3eZbrw1aBm2rZgRNFdxV"));
        assert_eq!(seen.record.note(), None);
    }
    let event = signed(&presets::SLACK, SECRET, r#"{"type":"event_callback"}"#);
    let seen = send(slack(), event).await;
    assert_eq!((seen.body.as_str(), seen.handled), ("handled", 1));
}

#[tokio::test]
async fn zoom_gets_what_it_asked_for_signed() {
    let zoom = || {
        let scheme = Scheme::hmac_sha256("zoom")
            .header("x-zm-signature")
            .prefix("v0=")
            .timestamp_header("x-zm-request-timestamp")
            .signed_text("v0:{timestamp}:{body}");
        scheme.build().unwrap()
    };
    let body =
        r#"{"payload":{"plainToken":"qgg8vlvZRS6UYooatFL8Aw"},"event":"endpoint.url_validation"}"#;
    let answering = || settings(zoom()).with_preset_handshake().unwrap();
    let seen = send(answering(), signed(zoom(), SECRET, body)).await;
    assert_eq!((seen.status, seen.handled), (200, 0));
    assert!(seen.body.contains("encryptedToken"));
    let seen = send(answering(), request("POST", "/", body)).await;
    assert_eq!((seen.status, seen.handled), (401, 0));
}

#[tokio::test]
async fn a_wrong_verify_token_is_refused() {
    let meta = || {
        let responder = responder("meta").with_verify_token(secret("a-token-of-my-own"));
        let settings = settings(&presets::GITHUB);
        settings.with_handshake(responder).unwrap()
    };
    let asked = |token: &str| {
        let uri = format!("/?hub.mode=subscribe&hub.verify_token={token}&hub.challenge=1158201444");
        request("GET", &uri, "")
    };
    let seen = send(meta(), asked("a-token-of-my-own")).await;
    assert_eq!((seen.status, seen.handled), (200, 0));
    assert_eq!(seen.body, "1158201444");

    let seen = send(meta(), asked("wrong")).await;
    assert_eq!((seen.status, seen.handled), (403, 0));
    assert_eq!(seen.body, "");
    assert_eq!(seen.reason, Some(Reason::AuthInvalid));
    let refusal = Some((Reason::AuthInvalid, Check::Token));
    assert_eq!(seen.record.refusal(), refusal);
}

#[tokio::test]
async fn an_unsigned_body_is_read_only_for_a_handshake_and_only_so_far() {
    let monday = || answering("monday");
    let seen = send(monday(), request("POST", "/", r#"{"challenge":"abc"}"#)).await;
    assert_eq!((seen.status, seen.handled), (200, 0));
    assert_eq!(seen.body, r#"{"challenge":"abc"}"#);

    let long = format!(r#"{{"challenge":"{}"}}"#, "a".repeat(20_000));
    for body in [r#"{"event":{}}"#, "", "{", &long] {
        let seen = send(monday(), request("POST", "/", body)).await;
        assert_eq!((seen.status, seen.handled), (401, 0));
        assert_eq!(seen.reason, Some(Reason::SignatureMissing));
    }
    // A signature that is there and wrong is refused by the head or by the body, as ever.
    let mut malformed = request("POST", "/", r#"{"challenge":"abc"}"#);
    malformed
        .headers_mut()
        .insert("x-signature", "00".parse().unwrap());
    assert_eq!(send(monday(), malformed).await.status, 401);
}

/// A body that never says how long it is, and never ends.
struct Endless {
    frames: Arc<AtomicUsize>,
}

impl http_body::Body for Endless {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.frames.fetch_add(1, Ordering::Relaxed);
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(&[b' '; 1024])))))
    }
}

#[tokio::test]
async fn an_unsigned_body_is_not_read_for_ever() {
    let handler = service_fn(|_: Request<BufferedBody>| async {
        Ok::<_, Infallible>(Response::new(Body::default()))
    });
    let frames = Arc::new(AtomicUsize::new(0));
    let body = Endless {
        frames: Arc::clone(&frames),
    };
    let service = HmacLayer::from(answering("monday")).layer(handler);
    let response = service.oneshot(Request::post("/").body(body).unwrap());
    assert_eq!(response.await.unwrap().status(), 401);
    assert_eq!(frames.load(Ordering::Relaxed), 17);
}

#[tokio::test]
async fn the_intent_to_receive_gets_bare_answers() {
    let scheme = || {
        let scheme = Scheme::hmac_sha256("xero").header("x-xero-signature");
        scheme.base64().build().unwrap()
    };
    let xero = || settings(scheme()).with_preset_handshake().unwrap();
    let body = r#"{"events":[],"entropy":"abc"}"#;
    let seen = send(xero(), signed(scheme(), SECRET, body)).await;
    assert_eq!((seen.status, seen.handled), (200, 0));
    assert_eq!((seen.body.as_str(), seen.content_type), ("", None));

    let mut malformed = request("POST", "/", body);
    malformed
        .headers_mut()
        .insert("x-xero-signature", "wrong".parse().unwrap());
    let forged = signed(scheme(), "another-secret-0123456789abcdef", body);
    for request in [malformed, forged] {
        let seen = send(xero(), request).await;
        assert_eq!((seen.status, seen.handled), (401, 0));
        assert_eq!((seen.body.as_str(), seen.content_type), ("", None));
        assert!(seen.reason.is_some());
    }
    let delivery = signed(scheme(), SECRET, r#"{"events":[{}]}"#);
    assert_eq!(send(xero(), delivery).await.handled, 1);
}

#[tokio::test]
async fn a_url_to_confirm_reaches_the_handler() {
    let url = "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription";
    let body = format!(r#"{{"Type":"SubscriptionConfirmation","SubscribeURL":"{url}"}}"#);
    let sns = answering("aws-sns");
    let seen = send(sns, signed(over_body("aws-sns"), SECRET, &body)).await;
    assert_eq!((seen.body.as_str(), seen.handled), (url, 1));
    assert_eq!(seen.record.note(), None);
    let seen = send(answering("aws-sns"), request("POST", "/", &body)).await;
    assert_eq!((seen.status, seen.handled), (401, 0));
}

#[tokio::test]
async fn an_offered_secret_is_refused_where_nobody_takes_it() {
    let offered = || {
        let mut request = request("POST", "/", "");
        let value = "b537207f20cbfa02357cf448134da559e8bd39d61597dcd5631b8012eae53e81";
        request
            .headers_mut()
            .insert("x-hook-secret", value.parse().unwrap());
        request
    };
    let asana = |takes: bool| {
        let responder = responder("asana").with_offers(move |_| takes);
        settings(over_body("asana"))
            .with_handshake(responder)
            .unwrap()
    };
    assert_eq!(send(asana(true), offered()).await.status, 200);
    assert_eq!(send(asana(false), offered()).await.status, 401);
}

#[tokio::test]
async fn shadow_mode_answers_handshakes_and_lets_the_rest_pass() {
    let shadow = || answering("monday").with_insecure_shadow(true);
    let seen = send(shadow(), request("POST", "/", r#"{"challenge":"abc"}"#)).await;
    assert_eq!((seen.status, seen.handled), (200, 0));
    let long = format!(r#"{{"event":"{}"}}"#, "a".repeat(20_000));
    let seen = send(shadow(), request("POST", "/", &long)).await;
    assert_eq!((seen.body.as_str(), seen.handled), ("handled", 1));
    let refusal = Some((Reason::SignatureMissing, Check::Signature));
    assert_eq!(seen.record.shadow_refusal(), refusal);
}

#[tokio::test]
async fn a_policy_that_knows_no_body_cannot_answer() {
    let wording =
        |rejection: &Rejection, parts: &Parts| Problem::default().reject(rejection, parts);
    let layer = HmacLayer::from(answering("x")).with_rejection(wording);
    let seen = send_with(layer, request("GET", "/?crc_token=MjQ3", "")).await;
    assert_eq!((seen.status, seen.handled), (500, 0));
    assert_eq!(seen.reason, Some(Reason::Misconfigured));
    assert!(!seen.body.contains("response_token"));
}

#[test]
fn mistakes_are_told_when_the_layer_is_made() {
    let fault = |settings: Result<HmacSettings, ConfigError>| match settings {
        Err(ConfigError::Handshake(error)) => error,
        other => panic!("{other:?}"),
    };
    let github = settings(&presets::GITHUB).with_preset_handshake();
    assert_eq!(fault(github), HandshakeError::Unknown);
    let meta = settings(over_body("meta")).with_preset_handshake();
    assert_eq!(fault(meta), HandshakeError::NoVerifyToken);
    let notion = settings(over_body("notion")).with_preset_handshake();
    assert_eq!(fault(notion), HandshakeError::NoOffers);
    let braintree = settings(over_body("braintree")).with_preset_handshake();
    assert_eq!(fault(braintree), HandshakeError::NoKey);
    let oracle = Scheme::hmac_sha256("x")
        .header("x-signature")
        .timestamp_header("x-time")
        .signed_text("{timestamp}{body}");
    let oracle = settings(oracle.build().unwrap()).with_preset_handshake();
    assert_eq!(fault(oracle), HandshakeError::SigningOracle);
}
