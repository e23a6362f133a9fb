//! 8, 9, 30: bodies that are refused unread, bounded to the byte, and never inflated.

use std::{io::Write as _, time::Duration};

use allocation_counter::measure;
use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};
use http::{HeaderValue, Method, Request, Version};
use proptest::prelude::*;
use webhook_layers::{Facts, Quota};
use webhook_tests::stand::{End, NOW, ScriptedBody, Sender, Setup, Stand, poll_once};

use crate::{CLIENT, generous, judged, request};

// ---- 8 ----

/// A reason, what the stack needs for it, and what is changed in a good delivery.
type Refusal = (
    &'static str,
    fn(Setup) -> Setup,
    fn(&mut Request<ScriptedBody>),
);

/// What the head alone decides.
fn refusals_of_the_head() -> Vec<Refusal> {
    fn header(name: &'static str, value: &'static str) -> impl Fn(&mut Request<ScriptedBody>) {
        move |request| {
            drop(
                request
                    .headers_mut()
                    .insert(name, HeaderValue::from_static(value)),
            );
        }
    }
    let as_it_is: fn(Setup) -> Setup = |setup| setup;
    vec![
        ("ip_denied", |setup| setup.deny(["203.0.113.0/24"]), |_| {}),
        ("ip_denied", |setup| setup.allow(["192.0.2.1"]), |_| {}),
        ("ip_unresolved", as_it_is, |request| {
            drop(request.extensions_mut().remove::<Facts>());
        }),
        ("method_not_allowed", as_it_is, |request| {
            *request.method_mut() = Method::PUT;
        }),
        ("encoding_unsupported", as_it_is, |request| {
            header("content-encoding", "gzip")(request);
        }),
        ("signature_missing", as_it_is, |request| {
            drop(request.headers_mut().remove("webhook-signature"));
        }),
        ("signature_malformed", as_it_is, |request| {
            header("webhook-signature", "v1,no base64")(request);
        }),
        ("timestamp_too_old", as_it_is, |request| {
            header("webhook-timestamp", "1600000000")(request);
        }),
        ("id_missing", as_it_is, |request| {
            drop(request.headers_mut().remove("webhook-id"));
        }),
        ("body_too_large", |setup| setup.max_body(1023), |_| {}),
    ]
}

#[test]
fn promise_08_what_the_head_decides_is_decided_without_the_body() {
    let body = || ScriptedBody::new("").declaring(1024).ending(End::Panic);
    let delivery = || {
        let mut delivery = request(Sender::new().headers(b"", NOW), body());
        // Whoever asks first must not be told to go on either.
        delivery
            .headers_mut()
            .insert("expect", HeaderValue::from_static("100-continue"));
        delivery
    };
    for (reason, setup, change) in refusals_of_the_head() {
        let stand = Stand::with(setup);
        let mut refused = delivery();
        change(&mut refused);
        let (status, said) = judged(&stand, refused);
        assert_eq!(said, reason);
        assert!((400..500).contains(&status), "{reason}: {status}");
    }
    // A quota that is used up, by requests without bodies.
    let stand = Stand::with(|setup| setup.network_quota(Quota::per_minute(1)));
    assert_eq!(judged(&stand, Sender::nobody(CLIENT, "")).0, 401);
    assert_eq!(judged(&stand, delivery()), (429, "rate_limited"));
    // The body does panic where somebody asks for it.
    assert_eq!(judged(&Stand::new(), delivery()), (500, "handler_panic"));
}

// ---- 9 ----

#[test]
fn promise_09_the_limit_of_a_body_holds_to_the_byte_however_it_is_cut() {
    proptest!(|(
        limit in 1_usize..2000,
        size in 1_usize..700,
        is_over: bool,
        declares: bool,
        is_http2: bool,
    )| {
        let stand = Stand::with(|setup| setup.max_body(limit as u64));
        let content = vec![b'x'; limit + usize::from(is_over)];
        let headers = Sender::new().headers(&content, NOW);
        let mut body = ScriptedBody::chunked(content.clone(), size);
        if declares {
            body = body.declaring(content.len() as u64);
        }
        let polls = body.polls();
        let mut delivery = request(headers, body);
        if is_http2 {
            *delivery.version_mut() = Version::HTTP_2;
        }
        let due = if is_over { (413, "body_too_large") } else { (200, "ok") };
        prop_assert_eq!(judged(&stand, delivery), due);
        prop_assert_eq!(stand.calls(), usize::from(!is_over));
        if is_over && declares {
            prop_assert_eq!(polls.load(std::sync::atomic::Ordering::SeqCst), 0, "it was asked for");
        }
    });
}

// ---- 30 ----

/// 64 MiB of zeros in some 64 KiB.
fn bomb() -> Bytes {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    let zeros = vec![0; 1 << 20];
    for _ in 0..64 {
        encoder.write_all(&zeros).unwrap();
    }
    encoder.finish().unwrap().into()
}

#[test]
fn promise_30_a_coded_body_is_refused_and_never_inflated() {
    let bomb = bomb();
    assert!(bomb.len() < 100 * 1024);
    let stand = Stand::with(generous);
    let headers = Sender::new().headers(&bomb, NOW);
    let delivery = |coding: &'static str| {
        let mut delivery = request(headers.clone(), ScriptedBody::new(bomb.clone()));
        let coding = HeaderValue::from_static(coding);
        delivery.headers_mut().insert("content-encoding", coding);
        delivery
    };
    let codings = [
        "gzip",
        "GZIP",
        "x-gzip",
        "deflate",
        "br",
        "zstd",
        "compress",
        "identity, gzip",
        "gzip, identity",
        "gzip, gzip",
        "aws-chunked",
        "",
        ",",
        "unheard-of",
    ];
    for coding in codings {
        let refused = delivery(coding);
        let polls = refused.body().polls();
        let mut judgement = None;
        let cost = measure(|| judgement = Some(judged(&stand, refused)));
        assert_eq!(judgement, Some((415, "encoding_unsupported")), "{coding:?}");
        assert_eq!(
            polls.load(std::sync::atomic::Ordering::SeqCst),
            0,
            "{coding:?}"
        );
        assert!(
            cost.bytes_total < 16 * 1024,
            "{coding:?}: {} bytes",
            cost.bytes_total
        );
    }
    assert_eq!(stand.calls(), 0);

    // What calls itself nothing is taken as it is: what was signed is what came over the wire.
    let mut judgement = None;
    let taken = delivery("identity");
    let cost = measure(|| judgement = Some(judged(&stand, taken)));
    assert_eq!(judgement, Some((200, "ok")));
    assert_eq!(stand.ledger.last().body_bytes, Some(bomb.len() as u64));
    assert!(
        cost.bytes_total < 2 * bomb.len() as u64,
        "{} bytes",
        cost.bytes_total
    );
}

/// So that a body which keeps its reader waiting is no panic of a missing timer.
#[tokio::test(start_paused = true)]
async fn a_body_that_stalls_is_read_on() {
    let stand = Stand::with(|setup| setup.body_deadline(Duration::from_secs(1)));
    let body = ScriptedBody::chunked("{}", 1).stalling(3);
    let delivery = request(Sender::new().headers(b"{}", NOW), body);
    assert_eq!(stand.judge(delivery).await, (200, "ok"));
    let body = ScriptedBody::chunked("{}", 1).stalling(3);
    let delivery = request(Sender::new().headers(b"{}", NOW), body);
    assert!(poll_once(stand.judge(delivery)).is_none());
}
