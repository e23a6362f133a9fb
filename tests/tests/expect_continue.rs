//! An upload that asks first (`Expect: 100-continue`, RFC 9110, 10.1.1) is told no before it
//! starts, where its head is enough to refuse it.
// Clippy knows the functions of a test, not their helpers.
#![allow(clippy::panic, clippy::unwrap_used)]

use std::fmt::Write as _;

use webhook_layers::{Quota, Reason};
use webhook_tests::{
    client::{Delivery, Http1},
    hosts::{Configure, Host, Receiver, START},
};

const HOSTS: [Host; 2] = [Host::Axum, Host::Hyper];

const MEBIBYTE: usize = 1024 * 1024;
const UPLOAD: usize = 25 * MEBIBYTE;

/// A limit that does not refuse the upload before anything else is looked at.
fn generous(builder: Configure) -> Configure {
    builder.max_body(1 << 25)
}

/// A head that announces `length` bytes and asks whether to send them.
fn head(delivery: &Delivery, length: usize) -> String {
    let mut head = format!(
        "POST /webhooks HTTP/1.1\r\nhost: receiver\r\nexpect: 100-continue\r\ncontent-length: {length}\r\n"
    );
    for (name, value) in &delivery.headers {
        write!(head, "{name}: {}\r\n", value.to_str().unwrap()).unwrap();
    }
    head + "\r\n"
}

/// Announces an upload of 25 MiB, sends none of it, and checks that it is refused.
async fn refused(receiver: &Receiver, delivery: &Delivery, due: (u16, Reason)) {
    let mut connection = Http1::open(receiver.address).await;
    connection.write(head(delivery, UPLOAD).as_bytes()).await;
    let answer = connection.answer().await.unwrap();
    assert_eq!(answer.interim, [0_u16; 0], "told to go on");
    assert_eq!(answer.status, due.0);
    let after = connection.read_to_end().await;
    assert_eq!(
        String::from_utf8_lossy(&after),
        "",
        "told to go on after all"
    );
    assert_eq!(receiver.watch.polls(), 0, "the body was asked for");
    assert_eq!(receiver.calls(), 0);
    let record = receiver.record().await;
    assert_eq!((record.reason, record.body_bytes), (due.1, None));
}

#[tokio::test]
async fn promise_08_an_unsigned_upload_is_refused_before_it_starts() {
    for host in HOSTS {
        // Over the limit or not: whoever cannot sign learns nothing of it.
        for receiver in [
            Receiver::start(host).await,
            Receiver::start_with(host, generous).await,
        ] {
            let delivery = Delivery::signed(false, "", START).without_header("webhook-signature");
            refused(&receiver, &delivery, (401, Reason::SignatureMissing)).await;
        }
    }
}

#[tokio::test]
async fn an_upload_from_a_wrong_address_is_refused_before_it_starts() {
    for host in HOSTS {
        let deny = |builder| generous(builder).deny(["127.0.0.0/8"]);
        let receiver = Receiver::start_with(host, deny).await;
        refused(
            &receiver,
            &Delivery::signed(false, "", START),
            (403, Reason::IpDenied),
        )
        .await;
    }
}

#[tokio::test]
async fn an_upload_over_the_limit_is_refused_before_it_starts() {
    for host in HOSTS {
        let receiver = Receiver::start(host).await;
        let delivery = Delivery::signed(false, "", START);
        refused(&receiver, &delivery, (413, Reason::BodyTooLarge)).await;
    }
}

#[tokio::test]
async fn an_upload_that_comes_too_often_is_refused_before_it_starts() {
    for host in HOSTS {
        let once = |builder| generous(builder).network_quota(Quota::per_minute(1));
        let receiver = Receiver::start_with(host, once).await;
        let delivery = Delivery::signed(false, "", START);
        let mut connection = Http1::open(receiver.address).await;
        let unsigned = delivery.clone().unsigned();
        connection.write(head(&unsigned, UPLOAD).as_bytes()).await;
        assert_eq!(
            connection.answer().await.unwrap().status,
            401,
            "the first spends the quota"
        );

        connection = Http1::open(receiver.address).await;
        connection.write(head(&delivery, UPLOAD).as_bytes()).await;
        let answer = connection.answer().await.unwrap();
        assert_eq!(
            (answer.interim.as_slice(), answer.status.as_u16()),
            ([].as_slice(), 429)
        );
        assert_eq!(answer.header("retry-after"), Some("60"));
        assert_eq!((receiver.watch.polls(), receiver.calls()), (0, 0));
        assert_eq!(receiver.records(2).await[1].reason, Reason::RateLimited);
    }
}

#[tokio::test]
async fn an_admitted_upload_is_told_to_go_on() {
    for host in HOSTS {
        let receiver = Receiver::start(host).await;
        let delivery = Delivery::signed(false, vec![b'x'; MEBIBYTE], START);
        let mut connection = Http1::open(receiver.address).await;
        connection.write(head(&delivery, MEBIBYTE).as_bytes()).await;
        let (status, _) = connection.read_head().await.unwrap();
        assert_eq!(status, 100);
        connection.write(&delivery.body()).await;
        let answer = connection.answer().await.unwrap();
        assert_eq!(answer.receipt(), Some(delivery.receipt()));
        assert_eq!(
            receiver.record().await.body_bytes,
            u64::try_from(MEBIBYTE).ok()
        );
    }
}
