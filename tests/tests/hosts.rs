//! The host matrix: whatever the host and the version of HTTP, the same delivery ends the same way.
//!
//! Each test is one case, and goes over every stage: axum and hyper with HTTP/1.1 and HTTP/2, and
//! gRPC on all three hosts.
// Clippy knows the functions of a test, not their helpers.
#![allow(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

use std::time::Duration;

use bytes::Bytes;
use http::Method;
use webhook_layers::{
    Quota, Reason, Timestamp,
    core::{Code, Outcome},
};
use webhook_tests::{
    client::{Answer, Connection, Delivery, deliver},
    hosts::{Configure, PANIC_HEADER, Receiver, STAGES, START, Stage},
};

const PAYLOAD: &[u8] = br#"{"event":"push","ref":"refs/heads/main"}"#;

/// What a refused caller must see, and what the record must say.
#[derive(Clone, Copy)]
struct Refusal {
    status: u16,
    grpc_status: u16,
    reason: Reason,
}

const fn refusal(status: u16, grpc_status: u16, reason: Reason) -> Refusal {
    Refusal {
        status,
        grpc_status,
        reason,
    }
}

fn signed(stage: Stage) -> Delivery {
    Delivery::signed(stage.is_grpc, PAYLOAD, START)
}

/// Makes one delivery to a receiver of its own on every stage, and holds what comes of it against
/// the refusal that is due.
async fn refused_everywhere(
    refusal: Refusal,
    configure: impl Fn(Configure) -> Configure,
    make: impl Fn(Stage) -> Delivery,
) {
    for stage in STAGES {
        let receiver = Receiver::start_with(stage.host, &configure).await;
        let answer = deliver(receiver.address, stage.version, &make(stage)).await;
        check_refusal(stage, &answer, refusal);
        assert_eq!(receiver.calls(), 0, "{stage}: the handler ran");
        check_record(stage, &receiver, refusal.reason).await;
    }
}

fn check_refusal(stage: Stage, answer: &Answer, refusal: Refusal) {
    assert_eq!(answer.receipt(), None, "{stage}");
    if stage.is_grpc {
        assert_eq!(answer.status, 200, "{stage}");
        assert_eq!(
            answer.header("content-type"),
            Some("application/grpc"),
            "{stage}"
        );
        assert_eq!(answer.grpc_status(), Some(refusal.grpc_status), "{stage}");
        assert!(answer.is_head_only, "{stage}: not trailers-only");
        assert!(answer.header("grpc-message").is_some(), "{stage}");
    } else {
        assert_eq!(answer.status, refusal.status, "{stage}");
        assert_eq!(
            answer.header("content-type"),
            Some("application/problem+json"),
            "{stage}"
        );
        let problem: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!(problem["status"], refusal.status, "{stage}");
        let code = refusal.reason.code().map(Code::as_str);
        assert_eq!(problem["code"].as_str(), code, "{stage}");
    }
}

async fn check_record(stage: Stage, receiver: &Receiver, reason: Reason) {
    let record = receiver.record().await;
    assert_eq!(
        (record.outcome, record.reason),
        (reason.outcome(), reason),
        "{stage}"
    );
    assert_eq!(record.is_grpc, stage.is_grpc, "{stage}");
    assert_eq!(record.version, stage.version, "{stage}");
}

/// Makes one delivery to a receiver of its own on every stage, and checks that its bytes arrive.
async fn accepted_everywhere(
    configure: impl Fn(Configure) -> Configure,
    make: impl Fn(Stage) -> Delivery,
) {
    for stage in STAGES {
        let receiver = Receiver::start_with(stage.host, &configure).await;
        let delivery = make(stage);
        let answer = deliver(receiver.address, stage.version, &delivery).await;
        assert_eq!(
            answer.receipt(),
            Some(delivery.receipt()),
            "{stage}: {answer:?}"
        );
        assert_eq!(receiver.calls(), 1, "{stage}");
        check_record(stage, &receiver, Reason::Ok).await;
    }
}

fn as_it_is(builder: Configure) -> Configure {
    builder
}

#[tokio::test]
async fn accepted() {
    accepted_everywhere(as_it_is, signed).await;
    accepted_everywhere(as_it_is, |stage| signed(stage).without_length()).await;
}

#[tokio::test]
async fn an_empty_payload() {
    accepted_everywhere(as_it_is, |stage| Delivery::signed(stage.is_grpc, "", START)).await;
}

#[tokio::test]
async fn a_payload_of_all_bytes() {
    let payload: Vec<u8> = (0..=255).collect();
    assert!(std::str::from_utf8(&payload).is_err());
    accepted_everywhere(as_it_is, |stage| {
        Delivery::signed(stage.is_grpc, payload.clone(), START)
    })
    .await;
}

#[tokio::test]
async fn a_body_in_many_frames() {
    let payload: Vec<u8> = (0..100_000_u32).flat_map(u32::to_le_bytes).collect();
    accepted_everywhere(as_it_is, |stage| {
        Delivery::signed(stage.is_grpc, payload.clone(), START).in_frames_of(7_000)
    })
    .await;
    accepted_everywhere(as_it_is, |stage| {
        signed(stage).without_length().in_frames_of(7)
    })
    .await;
}

/// What the test above sends in pieces also arrives in pieces.
#[tokio::test]
async fn frames_reach_the_layers_as_frames() {
    for stage in STAGES {
        let receiver = Receiver::start(stage.host).await;
        let mut connection = Connection::open(receiver.address, stage.version).await;
        let mut halves = signed(stage).without_length().in_frames_of(20);
        let rest = halves.frames.split_off(1);
        let begun = connection.begin(&halves).await.unwrap();
        receiver.watch.bytes(20).await;
        let answer = begun.go_on(rest).await.unwrap();
        assert_eq!(answer.receipt(), Some(signed(stage).receipt()), "{stage}");
        assert!(receiver.watch.frames() > 1, "{stage}");
        check_record(stage, &receiver, Reason::Ok).await;
    }
}

#[tokio::test]
async fn tampered() {
    let due = refusal(401, 16, Reason::SignatureMismatch);
    refused_everywhere(due, as_it_is, |stage| signed(stage).tampered()).await;
}

#[tokio::test]
async fn unsigned() {
    // Nothing of a signature, and everything but the signature itself.
    for strip in [Delivery::unsigned, |delivery: Delivery| {
        delivery.without_header("webhook-signature")
    }] {
        for stage in STAGES {
            let receiver = Receiver::start(stage.host).await;
            let answer = deliver(receiver.address, stage.version, &strip(signed(stage))).await;
            check_refusal(stage, &answer, refusal(401, 16, Reason::SignatureMissing));
            let record = receiver.record().await;
            assert_eq!(record.outcome, Outcome::Denied, "{stage}");
            let is_missing = matches!(record.reason, Reason::SignatureMissing | Reason::IdMissing);
            assert!(is_missing, "{stage}: {}", record.reason);
            assert_eq!(receiver.calls(), 0, "{stage}");
            assert_eq!(receiver.watch.polls(), 0, "{stage}: the body was asked for");
            if !stage.is_grpc {
                let challenge = answer.header("www-authenticate");
                assert_eq!(
                    challenge,
                    Some("Webhook realm=\"standard-webhooks\""),
                    "{stage}"
                );
            }
        }
    }
}

#[tokio::test]
async fn stale() {
    let at = |seconds| Timestamp::from_unix_seconds(START.unix_seconds() + seconds);
    let signed_at =
        |seconds| move |stage: Stage| Delivery::signed(stage.is_grpc, PAYLOAD, at(seconds));
    refused_everywhere(
        refusal(401, 16, Reason::TimestampTooOld),
        as_it_is,
        signed_at(-301),
    )
    .await;
    refused_everywhere(
        refusal(401, 16, Reason::TimestampInFuture),
        as_it_is,
        signed_at(301),
    )
    .await;
    accepted_everywhere(as_it_is, signed_at(-300)).await;
    accepted_everywhere(as_it_is, signed_at(300)).await;
}

#[tokio::test]
async fn too_big_by_its_declared_length() {
    for stage in STAGES {
        let receiver = Receiver::start_with(stage.host, |builder| builder.max_body(4096)).await;
        let delivery = Delivery::signed(stage.is_grpc, vec![b'x'; 4097], START);
        let answer = deliver(receiver.address, stage.version, &delivery).await;
        check_refusal(stage, &answer, refusal(413, 8, Reason::BodyTooLarge));
        check_no_retry(stage, &answer);
        assert_eq!(
            (receiver.calls(), receiver.watch.polls()),
            (0, 0),
            "{stage}"
        );
        check_record(stage, &receiver, Reason::BodyTooLarge).await;
    }
}

#[tokio::test]
async fn too_big_without_a_declared_length() {
    let big = |stage: Stage| {
        Delivery::signed(stage.is_grpc, vec![b'x'; 4097], START)
            .without_length()
            .in_frames_of(1000)
    };
    let due = refusal(413, 8, Reason::BodyTooLarge);
    refused_everywhere(due, |builder| builder.max_body(4096), big).await;
}

#[tokio::test]
async fn promise_09_exactly_as_big_as_may_be() {
    for declares_length in [true, false] {
        accepted_everywhere(
            |builder| builder.max_body(4096),
            |stage| {
                // A gRPC message puts 8 bytes before a payload of this size.
                let bytes = if stage.is_grpc { 4096 - 8 } else { 4096 };
                let delivery = Delivery::signed(stage.is_grpc, vec![b'x'; bytes], START);
                assert_eq!(delivery.body().len(), 4096);
                if declares_length {
                    delivery
                } else {
                    delivery.without_length().in_frames_of(1000)
                }
            },
        )
        .await;
    }
}

/// A gRPC client is told that trying again is no use.
fn check_no_retry(stage: Stage, answer: &Answer) {
    let pushback = stage.is_grpc.then_some("-1");
    assert_eq!(answer.header("grpc-retry-pushback-ms"), pushback, "{stage}");
}

#[tokio::test]
async fn wrong_address() {
    for stage in STAGES {
        let receiver =
            Receiver::start_with(stage.host, |builder| builder.deny(["127.0.0.0/8"])).await;
        let answer = deliver(receiver.address, stage.version, &signed(stage)).await;
        check_refusal(stage, &answer, refusal(403, 7, Reason::IpDenied));
        assert_eq!(
            (receiver.calls(), receiver.watch.polls()),
            (0, 0),
            "{stage}"
        );
        check_record(stage, &receiver, Reason::IpDenied).await;
    }
}

/// The peer is who connected, on every host: the address lists see it without any setting.
#[tokio::test]
async fn the_right_address() {
    let only_loopback = |builder: Configure| builder.allow(["127.0.0.1/32"]);
    accepted_everywhere(only_loopback, |stage| {
        signed(stage).with_header("x-forwarded-for", "203.0.113.9")
    })
    .await;
}

#[tokio::test]
async fn too_often() {
    type Limit = fn(Configure) -> Configure;
    let limits: [(&str, Limit); 2] = [
        ("network", |builder| {
            builder.network_quota(Quota::per_minute(2))
        }),
        ("endpoint", |builder| {
            builder.endpoint_quota(Quota::per_minute(2))
        }),
    ];
    for (quota, limit) in limits {
        for stage in STAGES {
            let receiver = Receiver::start_with(stage.host, limit).await;
            let mut connection = Connection::open(receiver.address, stage.version).await;
            for _ in 0..2 {
                let answer = connection.send(&signed(stage)).await.unwrap();
                assert_eq!(answer.receipt(), Some(signed(stage).receipt()), "{stage}");
            }
            let answer = connection.send(&signed(stage)).await.unwrap();
            check_refusal(stage, &answer, refusal(429, 8, Reason::RateLimited));
            let wait = wait_told(stage, &answer);
            receiver
                .hands
                .advance(wait.checked_sub(Duration::from_millis(1001)).unwrap());
            let answer = connection.send(&signed(stage)).await.unwrap();
            check_refusal(stage, &answer, refusal(429, 8, Reason::RateLimited));
            assert_eq!(wait_told(stage, &answer), Duration::from_secs(2), "{stage}");
            receiver.hands.advance(Duration::from_millis(1001));
            let answer = connection.send(&signed(stage)).await.unwrap();
            assert_eq!(
                answer.receipt(),
                Some(signed(stage).receipt()),
                "{stage}: {wait:?}"
            );
            assert_eq!(receiver.calls(), 3, "{stage}");

            let records = receiver.records(5).await;
            let limited = [&records[2], &records[3]];
            for record in limited {
                assert_eq!(record.reason, Reason::RateLimited, "{stage}");
                assert_eq!(
                    record.quota.as_ref().map(ToString::to_string).as_deref(),
                    Some(quota)
                );
            }
        }
    }
}

/// How long the caller is told to wait.
fn wait_told(stage: Stage, answer: &Answer) -> Duration {
    if stage.is_grpc {
        let millis = answer.header("grpc-retry-pushback-ms").unwrap();
        return Duration::from_millis(millis.parse().unwrap());
    }
    Duration::from_secs(answer.header("retry-after").unwrap().parse().unwrap())
}

#[tokio::test]
async fn another_method() {
    for stage in STAGES {
        let receiver = Receiver::start(stage.host).await;
        let get = Delivery::signed(stage.is_grpc, "", START).with_method(Method::GET);
        let answer = deliver(receiver.address, stage.version, &get).await;
        check_refusal(stage, &answer, refusal(405, 12, Reason::MethodNotAllowed));
        assert_eq!(
            answer.header("allow"),
            (!stage.is_grpc).then_some("POST"),
            "{stage}"
        );
        assert_eq!(
            (receiver.calls(), receiver.watch.polls()),
            (0, 0),
            "{stage}"
        );
        check_record(stage, &receiver, Reason::MethodNotAllowed).await;
    }
}

#[tokio::test]
async fn a_coded_body() {
    let gzip = |stage| signed(stage).with_header("content-encoding", "gzip");
    refused_everywhere(refusal(415, 3, Reason::EncodingUnsupported), as_it_is, gzip).await;
    let identity = |stage| signed(stage).with_header("content-encoding", "identity");
    accepted_everywhere(as_it_is, identity).await;
}

/// The signature is right for the half that comes, so that nothing but the missing end can refuse it.
#[tokio::test]
async fn promise_10_a_body_cut_short_is_never_accepted() {
    let reasons = [
        h2::Reason::NO_ERROR,
        h2::Reason::CANCEL,
        h2::Reason::INTERNAL_ERROR,
    ];
    for (stage, reason) in STAGES
        .into_iter()
        .flat_map(|stage| reasons.map(|reason| (stage, reason)))
    {
        for declares_length in [true, false] {
            let receiver = Receiver::start(stage.host).await;
            let mut connection = Connection::open(receiver.address, stage.version).await;
            let mut half = signed(stage);
            half.declared = declares_length.then_some(2 * PAYLOAD.len());
            let sent = half.body().len();
            let upload = connection.begin(&half).await.unwrap();
            receiver.watch.bytes(sent).await;
            let case = format!("{stage}, {reason:?}, length declared: {declares_length}");
            if let Ok(answer) = upload.cut(reason).await {
                assert_eq!(answer.receipt(), None, "{case}: {answer:?}");
                check_refusal(stage, &answer, refusal(400, 3, Reason::BodyIncomplete));
            }
            let record = receiver.record().await;
            assert_eq!(record.outcome, Outcome::Aborted, "{case}");
            assert!(
                matches!(record.reason, Reason::BodyIncomplete | Reason::ClientGone),
                "{case}: {}",
                record.reason
            );
            assert_eq!(receiver.calls(), 0, "{case}");
        }
    }
}

/// As above, and the client is gone altogether.
#[tokio::test]
async fn promise_12_a_client_that_goes_away_leaves_one_record() {
    for stage in STAGES {
        let receiver = Receiver::start(stage.host).await;
        let mut connection = Connection::open(receiver.address, stage.version).await;
        let mut half = signed(stage);
        half.declared = None;
        let _upload = connection.begin(&half).await.unwrap();
        receiver.watch.bytes(half.body().len()).await;
        drop(connection);
        let record = receiver.record().await;
        assert_eq!(
            record.outcome,
            Outcome::Aborted,
            "{stage}: {}",
            record.reason
        );
        assert_eq!(receiver.calls(), 0, "{stage}");
    }
}

#[tokio::test]
async fn promise_20_a_handler_that_panics_is_one_500_and_one_record() {
    for stage in STAGES {
        let receiver = Receiver::start(stage.host).await;
        let mut connection = Connection::open(receiver.address, stage.version).await;
        let panics = signed(stage).with_header(PANIC_HEADER, "now");
        let answer = connection.send(&panics).await.unwrap();
        check_refusal(stage, &answer, refusal(500, 13, Reason::HandlerPanic));
        // The connection survives.
        let answer = connection.send(&signed(stage)).await.unwrap();
        assert_eq!(answer.receipt(), Some(signed(stage).receipt()), "{stage}");

        let records = receiver.records(2).await;
        assert_eq!(records[0].outcome, Outcome::Error, "{stage}");
        assert_eq!(records[0].reason, Reason::HandlerPanic, "{stage}");
        assert_eq!(records[1].reason, Reason::Ok, "{stage}");
        assert_eq!(receiver.calls(), 2, "{stage}");
    }
}

/// A refusal leaves the connection fit for the next delivery, unread bodies and all.
#[tokio::test]
async fn a_connection_outlives_refusals() {
    for stage in STAGES {
        let receiver = Receiver::start(stage.host).await;
        let mut connection = Connection::open(receiver.address, stage.version).await;
        let answer = connection.send(&signed(stage).unsigned()).await.unwrap();
        check_refusal(stage, &answer, refusal(401, 16, Reason::SignatureMissing));
        let answer = connection.send(&signed(stage).tampered()).await.unwrap();
        check_refusal(stage, &answer, refusal(401, 16, Reason::SignatureMismatch));
        let answer = connection.send(&signed(stage)).await.unwrap();
        assert_eq!(answer.receipt(), Some(signed(stage).receipt()), "{stage}");
        assert_eq!(receiver.calls(), 1, "{stage}");
        receiver.records(3).await;
    }
}

#[test]
fn the_receipt_is_of_the_payload() {
    let receipt = Delivery::signed(true, Bytes::from_static(b"abc"), START).receipt();
    let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert_eq!((receipt.bytes, receipt.sha256.as_str()), (3, abc));
}
