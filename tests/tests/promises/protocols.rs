//! 36, 38: what stands between requests on a connection, and what a gRPC caller reads.

use std::{fmt::Write as _, time::Duration};

use bytes::Bytes;
use http::{Method, Version};
use proptest::{
    collection::vec,
    prelude::*,
    test_runner::{Config, TestRunner},
};
use tokio::runtime::Runtime;
use webhook_layers::{MemoryBudget, Quota, Reason};
use webhook_tests::{
    client::{Connection, Delivery, Http1},
    hosts::{Configure, Host, PANIC_HEADER, Receiver, START},
};

// ---- 36 ----

/// A request as it goes over the wire, and what it is answered when it comes alone.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Signed,
    Chunked,
    Tampered,
    Unsigned,
    UnsignedChunked,
    Nowhere,
    /// The body of an unsigned request is a signed one: whoever does not read it must not take it
    /// for the next.
    Smuggled,
}

const KINDS: [Kind; 7] = [
    Kind::Signed,
    Kind::Chunked,
    Kind::Tampered,
    Kind::Unsigned,
    Kind::UnsignedChunked,
    Kind::Nowhere,
    Kind::Smuggled,
];

impl Kind {
    fn is_refused_unread(self) -> bool {
        matches!(
            self,
            Self::Unsigned | Self::UnsignedChunked | Self::Smuggled
        )
    }

    fn wire(self) -> Vec<u8> {
        let signed = Delivery::signed(false, "{\"event\":\"push\"}", START);
        let delivery = match self {
            Self::Signed => signed,
            Self::Chunked => signed.without_length().in_frames_of(5),
            Self::Tampered => signed.tampered(),
            Self::Unsigned => signed.unsigned(),
            Self::UnsignedChunked => signed.unsigned().without_length().in_frames_of(3),
            Self::Nowhere => {
                let mut elsewhere = signed;
                elsewhere.path = "/elsewhere";
                elsewhere
            }
            Self::Smuggled => {
                let mut outer = signed.unsigned();
                outer.frames = vec![Self::Signed.wire().into()];
                outer.declared = Some(outer.body().len());
                outer
            }
        };
        let mut head = format!("POST {} HTTP/1.1\r\nhost: receiver\r\n", delivery.path);
        for (name, value) in &delivery.headers {
            write!(head, "{name}: {}\r\n", value.to_str().unwrap()).unwrap();
        }
        let mut wire = match delivery.declared {
            Some(length) => format!("{head}content-length: {length}\r\n\r\n"),
            None => format!("{head}transfer-encoding: chunked\r\n\r\n"),
        }
        .into_bytes();
        for frame in &delivery.frames {
            if delivery.declared.is_none() {
                wire.extend(format!("{:x}\r\n", frame.len()).bytes());
            }
            wire.extend_from_slice(frame);
            if delivery.declared.is_none() {
                wire.extend_from_slice(b"\r\n");
            }
        }
        if delivery.declared.is_none() {
            wire.extend_from_slice(b"0\r\n\r\n");
        }
        wire
    }
}

/// Status and handler's receipt.
type Verdict = (u16, Option<String>);

/// Sends bytes in these segments over one connection, and reads so many answers, or those that come
/// before the connection ends.
async fn verdicts(receiver: &Receiver, segments: &[&[u8]], count: usize) -> Vec<Verdict> {
    let mut connection = Http1::open(receiver.address).await;
    for segment in segments {
        connection.write(segment).await;
        // Each of them a segment of its own, as far as a client can have it.
        tokio::task::yield_now().await;
    }
    let mut verdicts = Vec::new();
    for _ in 0..count {
        let answer = tokio::time::timeout(Duration::from_secs(30), connection.answer());
        let Ok(answer) = answer.await.expect("an answer within 30 s") else {
            break;
        };
        let receipt = answer.receipt().map(|receipt| receipt.sha256);
        verdicts.push((answer.status.as_u16(), receipt));
    }
    verdicts
}

#[test]
fn promise_36_pipelined_requests_are_judged_as_if_each_came_alone() {
    let runtime = Runtime::new().unwrap();
    let generous = |builder: Configure| {
        let builder = builder.network_quota(Quota::per_minute(1_000_000));
        builder.endpoint_quota(Quota::per_minute(1_000_000))
    };
    for host in [Host::Axum, Host::Hyper] {
        let receiver = runtime.block_on(Receiver::start_with(host, generous));
        let alone: Vec<_> = KINDS
            .map(|kind| {
                let wire = kind.wire();
                runtime.block_on(verdicts(&receiver, &[&wire], 1)).remove(0)
            })
            .into();
        let statuses: Vec<_> = alone.iter().map(|verdict| verdict.0).collect();
        assert_eq!(statuses[..5], [200, 200, 401, 401, 401]);
        assert_eq!(statuses[6], 401);

        let kinds = vec(0..KINDS.len(), 2..4);
        let cuts = vec(any::<prop::sample::Index>(), 0..12);
        let mut runner = TestRunner::new(Config::with_cases(60));
        let result = runner.run(&(kinds, cuts), |(kinds, cuts)| {
            let wire: Vec<u8> = kinds.iter().flat_map(|kind| KINDS[*kind].wire()).collect();
            let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(wire.len())).collect();
            cuts.extend([0, wire.len()]);
            cuts.sort_unstable();
            let segments: Vec<_> = cuts.windows(2).map(|cut| &wire[cut[0]..cut[1]]).collect();
            let calls = receiver.calls();
            let together = runtime.block_on(verdicts(&receiver, &segments, kinds.len()));
            let mut apart: Vec<_> = kinds.iter().map(|kind| alone[*kind].clone()).collect();
            if together.len() < apart.len() {
                // hyper ends a connection on whose body nobody waited, and what came after that is
                // answered nowhere and handled by nobody.
                let last = KINDS[kinds[together.len() - 1]];
                prop_assert!(last.is_refused_unread(), "ended after {last:?}");
                apart.truncate(together.len());
            }
            prop_assert_eq!(&together, &apart);
            let accepted = apart
                .iter()
                .filter(|(_, receipt)| receipt.is_some())
                .count();
            prop_assert_eq!(
                receiver.calls() - calls,
                accepted,
                "handled, and not answered"
            );
            Ok(())
        });
        result.unwrap();
    }
}

// ---- 38 ----

type Setup = fn(Configure) -> Configure;

/// The gRPC status, the reason, the stack and the call.
type Denial = (u16, Reason, Setup, fn(Delivery) -> Delivery);

fn denials() -> Vec<Denial> {
    const AS_IT_IS: Setup = |builder| builder;
    vec![
        (16, Reason::SignatureMissing, AS_IT_IS, |it| {
            it.without_header("webhook-signature")
        }),
        (16, Reason::SignatureMismatch, AS_IT_IS, Delivery::tampered),
        (16, Reason::TimestampTooOld, AS_IT_IS, |it| {
            it.without_header("webhook-timestamp")
                .with_header("webhook-timestamp", "1600000000")
        }),
        (
            7,
            Reason::IpDenied,
            |builder| builder.deny(["127.0.0.0/8"]),
            |it| it,
        ),
        (
            8,
            Reason::BodyTooLarge,
            |builder| builder.max_body(8),
            |it| it,
        ),
        (
            8,
            Reason::BodyTooLarge,
            |builder| builder.max_body(8),
            |it| it.without_length().in_frames_of(3),
        ),
        (12, Reason::MethodNotAllowed, AS_IT_IS, |it| {
            it.with_method(Method::PUT)
        }),
        (3, Reason::EncodingUnsupported, AS_IT_IS, |it| {
            it.with_header("content-encoding", "gzip")
        }),
        (
            14,
            Reason::MemoryExhausted,
            |builder| builder.memory_budget(MemoryBudget::new(0)),
            |it| it,
        ),
        (13, Reason::HandlerPanic, AS_IT_IS, |it| {
            it.with_header(PANIC_HEADER, "now")
        }),
    ]
}

/// What tonic's client makes of each of these is in `tests/grpc.rs`; this is the wire.
#[tokio::test]
async fn promise_38_a_denied_grpc_call_ends_in_its_status_and_nothing_else() {
    for host in [Host::Axum, Host::Hyper, Host::Tonic] {
        for (status, reason, setup, change) in denials() {
            let receiver = Receiver::start_with(host, setup).await;
            let call = change(Delivery::signed(
                true,
                Bytes::from_static(b"an event"),
                START,
            ));
            let mut connection = Connection::open(receiver.address, Version::HTTP_2).await;
            let answer = connection.send(&call).await.unwrap();
            let case = format!("{reason} on {host:?}: {answer:?}");
            assert_eq!(answer.status, 200, "{case}");
            assert_eq!(
                answer.header("content-type"),
                Some("application/grpc"),
                "{case}"
            );
            assert_eq!(
                answer.header("grpc-status"),
                Some(&*status.to_string()),
                "{case}"
            );
            assert!(answer.is_head_only && answer.body.is_empty(), "{case}");
            assert_eq!(receiver.record().await.reason, reason, "{case}");
        }
        // Too often, and too slowly.
        let once = |builder: Configure| builder.network_quota(Quota::per_minute(1));
        let receiver = Receiver::start_with(host, once).await;
        let call = Delivery::signed(true, Bytes::from_static(b"an event"), START);
        let mut connection = Connection::open(receiver.address, Version::HTTP_2).await;
        assert_eq!(connection.send(&call).await.unwrap().grpc_status(), Some(0));
        let answer = connection.send(&call).await.unwrap();
        assert_eq!(answer.header("grpc-status"), Some("8"), "{host:?}");
        assert!(answer.is_head_only, "{host:?}");
        assert!(
            answer.header("grpc-retry-pushback-ms").is_some(),
            "{host:?}"
        );

        let soon = |builder: Configure| builder.body_deadline(Duration::from_millis(50));
        let receiver = Receiver::start_with(host, soon).await;
        let mut connection = Connection::open(receiver.address, Version::HTTP_2).await;
        let endless = call.clone().without_length();
        let upload = connection.begin(&endless).await.unwrap();
        let answer = upload.trickle(Duration::from_millis(20)).await.unwrap();
        assert_eq!(answer.header("grpc-status"), Some("4"), "{host:?}");
        assert!(answer.is_head_only, "{host:?}");
    }
}
