//! Webhooks over real sockets.

use http::{HeaderMap, StatusCode};
use tokio::{io::AsyncWriteExt as _, net::TcpStream, task::JoinSet};
use webhook_dedup_layer::DedupLayer;
use webhook_layers::{SignRequest, Timestamp};
use webhook_tests::{
    hosts::{Host, START, verifier},
    stand::exchange,
};

use crate::receiver::{FAIL, Receiver, SLOW, webhook};

const HOSTS: [Host; 2] = [Host::Axum, Host::Hyper];
const BODY: &str = "{\"type\":\"invoice.paid\"}";

fn signed(id: &str, at: Timestamp) -> HeaderMap {
    let request = SignRequest::new(BODY.as_bytes(), at).with_id(id);
    verifier().sign(&request).unwrap().into_iter().collect()
}

fn with(mut headers: HeaderMap, name: &'static str) -> HeaderMap {
    headers.insert(name, "1".parse().unwrap());
    headers
}

#[tokio::test]
async fn a_retry_is_answered_and_not_handled() {
    for host in HOSTS {
        let receiver = Receiver::start(host, DedupLayer::new()).await;
        let first = exchange(receiver.address, &webhook(signed("evt_1", START), BODY)).await;
        assert_eq!(first.body().as_ref(), b"handled");
        // A newer timestamp, and so another signature.
        let later = Timestamp::from_unix_seconds(START.unix_seconds() + 7);
        let second = exchange(receiver.address, &webhook(signed("evt_1", later), BODY)).await;
        assert_eq!(second.status(), StatusCode::OK, "{host:?}");
        assert_eq!(second.headers()["webhook-duplicate"], "true");
        assert_eq!(second.headers()["webhook-duplicate-status"], "200");
        assert!(second.body().is_empty());
        assert_eq!(receiver.handler.runs(), 1);
        let due = [("accepted", "ok"), ("accepted", "duplicate")];
        assert_eq!(receiver.conclusions(2).await, due, "{host:?}");
        // The handler was not called, so it took no time.
        assert_eq!(receiver.ledger.last().handler_time, None);
    }
}

#[tokio::test]
async fn fifty_copies_over_fifty_connections_are_handled_once() {
    for host in HOSTS {
        let receiver = Receiver::start(host, DedupLayer::new()).await;
        let headers = with(signed("evt_1", START), SLOW);
        let mut copies = JoinSet::new();
        for _ in 0..50 {
            let (address, request) = (receiver.address, webhook(headers.clone(), BODY));
            copies.spawn(async move { exchange(address, &request).await });
        }
        // All others were refused while the first one ran.
        for _ in 0..49 {
            let refused = copies.join_next().await.unwrap().unwrap();
            assert_eq!(refused.status(), StatusCode::CONFLICT, "{host:?}");
            assert_eq!(refused.headers()["retry-after"], "10");
        }
        receiver.handler.gate.add_permits(1);
        let handled = copies.join_next().await.unwrap().unwrap();
        assert_eq!(handled.status(), StatusCode::OK);
        assert_eq!(receiver.handler.runs(), 1, "{host:?}");
    }
}

#[tokio::test]
async fn after_a_failure_and_after_a_client_that_went_away_the_next_copy_is_handled() {
    for host in HOSTS {
        let receiver = Receiver::start(host, DedupLayer::new()).await;
        let failing = webhook(with(signed("evt_1", START), FAIL), BODY);
        assert_eq!(exchange(receiver.address, &failing).await.status(), 500);
        assert_eq!(exchange(receiver.address, &failing).await.status(), 200);

        let headers = with(signed("evt_2", START), SLOW);
        let lines: Vec<_> = headers
            .iter()
            .map(|(name, value)| format!("{name}: {}\r\n", value.to_str().unwrap()))
            .collect();
        let text = format!(
            "POST /webhooks HTTP/1.1\r\nhost: receiver\r\n{}content-length: {}\r\n\r\n{BODY}",
            lines.concat(),
            BODY.len(),
        );
        let mut stream = TcpStream::connect(receiver.address).await.unwrap();
        stream.write_all(text.as_bytes()).await.unwrap();
        receiver.runs(3).await;
        drop(stream);
        let gone = receiver.conclusions(3).await;
        assert_eq!(gone[2], ("aborted", "client_gone"), "{host:?}");
        let again = exchange(receiver.address, &webhook(signed("evt_2", START), BODY)).await;
        assert_eq!(again.body().as_ref(), b"handled", "{host:?}");
        assert_eq!(receiver.handler.runs(), 4);
    }
}
