//! Nothing secret can be compared with `==`, in code of this workspace or of anybody else's.
// Clippy knows the functions of a test, not their helpers.
#![allow(clippy::unwrap_used)]

use std::{
    fs,
    marker::PhantomData,
    path::{Path, PathBuf},
};

use webhook_layers::{
    HmacSettings, KeyRing, Secret, Verifier,
    signature::handshake::{Responder, UnsignedResponder},
    token::{BasicUser, Token, TokenHash, TokenRing, TokenSettings, TokenSource},
};
use webhook_tests::cargo::root;

/// Whether a type can be compared, ordered, hashed or printed: where it can, its own constant hides
/// that of the trait.
struct Probe<T>(PhantomData<T>);

trait Otherwise {
    const IS_EQUAL: bool = false;
    const IS_ORDERED: bool = false;
    const IS_HASHED: bool = false;
    const IS_SHOWN: bool = false;
}

impl<T> Otherwise for Probe<T> {}

impl<T: PartialEq> Probe<T> {
    const IS_EQUAL: bool = true;
}

impl<T: PartialOrd> Probe<T> {
    const IS_ORDERED: bool = true;
}

impl<T: std::hash::Hash> Probe<T> {
    const IS_HASHED: bool = true;
}

impl<T: std::fmt::Display> Probe<T> {
    const IS_SHOWN: bool = true;
}

macro_rules! told {
    ($($secret:ty),* $(,)?) => {
        [$((
            stringify!($secret),
            [
                Probe::<$secret>::IS_EQUAL,
                Probe::<$secret>::IS_ORDERED,
                Probe::<$secret>::IS_HASHED,
                Probe::<$secret>::IS_SHOWN,
            ],
        )),*]
    };
}

#[test]
fn what_holds_a_secret_is_not_compared_ordered_hashed_or_shown() {
    let told = told![
        BasicUser,
        HmacSettings,
        KeyRing,
        Responder,
        Secret,
        Token,
        TokenHash,
        TokenRing,
        TokenSettings,
        TokenSource,
        UnsignedResponder,
        Verifier,
    ];
    for (secret, found) in told {
        assert_eq!(found, [false; 4], "{secret}: ==, <, Hash, Display");
    }
    // The probe finds what there is.
    assert_eq!(told![String], [("String", [true; 4])]);
}

/// The sources of the published crates.
fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// What `expose` hands out is plain bytes, which `==` would take: no statement has both.
#[test]
fn the_bytes_of_a_secret_are_compared_nowhere() {
    let compares = [
        " == ",
        " != ",
        ".eq(",
        ".ne(",
        ".cmp(",
        "starts_with(",
        "contains(",
    ];
    let (mut files, mut exposed) = (Vec::new(), 0);
    for package in fs::read_dir(root().join("crates")).unwrap() {
        sources(&package.unwrap().path().join("src"), &mut files);
    }
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        for statement in code.split([';', '{', '}']) {
            if statement.contains(".expose()") {
                exposed += 1;
                let is_compared = compares.iter().any(|compare| statement.contains(compare));
                assert!(!is_compared, "{}: {statement}", file.display());
            }
        }
    }
    assert!(exposed > 3, "{exposed}");
}
