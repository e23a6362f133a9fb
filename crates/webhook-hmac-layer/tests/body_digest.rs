//! The digest of a body in the record: of every body that was read whole, where it is asked for.
#![allow(clippy::unwrap_used, reason = "a helper that fails fails its test")]

use std::{
    convert::Infallible,
    pin::Pin,
    slice::Chunks,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{Request, Response};
use http_body::Frame;
use http_body_util::{BodyExt as _, Full, combinators::UnsyncBoxBody};
use tower::{Layer as _, ServiceExt as _, service_fn};
use webhook_core::{
    BufferedBody, Clock, DeliveryRecord, Facts, RequestId, Secret, Timestamp, record::BodyDigest,
};
use webhook_hmac_layer::{HmacLayer, HmacSettings};
use webhook_signature::{BodyDigestKey, SignRequest, Verifier, presets};

const SECRET: &str = "It's a Secret to Everybody";
const BODY: &[u8] = br#"{"zen":"Keep it logically awesome."}"#;
const NOW: Timestamp = Timestamp::from_unix_seconds(1_700_000_000);

type Body = UnsyncBoxBody<Bytes, Infallible>;

fn key() -> BodyDigestKey {
    BodyDigestKey::new(&Secret::new("a key for digests alone").unwrap())
}

fn settings() -> HmacSettings {
    HmacSettings::new(&presets::GITHUB, Secret::new(SECRET).unwrap()).unwrap()
}

fn signed(by: &str, body: Body) -> Request<Body> {
    let secret = Secret::new(by).unwrap();
    let verifier = Verifier::new(presets::GITHUB.scheme(), secret).unwrap();
    let mut request = Request::post("/").body(body).unwrap();
    let headers = verifier.sign(&SignRequest::new(BODY, NOW)).unwrap();
    request.headers_mut().extend(headers);
    request
}

fn whole() -> Body {
    Full::new(Bytes::from_static(BODY)).boxed_unsync()
}

/// A body that comes in pieces.
struct Frames(Chunks<'static, u8>);

impl http_body::Body for Frames {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let frame = self.0.next().map(Bytes::from_static);
        Poll::Ready(frame.map(|bytes| Ok(Frame::data(bytes))))
    }
}

/// The status, and the digest that the record tells.
async fn digest(settings: HmacSettings, mut request: Request<Body>) -> (u16, Option<BodyDigest>) {
    let (clock, _) = Clock::manual(NOW);
    let record = DeliveryRecord::new(RequestId::generate(&clock));
    Facts::of_mut(request.extensions_mut()).set_record(record.clone());
    let handler = service_fn(async |_: Request<BufferedBody>| {
        Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))
    });
    let guarded = HmacLayer::from(settings).with_clock(clock).layer(handler);
    let response = guarded.oneshot(request).await.unwrap();
    (response.status().as_u16(), record.body_digest())
}

#[tokio::test]
async fn a_digest_is_there_where_it_is_asked_for_alone() {
    assert_eq!(
        digest(settings(), signed(SECRET, whole())).await,
        (200, None)
    );
    let asked = settings().with_body_digest(key());
    let expected = Some(key().digest(BODY));
    assert_eq!(
        digest(asked, signed(SECRET, whole())).await,
        (200, expected)
    );
}

#[tokio::test]
async fn a_refused_body_has_a_digest_too_if_it_was_read() {
    let asked = || settings().with_body_digest(key());
    let expected = Some(key().digest(BODY));
    let forged = || signed("another secret of sixteen", whole());
    assert_eq!(digest(asked(), forged()).await, (401, expected));
    let shadow = asked().with_insecure_shadow(true);
    assert_eq!(digest(shadow, forged()).await, (200, expected));
    let mut unsigned = signed(SECRET, whole());
    unsigned.headers_mut().clear();
    assert_eq!(digest(asked(), unsigned).await, (401, None));
    // Let pass in shadow mode, though its head alone refuses it.
    let mut unsigned = signed(SECRET, whole());
    unsigned.headers_mut().clear();
    let shadow = asked().with_insecure_shadow(true);
    assert_eq!(digest(shadow, unsigned).await, (200, expected));
}

#[tokio::test]
async fn the_digest_is_of_the_bytes_however_they_come() {
    let frames = Frames(BODY.chunks(7)).boxed_unsync();
    let asked = settings().with_body_digest(key());
    let expected = Some(key().digest(BODY));
    assert_eq!(digest(asked, signed(SECRET, frames)).await, (200, expected));
    let empty = Full::default().boxed_unsync();
    let asked = settings().with_body_digest(key());
    let expected = Some(key().digest(b""));
    assert_eq!(digest(asked, signed(SECRET, empty)).await, (401, expected));
}
