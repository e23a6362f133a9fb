//! A provider's handshake: who is answered, with and without a token, and what nobody gets.
#![allow(
    clippy::unwrap_used,
    reason = "helpers outside #[test] functions may fail a test too"
)]

mod harness;

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
use harness::{reason, request, seen, send, token};
use http::{Request, Response, StatusCode, request::Parts};
use http_body::{Body, Frame};
use http_body_util::{BodyExt as _, Full};
use proptest::prelude::*;
use tower::{Layer as _, ServiceExt as _, service_fn};
use webhook_core::{
    BufferedBody, Check, Clock, DeliveryRecord, Facts, Reason, Rejection, RequestId, Verdict,
    introduction::{Introduction, MAX_BODY},
};
use webhook_token_layer::{TokenLayer, TokenSettings, TokenSource};

const TOKEN: &str = "tok-0123456789abcdef";

/// Wants a header's value back, or the body of a request that says it is a validation.
#[derive(Debug)]
struct Acme;

impl Introduction for Acme {
    fn answer(&self, head: &Parts, body: Option<&[u8]>) -> Option<Response<Bytes>> {
        if self.wants_body(head) {
            let code = body?.strip_prefix(b"code=")?;
            return Some(Response::new(Bytes::copy_from_slice(code)));
        }
        let challenge = head.headers.get("x-challenge")?.as_bytes();
        Some(Response::new(Bytes::copy_from_slice(challenge)))
    }

    fn wants_body(&self, head: &Parts) -> bool {
        head.headers.contains_key("x-validation")
    }
}

fn settings(source: TokenSource) -> TokenSettings {
    TokenSettings::new(source, token("2026-q4", TOKEN)).with_handshake(Acme)
}

fn header() -> TokenSource {
    TokenSource::header("x-token").unwrap()
}

/// The answer's body, where the handler was not asked; else the reason of the refusal.
async fn outcome(
    layer: &TokenLayer,
    uri: &str,
    headers: &[(&str, &str)],
) -> (Result<Bytes, Reason>, DeliveryRecord) {
    let (response, record) = send(layer, request(uri, headers)).await;
    if response.extensions().get::<Rejection>().is_some() || seen(&response).is_some() {
        return (Err(reason(&response)), record);
    }
    assert_eq!(response.status(), StatusCode::OK);
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    (Ok(bytes), record)
}

#[tokio::test]
async fn a_handshake_without_a_token_is_answered_where_the_token_is_a_header() {
    let layer = settings(header()).into();
    let asked = ("x-challenge", "abc");
    let (answer, record) = outcome(&layer, "/in", &[asked]).await;
    assert_eq!(answer.unwrap(), "abc");
    assert_eq!(record.note(), Some("handshake"));
    assert_eq!((record.refusal(), record.verification()), (None, None));

    let (answer, record) = outcome(&layer, "/in", &[asked, ("x-token", TOKEN)]).await;
    assert_eq!(answer.unwrap(), "abc");
    assert_eq!(record.verdict(Check::Token), Some(Verdict::Pass));

    // Who sends a wrong token is told so, and what is no handshake needs one.
    let (answer, _) = outcome(&layer, "/in", &[asked, ("x-token", "wrong")]).await;
    assert_eq!(answer.unwrap_err(), Reason::AuthInvalid);
    let (answer, _) = outcome(&layer, "/in", &[]).await;
    assert_eq!(answer.unwrap_err(), Reason::AuthMissing);
    let (answer, _) = outcome(&layer, "/in", &[("x-token", TOKEN)]).await;
    assert_eq!(answer.unwrap_err(), Reason::Ok);
}

#[tokio::test]
async fn a_handshake_with_the_token_in_its_url_is_answered_only_with_it() {
    let layer = settings(TokenSource::query("token").unwrap()).into();
    let asked = [("x-challenge", "abc")];
    for (uri, expected) in [
        ("/in?token=tok-0123456789abcdef", Ok("abc")),
        ("/in", Err(Reason::AuthMissing)),
        ("/in?token=", Err(Reason::AuthMissing)),
        ("/in?token=wrong", Err(Reason::AuthInvalid)),
    ] {
        let (answer, _) = outcome(&layer, uri, &asked).await;
        assert_eq!(answer, expected.map(Bytes::from), "{uri}");
    }
}

#[tokio::test]
async fn without_a_handshake_nobody_is_answered() {
    let layer = TokenLayer::new(header(), token("2026-q4", TOKEN));
    let (answer, _) = outcome(&layer, "/in", &[("x-challenge", "abc")]).await;
    assert_eq!(answer.unwrap_err(), Reason::AuthMissing);
    // A layer that reads no body answers nothing that only the body tells.
    let layer = settings(header()).into();
    let (answer, _) = outcome(&layer, "/in", &[("x-validation", "1")]).await;
    assert_eq!(answer.unwrap_err(), Reason::AuthMissing);
}

/// What a layer that reads the body answers: status, and body or reason.
async fn buffered(
    settings: TokenSettings,
    headers: &[(&str, &str)],
    body: impl Into<Bytes>,
) -> (u16, Result<Bytes, Reason>, DeliveryRecord) {
    let handler = service_fn(async |request: Request<BufferedBody>| {
        let bytes = [b"handled: ", &*request.into_body().into_bytes()].concat();
        Ok::<_, Infallible>(Response::new(Full::<Bytes>::from(bytes)))
    });
    let guarded = TokenLayer::from(settings).buffered().layer(handler);
    let mut delivery = Request::post("/in");
    for (name, value) in headers {
        delivery = delivery.header(*name, *value);
    }
    let mut delivery = delivery.body(Full::new(body.into())).unwrap();
    let record = DeliveryRecord::new(RequestId::generate(&Clock::system()));
    Facts::of_mut(delivery.extensions_mut()).set_record(record.clone());
    let response = guarded.oneshot(delivery).await.unwrap();
    let status = response.status().as_u16();
    if let Some(rejection) = response.extensions().get::<Rejection>() {
        return (status, Err(rejection.reason()), record);
    }
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    (status, Ok(bytes), record)
}

#[tokio::test]
async fn a_handshake_that_its_body_tells_is_answered_by_a_layer_that_reads_it() {
    let asked = ("x-validation", "1");
    let (status, answer, record) = buffered(settings(header()), &[asked], "code=7").await;
    assert_eq!((status, answer.unwrap()), (200, "7".into()));
    assert_eq!((record.note(), record.refusal()), (Some("handshake"), None));
    let with_token = [asked, ("x-token", TOKEN)];
    let (_, answer, _) = buffered(settings(header()), &with_token, "code=7").await;
    assert_eq!(answer.unwrap(), "7");

    // No handshake after all: a delivery like any other.
    let (_, answer, _) = buffered(settings(header()), &with_token, "other").await;
    assert_eq!(answer.unwrap(), "handled: other");
    let (status, answer, record) = buffered(settings(header()), &[asked], "other").await;
    assert_eq!((status, answer.unwrap_err()), (401, Reason::AuthMissing));
    assert_eq!(record.refusal(), Some((Reason::AuthMissing, Check::Token)));
    // The head has to say that it can be one.
    let (status, _, _) = buffered(settings(header()), &[], "code=7").await;
    assert_eq!(status, 401);
    // In the query, never without the token.
    let query = settings(TokenSource::query("token").unwrap());
    let (status, _, _) = buffered(query, &[asked], "code=7").await;
    assert_eq!(status, 401);
}

#[tokio::test]
async fn a_handshake_is_short_and_a_delivery_need_not_be() {
    let asked = ("x-validation", "1");
    let long = |length: usize| [b"code=".as_slice(), &vec![b'7'; length - 5]].concat();
    let (status, _, _) = buffered(settings(header()), &[asked], long(MAX_BODY)).await;
    assert_eq!(status, 200);
    let (status, answer, record) = buffered(settings(header()), &[asked], long(MAX_BODY + 1)).await;
    assert_eq!((status, answer.unwrap_err()), (401, Reason::AuthMissing));
    assert_eq!(record.body_bytes(), None);
    let with_token = [asked, ("x-token", TOKEN)];
    let (status, answer, _) = buffered(settings(header()), &with_token, long(MAX_BODY + 1)).await;
    assert!(status == 200 && answer.unwrap().starts_with(b"handled: "));
}

#[tokio::test]
async fn shadow_mode_hands_on_what_is_no_handshake() {
    let shadow = || settings(header()).with_insecure_shadow(true);
    let asked = [("x-validation", "1")];
    let (_, answer, record) = buffered(shadow(), &asked, "other").await;
    assert_eq!(answer.unwrap(), "handled: other");
    assert_eq!(
        record.shadow_refusal(),
        Some((Reason::AuthMissing, Check::Token))
    );
    let (_, answer, record) = buffered(shadow(), &asked, "code=7").await;
    assert_eq!(
        (answer.unwrap(), record.shadow_refusal()),
        ("7".into(), None)
    );
}

/// A body that does not say how long it is, in pieces of 1 KiB.
struct Pieces {
    left: usize,
    asked: Arc<AtomicUsize>,
}

impl Body for Pieces {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        let Some(left) = self.left.checked_sub(1) else {
            return Poll::Ready(None);
        };
        self.left = left;
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(&[b'x'; 1024])))))
    }
}

/// The status for 64 pieces without a token, and how many were asked for.
async fn pieces(settings: TokenSettings, header: &str) -> (u16, usize) {
    let handler = service_fn(async |request: Request<BufferedBody>| {
        assert_eq!(request.into_body().into_bytes().len(), 64 * 1024);
        Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))
    });
    let asked = Arc::new(AtomicUsize::new(0));
    let body = Pieces {
        left: 64,
        asked: Arc::clone(&asked),
    };
    let delivery = Request::post("/in").header(header, "1");
    let guarded = TokenLayer::from(settings).buffered().layer(handler);
    let answer = guarded.oneshot(delivery.body(body).unwrap()).await.unwrap();
    (answer.status().as_u16(), asked.load(Ordering::Relaxed))
}

#[tokio::test]
async fn of_a_stranger_no_more_is_read_than_a_handshake_may_have() {
    let (status, asked) = pieces(settings(header()), "x-validation").await;
    assert_eq!((status, asked), (401, MAX_BODY / 1024 + 1));
    // In shadow mode it may be a delivery, which has to come whole.
    let shadow = settings(header()).with_insecure_shadow(true);
    let (status, asked) = pieces(shadow, "x-validation").await;
    assert!(status == 200 && asked >= 64, "{status} after {asked}");
}

#[tokio::test]
async fn of_a_stranger_whose_head_is_no_handshake_nothing_is_read() {
    let no_handshake = TokenSettings::new(header(), token("2026-q4", TOKEN));
    for settings in [settings(header()), no_handshake] {
        assert_eq!(pieces(settings, "x-other").await, (401, 0));
    }
}

proptest! {
    #[test]
    fn without_the_token_nobody_reaches_the_handler(
        token in proptest::option::of("[!-~]{0,24}"),
        challenge in proptest::option::of("[!-~]{0,24}"),
        wants_body in any::<bool>(),
        in_query in any::<bool>(),
        body in prop_oneof![Just(b"code=1".to_vec()), proptest::collection::vec(any::<u8>(), 0..40)],
    ) {
        prop_assume!(token.as_deref() != Some(TOKEN));
        let source = if in_query { TokenSource::query("token").unwrap() } else { header() };
        let mut headers = Vec::new();
        headers.extend(token.as_deref().map(|token| ("x-token", token)));
        headers.extend(challenge.as_deref().map(|challenge| ("x-challenge", challenge)));
        headers.extend(wants_body.then_some(("x-validation", "1")));
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let (status, answer, _) = runtime.block_on(buffered(settings(source), &headers, body.clone()));
        let Ok(answer) = answer else {
            prop_assert_eq!(status, 401);
            return Ok(());
        };
        // Nothing comes back but what the request said itself.
        let code = body.strip_prefix(b"code=").filter(|_| wants_body);
        let said = code.or(challenge.as_deref().map(str::as_bytes));
        prop_assert_eq!((status, said), (200, Some(&*answer)));
        prop_assert!(!in_query && token.is_none_or(|token| token.is_empty()));
    }
}
