//! A layer can be had alone: it compiles without its siblings, and brings neither them nor a host.
//!
//! Cargo is asked, without a network, in a scratch crate that depends on one layer crate and nothing
//! else. All of them share one folder of build results.
// Clippy knows the functions of a test, not their helpers.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use webhook_tests::cargo::{cargo, members, output, root};

/// What is no layer, and not under a layer.
const ABOVE: [&str; 1] = ["webhook-layers"];

/// Web frameworks and servers: a layer works on the bare interface.
const HOSTS: [&str; 6] = ["axum", "axum-core", "hyper", "hyper-util", "tonic", "h2"];

/// What a build that verifies HMACs has no use for.
const PUBLIC_KEY: [&str; 22] = [
    "aws-lc-rs",
    "aws-lc-sys",
    "boringssl",
    "crypto-bigint",
    "curve25519-dalek",
    "dsa",
    "ecdsa",
    "ed25519",
    "ed25519-dalek",
    "elliptic-curve",
    "jsonwebtoken",
    "k256",
    "num-bigint-dig",
    "openssl",
    "openssl-sys",
    "p256",
    "p384",
    "ring",
    "rsa",
    "rustls",
    "signature",
    "x509-cert",
];

fn is_layer(name: &str) -> bool {
    name.starts_with("webhook-") && name.ends_with("-layer")
}

/// A crate that uses one layer, in a folder of its own.
fn scratch(layer: &str, code: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("alone")
        .join(layer);
    fs::create_dir_all(folder.join("src")).unwrap();
    let path = root().join("crates").join(layer);
    let manifest = format!(
        "[package]\nname = \"alone\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n\
         [workspace]\n\n[dependencies]\n{layer} = {{ path = '{}' }}\n",
        path.display()
    );
    fs::write(folder.join("Cargo.toml"), manifest).unwrap();
    fs::write(folder.join("src/lib.rs"), code).unwrap();
    // The versions that are here already: nothing newer has to be fetched.
    fs::copy(root().join("Cargo.lock"), folder.join("Cargo.lock")).unwrap();
    folder
}

/// Compiles a crate that uses the layer, and returns what it is built of.
fn tree_of(layer: &str, code: &str) -> BTreeSet<String> {
    let folder = scratch(layer, code);
    let target = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("alone")
        .join("target");
    let _said_nothing = output(
        cargo(&folder)
            .args(["check", "--quiet", "--target-dir"])
            .arg(target),
    );
    let arguments = ["tree", "--edges=normal", "--prefix=none", "--format={p}"];
    let tree = output(cargo(&folder).args(arguments));
    let names = tree
        .lines()
        .filter_map(|line| line.split(' ').next())
        .map(str::to_owned);
    let names: BTreeSet<String> = names.collect();
    assert!(
        names.contains(layer) && names.contains("webhook-core"),
        "{tree}"
    );
    names
}

fn assert_is_alone(layer: &str, code: &str) -> BTreeSet<String> {
    let names = tree_of(layer, code);
    let is_sibling = |name: &str| is_layer(name) && name != layer;
    for name in &names {
        assert!(!is_sibling(name), "{layer} brings {name}: {names:?}");
    }
    for unwanted in ABOVE.into_iter().chain(HOSTS) {
        assert!(
            !names.contains(unwanted),
            "{layer} brings {unwanted}: {names:?}"
        );
    }
    names
}

#[test]
fn the_signature_layer_is_had_alone_and_without_public_key_cryptography() {
    let code = "
        pub fn with_limit(settings: webhook_hmac_layer::HmacSettings) -> webhook_hmac_layer::HmacLayer {
            webhook_hmac_layer::HmacLayer::from(settings.with_insecure_shadow(false))
        }
    ";
    let names = assert_is_alone("webhook-hmac-layer", code);
    for unwanted in PUBLIC_KEY {
        assert!(
            !names.contains(unwanted),
            "webhook-hmac-layer brings {unwanted}"
        );
    }
}

#[test]
fn the_address_layer_is_had_alone() {
    let code = "
        pub fn layer() -> Result<webhook_ip_layer::IpLayer, webhook_ip_layer::ListError> {
            webhook_ip_layer::IpLayer::allow([\"203.0.113.0/24\"])
        }
    ";
    let names = assert_is_alone("webhook-ip-layer", code);
    assert!(!names.contains("webhook-signature"));
}

#[test]
fn the_quota_layer_is_had_alone() {
    let code = "
        pub fn layer() -> webhook_ratelimit_layer::RateLimitLayer {
            webhook_ratelimit_layer::RateLimitLayer::per_network()
        }
    ";
    let names = assert_is_alone("webhook-ratelimit-layer", code);
    assert!(!names.contains("webhook-signature"));
}

#[test]
fn the_token_layer_is_had_alone() {
    let code = "
        pub fn layer(layer: webhook_token_layer::TokenLayer) -> webhook_token_layer::TokenLayer {
            layer
        }
    ";
    let names = assert_is_alone("webhook-token-layer", code);
    assert!(!names.contains("webhook-signature"));
}

#[test]
fn the_endpoint_layer_is_had_alone() {
    let code = "
        pub fn layer() -> webhook_endpoint_layer::PauseLayer {
            webhook_endpoint_layer::PauseLayer::new(webhook_endpoint_layer::PauseSwitch::new())
        }
    ";
    let names = assert_is_alone("webhook-endpoint-layer", code);
    assert!(!names.contains("webhook-signature"));
}

#[test]
fn the_audit_layer_is_had_alone() {
    let code = "
        pub fn layer() -> webhook_audit_layer::AuditLayer<webhook_audit_layer::TracingSink> {
            webhook_audit_layer::AuditLayer::new(webhook_audit_layer::TracingSink::new())
        }
    ";
    let names = assert_is_alone("webhook-audit-layer", code);
    assert!(!names.contains("webhook-signature"));
}

/// The rule of the house, features and tests included: a layer knows the core, the signature layer
/// also the signatures, and nobody a sibling.
#[test]
fn no_layer_names_a_sibling_behind_any_feature() {
    let allowed = |name: &str| match name {
        "webhook-core" => vec![],
        "webhook-hmac-layer" => vec!["webhook-core", "webhook-signature"],
        _ => vec!["webhook-core"],
    };
    let members = members();
    let guarded = members.iter().filter(|package| {
        let name = package["name"].as_str().unwrap();
        is_layer(name) || ["webhook-core", "webhook-signature"].contains(&name)
    });
    let mut seen = 0;
    for package in guarded {
        let name = package["name"].as_str().unwrap();
        for dependency in package["dependencies"].as_array().unwrap() {
            let dependency = dependency["name"].as_str().unwrap();
            let is_family = dependency.starts_with("webhook-");
            assert!(
                !is_family || allowed(name).contains(&dependency),
                "{name} names {dependency}"
            );
        }
        seen += 1;
    }
    assert!(seen >= 6, "{seen} packages");
}
