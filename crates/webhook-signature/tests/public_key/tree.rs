//! What the default build does not hold.

use std::process::Command;

#[test]
fn the_layer_holds_no_public_key_crate() {
    let output = Command::new(env!("CARGO"))
        .args([
            "tree",
            "-p",
            "webhook-hmac-layer",
            "-e",
            "normal",
            "--prefix",
            "none",
            "--offline",
        ])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let tree = String::from_utf8(output.stdout).unwrap();
    if !output.status.success() {
        let why = String::from_utf8_lossy(&output.stderr);
        assert!(
            why.contains("did not match any packages"),
            "cargo tree failed: {why}"
        );
        println!("skipped: the layer is not in this workspace");
        return;
    }
    let names: Vec<_> = tree
        .lines()
        .filter_map(|line| line.split(' ').next())
        .collect();
    assert!(
        names.contains(&"webhook-signature") && names.contains(&"hmac"),
        "{tree}"
    );
    for name in [
        "curve25519-dalek",
        "ed25519",
        "ed25519-dalek",
        "ecdsa",
        "elliptic-curve",
        "p256",
        "p521",
        "ring",
        "rsa",
        "x509-cert",
        "spki",
        "der",
        "serde_json",
    ] {
        assert!(!names.contains(&name), "{name} in\n{tree}");
    }
}
