//! `--explain` with secrets that are not in use any more: told, never accepted, never printed.
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "helpers outside #[test] functions may fail a test too"
)]

mod common;

use common::{Folder, Run, webhook, webhook_with};

const SECRET: &str = "current-secret-0123456789abcdef";
const RETIRED: &str = "canary-retired-0123456789abcdef";

/// Verifies a delivery that the retired secret signed.
fn verify(more: &[&str]) -> Run {
    let signed = webhook(["sign", "--provider=github", "--secret", RETIRED]).exits(0);
    let header = signed.text().trim_end().to_owned();
    let fixed = [
        "verify",
        "--provider=github",
        "--secret",
        SECRET,
        "--format=json",
        "-H",
        &header,
    ];
    let environment = [("WEBHOOK_TEST_RETIRED", RETIRED)];
    webhook_with(fixed.iter().chain(more), b"", &environment)
}

#[test]
fn an_old_secret_is_told_and_still_refused() {
    let folder = Folder::new();
    let file = format!("2026-q3={}", folder.file("old", format!("{RETIRED}\n")));
    let argument = format!("2026-q3={RETIRED}");
    for given in [
        ["--retired-secret", &argument],
        ["--retired-secret-env", "2026-q3=WEBHOOK_TEST_RETIRED"],
        ["--retired-secret-file", &file],
    ] {
        let run = verify(&[given.as_slice(), &["--explain"]].concat()).exits(1);
        let answer = run.json();
        assert_eq!(answer["reason"], "signature_mismatch", "{given:?}");
        let explained = answer["explain"].as_array().unwrap();
        assert_eq!(explained.len(), 1, "{explained:?}");
        assert!(explained[0].as_str().unwrap().contains("`2026-q3`"));
        let shown = [run.text(), &run.stderr].concat();
        assert!(!shown.contains("canary"), "{shown}");
        let warns = run.stderr.contains("--retired-secret shows");
        assert_eq!(warns, given[0] == "--retired-secret", "{run:?}");
    }
    let unnamed = [
        "--explain",
        "--retired-secret",
        SECRET,
        "--retired-secret",
        RETIRED,
    ];
    let answer = verify(&unnamed).exits(1).json();
    assert!(
        answer["explain"][0]
            .as_str()
            .unwrap()
            .contains("`retired-2`")
    );
    let run = verify(&["--explain"]).exits(1);
    assert_eq!(run.json()["explain"], serde_json::json!([]));
}

#[test]
fn an_old_secret_is_as_well_formed_as_a_new_one_and_wants_an_explanation() {
    for wrong in [
        &["--retired-secret", RETIRED][..],
        &["--explain", "--retired-secret", ""],
        &["--explain", "--retired-secret", "short"],
        &["--explain", "--retired-secret-env", "WEBHOOK_TEST_UNSET"],
    ] {
        let run = verify(wrong).exits(2);
        assert!(run.stdout.is_empty() && !run.stderr.is_empty(), "{run:?}");
    }
    verify(&["--explain", "--retired-secret-file", "/nowhere"]).exits(3);
    verify(&[
        "--explain",
        "--retired-secret",
        "short",
        "--insecure-short-secret",
    ])
    .exits(1);
}
