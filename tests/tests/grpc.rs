//! What a tonic client reads where a delivery is refused: the status that is meant, and never an
//! answer that it cannot parse.
// Clippy knows the functions of a test, not their helpers.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, Request};
use tokio_stream::Stream;
use tonic::{
    Code, Status,
    client::{Grpc, GrpcService},
    metadata::MetadataMap,
    transport::{Channel, Endpoint},
};
use tonic_prost::ProstCodec;
use tower::ServiceBuilder;
use webhook_layers::{MemoryBudget, Quota, Reason};
use webhook_tests::{
    client::Delivery,
    hosts::{Configure, DELIVER, Event, Host, PANIC_HEADER, Receipt, Receiver, START},
};

const HOSTS: [Host; 3] = [Host::Axum, Host::Hyper, Host::Tonic];
const PAYLOAD: Bytes = Bytes::from_static(b"something happened");

async fn connect(receiver: &Receiver) -> Channel {
    Endpoint::from_shared(format!("http://{}", receiver.address))
        .unwrap()
        .connect()
        .await
        .unwrap()
}

/// A call whose metadata is the delivery's signature; it signs the message as tonic frames it.
fn call(delivery: &Delivery) -> tonic::Request<Event> {
    with_metadata(delivery, Event { payload: PAYLOAD })
}

fn with_metadata<T>(delivery: &Delivery, message: T) -> tonic::Request<T> {
    let mut headers: HeaderMap = delivery.headers.clone();
    headers.remove("content-type");
    headers.remove("te");
    let mut request = tonic::Request::new(message);
    *request.metadata_mut() = MetadataMap::from_headers(headers);
    request
}

fn signed() -> Delivery {
    Delivery::signed(true, PAYLOAD, START)
}

async fn deliver<T>(service: T, request: tonic::Request<Event>) -> Result<Receipt, Status>
where
    T: GrpcService<tonic::body::Body, ResponseBody = tonic::body::Body>,
    T::Error: std::fmt::Debug,
{
    let mut client = Grpc::new(service);
    client.ready().await.unwrap();
    let codec = ProstCodec::<Event, Receipt>::default();
    let answer = client
        .unary(request, DELIVER.parse().unwrap(), codec)
        .await?;
    Ok(answer.into_inner())
}

async fn stream<S>(channel: Channel, request: tonic::Request<S>) -> Result<Receipt, Status>
where
    S: Stream<Item = Event> + Send + 'static,
{
    let mut client = Grpc::new(channel);
    client.ready().await.unwrap();
    let codec = ProstCodec::<Event, Receipt>::default();
    let answer = client
        .client_streaming(request, DELIVER.parse().unwrap(), codec)
        .await?;
    Ok(answer.into_inner())
}

/// Checks what the client made of a refusal, and that one record gives the reason.
async fn check(
    host: Host,
    receiver: &Receiver,
    answer: Result<Receipt, Status>,
    due: (Code, Reason),
) {
    let status = answer.expect_err("a refusal");
    assert_eq!(status.code(), due.0, "{host:?}: {status:?}");
    let text = due.1.code().unwrap().detail();
    assert_eq!(
        status.message(),
        text,
        "{host:?}: a text that nobody but the layers sends"
    );
    assert_eq!(receiver.record().await.reason, due.1, "{host:?}");
}

async fn refused(due: (Code, Reason), configure: fn(Configure) -> Configure, delivery: Delivery) {
    for host in HOSTS {
        let receiver = Receiver::start_with(host, configure).await;
        let answer = deliver(connect(&receiver).await, call(&delivery)).await;
        check(host, &receiver, answer, due).await;
        assert_eq!(receiver.calls(), 0, "{host:?}");
    }
}

/// The pushback of gRFC A6.
fn pushback(answer: &Result<Receipt, Status>) -> Option<String> {
    let metadata = answer.as_ref().unwrap_err().metadata();
    let pushback = metadata.get("grpc-retry-pushback-ms")?;
    Some(pushback.to_str().unwrap().to_owned())
}

#[tokio::test]
async fn accepted_is_0() {
    for host in HOSTS {
        let receiver = Receiver::start(host).await;
        let channel = connect(&receiver).await;
        let receipt = deliver(channel.clone(), call(&signed())).await.unwrap();
        assert_eq!(receipt, Receipt::of(&PAYLOAD), "{host:?}");
        assert_eq!(receiver.record().await.reason, Reason::Ok, "{host:?}");
    }
}

#[tokio::test]
async fn not_authentic_is_16() {
    let as_it_is = |builder| builder;
    let due = |reason| (Code::Unauthenticated, reason);
    let stripped = signed().without_header("webhook-signature");
    refused(due(Reason::SignatureMissing), as_it_is, stripped).await;
    let another = Delivery::signed(true, "something else", START);
    refused(due(Reason::SignatureMismatch), as_it_is, another).await;
}

#[tokio::test]
async fn wrong_address_is_7() {
    let due = (Code::PermissionDenied, Reason::IpDenied);
    refused(due, |builder| builder.deny(["127.0.0.0/8"]), signed()).await;
}

#[tokio::test]
async fn too_big_is_8_and_final() {
    for host in HOSTS {
        let receiver = Receiver::start_with(host, |builder| builder.max_body(16)).await;
        let answer = deliver(connect(&receiver).await, call(&signed())).await;
        assert_eq!(pushback(&answer).as_deref(), Some("-1"), "{host:?}");
        check(
            host,
            &receiver,
            answer,
            (Code::ResourceExhausted, Reason::BodyTooLarge),
        )
        .await;
        assert_eq!(receiver.calls(), 0, "{host:?}");
    }
}

#[tokio::test]
async fn too_often_is_8_and_says_how_long_to_wait() {
    for host in HOSTS {
        let once = |builder: Configure| builder.network_quota(Quota::per_minute(1));
        let receiver = Receiver::start_with(host, once).await;
        let channel = connect(&receiver).await;
        deliver(channel.clone(), call(&signed())).await.unwrap();
        let answer = deliver(channel.clone(), call(&signed())).await;
        assert_eq!(pushback(&answer).as_deref(), Some("60000"), "{host:?}");
        assert_eq!(
            answer.unwrap_err().code(),
            Code::ResourceExhausted,
            "{host:?}"
        );
        receiver.hands.advance(Duration::from_secs(60));
        deliver(channel, call(&signed())).await.unwrap();
        assert_eq!(receiver.calls(), 2, "{host:?}");
        assert_eq!(
            receiver.records(3).await[1].reason,
            Reason::RateLimited,
            "{host:?}"
        );
    }
}

#[tokio::test]
async fn a_panic_is_13() {
    for host in HOSTS {
        let receiver = Receiver::start(host).await;
        let panics = signed().with_header(PANIC_HEADER, "now");
        let answer = deliver(connect(&receiver).await, call(&panics)).await;
        let status = answer.unwrap_err();
        assert_eq!(status.code(), Code::Internal, "{host:?}");
        assert_eq!(
            status.message(),
            webhook_layers::core::Code::Internal.detail(),
            "{host:?}"
        );
        assert_eq!(
            receiver.record().await.reason,
            Reason::HandlerPanic,
            "{host:?}"
        );
    }
}

#[tokio::test]
async fn no_memory_is_14_and_says_how_long_to_wait() {
    for host in HOSTS {
        let nothing = |builder: Configure| builder.memory_budget(MemoryBudget::new(0));
        let receiver = Receiver::start_with(host, nothing).await;
        let answer = deliver(connect(&receiver).await, call(&signed())).await;
        let wait = pushback(&answer).expect("a pushback");
        assert!(wait.parse::<i32>().unwrap() > 0, "{host:?}: {wait}");
        check(
            host,
            &receiver,
            answer,
            (Code::Unavailable, Reason::MemoryExhausted),
        )
        .await;
        assert_eq!(receiver.calls(), 0, "{host:?}");
    }
}

#[tokio::test]
async fn a_coded_body_is_3() {
    let due = (Code::InvalidArgument, Reason::EncodingUnsupported);
    let gzip = signed().with_header("content-encoding", "gzip");
    refused(due, |builder| builder, gzip).await;
}

#[tokio::test]
async fn a_body_that_does_not_end_is_4() {
    for host in HOSTS {
        let soon = |builder: Configure| builder.body_deadline(Duration::from_millis(100));
        let receiver = Receiver::start_with(host, soon).await;
        let endless = with_metadata(&signed(), tokio_stream::pending());
        let answer = stream(connect(&receiver).await, endless).await;
        check(
            host,
            &receiver,
            answer,
            (Code::DeadlineExceeded, Reason::BodyTimeout),
        )
        .await;
        assert_eq!(receiver.calls(), 0, "{host:?}");
    }
}

#[tokio::test]
async fn another_method_is_12() {
    for host in HOSTS {
        let receiver = Receiver::start(host).await;
        let put = ServiceBuilder::new()
            .map_request(|mut request: Request<tonic::body::Body>| {
                *request.method_mut() = Method::PUT;
                request
            })
            .service(connect(&receiver).await);
        let answer = deliver(put, call(&signed())).await;
        check(
            host,
            &receiver,
            answer,
            (Code::Unimplemented, Reason::MethodNotAllowed),
        )
        .await;
        assert_eq!(receiver.calls(), 0, "{host:?}");
    }
}

/// Several messages are not what one signature over one body was made for, and still a call that a
/// tonic client can read the end of.
#[tokio::test]
async fn a_stream_of_messages_is_held_against_its_signature() {
    for host in HOSTS {
        let receiver = Receiver::start(host).await;
        let event = || Event { payload: PAYLOAD };
        let two = with_metadata(&signed(), tokio_stream::iter([event(), event()]));
        let answer = stream(connect(&receiver).await, two).await;
        check(
            host,
            &receiver,
            answer,
            (Code::Unauthenticated, Reason::SignatureMismatch),
        )
        .await;
        assert_eq!(receiver.calls(), 0, "{host:?}");
    }
}
