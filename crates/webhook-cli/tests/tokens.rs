//! Presets of tokens: what only the receiver knows of them is an option of `webhook verify` and `sign`.
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "helpers outside #[test] functions may fail a test too"
)]

mod common;

use common::{Folder, Run, webhook};

const SECRET: &str = "0123456789abcdef0123456789abcdef";

/// A command for one provider, with the secret, at a fixed time.
fn run(command: &str, provider: &str, more: &[&str]) -> Run {
    let fixed = [
        command,
        "--provider",
        provider,
        "--format",
        "json",
        "--at",
        "1700000000",
        "--secret",
        SECRET,
    ];
    webhook(fixed.iter().chain(more))
}

/// The header that `sign` makes.
fn signed(provider: &str, more: &[&str]) -> String {
    let answer = run("sign", provider, more).exits(0).json();
    let line = &answer["headers"][0];
    format!(
        "{}: {}",
        line[0].as_str().unwrap(),
        line[1].as_str().unwrap()
    )
}

#[test]
fn a_token_must_say_what_the_receiver_was_told() {
    for option in ["--issuer", "--audience", "--subject"] {
        let header = signed("livekit", &[option, "acme"]);
        let verify = |more: &[&str]| {
            let more = [&["-H", &header], more].concat();
            run("verify", "livekit", &more)
        };
        verify(&[option, "acme"]).exits(0);
        let answer = verify(&[option, "other"]).exits(1).json();
        assert_eq!(answer["valid"], false, "{option}");
        // Whoever is told nothing asks for nothing.
        verify(&[]).exits(0);
        let plain = signed("livekit", &[]);
        run("verify", "livekit", &["-H", &plain, option, "acme"]).exits(1);
    }
}

#[test]
fn a_token_is_held_to_one_algorithm() {
    let header = signed("fusionauth", &["--algorithm", "HS512"]);
    let verify = |algorithm| {
        run(
            "verify",
            "fusionauth",
            &["-H", &header, "--algorithm", algorithm],
        )
    };
    verify("HS512").exits(0);
    verify("hs512").exits(0);
    assert_eq!(
        verify("HS256").exits(1).json()["reason"],
        "signature_malformed"
    );
    // The secret is no public key, whatever a token says.
    verify("RS256").exits(2);
    run("verify", "fusionauth", &["-H", &header]).exits(2);
    verify("none").exits(2);
}

#[test]
fn what_changes_nothing_is_told() {
    for option in ["--issuer", "--audience", "--subject", "--algorithm"] {
        let refused = run("verify", "github", &[option, "HS256"]).exits(2);
        assert!(refused.stderr.contains(option), "{refused:?}");
    }
    run("verify", "kinde", &["--signature-header", "x-token"]).exits(2);
}

#[test]
fn a_header_of_ones_own_choice_is_named() {
    let token = format!("X-Datadog-Token: {SECRET}");
    let missing = run("verify", "datadog", &["-H", &token]).exits(2);
    assert!(missing.stderr.contains("--signature-header"), "{missing:?}");
    let named = ["-H", &token, "--signature-header", "x-datadog-token"];
    assert_eq!(
        run("verify", "datadog", &named).exits(0).json()["valid"],
        true
    );
    let other = ["-H", &token, "--signature-header", "x-other"];
    let answer = run("verify", "datadog", &other).exits(1).json();
    assert_eq!(answer["reason"], "auth_missing");
    run("verify", "datadog", &["--signature-header", "a b"]).exits(2);
}

#[test]
fn a_token_is_no_signature() {
    let token = format!("X-Gitlab-Token: {SECRET}");
    let run = webhook([
        "verify",
        "--provider=gitlab",
        "--secret",
        SECRET,
        "-H",
        &token,
    ])
    .exits(0);
    assert!(run.text().contains("no signature"), "{run:?}");
    assert!(!run.text().contains("signed this"), "{run:?}");
}

/// The Ed25519 key, signature and request of `public_keys.rs`, the key as a JSON Web Key.
#[test]
fn a_key_set_takes_the_place_of_secrets() {
    let folder = Folder::new();
    let jwks = r#"{"keys":[
        {"kty":"oct","k":"AAAA"},
        {"kty":"OKP","crv":"Ed25519","kid":"2026-q4","x":"lG20kos4C8P4Qj-g2uAy8uGzgeVq7q1Ju7k_rJ4L3Qg"}]}"#;
    let set = folder.file("jwks.json", jwks);
    let verify = |set: &str, more: &[&str]| {
        let fixed = [
            "verify",
            "--provider=discord",
            "--at=1700000000",
            "--format=json",
            "--header=x-signature-timestamp: 1700000000",
            "--header=x-signature-ed25519: bf412d468d64d188e4791e74051eae9a7374397493257babbf9ed5d582c0319c048f57ea3d01a7d422d134efee29ef79a833c71bf317b587afdbd6d66207260f",
            "--jwks",
            set,
        ];
        webhook(fixed.iter().chain(more))
    };
    let answer = verify(&set, &[]).exits(0).json();
    assert_eq!(answer["secret_id"], "2026-q4");
    let tampered = folder.file("body", "else");
    let refused = verify(&set, &["--body", &tampered, "--explain"]).exits(1);
    assert_eq!(refused.json()["reason"], "signature_mismatch");
    assert!(refused.stderr.contains("key set"), "{refused:?}");

    verify(&set, &["--secret", SECRET]).exits(2);
    let none = folder.file("none.json", r#"{"keys":[]}"#);
    for wrong in [
        &none,
        &folder.file("text", "no set"),
        &folder.file("bytes", b"\xff"),
    ] {
        let run = verify(wrong, &[]).exits(2);
        assert!(
            run.stdout.is_empty() && run.stderr.contains(wrong.as_str()),
            "{run:?}"
        );
    }
    verify("/nowhere", &[]).exits(3);
    // Secrets are no public keys.
    webhook(["verify", "--provider=github", "--jwks", &set]).exits(2);
}
