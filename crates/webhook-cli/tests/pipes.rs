//! Output that nobody reads to its end, and output on a terminal: no panic, and colour only there.
#![cfg(unix)]
#![allow(
    clippy::panic,
    clippy::print_stdout,
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

/// What the program prints on a terminal, which `script` of util-linux is.
fn on_a_terminal(arguments: &str, no_color: Option<&str>) -> Option<String> {
    let command = format!("'{}' {arguments}", env!("CARGO_BIN_EXE_webhook"));
    let mut script = Command::new("script");
    script.args(["-qec", &command, "/dev/null"]);
    script.stdin(Stdio::null()).env_remove("NO_COLOR");
    script.envs(no_color.map(|value| ("NO_COLOR", value)));
    let output = script.output().ok()?;
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[test]
fn colour_is_for_terminals_and_text_alone() {
    let matched = "ip match --allow 192.0.2.0/24 192.0.2.1";
    let Some(text) = on_a_terminal(matched, None) else {
        println!("skipped: there is no `script` here");
        return;
    };
    assert!(text.contains("\x1b[32m192.0.2.1: allowed"), "{text:?}");
    let refused = on_a_terminal("ip match --allow-none 192.0.2.1", None).unwrap();
    assert!(refused.contains("\x1b[31m"), "{refused:?}");
    let json = on_a_terminal(&format!("{matched} --format json"), None).unwrap();
    assert!(
        json.contains("\"allowed\":true") && !json.contains('\x1b'),
        "{json:?}"
    );
    let plain = on_a_terminal(matched, Some("1")).unwrap();
    assert!(
        plain.contains("allowed") && !plain.contains('\x1b'),
        "{plain:?}"
    );
}
