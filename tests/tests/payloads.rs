//! Real payloads, signed, over a real socket to each example: they arrive unchanged, and with one
//! bit changed they do not arrive at all.
// Clippy knows the functions of a test, not their helpers.
#![allow(clippy::panic, clippy::print_stdout, clippy::unwrap_used)]

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    time::SystemTime,
};

use http::Version;
use webhook_layers::Timestamp;
use webhook_tests::{
    cargo::root,
    client::{Connection, Delivery},
    process::Example,
};

/// The payloads by event: the three that stand beside this test, and all twelve where the folder
/// with the shared data is there.
fn payloads() -> BTreeMap<String, Vec<u8>> {
    let mut payloads = read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("data/github"));
    assert_eq!(payloads.len(), 3);
    let shared: PathBuf = root().join("../shared/data/github");
    if shared.is_dir() {
        payloads = read(&shared);
        assert_eq!(payloads.len(), 12);
    } else {
        println!("skipped: 9 payloads in ../shared/data/github, which is not here");
    }
    payloads
}

fn read(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let files = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let is_payload = |path: &PathBuf| {
        path.extension()
            .is_some_and(|extension| extension == "json")
    };
    let event = |path: &PathBuf| path.file_stem().unwrap().to_str().unwrap().to_owned();
    files
        .filter(is_payload)
        .map(|path| (event(&path), fs::read(path).unwrap()))
        .collect()
}

/// What each test does: every payload as it is and with one bit changed, over each version of HTTP.
async fn payloads_arrive_unchanged_or_not_at_all(package: &'static str, versions: &[Version]) {
    let example = Example::start(package);
    let mut sizes = Vec::new();
    for &version in versions {
        let mut connection = Connection::open(example.address, version).await;
        for (number, (event, payload)) in payloads().into_iter().enumerate() {
            let case = format!("{event} over {version:?}");
            let now = Timestamp::from(SystemTime::now());
            let delivery = Delivery::signed(example.is_grpc(), payload, now);
            let delivery = delivery.with_header("x-forwarded-for", "203.0.113.9");
            let answer = connection.send(&delivery).await.unwrap();
            assert_eq!(
                answer.receipt(),
                Some(delivery.receipt()),
                "{case}: {answer:?}"
            );

            // Another bit for each payload, somewhere in the middle.
            let size = delivery.body().len();
            let changed = delivery.with_bit_changed(size * 4 + number);
            let answer = connection.send(&changed).await.unwrap();
            assert_eq!(answer.receipt(), None, "{case}");
            if example.is_grpc() {
                assert_eq!(answer.grpc_status(), Some(16), "{case}");
            } else {
                assert_eq!(answer.status, 401, "{case}");
            }
            sizes.extend([size, size]);
        }
    }

    // The audit saw each of them, in order, and the handler every other one.
    let (status, audit) = tokio::task::spawn_blocking(|| example.stop())
        .await
        .unwrap();
    assert!(status.success(), "{status}");
    assert_eq!(audit.len(), sizes.len());
    for (number, (record, size)) in audit.iter().zip(sizes).enumerate() {
        let ended = (
            record["outcome"].as_str().unwrap(),
            record["reason"].as_str().unwrap(),
        );
        let due = if number % 2 == 0 {
            ("accepted", "ok")
        } else {
            ("denied", "signature_mismatch")
        };
        assert_eq!(ended, due, "{record}");
        assert_eq!(record["http.request.body.size"], size, "{record}");
    }
}

#[tokio::test]
async fn to_axum() {
    let versions = [Version::HTTP_11, Version::HTTP_2];
    payloads_arrive_unchanged_or_not_at_all("example-axum", &versions).await;
}

#[tokio::test]
async fn to_hyper() {
    let versions = [Version::HTTP_11, Version::HTTP_2];
    payloads_arrive_unchanged_or_not_at_all("example-hyper", &versions).await;
}

#[tokio::test]
async fn to_tonic() {
    payloads_arrive_unchanged_or_not_at_all("example-tonic", &[Version::HTTP_2]).await;
}
