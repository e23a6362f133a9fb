//! No secret, token, signature, query string or body in any record, whatever the sink.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // Helpers of tests are tests.

mod common;

use std::convert::Infallible;

use common::{Answer, Paper, Records, answer};
use http::Request;
use tower::{Layer, ServiceExt, service_fn};
use webhook_audit_layer::{AuditLayer, AuditRecord, JsonLinesSink, TracingSink};
use webhook_core::{Check, Facts, Problem, Reason, Rejection, ShortText};

const CANARIES: [&str; 6] = [
    "canary-query",
    "canary-token",
    "canary-signature",
    "canary-cookie",
    "canary-body",
    "canary-panic",
];

fn hostile_request() -> Request<String> {
    Request::post("/webhooks/github?key=canary-query")
        .header("authorization", "Bearer canary-token")
        .header("x-hub-signature-256", "sha256=canary-signature")
        .header("cookie", "session=canary-cookie")
        .header("user-agent", "agent\" outcome=accepted reason=\"ok\u{202e}")
        .body(String::from("canary-body"))
        .unwrap()
}

async fn handler(request: Request<String>) -> Result<Answer, Infallible> {
    let (parts, _body) = request.into_parts();
    let record = Facts::record_of(&parts.extensions);
    record.set_claimed_delivery_id(ShortText::new("id\r\nwebhook forged line \u{1b}[31m"));
    match parts
        .headers
        .get("x-ending")
        .map(http::HeaderValue::as_bytes)
    {
        Some(b"refuse") => Ok(Rejection::new(Reason::SignatureMismatch, Check::Signature)
            .answer(&Problem::default(), &parts)),
        Some(b"panic") => panic!("canary-panic"),
        Some(b"fail") => Ok(answer(500)),
        _ => Ok(answer(200)),
    }
}

async fn send_all(layer: AuditLayer<impl webhook_audit_layer::Sink>) {
    for ending in ["ok", "refuse", "refuse", "panic", "fail"] {
        let mut request = hostile_request();
        request
            .headers_mut()
            .insert("x-ending", ending.parse().unwrap());
        layer
            .layer(service_fn(handler))
            .oneshot(request)
            .await
            .unwrap();
    }
    drop(layer.layer(service_fn(handler)).oneshot(hostile_request()));
}

fn assert_no_canary(text: &str) {
    for canary in CANARIES {
        assert!(!text.contains(canary), "{canary} in {text}");
    }
}

#[tokio::test]
async fn the_json_lines_tell_none() {
    let paper = Paper::default();
    let sink = JsonLinesSink::new(paper.clone()).unwrap();
    let audit = sink.handle();
    send_all(AuditLayer::new(sink)).await;
    audit.flush(std::time::Duration::from_secs(20)).unwrap();
    assert_no_canary(&paper.text());
    assert_eq!(paper.text().lines().count(), 5);
    assert!(
        paper
            .text()
            .lines()
            .all(|line| serde_json::from_str::<serde_json::Value>(line).is_ok())
    );
}

#[tokio::test]
async fn the_events_tell_none_and_are_one_line_each() {
    let paper = Paper::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(paper.clone())
        .finish();
    let guard = tracing::subscriber::set_default(subscriber);
    send_all(AuditLayer::new(TracingSink::new())).await;
    drop(guard);

    let text = paper.text();
    assert_no_canary(&text);
    let lines: Vec<_> = text
        .lines()
        .filter(|line| line.contains("webhook_audit"))
        .collect();
    assert_eq!(lines.len(), 5, "{text}");
    let levels: Vec<_> = lines
        .iter()
        .map(|line| line.split_whitespace().nth(1).unwrap())
        .collect();
    // The second refusal of the same kind within the minute is not worth a warning.
    assert_eq!(levels, ["INFO", "WARN", "DEBUG", "ERROR", "ERROR"]);
    for line in lines {
        assert!(line.contains("webhook_audit: webhook request "), "{line}");
        assert!(!line.contains('\u{1b}') && !line.contains('\u{202e}'));
        // The quotes of the user agent do not end the field.
        assert!(
            line.contains(r#"user_agent.original="agent\" outcome=accepted reason=\"ok\u{202e}""#),
            "{line}"
        );
        assert!(
            line.contains(r#"webhook.delivery.id="id\u{d}\u{a}webhook forged line \u{1b}[31m""#),
            "{line}"
        );
    }
}

#[tokio::test]
async fn a_printed_record_tells_none() {
    let records = Records::default();
    send_all(records.layer()).await;
    for record in records.all() {
        assert_no_canary(&format!("{record:?} {record:#?}"));
        assert!(!format!("{record:?}").chars().any(char::is_control));
        assert_no_canary(&json(&record));
    }
}

fn json(record: &AuditRecord) -> String {
    let mut line = Vec::new();
    record.write_json_line(&mut line);
    String::from_utf8(line).unwrap()
}

#[test]
fn debug_of_layers_sinks_and_handles_tells_no_more_than_settings() {
    let sink = JsonLinesSink::new(std::io::sink()).unwrap();
    let printed = format!(
        "{:?} {:?} {:?}",
        sink,
        sink.handle(),
        AuditLayer::new(TracingSink::new())
    );
    assert_eq!(
        printed,
        "JsonLinesSink { .. } AuditHandle { written: 0, dropped: 0, waiting: 0 } \
         AuditLayer { with_path: true, with_span: false, clock: Clock(System), .. }"
    );
}
