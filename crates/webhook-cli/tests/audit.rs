//! `webhook audit` on a database and on a file of lines: the same answers, in the names of the
//! contract. What the questions mean is shown in the tests of the workspace, on PostgreSQL too.
#![cfg(feature = "sqlite")]
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers outside #[test] functions may fail a test too"
)]

mod common;

use std::{convert::Infallible, time::Duration};

use bytes::Bytes;
use common::{Folder, Run, webhook};
use http::{Request, Response};
use http_body_util::Full;
use serde_json::{Value, json};
use sqlx::{Connection as _, SqliteConnection};
use tower::{Layer as _, ServiceExt as _, service_fn};
use webhook_audit_layer::{AuditLayer, JsonLinesSink};
use webhook_core::{Check, ClientAddr, Facts, PeerAddr, Problem, Reason, Rejection};
use webhook_sql::SqlSink;

struct Audit {
    urls: [String; 2],
    file: String,
    _folder: Folder,
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_all().build().unwrap().block_on(future)
}

/// Twenty requests for two endpoints, five of them refused.
fn audit() -> Audit {
    let folder = Folder::new();
    let file = folder.file("audit.db", "");
    let lines = folder.file("audit.jsonl", "");
    let sql = SqlSink::open(&format!("sqlite:{file}")).unwrap();
    let json = JsonLinesSink::append(&lines).unwrap();
    let (sql_handle, json_handle) = (sql.handle(), json.handle());
    let audited = AuditLayer::new((sql, json)).layer(service_fn(async |request: Request<()>| {
        let (parts, ()) = request.into_parts();
        let record = Facts::of(&parts.extensions).unwrap().record();
        let n: u8 = parts.uri.path().trim_start_matches('/').parse().unwrap();
        record.set_client(ClientAddr::new([203, 0, 113, n].into(), None));
        record.set_endpoint(
            &if n.is_multiple_of(2) {
                "acme"
            } else {
                "globex"
            }
            .into(),
        );
        let response: Response<Full<Bytes>> = if n % 4 == 3 {
            Rejection::new(Reason::SignatureMismatch, Check::Signature)
                .answer(&Problem::default(), &parts)
        } else {
            Response::new(Full::default())
        };
        Ok::<_, Infallible>(response)
    }));
    block_on(async {
        for n in 0..20_u8 {
            let mut request = Request::post(format!("/{n}")).body(()).unwrap();
            request
                .extensions_mut()
                .insert(PeerAddr::new(([10, 0, 0, 1], 99).into()));
            audited.clone().oneshot(request).await.unwrap();
        }
    });
    drop(audited);
    sql_handle.flush(Duration::from_secs(10)).unwrap();
    json_handle.flush(Duration::from_secs(10)).unwrap();
    Audit {
        urls: [format!("sqlite:{file}"), format!("jsonl:{lines}")],
        file,
        _folder: folder,
    }
}

fn asked(command: &str, url: &str, options: &[&str]) -> Run {
    let arguments = ["audit", command, "--db", url, "--format", "json"];
    webhook(arguments.iter().chain(options))
}

#[test]
fn list_filters_and_limits() {
    let audit = audit();
    for url in &audit.urls {
        let count = |options: &[&str]| asked("list", url, options).exits(0).lines().len();
        assert_eq!(count(&[]), 20);
        assert_eq!(count(&["--limit", "3"]), 3);
        assert_eq!(count(&["--endpoint", "acme"]), 10);
        assert_eq!(count(&["--reason", "signature_mismatch"]), 5);
        assert_eq!(count(&["--outcome", "denied", "--since", "1h"]), 5);
        assert_eq!(count(&["--until", "2023-01-01"]), 0);
        assert_eq!(count(&["--client", "203.0.113.8/30"]), 4);
        let lines = asked("list", url, &["--limit", "1"]).exits(0).lines();
        assert_eq!(lines[0]["url.path"], "/19");
        assert_eq!(lines[0]["webhook.source.id"], "globex");
        assert_eq!(lines[0]["checks"], json!({"signature": "fail"}));
        let text = webhook(["audit", "list", "--db", url, "--limit", "1"]).exits(0);
        assert!(
            text.text()
                .contains("webhook.rejected signature_mismatch 401 endpoint=globex"),
            "{text:?}"
        );
    }
}

#[test]
fn stats_are_per_endpoint() {
    let audit = audit();
    for url in &audit.urls {
        let lines = asked("stats", url, &[]).exits(0).lines();
        let said: Vec<_> = lines
            .iter()
            .map(|line| {
                (
                    line["endpoint"].as_str().unwrap(),
                    line["total"].clone(),
                    line["accepted"].clone(),
                    line["refused"].clone(),
                )
            })
            .collect();
        let expected = [
            ("acme", json!(10), json!(10), json!({})),
            (
                "globex",
                json!(10),
                json!(5),
                json!({"signature_mismatch": 5}),
            ),
        ];
        assert_eq!(said, expected, "{url}");
        let names: Vec<_> = lines[0]
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        assert_eq!(
            names,
            [
                "accepted",
                "average_us",
                "cancelled",
                "duplicates",
                "endpoint",
                "errors",
                "last_delivery",
                "p99_us",
                "refused",
                "total"
            ]
        );
    }
}

#[test]
fn export_writes_json_lines_and_csv() {
    let audit = audit();
    for url in &audit.urls {
        let run = asked("export", url, &["--endpoint", "acme"]).exits(0);
        assert_eq!(run.lines().len(), 10);
        assert_eq!(run.stderr, "exported 10 records\n");
        let csv = webhook(["audit", "export", "--db", url, "--format", "csv"]).exits(0);
        assert_eq!(csv.text().lines().count(), 21);
    }
}

#[test]
fn purge_says_how_many_and_verify_still_passes() {
    let audit = audit();
    let url = &audit.urls[0];
    let purged = asked("purge", url, &["--client", "203.0.113.4/30"]).exits(0);
    assert_eq!(purged.json(), json!({"purged": 4}));
    let verified = asked("verify", url, &[]).exits(0).json();
    assert_eq!(
        (&verified["valid"], &verified["purged"]),
        (&json!(true), &json!(4))
    );
    let head = verified["head"].as_str().unwrap();
    let _valid = asked("verify", url, &["--checkpoint", head]).exits(0);
    let purged = asked("purge", url, &["--before", "2023-01-01"]).exits(0);
    assert_eq!(purged.json(), json!({"purged": 0}));
    // What is to be purged has to be said.
    let _usage = asked("purge", url, &[]).exits(2);
}

#[test]
fn one_flipped_byte_names_the_record() {
    let audit = audit();
    block_on(async {
        let mut connection = SqliteConnection::connect(&audit.file).await.unwrap();
        let sql = "UPDATE webhook_event_log SET reason = 'oj' WHERE id = 13";
        sqlx::query(sql).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    });
    let run = asked("verify", &audit.urls[0], &[]).exits(1).json();
    assert_eq!(run["valid"], false);
    assert_eq!(
        (&run["first_broken"], &run["error"]),
        (&json!(13), &json!("altered"))
    );
    let text = webhook(["audit", "verify", "--db", &audit.urls[0]]).exits(1);
    assert!(
        text.text().starts_with("broken: record 13 is altered\n"),
        "{text:?}"
    );
}

#[test]
fn what_a_file_cannot_do_is_wrong_usage_and_what_is_not_there_is_3() {
    let audit = audit();
    for (command, options) in [("verify", &[][..]), ("purge", &["--endpoint", "acme"])] {
        let run = asked(command, &audit.urls[1], options).exits(2);
        assert!(
            run.stdout.is_empty() && run.stderr.contains("JSON lines"),
            "{run:?}"
        );
    }
    for url in ["sqlite:/nowhere/audit.db", "jsonl:/nowhere/audit.jsonl"] {
        let run = asked("list", url, &[]).exits(3);
        assert!(
            run.stdout.is_empty() && run.stderr.contains("/nowhere/"),
            "{run:?}"
        );
    }
    for wrong in ["audit.db", "mysql://h/d", "sqlite::memory:"] {
        let _usage = asked("list", wrong, &[]).exits(2);
    }
    for wrong in [
        ["--outcome", "fine"],
        ["--reason", "because"],
        ["--client", "10.0.0.1/8"],
        ["--since", "today"],
    ] {
        let _usage = asked("list", &audit.urls[0], &wrong).exits(2);
    }
}

#[test]
fn a_tail_follows() {
    let audit = audit();
    let url = audit.urls[0].clone();
    let tail = std::thread::spawn(move || asked("tail", &url, &["--limit", "1"]).exits(0).lines());
    let sink = SqlSink::open(&audit.urls[0]).unwrap();
    let log = AuditLayer::new(sink).changes();
    let mut number = 0;
    while !tail.is_finished() && number < 200 {
        let cause = webhook_core::change::Cause::new("alice", "to be seen");
        log.note(webhook_core::change::ChangeKind::Reset, "all", &cause);
        std::thread::sleep(Duration::from_millis(50));
        number += 1;
    }
    let lines: Vec<Value> = tail.join().unwrap();
    assert_eq!(lines[0]["event"], "webhook.config.changed");
    assert_eq!(lines[0]["webhook.change.by"], "alice");
}
