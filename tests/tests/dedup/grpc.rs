//! What a tonic client reads.

use bytes::Bytes;
use http::HeaderMap;
use tonic::{
    Code, Response, Status,
    client::Grpc,
    metadata::MetadataMap,
    transport::{Channel, Endpoint},
};
use tonic_prost::ProstCodec;
use webhook_dedup_layer::DedupLayer;
use webhook_tests::{
    client::Delivery,
    hosts::{DELIVER, Event, Host, Receipt, START},
};

use crate::receiver::{FAIL, Receiver, SLOW};

const HOSTS: [Host; 3] = [Host::Axum, Host::Hyper, Host::Tonic];
const PAYLOAD: Bytes = Bytes::from_static(b"something happened");

async fn connect(receiver: &Receiver) -> Channel {
    let address = format!("http://{}", receiver.address);
    let endpoint = Endpoint::from_shared(address).unwrap();
    endpoint.connect().await.unwrap()
}

async fn deliver(
    channel: Channel,
    extra: Option<&'static str>,
) -> Result<Response<Receipt>, Status> {
    let mut headers: HeaderMap = Delivery::signed(true, PAYLOAD, START).headers;
    headers.remove("content-type");
    headers.remove("te");
    if let Some(name) = extra {
        headers.insert(name, "1".parse().unwrap());
    }
    let mut request = tonic::Request::new(Event { payload: PAYLOAD });
    *request.metadata_mut() = MetadataMap::from_headers(headers);
    let mut client = Grpc::new(channel);
    client.ready().await.unwrap();
    let codec = ProstCodec::<Event, Receipt>::default();
    client.unary(request, DELIVER.parse().unwrap(), codec).await
}

#[tokio::test]
async fn a_unary_client_takes_the_answer_to_a_duplicate_as_ok() {
    for host in HOSTS {
        let receiver = Receiver::start(host, DedupLayer::new()).await;
        let channel = connect(&receiver).await;
        let failed = deliver(channel.clone(), Some(FAIL)).await.unwrap_err();
        assert_eq!(failed.code(), Code::Internal, "{host:?}");
        let first = deliver(channel.clone(), None).await.unwrap();
        assert_eq!(first.get_ref(), &Receipt::of(b"handled"));
        let second = deliver(channel, None).await.unwrap();
        assert_eq!(second.get_ref(), &Receipt::default(), "{host:?}");
        assert_eq!(second.metadata().get("webhook-duplicate").unwrap(), "true");
        assert_eq!(receiver.handler.runs(), 2);
        let due = [
            ("error", "handler_error"),
            ("accepted", "ok"),
            ("accepted", "duplicate"),
        ];
        assert_eq!(receiver.conclusions(3).await, due, "{host:?}");
    }
}

#[tokio::test]
async fn in_flight_is_10_with_pushback() {
    for host in HOSTS {
        let receiver = Receiver::start(host, DedupLayer::new()).await;
        let channel = connect(&receiver).await;
        let first = tokio::spawn(deliver(channel.clone(), Some(SLOW)));
        receiver.runs(1).await;
        let refused = deliver(channel, None).await.unwrap_err();
        assert_eq!(refused.code(), Code::Aborted, "{host:?}");
        let pushback = refused.metadata().get("grpc-retry-pushback-ms").unwrap();
        assert_eq!(pushback, "10000");
        receiver.handler.gate.add_permits(1);
        let first = first.await.unwrap().unwrap();
        assert_eq!(first.into_inner(), Receipt::of(b"handled"));
    }
}
