//! A body that comes whole and within bounds, or not to the handler at all.
#![allow(
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers outside #[test] functions may fail a test too"
)]

mod harness;

use std::{
    collections::VecDeque,
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use harness::token;
use http::{HeaderMap, Request, Response, Version};
use http_body::{Body, Frame, SizeHint};
use http_body_util::{BodyExt as _, Full};
use tower::{Layer as _, ServiceExt as _, service_fn};
use webhook_core::{
    BufferedBody, Check, Clock, DeliveryRecord, Facts, Reason, Rejection, RequestId, Verdict,
    body::{BodyLimits, MemoryBudget},
};
use webhook_token_layer::{BufferedTokenLayer, TokenLayer, TokenSettings, TokenSource};

const TOKEN: &str = "tok-0123456789abcdef";

/// What becomes of a body after its last frame.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Whole,
    /// As hyper hands on a reset with `NO_ERROR`: an end that the stream does not confirm.
    Reset,
    Failed,
    Never,
    Untouchable,
}

struct Script {
    frames: VecDeque<&'static [u8]>,
    declared: Option<u64>,
    end: End,
}

impl Body for Script {
    type Data = Bytes;
    type Error = &'static str;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        assert!(self.end != End::Untouchable, "the body was asked for");
        if let Some(frame) = self.frames.pop_front() {
            return Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(frame)))));
        }
        match self.end {
            End::Failed => Poll::Ready(Some(Err("reset"))),
            End::Never => Poll::Pending,
            _ => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.frames.is_empty() && self.end == End::Whole
    }

    fn size_hint(&self) -> SizeHint {
        self.declared
            .map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}

fn script(frames: &[&'static [u8]], end: End) -> Script {
    let frames = frames.iter().copied().collect();
    Script {
        frames,
        declared: None,
        end,
    }
}

fn layer() -> BufferedTokenLayer {
    let limits = BodyLimits::default().with_max_bytes(8).with_max_frames(3);
    let settings = TokenSettings::new(TokenSource::Bearer, token("2026-q4", TOKEN));
    TokenLayer::from(settings.with_limits(limits)).buffered()
}

/// What comes of a body: what the handler read of it, or why it was refused.
async fn outcome(
    layer: BufferedTokenLayer,
    version: Version,
    token: &str,
    body: Script,
) -> (Result<Bytes, (u16, Reason)>, DeliveryRecord) {
    let handler = service_fn(async |request: Request<BufferedBody>| {
        let facts = Facts::of(request.extensions()).unwrap();
        assert!(facts.verification().is_some());
        let body = Full::new(request.into_body().into_bytes());
        Ok::<_, Infallible>(Response::new(body))
    });
    let mut request = Request::post("/in")
        .version(version)
        .header("authorization", format!("Bearer {token}"))
        .body(body)
        .unwrap();
    let record = DeliveryRecord::new(RequestId::generate(&Clock::system()));
    Facts::of_mut(request.extensions_mut()).set_record(record.clone());
    let response = layer.layer(handler).oneshot(request).await.unwrap();
    if let Some(rejection) = response.extensions().get::<Rejection>() {
        return (
            Err((response.status().as_u16(), rejection.reason())),
            record,
        );
    }
    let read = response.into_body().collect().await.unwrap().to_bytes();
    (Ok(read), record)
}

#[tokio::test]
async fn a_whole_body_reaches_the_handler_and_the_record() {
    for version in [Version::HTTP_11, Version::HTTP_2] {
        let body = script(&[b"1234", b"5678"], End::Whole);
        let (read, record) = outcome(layer(), version, TOKEN, body).await;
        assert_eq!(read.unwrap(), "12345678");
        for check in [Check::Token, Check::Size, Check::Body] {
            assert_eq!(record.verdict(check), Some(Verdict::Pass), "{check}");
        }
        assert_eq!(record.body_bytes(), Some(8));
        assert!(record.handler_start().is_some());
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_wrong_with_a_body_is_refused_and_noted() {
    let incomplete = (400, Reason::BodyIncomplete);
    let large = (413, Reason::BodyTooLarge);
    let cut = || script(&[b"1234"], End::Reset);
    let mut short = script(&[b"1234"], End::Whole);
    short.declared = Some(5);
    for (version, body, due, check) in [
        (Version::HTTP_2, cut(), incomplete, Check::Body),
        (Version::HTTP_2, short, incomplete, Check::Body),
        (
            Version::HTTP_11,
            script(&[b"1234"], End::Failed),
            incomplete,
            Check::Body,
        ),
        (
            Version::HTTP_11,
            script(&[b"12345", b"6789"], End::Whole),
            large,
            Check::Size,
        ),
        (
            Version::HTTP_11,
            script(&[b"", b"", b"", b"1"], End::Whole),
            large,
            Check::Size,
        ),
        (
            Version::HTTP_2,
            script(&[b"1234"], End::Never),
            (408, Reason::BodyTimeout),
            Check::Body,
        ),
    ] {
        let (read, record) = outcome(layer(), version, TOKEN, body).await;
        assert_eq!(read.unwrap_err(), due);
        assert_eq!(record.refusal(), Some((due.1, check)));
        assert_eq!(record.verdict(Check::Token), Some(Verdict::Pass));
        assert_eq!(record.verdict(check), Some(Verdict::Fail));
    }
}

#[tokio::test]
async fn all_bodies_share_one_budget_and_give_it_back() {
    // Strangers have three quarters of it.
    let budget = MemoryBudget::new(8).with_network_share(8);
    let tight = || layer().with_budget(budget.clone());
    let body = || script(&[b"1234", b"567"], End::Whole);
    let (read, _) = outcome(tight(), Version::HTTP_11, TOKEN, body()).await;
    assert_eq!(read.unwrap_err(), (503, Reason::MemoryExhausted));
    assert_eq!(budget.held(), 0);
    let small = script(&[b"123456"], End::Whole);
    assert!(
        outcome(tight(), Version::HTTP_11, TOKEN, small)
            .await
            .0
            .is_ok()
    );
    assert_eq!(budget.held(), 0);
}

#[tokio::test]
async fn what_the_head_decides_is_decided_without_the_body() {
    let untouched = |declared| Script {
        frames: VecDeque::new(),
        declared,
        end: End::Untouchable,
    };
    let (read, record) = outcome(layer(), Version::HTTP_11, "wrong", untouched(None)).await;
    assert_eq!(read.unwrap_err(), (401, Reason::AuthInvalid));
    assert_eq!(record.verdict(Check::Body), None);
    // Over the limit too: who has no token learns nothing of the limit.
    let (read, _) = outcome(layer(), Version::HTTP_11, "wrong", untouched(Some(9))).await;
    assert_eq!(read.unwrap_err(), (401, Reason::AuthInvalid));
    let (read, record) = outcome(layer(), Version::HTTP_11, TOKEN, untouched(Some(9))).await;
    assert_eq!(read.unwrap_err(), (413, Reason::BodyTooLarge));
    assert_eq!(record.body_bytes(), None);
}

#[tokio::test(start_paused = true)]
async fn a_slow_upload_holds_no_permit_of_the_handler() {
    let handler = service_fn(async |_: Request<BufferedBody>| {
        Ok::<_, Infallible>(Response::new(Full::new(Bytes::new())))
    });
    let handler = tower::limit::ConcurrencyLimit::new(handler, 1);
    let guarded = layer().layer(handler);
    let delivery = |end| {
        Request::post("/in")
            .header("authorization", format!("Bearer {TOKEN}"))
            .body(script(&[b"1234"], end))
            .unwrap()
    };
    let slow = tokio::spawn(guarded.clone().oneshot(delivery(End::Never)));
    tokio::time::sleep(Duration::from_secs(1)).await;
    let swift = guarded.oneshot(delivery(End::Whole)).await.unwrap();
    assert_eq!(swift.status(), 200);
    assert_eq!(slow.await.unwrap().unwrap().status(), 408);
}

#[tokio::test]
async fn trailers_are_kept_and_a_buffered_body_is_not_read_again() {
    let mut trailers = HeaderMap::new();
    trailers.insert("x-checksum", "1".parse().unwrap());
    let body = Full::new(Bytes::from_static(b"1234"))
        .with_trailers(std::future::ready(Some(Ok(trailers))));
    let handler = service_fn(async |request: Request<BufferedBody>| {
        let body = request.into_body();
        assert!(body.trailers().unwrap().contains_key("x-checksum"));
        assert_eq!(body.as_single().unwrap(), "1234");
        Ok::<_, Infallible>(Response::new(Full::new(Bytes::new())))
    });
    let guarded = layer().layer(layer().layer(handler));
    let request = Request::post("/in").header("authorization", format!("Bearer {TOKEN}"));
    let response = guarded.oneshot(request.body(body).unwrap()).await.unwrap();
    assert_eq!(response.status(), 200);
}
