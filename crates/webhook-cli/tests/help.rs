//! What `--help` says, word for word: the names of commands and options are a contract.
//!
//! `UPDATE_GOLDEN=1 cargo test -p webhook-cli --test help` writes what it says now.
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "helpers outside #[test] functions may fail a test too"
)]

mod common;

use std::{fmt::Write as _, fs, path::Path};

use common::webhook;

const COMMANDS: [&[&str]; 14] = [
    &[],
    &["verify"],
    &["sign"],
    &["send"],
    &["providers"],
    &["secret", "new"],
    &["ip", "explain"],
    &["ip", "match"],
    &["audit", "list"],
    &["audit", "tail"],
    &["audit", "stats"],
    &["audit", "export"],
    &["audit", "purge"],
    &["audit", "verify"],
];

#[test]
fn help_is_as_it_was_agreed() {
    let mut said = String::new();
    for command in COMMANDS {
        let run = webhook(command.iter().chain([&"--help"])).exits(0);
        assert!(run.stderr.is_empty(), "{run:?}");
        let name = ["webhook"]
            .iter()
            .chain(command)
            .copied()
            .collect::<Vec<_>>();
        writeln!(said, "$ {} --help\n{}", name.join(" "), run.text()).unwrap();
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/help.txt");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&path, &said).unwrap();
    }
    assert_eq!(said, fs::read_to_string(path).unwrap());
}

#[test]
fn wrong_usage_is_2_and_says_nothing_on_stdout() {
    for arguments in [
        &[][..],
        &["verfy"],
        &["verify"],
        &["verify", "--provider", "github", "--scheme", "x.toml"],
        &["sign", "--provider", "github", "--format", "xml"],
        &["secret", "new", "--bytes", "15"],
        &["secret", "new", "--bytes", "1025"],
        &["secret", "new", "--encoding", "rot13"],
        &[
            "send",
            "--provider",
            "github",
            "--secret",
            "0123456789abcdef",
            "--to",
            "/path",
        ],
        &["send", "--to", "http://127.0.0.1/", "--repeat", "0"],
        &["providers", "strip"],
    ] {
        let run = webhook(arguments).exits(2);
        assert!(run.stdout.is_empty() && !run.stderr.is_empty(), "{run:?}");
    }
    assert!(
        webhook(["--version"])
            .exits(0)
            .text()
            .starts_with("webhook ")
    );
}
