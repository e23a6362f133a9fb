//! What the tests share: running the program, files for it, and the cases beside the workspace.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test fails by panicking, and its helpers with it"
)]
#![allow(dead_code, reason = "each test binary uses its own part")]

use std::{
    ffi::OsStr,
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::atomic::{AtomicUsize, Ordering},
};

use serde_json::Value;

/// What a run came to.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: String,
}

impl Run {
    /// The whole of stdout as one JSON value.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The lines of stdout, each a JSON value.
    pub(crate) fn lines(&self) -> Vec<Value> {
        let lines = self.text().lines().map(serde_json::from_str::<Value>);
        lines
            .collect::<Result<_, _>>()
            .unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    pub(crate) fn text(&self) -> &str {
        str::from_utf8(&self.stdout).unwrap()
    }

    /// This run, whose exit code must be `code`.
    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{self:?}");
        self
    }
}

/// Runs the program.
pub(crate) fn webhook<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> Run {
    webhook_with(arguments, b"", &[])
}

/// Runs the program with a text on stdin and variables in its environment.
pub(crate) fn webhook_with<S: AsRef<OsStr>>(
    arguments: impl IntoIterator<Item = S>,
    stdin: &[u8],
    environment: &[(&str, &str)],
) -> Run {
    let mut program = Command::new(env!("CARGO_BIN_EXE_webhook"))
        .args(arguments)
        .envs(environment.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A program that fails before it reads closes the pipe.
    let _ = program.stdin.take().unwrap().write_all(stdin);
    let output = program.wait_with_output().unwrap();
    Run {
        code: output.status.code().expect("no signal"),
        stdout: output.stdout,
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// A folder that is removed in the end.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("webhook-cli-{}-{count}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    /// Writes a file, and says where it is.
    pub(crate) fn file(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.0.join(name);
        fs::write(&path, content).unwrap();
        path.into_os_string().into_string().unwrap()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A file or folder of the data beside the workspace; `None`, with a word about it, where that is
/// not there.
pub(crate) fn shared(path: &str) -> Option<PathBuf> {
    let found = Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .map(|folder| folder.join("shared/data").join(path))
        .find(|path| path.exists());
    if found.is_none() {
        println!("skipped: there is no shared/data/{path} beside the workspace");
    }
    found
}

pub(crate) fn read_json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

/// The presets, as the program lists them.
pub(crate) fn providers() -> Vec<Value> {
    let list = webhook(["providers", "--format", "json"]).exits(0).json();
    list.as_array().unwrap().clone()
}
