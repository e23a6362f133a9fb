//! `webhook verify` with public keys, and with what only the webhook's owner knows.

mod common;

use common::{Folder, Run, webhook};

const KEY: &str = "946db4928b380bc3f8423fa0dae032f2e1b381e56aeead49bbb93fac9e0bdd08";
const SIGNATURE: &str = "bf412d468d64d188e4791e74051eae9a7374397493257babbf9ed5d582c0319c048f57ea3d01a7d422d134efee29ef79a833c71bf317b587afdbd6d66207260f";

fn discord(more: &[&str]) -> Run {
    let folder = Folder::new();
    let body = folder.file("body", "");
    let header = format!("x-signature-ed25519: {SIGNATURE}");
    let arguments = [
        "verify",
        "--provider=discord",
        "--at=1700000000",
        "--format=json",
        "--header=x-signature-timestamp: 1700000000",
        "--header",
        &header,
        "--body",
        &body,
    ];
    webhook(arguments.iter().chain(more))
}

#[test]
fn a_public_key_takes_the_place_of_the_secret() {
    assert_eq!(
        discord(&["--secret", KEY]).exits(0).json()["valid"],
        serde_json::json!(true)
    );
    for encoding in ["ed25519-hex", "ed25519-base64", "pem", "spki-base64"] {
        discord(&["--secret", KEY, "--secret-encoding", encoding]).exits(0);
    }
    let other = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
    assert_eq!(
        discord(&["--secret", other]).exits(1).json()["reason"],
        serde_json::json!("signature_mismatch")
    );
    discord(&["--secret", "this is no public key"]).exits(2);
}

#[test]
fn a_public_key_is_no_secret_and_signs_nothing() {
    webhook([
        "verify",
        "--provider=github",
        "--secret-encoding=pem",
        "--secret",
        KEY,
    ])
    .exits(2);
    webhook(["sign", "--provider=discord", "--secret", KEY]).exits(2);
}

#[test]
fn what_changes_nothing_is_told() {
    let run = discord(&["--secret", KEY, "--webhook-id=WH-1"]).exits(2);
    assert!(run.stderr.contains("--webhook-id"), "{run:?}");
    let run = discord(&["--secret", KEY, "--issuer=me"]).exits(2);
    assert!(run.stderr.contains("--issuer"), "{run:?}");
}
