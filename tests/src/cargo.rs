//! The workspace, and cargo run on it without a network.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

/// The root of the workspace.
#[must_use]
pub fn root() -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.parent().unwrap_or(tests).to_owned()
}

/// Cargo, as the one that runs the tests, in `folder` and without a network.
#[must_use]
pub fn cargo(folder: &Path) -> Command {
    let mut command = Command::new(option_env!("CARGO").unwrap_or("cargo"));
    // What the tests themselves are built with is nobody else's business.
    command
        .env_remove("CARGO_TARGET_DIR")
        .env_remove("RUSTFLAGS");
    command
        .env("CARGO_NET_OFFLINE", "true")
        .env("CARGO_TERM_COLOR", "never");
    command.current_dir(folder);
    command
}

/// What a command prints.
///
/// # Panics
/// Where it fails; the message holds what it said.
#[must_use]
pub fn output(command: &mut Command) -> String {
    let output = match command.output() {
        Ok(output) => output,
        Err(error) => panic!("{command:?} does not start: {error}"),
    };
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?} failed:\n{said}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// `cargo metadata` of the workspace with these further arguments.
///
/// # Panics
/// Where cargo fails.
#[must_use]
pub fn metadata(arguments: &[&str]) -> Value {
    let mut cargo = cargo(&root());
    cargo
        .args(["metadata", "--format-version=1"])
        .args(arguments);
    match serde_json::from_str(&output(&mut cargo)) {
        Ok(metadata) => metadata,
        Err(error) => panic!("cargo metadata is no JSON: {error}"),
    }
}

/// The packages of the workspace, as `cargo metadata` tells of them.
///
/// # Panics
/// Where cargo fails.
#[must_use]
pub fn members() -> Vec<Value> {
    let mut metadata = metadata(&["--no-deps"]);
    match metadata.get_mut("packages").map(Value::take) {
        Some(Value::Array(packages)) => packages,
        other => panic!("cargo metadata tells of no packages: {other:?}"),
    }
}
