//! What the manifests promise: the oldest Rust that builds the family, and all that a registry shows.
// Clippy knows the functions of a test, not their helpers.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

use std::{collections::BTreeSet, fs, path::PathBuf, process::Command};

use serde_json::Value;
use webhook_tests::cargo::{cargo, members, metadata, output, root};

const OLDEST_RUST: &str = "1.88";

fn version(text: &str) -> Vec<u64> {
    text.split('.').map(|part| part.parse().unwrap()).collect()
}

fn text<'a>(package: &'a Value, key: &str) -> &'a str {
    package[key].as_str().unwrap_or_default()
}

/// The members that are published: those that do not forbid it.
fn published() -> Vec<Value> {
    let members = members().into_iter();
    members
        .filter(|package| package["publish"].is_null())
        .collect()
}

/// Programs have no page on docs.rs to be built.
fn is_library(package: &Value) -> bool {
    let targets = package["targets"].as_array().unwrap();
    targets.iter().any(|target| target["kind"][0] == "lib")
}

fn folder(package: &Value) -> PathBuf {
    PathBuf::from(text(package, "manifest_path"))
        .parent()
        .unwrap()
        .to_owned()
}

#[test]
fn every_dependency_builds_with_the_oldest_rust() {
    let rustc = output(Command::new("rustc").arg("-vV"));
    let host = rustc
        .lines()
        .find_map(|line| line.strip_prefix("host: "))
        .unwrap();
    // The packages of other platforms need not be on this machine.
    let metadata = metadata(&["--filter-platform", host]);
    let packages = metadata["packages"].as_array().unwrap();
    assert!(packages.len() > 50, "{} packages", packages.len());
    for package in packages {
        let Some(needed) = package["rust_version"].as_str() else {
            continue;
        };
        let name = text(package, "name");
        assert!(
            version(needed) <= version("1.88.99"),
            "{name} needs Rust {needed}"
        );
    }
}

#[test]
fn every_member_states_the_oldest_rust() {
    let members = members();
    assert!(members.len() >= 8);
    for package in &members {
        assert_eq!(
            package["rust_version"],
            OLDEST_RUST,
            "{}",
            text(package, "name")
        );
    }
    let clippy = fs::read_to_string(root().join("clippy.toml")).unwrap();
    assert!(
        clippy
            .lines()
            .any(|line| line == format!("msrv = {OLDEST_RUST:?}"))
    );
}

/// The lint finds calls that are younger than the oldest Rust, which no metadata tells.
#[test]
fn every_crate_is_linted_for_younger_calls() {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let (_, table) = manifest.split_once("\n[workspace.lints.clippy]\n").unwrap();
    let table = table.split("\n[").next().unwrap();
    assert!(
        table
            .lines()
            .any(|line| line == r#"incompatible_msrv = "warn""#)
    );
    for package in published() {
        let manifest = fs::read_to_string(text(&package, "manifest_path")).unwrap();
        let name = text(&package, "name");
        assert!(
            manifest.contains("[lints]\nworkspace = true"),
            "{name} has lints of its own"
        );
    }
}

#[test]
fn only_the_crates_are_published() {
    let names: BTreeSet<_> = published()
        .iter()
        .map(|package| folder(package).strip_prefix(root()).unwrap().to_owned())
        .collect();
    assert!(names.len() >= 7);
    assert!(
        names.iter().all(|folder| folder.starts_with("crates")),
        "{names:?}"
    );
    assert_eq!(
        names.len(),
        fs::read_dir(root().join("crates")).unwrap().count()
    );
}

#[test]
fn every_crate_tells_a_registry_what_it_is() {
    for package in published() {
        let name = text(&package, "name");
        assert!(
            text(&package, "description").len() > 20,
            "{name} has no description"
        );
        assert_eq!(text(&package, "license"), "MIT OR Apache-2.0", "{name}");
        assert!(
            text(&package, "repository").starts_with("https://"),
            "{name}"
        );
        assert_eq!(
            text(&package, "documentation"),
            format!("https://docs.rs/{name}")
        );
        assert_eq!(text(&package, "readme"), "README.md", "{name}");

        let keywords = package["keywords"].as_array().unwrap();
        assert!((1..=5).contains(&keywords.len()), "{name}: {keywords:?}");
        for keyword in keywords {
            let keyword = keyword.as_str().unwrap();
            let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_+".contains(&byte);
            assert!(
                keyword.len() <= 20 && keyword.bytes().all(is_plain),
                "{name}: {keyword}"
            );
        }
        let categories = package["categories"].as_array().unwrap();
        assert!(
            (1..=5).contains(&categories.len()),
            "{name}: {categories:?}"
        );

        if is_library(&package) {
            let docs = &package["metadata"]["docs"]["rs"];
            assert_eq!(docs["all-features"], true, "{name}");
            let arguments = serde_json::json!(["--cfg", "docsrs"]);
            assert_eq!(docs["rustdoc-args"], arguments, "{name}");
        }
    }
}

#[test]
fn every_crate_ships_its_licenses_readme_and_changelog() {
    for package in published() {
        let name = text(&package, "name");
        let list = ["package", "--list", "--allow-dirty", "-p", name];
        let files = output(cargo(&root()).args(list));
        let files: BTreeSet<_> = files.lines().collect();
        for file in ["LICENSE-APACHE", "LICENSE-MIT", "README.md", "CHANGELOG.md"] {
            assert!(files.contains(file), "{name} ships no {file}: {files:?}");
        }
        let read = |file: &str| fs::read_to_string(folder(&package).join(file)).unwrap();
        assert!(
            read("README.md").starts_with(&format!("# {name}\n")),
            "{name}"
        );
        let changes = read("CHANGELOG.md");
        let is_told = changes.contains("## [Unreleased]") || changes.contains("## Unreleased");
        let is_told = is_told || changes.contains(&format!("## [{}]", text(&package, "version")));
        assert!(is_told, "{name}: {changes}");
        for license in ["LICENSE-APACHE", "LICENSE-MIT"] {
            assert_eq!(
                read(license),
                fs::read_to_string(root().join(license)).unwrap(),
                "{name}"
            );
        }
    }
}
