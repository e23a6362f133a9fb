//! What `webhook sign` makes is accepted by the providers' own SDKs, and refused once it is changed.
// Clippy knows the functions of a test, not their helpers.
#![allow(clippy::print_stdout)]

use std::{
    env,
    process::{Command, Stdio},
};

use webhook_tests::cargo::root;

/// Asks registries for the SDKs, so only where that is wanted.
fn is_wanted() -> bool {
    let is = |name, wanted| env::var_os(name).is_some_and(|value| value == wanted);
    is("WEBHOOK_SDK_TESTS", "1") || is("CI", "true")
}

fn starts(tool: &str) -> bool {
    let mut version = Command::new(tool);
    version
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    version.status().is_ok_and(|status| status.success())
}

#[test]
fn sdks_accept_what_is_signed_and_refuse_what_is_changed() {
    if !is_wanted() {
        println!("skipped: neither WEBHOOK_SDK_TESTS=1 nor CI=true");
        return;
    }
    for tool in ["node", "npm", "python3"] {
        if !starts(tool) {
            println!("skipped: there is no {tool}");
            return;
        }
    }
    let status = Command::new(root().join("tests/sdk/run"))
        .stdin(Stdio::null())
        .status();
    assert!(
        matches!(&status, Ok(status) if status.success()),
        "{status:?}"
    );
}
