//! Changes of a running stack stand among the records of its requests, safe to read.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // Helpers of tests are tests.

mod common;

use std::time::Duration;

use common::Paper;
use serde_json::Value;
use webhook_audit_layer::{AuditLayer, AuditRecord, JsonLinesSink};
use webhook_core::{
    Clock, Settings, Timestamp,
    change::{Cause, ChangeKind, MAX_SUBJECT_BYTES, MAX_WHY_BYTES},
};

fn clock() -> Clock {
    Clock::manual(Timestamp::from_unix_seconds(1_700_000_000)).0
}

#[test]
fn a_change_is_a_line_that_says_who_and_why() {
    let paper = Paper::default();
    let sink = JsonLinesSink::new(paper.clone()).unwrap();
    let audit = sink.handle();
    let log = AuditLayer::new(sink).with_clock(clock()).changes();
    let (_settings, handle) = Settings::swappable(1_u8);
    let handle = handle.with_log("limits of acme", log.clone());
    handle.replace(2, &Cause::new("alice", "a larger\nbody \"soon\" \u{202e}"));
    let minute = Duration::from_secs(60);
    log.note_for(
        ChangeKind::Paused,
        "acme",
        minute,
        &Cause::new("bob", "incident 7"),
    );
    audit.flush(Duration::from_secs(20)).unwrap();

    let lines: Vec<Value> = paper
        .text()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[0]["event"], "webhook.config.changed");
    assert_eq!(lines[0]["change"], "replaced");
    assert_eq!(lines[0]["target"], "limits of acme");
    assert_eq!(lines[0]["by"], "alice");
    assert_eq!(lines[0]["why"], "a larger\nbody \"soon\" \u{202e}");
    assert!(!paper.text().contains('\u{202e}'));
    assert_eq!(lines[1]["until"], "2023-11-14T22:14:20.000000Z");
}

#[test]
fn the_longest_texts_fit_into_a_line() {
    let paper = Paper::default();
    let sink = JsonLinesSink::new(paper.clone()).unwrap();
    let audit = sink.handle();
    let text = "\u{1}".repeat(5000);
    let log = AuditLayer::new(sink).changes();
    log.note(ChangeKind::Denied, &text, &Cause::new(&text, &text));
    audit.flush(Duration::from_secs(20)).unwrap();
    let line = paper.text();
    assert!(line.len() <= webhook_audit_layer::MAX_LINE_BYTES);
    let line: Value = serde_json::from_str(&line).unwrap();
    assert!(line["why"].as_str().unwrap().ends_with('…'));
}

#[test]
fn a_text_that_needs_escapes_is_not_cut_for_them() {
    let paper = Paper::default();
    let sink = JsonLinesSink::new(paper.clone()).unwrap();
    let audit = sink.handle();
    let (subject, why) = ("\"".repeat(MAX_SUBJECT_BYTES), "\\".repeat(MAX_WHY_BYTES));
    let log = AuditLayer::new(sink).changes();
    log.note(ChangeKind::Denied, &subject, &Cause::new(&subject, &why));
    audit.flush(Duration::from_secs(20)).unwrap();
    let line: Value = serde_json::from_str(&paper.text()).unwrap();
    assert_eq!(line["target"], subject);
    assert_eq!(line["by"], subject);
    assert_eq!(line["why"], why);
}

#[test]
fn a_sink_that_keeps_no_changes_leaves_them_to_the_log() {
    let paper = Paper::default();
    let subscriber = tracing_subscriber::fmt()
        .with_writer(paper.clone())
        .with_ansi(false)
        .finish();
    let log = AuditLayer::new(|_: AuditRecord| ()).changes();
    tracing::subscriber::with_default(subscriber, || {
        log.note(
            ChangeKind::Revoked,
            "2026-q3",
            &Cause::new("alice", "it leaked\n"),
        );
    });
    let text = paper.text();
    assert_eq!(text.lines().count(), 1, "{text}");
    assert!(text.contains("webhook configuration changed"), "{text}");
    assert!(text.contains(r#"change="revoked""#), "{text}");
    assert!(text.contains(r#"why="it leaked\u{a}""#), "{text}");
}
