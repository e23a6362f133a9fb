//! Attacks over raw sockets, each with the status, the handler calls and the records due: the cases
//! of `../shared/data/http_attacks.json`, by their own runner, against the binary `attack-target`.
// Clippy knows the functions of a test, not their helpers.
#![allow(clippy::panic, clippy::print_stdout, clippy::unwrap_used)]

use std::{
    env,
    io::{BufRead as _, BufReader},
    path::PathBuf,
    process::{Child, Command, Stdio},
};

use webhook_tests::cargo::root;

/// How often all of them are tried, on a server of its own each time: quotas and ids that were seen are
/// not forgotten in between.
const ROUNDS: usize = 2;

/// The server under attack, ended with the test.
struct Target {
    child: Child,
    port: String,
    audit: PathBuf,
}

impl Target {
    fn start() -> Self {
        let audit = env::temp_dir().join(format!("attack-target-{}.jsonl", std::process::id()));
        let mut child = Command::new(env!("CARGO_BIN_EXE_attack-target"))
            .args(["--port", "0", "--audit"])
            .arg(&audit)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut said = BufReader::new(child.stdout.take().unwrap());
        said.read_line(&mut line).unwrap();
        let (_, port) = line.trim().rsplit_once(':').unwrap();
        Self {
            child,
            port: port.to_owned(),
            audit,
        }
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _gone = self.child.wait();
        let _gone = std::fs::remove_file(&self.audit);
    }
}

/// Python, with the package `h2` where `tests/run` put it.
fn python() -> Command {
    let mut python = Command::new("python3");
    python.env("PYTHONPATH", root().join("target/python"));
    python
}

fn has_h2() -> bool {
    let mut import = python();
    import.args(["-c", "import h2"]).stderr(Stdio::null());
    import.status().is_ok_and(|status| status.success())
}

#[test]
fn every_attack_ends_as_it_should() {
    let runner = root().join("../shared/data/run_http_attacks.py");
    if !runner.exists() {
        println!("skipped: {} is not there", runner.display());
        return;
    }
    if !has_h2() {
        let is_ci = env::var_os("CI").is_some_and(|ci| ci == "true");
        assert!(!is_ci, "Python's package h2 is missing; run `tests/run`");
        println!("skipped: Python's package h2 is not there; `tests/run` installs it");
        return;
    }
    for round in 1..=ROUNDS {
        let target = Target::start();
        let output = python()
            .arg(&runner)
            .env("PORT", &target.port)
            .env("AUDIT", &target.audit)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "round {round}: {said}");
        assert!(said.contains(" passed, 0 failed"), "round {round}: {said}");
    }
}
