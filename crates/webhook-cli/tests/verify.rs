//! `webhook verify`: what each option does, what JSON says, and how it exits.
#![cfg(unix)]
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "helpers outside #[test] functions may fail a test too"
)]

mod common;

use std::{ffi::OsStr, os::unix::ffi::OsStrExt as _};

use common::{Folder, Run, providers, webhook, webhook_with};
use serde_json::json;

const SECRET: &str = "0123456789abcdef";
const AT: &str = "1700000000";

fn run<'a>(command: &[&'a str], more: &[&'a str]) -> Run {
    let fixed = ["--secret", SECRET, "--format", "json"];
    webhook(command.iter().chain(&fixed).chain(more))
}

/// The value of a header that `sign` made.
fn signed(provider: &str, header: &str, more: &[&str]) -> String {
    let answer = run(&["sign", "--provider", provider, "--at", AT], more)
        .exits(0)
        .json();
    let headers = answer["headers"].as_array().unwrap();
    let found = headers.iter().find(|line| line[0] == header);
    format!("{header}: {}", found.unwrap()[1].as_str().unwrap())
}

#[test]
fn a_valid_delivery_says_all_that_is_known_of_it() {
    let header = signed("stripe", "stripe-signature", &[]);
    let answer = run(
        &["verify", "--provider", "stripe", "--at", AT, "-H", &header],
        &[],
    )
    .exits(0);
    assert_eq!(
        answer.json(),
        json!({
            "valid": true, "provider": "stripe", "secret_id": "default", "timestamp": 1_700_000_000,
            "delivery_id": null, "delivery_id_signed": false, "event": null,
        })
    );
    let header = signed("github", "x-hub-signature-256", &[]);
    let more = [
        "-H",
        &header,
        "-H",
        "X-GitHub-Delivery: 7",
        "-H",
        "X-GitHub-Event: push",
    ];
    let answer = run(&["verify", "--provider", "github"], &more).exits(0);
    assert_eq!(
        answer.text().trim_end(),
        r#"{"valid":true,"provider":"github","secret_id":"default","timestamp":null,"delivery_id":"7","delivery_id_signed":false,"event":"push"}"#
    );
}

#[test]
fn an_invalid_delivery_says_why() {
    let header = signed("github", "x-hub-signature-256", &[]);
    for (more, reason) in [
        (vec![], "signature_missing"),
        (vec!["-H", "x-hub-signature-256:"], "signature_missing"),
        (
            vec!["-H", "x-hub-signature-256: sha256=00"],
            "signature_malformed",
        ),
        (
            vec!["-H", &header, "-H", &header],
            "signature_duplicate_header",
        ),
        (
            vec!["-H", &header, "--body", "Cargo.toml"],
            "signature_mismatch",
        ),
    ] {
        let answer = run(&["verify", "--provider", "github"], &more).exits(1);
        let expected =
            json!({"valid": false, "provider": "github", "reason": reason, "explain": []});
        assert_eq!(answer.json(), expected);
    }
}

#[test]
fn the_usual_mistake_is_named() {
    let folder = Folder::new();
    let signed_body = folder.file("signed", "{\"a\": 1}");
    let header = signed("github", "x-hub-signature-256", &["--body", &signed_body]);
    let explained = |more: &[&str]| {
        let fixed = ["verify", "--provider", "github", "-H", &header];
        run(&fixed, more).exits(1).json()["explain"].clone()
    };
    let newline = folder.file("newline", "{\"a\": 1}\n");
    let says = explained(&["--explain", "--body", &newline]);
    assert!(says[0].as_str().unwrap().contains("newline"), "{says}");
    assert_eq!(explained(&["--body", &newline]), json!([]));
    let other = folder.file("other", "{\"a\": 2}");
    assert_eq!(explained(&["--explain", "--body", &other]), json!([]));
    // Text says it too.
    let fixed = [
        "verify",
        "--provider",
        "github",
        "--secret",
        SECRET,
        "-H",
        &header,
    ];
    let text = webhook(fixed.iter().chain(&["--explain", "--body", &newline])).exits(1);
    assert!(text.text().contains("newline"), "{text:?}");
}

#[test]
fn time_is_judged_as_of_at() {
    let header = signed("slack", "x-slack-signature", &[]);
    let slack = [
        "verify",
        "--provider",
        "slack",
        "-H",
        &header,
        "-H",
        "x-slack-request-timestamp: 1700000000",
    ];
    for (more, reason) in [
        (&["--at", "1700000300"][..], None),
        (&["--at", "1700000301"], Some("timestamp_too_old")),
        (&["--at", "1699999699"], Some("timestamp_in_future")),
        (&["--at", "-5"], Some("timestamp_in_future")),
        (&["--at", "1700000301", "--tolerance", "301"], None),
        (
            &["--at", "1700000011", "--tolerance", "10"],
            Some("timestamp_too_old"),
        ),
        (
            &["--at", "1699999989", "--tolerance", "10"],
            Some("timestamp_in_future"),
        ),
        (&["--at", "0", "--ignore-time"], None),
        (&["--ignore-time"], None),
        (&[], Some("timestamp_too_old")),
    ] {
        let answer = run(&slack, more).exits(i32::from(reason.is_some())).json();
        assert_eq!(
            answer.get("reason").and_then(|reason| reason.as_str()),
            reason,
            "{more:?}"
        );
    }
    run(&slack, &["--ignore-time", "--tolerance", "1"]).exits(2);
    run(&slack, &["--at", "soon"]).exits(2);
    // Stripe looks at the age only, and another tolerance does not change that.
    let header = signed("stripe", "stripe-signature", &[]);
    run(
        &["verify", "--provider", "stripe", "-H", &header],
        &["--at", "5", "--tolerance", "1"],
    )
    .exits(0);
}

#[test]
fn headers_and_bodies_keep_their_bytes() {
    let folder = Folder::new();
    let body = b"\xff\x00\r\n{}\n".as_slice();
    let file = folder.file("body", body);
    let header = signed("github", "x-hub-signature-256", &["--body", &file]);
    let headers = folder.file("headers", format!("Host: a\r\n\r\n{header}\r\nX: \u{9}y"));
    let fixed = ["verify", "--provider", "github", "--secret", SECRET];
    webhook(
        fixed
            .iter()
            .chain(&["--headers", &headers, "--body", &file]),
    )
    .exits(0);
    let more = ["--headers", &headers, "--body", "-"];
    let from_stdin = fixed.iter().chain(&more);
    webhook_with(from_stdin.clone(), body, &[]).exits(0);
    webhook_with(from_stdin, b"else", &[]).exits(1);

    let raw = OsStr::from_bytes(b"X-GitHub-Event: \xff\xfe");
    let arguments = fixed.iter().map(OsStr::new);
    let more = [
        OsStr::new("--headers"),
        headers.as_ref(),
        OsStr::new("--body"),
        file.as_ref(),
        OsStr::new("-H"),
        raw,
    ];
    webhook(arguments.chain(more)).exits(0);

    for wrong in ["POST / HTTP/1.1\n", "a b: c\n", "a: \u{1b}\n"] {
        let wrong = folder.file("wrong", format!("a: b\n{wrong}"));
        let run = webhook(fixed.iter().chain(&["--headers", &wrong])).exits(2);
        assert!(run.stderr.contains("line 2"), "{run:?}");
    }
    webhook(fixed.iter().chain(&["--headers", "/nowhere"])).exits(3);
    webhook(fixed.iter().chain(&["--body", "/nowhere"])).exits(3);
}

#[test]
fn text_says_the_same_and_has_no_colour_in_a_pipe() {
    let fixed = ["--provider", "github", "--secret", SECRET];
    let refused = webhook(["verify"].iter().chain(&fixed)).exits(1);
    assert!(
        refused.text().starts_with("invalid: signature_missing"),
        "{refused:?}"
    );
    let header = signed("github", "x-hub-signature-256", &[]);
    let more = ["-H", &header, "-H", "x-github-event: a\u{9b}31m"];
    let accepted = webhook(["verify"].iter().chain(&fixed).chain(&more)).exits(0);
    assert!(accepted.text().starts_with("valid: github"), "{accepted:?}");
    for run in [refused, accepted] {
        assert!(!run.text().contains(['\u{1b}', '\u{9b}']), "{run:?}");
    }
}

#[test]
fn providers_are_listed_whole() {
    let all = providers();
    assert!(all.len() >= 8);
    for provider in &all {
        let name = provider["name"].as_str().unwrap();
        let one = webhook(["providers", name, "--format", "json"]).exits(0);
        assert_eq!(&one.json(), provider);
        for field in ["title", "kind", "evidence", "source", "secret_encoding"] {
            assert!(
                !provider[field].as_str().unwrap().is_empty(),
                "{name}: {field}"
            );
        }
        for field in [
            "algorithm",
            "headers",
            "signed_content",
            "tolerance",
            "delivery_id",
            "delivery_id_signed",
            "event",
            "handshake",
            "published_addresses",
            "notes",
        ] {
            assert!(provider.get(field).is_some(), "{name}: {field}");
        }
    }
    let text = webhook(["providers"]).exits(0);
    assert_eq!(text.text().lines().count(), all.len());
    let stripe = webhook(["providers", "stripe"]).exits(0);
    assert!(stripe.text().contains("{timestamp}.{body}"), "{stripe:?}");
    let unknown = webhook(["providers", "strip"]).exits(2);
    assert!(unknown.stderr.contains("`stripe`"), "{unknown:?}");
}
