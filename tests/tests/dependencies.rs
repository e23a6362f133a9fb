//! What the published crates depend on is written down with its reason, and no older than it may be.
// Clippy knows the functions of a test, not their helpers.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::unwrap_used)]

use std::{collections::BTreeSet, fs};

use serde_json::Value;
use webhook_tests::cargo::{cargo, members, output, root};

/// The oldest versions without a fault that a stranger can reach.
const OLDEST: [(&str, [u64; 3]); 5] = [
    ("bytes", [1, 11, 1]),
    ("h2", [0, 4, 16]),
    ("hyper", [1, 11, 0]),
    ("sqlx", [0, 8, 1]),
    ("tracing-subscriber", [0, 3, 20]),
];

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

fn dependencies(package: &Value) -> &[Value] {
    package["dependencies"].as_array().unwrap()
}

fn is_published(package: &Value) -> bool {
    // `publish = false` is an empty list of registries.
    !package["publish"].as_array().is_some_and(Vec::is_empty)
}

/// The numbers of a version, or of the lowest version that a requirement takes.
fn numbers(version: &str) -> [u64; 3] {
    let digits = version.trim_start_matches(['^', '=', '~']);
    let digits = digits.split(['-', '+']).next().unwrap();
    let mut numbers = [0; 3];
    for (place, number) in numbers.iter_mut().zip(digits.split('.')) {
        *place = number.parse().expect(version);
    }
    numbers
}

/// The names in the first column of the page's tables.
fn written_down() -> BTreeSet<String> {
    let page = fs::read_to_string(root().join("docs/DEPENDENCIES.md")).unwrap();
    let names = page
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once('`'));
    names.map(|(name, _)| name.to_owned()).collect()
}

#[test]
fn each_dependency_of_a_published_crate_is_written_down_and_nothing_else_is() {
    let mut used = BTreeSet::new();
    for package in members().iter().filter(|package| is_published(package)) {
        let normal = dependencies(package)
            .iter()
            .filter(|dependency| dependency["kind"].is_null());
        let names = normal.map(|dependency| text(dependency, "name"));
        used.extend(
            names
                .filter(|name| !name.starts_with("webhook-"))
                .map(str::to_owned),
        );
    }
    assert!(used.contains("hmac") && used.len() > 20, "{used:?}");
    assert_eq!(
        used,
        written_down(),
        "docs/DEPENDENCIES.md and the manifests differ"
    );
}

#[test]
fn no_manifest_takes_a_version_with_a_known_fault() {
    let mut seen = BTreeSet::new();
    for package in &members() {
        for dependency in dependencies(package) {
            let name = text(dependency, "name");
            let Some((_, oldest)) = OLDEST.iter().find(|(other, _)| *other == name) else {
                continue;
            };
            seen.insert(name.to_owned());
            let requirement = text(dependency, "req");
            let package = text(package, "name");
            assert!(
                numbers(requirement) >= *oldest,
                "{package}: {name} {requirement}"
            );
        }
    }
    assert_eq!(seen.len(), OLDEST.len(), "{seen:?}");
}

#[test]
fn nor_does_the_lock_file() {
    let lock = fs::read_to_string(root().join("Cargo.lock")).unwrap();
    let value = |line: Option<&str>, key| {
        let value = line?
            .strip_prefix(key)?
            .strip_prefix(" = \"")?
            .strip_suffix('"')?;
        Some(value.to_owned())
    };
    let mut seen = 0;
    for package in lock.split("[[package]]\n").skip(1) {
        let mut lines = package.lines();
        let name = value(lines.next(), "name").unwrap();
        let version = value(lines.next(), "version").unwrap();
        if let Some((_, oldest)) = OLDEST.iter().find(|(other, _)| *other == name) {
            assert!(numbers(&version) >= *oldest, "{name} {version}");
            seen += 1;
        }
    }
    assert_eq!(seen, OLDEST.len());
}

/// Two versions of one crate are twice the code to trust, to build and to keep up.
#[test]
fn a_stack_without_public_keys_brings_each_crate_once() {
    let tree = output(cargo(&root()).args([
        "tree",
        "--locked",
        "--package=webhook-layers",
        "--features=axum,metrics,tonic",
        // What runs while compiling is not in the program.
        "--edges=normal,no-proc-macro",
        "--duplicates",
        "--depth=0",
        "--prefix=none",
    ]));
    let twice: BTreeSet<_> = tree.lines().filter(|line| !line.is_empty()).collect();
    // Which vector instructions there are: `sha2` asks the new one, `const-hex` the old one.
    let known = |line: &&&str| line.starts_with("cpufeatures ");
    assert!(twice.iter().all(|line| known(&line)), "{twice:?}");
}
