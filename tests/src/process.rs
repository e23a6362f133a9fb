//! The examples as child processes: built by cargo, started, asked to end, and their audit read.

use std::{
    collections::BTreeMap,
    env, fs,
    io::{BufRead as _, BufReader},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::{
        OnceLock,
        mpsc::{self, Receiver},
    },
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::{audit::Folder, cargo::root, hosts::SECRET};

/// The examples' packages.
pub const EXAMPLES: [&str; 3] = ["example-axum", "example-hyper", "example-tonic"];

/// The name of the last of the lines that an example prints, which asks its audit.
const LAST_LINE: &str = "what happened";

/// How that line begins: with what cargo would build once more, with other features.
const PROGRAM: &str = "cargo run -q -p webhook-cli -- ";

/// A running example.
#[derive(Debug)]
pub struct Example {
    /// The example's package.
    pub package: &'static str,
    /// Where it listens.
    pub address: SocketAddr,
    /// The lines to try that it printed.
    pub lines: Vec<Line>,
    /// The line that it printed last, for the `webhook` of this workspace.
    pub question: String,
    child: Child,
    audit: PathBuf,
    _folder: Folder,
}

/// A line for the shell that an example printed, and what it says will come of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// What is tried, such as `tampered`.
    pub name: String,
    /// What comes of it, such as `401`.
    pub expectation: String,
    /// The line for the shell.
    pub command: String,
}

impl Example {
    /// Builds the examples where need be, and starts one on a port of its own, with the secret of
    /// the tests, an audit file, and the database that it makes for itself.
    ///
    /// # Panics
    /// Where it does not start.
    #[must_use]
    pub fn start(package: &'static str) -> Self {
        Self::start_with(package, None)
    }

    /// The same, with its audit in this database.
    ///
    /// # Panics
    /// Where it does not start.
    #[must_use]
    pub fn start_with(package: &'static str, database: Option<&str>) -> Self {
        let folder = Folder::new();
        let audit = folder.path().join("audit.jsonl");
        let mut command = Command::new(&binaries()[package]);
        command
            .env("LISTEN", "127.0.0.1:0")
            .env("WEBHOOK_SECRET", SECRET)
            .env("AUDIT_LOG", &audit)
            .env("RUST_LOG", "warn")
            .env("TMPDIR", folder.path())
            .env_remove("AUDIT_DB")
            .envs(database.map(|database| ("AUDIT_DB", database)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let stdout = follow(&mut child);
        let first = next_line(package, &stdout);
        let address = listening(&first).unwrap_or_else(|| panic!("{package} printed {first:?}"));
        assert_eq!(next_line(package, &stdout), "", "{package}: no blank line");
        let mut lines = Vec::new();
        while lines
            .last()
            .is_none_or(|line: &Line| line.name != LAST_LINE)
        {
            let heading = next_line(package, &stdout);
            let (name, expectation) = heading
                .strip_prefix("# ")
                .and_then(|heading| heading.split_once(": "))
                .unwrap_or_else(|| panic!("{package} printed {heading:?}"));
            let (name, expectation) = (name.to_owned(), expectation.to_owned());
            let command = next_line(package, &stdout);
            lines.push(Line {
                name,
                expectation,
                command,
            });
        }
        let question = lines.pop().unwrap().command;
        let arguments = question
            .strip_prefix(PROGRAM)
            .unwrap_or_else(|| panic!("{package} printed {question:?}"));
        let question = format!("'{}' {arguments}", binaries()["webhook"].display());
        Self {
            package,
            address,
            lines,
            question,
            child,
            audit,
            _folder: folder,
        }
    }

    /// Whether it takes gRPC calls.
    #[must_use]
    pub fn is_grpc(&self) -> bool {
        self.package == "example-tonic"
    }

    /// Asks it to end, with SIGTERM, and waits until it has; then gives the lines of its audit.
    ///
    /// # Panics
    /// Where it has not ended within 15 seconds, or a line of the audit is no JSON.
    #[must_use]
    pub fn stop(mut self) -> (ExitStatus, Vec<Value>) {
        let kill = format!("kill -TERM {}", self.child.id());
        let told = Command::new("sh").args(["-c", &kill]).status().unwrap();
        assert!(told.success(), "{kill}");
        let started = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            let is_late = started.elapsed() > Duration::from_secs(15);
            assert!(
                !is_late,
                "{} is still there 15 s after SIGTERM",
                self.package
            );
            thread::sleep(Duration::from_millis(20));
        };
        let audit = fs::read_to_string(&self.audit).unwrap();
        let parse = |line| match serde_json::from_str(line) {
            Ok(record) => record,
            Err(error) => panic!("{}: {error} in {line}", self.package),
        };
        (status, audit.lines().map(parse).collect())
    }
}

impl Drop for Example {
    fn drop(&mut self) {
        // Only where a test failed is there anything left to end.
        let _ended = self.child.kill();
        let _status = self.child.wait();
    }
}

fn listening(line: &str) -> Option<SocketAddr> {
    let url = line.strip_prefix("listening on http://")?;
    url.split_once('/')?.0.parse().ok()
}

fn next_line(package: &str, stdout: &Receiver<String>) -> String {
    stdout
        .recv_timeout(Duration::from_secs(30))
        .unwrap_or_else(|_| panic!("{package} printed no more, or ended"))
}

/// Reads what a child prints, to its end, so that it never waits for a reader.
fn follow(child: &mut Child) -> Receiver<String> {
    let stdout = BufReader::new(child.stdout.take().unwrap());
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        for line in stdout.lines().map_while(Result::ok) {
            let _unread = sender.send(line);
        }
    });
    receiver
}

/// The examples' binaries and `webhook`, freshly built.
///
/// Cargo gives a test only the binaries of its own package, and builds a package's binaries for its
/// integration tests only, so the tests ask cargo for them: it holds no lock while tests run. What
/// is asked for is what `cargo test --workspace --all-features` has built already, but for the
/// binaries themselves.
fn binaries() -> &'static BTreeMap<String, PathBuf> {
    static BINARIES: OnceLock<BTreeMap<String, PathBuf>> = OnceLock::new();
    BINARIES.get_or_init(|| {
        let output = build().output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success(),
            "the examples do not build:\n{said}"
        );
        let messages = String::from_utf8(output.stdout).unwrap();
        let binaries: BTreeMap<_, _> = messages.lines().filter_map(executable).collect();
        assert!(
            EXAMPLES
                .iter()
                .chain(&["webhook"])
                .all(|example| binaries.contains_key(*example)),
            "{binaries:?}"
        );
        binaries
    })
}

fn build() -> Command {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| env!("CARGO").into()));
    cargo
        .current_dir(root())
        .args(["build", "--offline", "--message-format=json"]);
    // With the features that the whole workspace asks for, so that no dependency is built again.
    cargo.args(["--workspace", "--all-features"]);
    cargo.args(EXAMPLES.iter().flat_map(|example| ["--bin", example]));
    cargo.args(["--bin", "webhook"]);
    // What cargo tells a test of its package would have build scripts run again.
    let is_of_package = |name: &str| {
        [
            "CARGO_PKG_",
            "CARGO_MANIFEST_",
            "CARGO_BIN_",
            "CARGO_CRATE_",
        ]
        .iter()
        .any(|prefix| name.starts_with(prefix))
    };
    for (name, _) in env::vars_os() {
        if name.to_str().is_some_and(is_of_package) {
            cargo.env_remove(name);
        }
    }
    // As the tests are: in the same folder, with the same profile.
    let exe = env::current_exe().unwrap();
    let mut folders = exe.ancestors().skip(2);
    match folders
        .next()
        .and_then(Path::file_name)
        .and_then(|profile| profile.to_str())
    {
        Some("debug") | None => {}
        Some(profile) => {
            cargo.args(["--profile", profile]);
        }
    }
    // With `--target` there is one more folder between, and cargo's own configuration must do.
    if let Some(target) = folders
        .next()
        .filter(|target| target.join("CACHEDIR.TAG").is_file())
    {
        cargo.arg("--target-dir").arg(target);
    }
    cargo
}

/// The name and the place of a binary, where a message of cargo's tells of one.
fn executable(message: &str) -> Option<(String, PathBuf)> {
    let message: Value = serde_json::from_str(message).ok()?;
    let name = message.get("target")?.get("name")?.as_str()?;
    let path = message.get("executable")?.as_str()?;
    Some((name.to_owned(), path.into()))
}
