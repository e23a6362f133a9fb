//! Slow clients hold nothing for long: neither a connection that sends no request, nor a head, nor
//! a body that never ends.
// Clippy knows the functions of a test, not their helpers.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

use std::time::{Duration, Instant, SystemTime};

use http::Version;
use tokio::time::timeout;
use webhook_layers::{Reason, Timestamp};
use webhook_tests::{
    client::{Connection, Delivery, Http1},
    hosts::{Configure, Receiver, STAGES, START, Stage},
    process::{EXAMPLES, Example},
};

/// What the examples give a connection for its first request, and a body.
const DEADLINE: Duration = Duration::from_secs(10);
/// What the tonic example gives a connection that does not answer its pings: 20 s until it asks,
/// 10 s to answer.
const PINGS: Duration = Duration::from_secs(30);
/// A machine may be busy, but not for longer than this.
const SLACK: Duration = Duration::from_secs(15);
/// How often a slow client sends something.
const PACE: Duration = Duration::from_millis(20);

/// A delivery that declares more than will ever come.
fn endless(is_grpc: bool, at: Timestamp) -> Delivery {
    let mut delivery = Delivery::signed(is_grpc, "a beginning", at);
    delivery.declared = Some(1_000_000);
    delivery
}

/// There is one deadline for a whole body: a byte now and then does not push it ahead.
#[tokio::test]
async fn promise_29_a_body_that_trickles_is_refused_at_the_deadline() {
    for stage in STAGES {
        let deadline = Duration::from_millis(300);
        let short = |builder: Configure| builder.body_deadline(deadline);
        let receiver = Receiver::start_with(stage.host, short).await;
        let mut connection = Connection::open(receiver.address, stage.version).await;
        let delivery = endless(stage.is_grpc, START);
        let started = Instant::now();
        let answer = connection
            .begin(&delivery)
            .await
            .unwrap()
            .trickle(PACE)
            .await
            .unwrap();
        let waited = started.elapsed();
        assert!(
            waited >= deadline && waited < deadline + SLACK,
            "{stage}: {waited:?}"
        );
        if stage.is_grpc {
            assert_eq!(answer.grpc_status(), Some(4), "{stage}");
        } else {
            assert_eq!(answer.status, 408, "{stage}");
        }
        assert_eq!(
            receiver.record().await.reason,
            Reason::BodyTimeout,
            "{stage}"
        );
        assert_eq!(receiver.calls(), 0, "{stage}");
        assert_fit_for_more(stage, &mut connection).await;
    }
}

/// What is left of a slow body must not be taken for the next request, so an HTTP/1.1 connection
/// ends there; an HTTP/2 connection carries on.
async fn assert_fit_for_more(stage: Stage, connection: &mut Connection) {
    match connection {
        Connection::One(connection) => {
            let rest = timeout(SLACK, connection.read_to_end())
                .await
                .expect("a closed connection");
            assert_eq!(rest, b"", "{stage}");
        }
        Connection::Two(_) => {
            let delivery = Delivery::signed(stage.is_grpc, "the next", START);
            let answer = connection.send(&delivery).await.unwrap();
            assert_eq!(answer.receipt(), Some(delivery.receipt()), "{stage}");
        }
    }
}

/// No layer can end a connection on which no request ever comes, so the examples' servers do.
#[tokio::test]
async fn promise_29_the_examples_end_connections_that_send_no_request() {
    let examples = EXAMPLES.map(Example::start);
    let mut slow = tokio::task::JoinSet::new();
    for example in &examples {
        let (address, package) = (example.address, example.package);
        for (name, beginning, deadline) in beginnings(example.is_grpc()) {
            slow.spawn(async move {
                let case = format!("{package}, {name}");
                let started = Instant::now();
                let mut connection = Http1::open(address).await;
                connection.write(&beginning).await;
                let closed = timeout(deadline + SLACK, connection.read_to_end()).await;
                let said = closed.unwrap_or_else(|_| panic!("{case}: still open"));
                assert!(!said.starts_with(b"HTTP/1.1 2"), "{case}");
                assert_ended_at(deadline, &case, started);
            });
        }
        let is_grpc = example.is_grpc();
        slow.spawn(async move {
            let version = if is_grpc {
                Version::HTTP_2
            } else {
                Version::HTTP_11
            };
            let mut connection = Connection::open(address, version).await;
            let delivery = endless(is_grpc, Timestamp::from(SystemTime::now()))
                .with_header("x-forwarded-for", "203.0.113.9");
            let upload = connection.begin(&delivery).await.unwrap();
            let started = Instant::now();
            let answer = upload.trickle(PACE).await.unwrap();
            let due = if is_grpc { (200, Some(4)) } else { (408, None) };
            assert_eq!(
                (answer.status.as_u16(), answer.grpc_status()),
                due,
                "{package}"
            );
            assert_ended_at(DEADLINE, package, started);
        });
    }
    while let Some(ended) = slow.join_next().await {
        ended.unwrap();
    }
    for example in examples {
        let package = example.package;
        let (status, audit) = example.stop();
        assert!(status.success(), "{package}: {status}");
        let reasons: Vec<_> = audit
            .iter()
            .map(|record| record["reason"].as_str().unwrap())
            .collect();
        assert_eq!(
            reasons,
            ["body_timeout"],
            "{package}: only one of them sent a request"
        );
    }
}

/// What a client sends before it falls silent, and when the connection must end.
fn beginnings(is_grpc: bool) -> Vec<(&'static str, Vec<u8>, Duration)> {
    const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    const SETTINGS: &[u8] = &[0, 0, 0, 4, 0, 0, 0, 0, 0];
    // `:method: POST`, and no END_HEADERS: the head goes on in the next frame.
    const HALF_A_HEAD: &[u8] = &[0, 0, 1, 1, 0, 0, 0, 0, 1, 0x83];
    let http2 = [PREFACE, SETTINGS, HALF_A_HEAD].concat();
    let mut beginnings = vec![
        ("nothing", Vec::new(), DEADLINE),
        ("half a preface", b"PRI * HTTP/2".to_vec(), DEADLINE),
        // tonic has no deadline for a head. The client cannot answer a ping within one.
        (
            "half a head over HTTP/2",
            http2,
            if is_grpc { PINGS } else { DEADLINE },
        ),
    ];
    if !is_grpc {
        let http1 = b"POST /webhooks HTTP/1.1\r\nhost: receiver\r\n".to_vec();
        beginnings.push(("half a head", http1, DEADLINE));
    }
    beginnings
}

fn assert_ended_at(deadline: Duration, case: &str, started: Instant) {
    let waited = started.elapsed();
    let is_in_time = waited + Duration::from_secs(1) > deadline && waited < deadline + SLACK;
    assert!(is_in_time, "{case}: after {waited:?}");
}
