//! Output that nobody reads to its end: no panic, no word about it.
#![cfg(unix)]
#![allow(
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers outside #[test] functions may fail a test too"
)]

use std::{
    os::unix::process::ExitStatusExt as _,
    process::{Command, Output, Stdio},
};

/// Runs the program with an end of a pipe as stdout whose other end is closed.
fn unread(arguments: &[&str]) -> Output {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    Command::new(env!("CARGO_BIN_EXE_webhook"))
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(writer)
        .stderr(Stdio::piped())
        .output()
        .unwrap()
}

#[test]
fn a_broken_pipe_is_no_panic() {
    for arguments in [
        &["providers"][..],
        &["providers", "github"],
        &["providers", "--format", "json"],
        &["secret", "new"],
        &["ip", "explain", "--peer", "192.0.2.1"],
        &["ip", "match", "--allow", "192.0.2.0/24", "192.0.2.1"],
        &[
            "sign",
            "--provider",
            "github",
            "--secret",
            "0123456789abcdef",
        ],
        &[
            "verify",
            "--provider",
            "github",
            "--secret",
            "0123456789abcdef",
        ],
        &["--help"],
        &["verify", "--help"],
        &["--version"],
    ] {
        let output = unread(arguments);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.signal(), None, "{arguments:?}");
        assert!(
            matches!(output.status.code(), Some(0 | 3)),
            "{arguments:?}: {output:?}"
        );
        let is_warning = said.is_empty() || said.starts_with("warning: --secret");
        assert!(
            is_warning && !said.contains("panicked"),
            "{arguments:?}: {said}"
        );
    }
}
