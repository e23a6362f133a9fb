//! How secrets are given, which are refused, and that none is ever printed.
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "helpers outside #[test] functions may fail a test too"
)]

mod common;

use common::{Folder, Run, webhook, webhook_with};

/// A secret that is long enough, and that nothing else holds.
const CANARY: &str = "canary-K7q2-canary-K7q2";

const SIGN: [&str; 5] = ["sign", "--provider", "github", "--format", "json"];

fn sign(arguments: &[&str]) -> Run {
    webhook_with(
        SIGN.iter().chain(arguments),
        b"",
        &[
            ("WEBHOOK_TEST_SECRET", CANARY),
            ("WEBHOOK_TEST_NEWLINE", "canary-K7q2-canary-K7q2\n"),
            ("WEBHOOK_TEST_EMPTY", ""),
        ],
    )
}

fn verify(secrets: &[&str], headers: &str) -> Run {
    let fixed = [
        "verify",
        "--provider",
        "github",
        "--format",
        "json",
        "--headers",
        headers,
    ];
    webhook(fixed.iter().chain(secrets))
}

#[test]
fn a_secret_comes_from_an_argument_a_variable_or_a_file() {
    let folder = Folder::new();
    let file = folder.file("secret", format!("{CANARY}\n"));
    let by_file = sign(&["--secret-file", &file]).exits(0);
    assert!(by_file.stderr.contains("newline"), "{by_file:?}");
    let by_argument = sign(&["--secret", CANARY]).exits(0);
    assert!(
        by_argument.stderr.contains("process list"),
        "{by_argument:?}"
    );
    let by_variable = sign(&["--secret-env", "WEBHOOK_TEST_SECRET"]).exits(0);
    assert!(by_variable.stderr.is_empty(), "{by_variable:?}");
    assert_eq!(by_file.stdout, by_argument.stdout);
    assert_eq!(by_file.stdout, by_variable.stdout);

    // Only one newline is dropped, and a silent file says nothing.
    let bare = folder.file("bare", CANARY);
    assert!(sign(&["--secret-file", &bare]).exits(0).stderr.is_empty());
    let two = folder.file("two", format!("{CANARY}\n\n"));
    assert!(
        sign(&["--secret-file", &two])
            .exits(2)
            .stderr
            .contains("newline")
    );
    let crlf = folder.file("crlf", format!("{CANARY}\r\n"));
    assert_eq!(
        sign(&["--secret-file", &crlf]).exits(0).stdout,
        by_file.stdout
    );
}

#[test]
fn ids_name_the_secret_that_matched() {
    let folder = Folder::new();
    let answer = sign(&["--secret", CANARY]).exits(0).json();
    let header = answer["headers"][0][1].as_str().unwrap();
    let headers = folder.file("headers", format!("X-Hub-Signature-256: {header}\n"));
    let file = folder.file("secret", CANARY);
    let named = |text: &str| format!("2026-q4={text}");

    for (secrets, id) in [
        (vec!["--secret".to_owned(), CANARY.to_owned()], "default"),
        (vec!["--secret".to_owned(), named(CANARY)], "2026-q4"),
        (vec!["--secret-file".to_owned(), named(&file)], "2026-q4"),
        (
            vec![
                "--secret=another-secret-of-16".to_owned(),
                "--secret".to_owned(),
                CANARY.to_owned(),
            ],
            "secret-2",
        ),
    ] {
        let secrets: Vec<_> = secrets.iter().map(String::as_str).collect();
        let answer = verify(&secrets, &headers).exits(0).json();
        assert_eq!(answer["secret_id"], id, "{secrets:?}");
    }
    let repeated = named(CANARY);
    let run = verify(&["--secret", &repeated, "--secret", &repeated], &headers).exits(2);
    assert!(run.stderr.contains("2026-q4"), "{run:?}");
}

#[test]
fn secrets_that_are_none_are_refused() {
    let folder = Folder::new();
    let (empty, newline) = (folder.file("empty", ""), folder.file("newline", "\n"));
    for secret in [
        &["--secret", ""][..],
        &["--secret", "2026-q4="],
        &["--secret", "   "],
        &["--secret", "${GITHUB_SECRET}"],
        &["--secret-env", "WEBHOOK_TEST_EMPTY"],
        &["--secret-env", "WEBHOOK_TEST_UNSET"],
        &["--secret-env", "WEBHOOK_TEST_NEWLINE"],
        &["--secret-file", &empty],
        &["--secret-file", &newline],
        &[],
    ] {
        for short in [&[][..], &["--insecure-short-secret"]] {
            let run = sign(&[secret, short].concat()).exits(2);
            assert!(run.stdout.is_empty(), "{secret:?} {run:?}");
        }
    }
    let run = sign(&["--secret", "hunter2"]).exits(2);
    assert!(run.stderr.contains("--insecure-short-secret"), "{run:?}");
    sign(&["--secret", "hunter2", "--insecure-short-secret"]).exits(0);
    sign(&["--secret-file", "/nowhere/at/all"]).exits(3);
    sign(&["--secret", CANARY, "--secret", CANARY]).exits(2);
}

#[test]
fn the_encoding_can_be_overridden() {
    let text = "30313233343536373839616263646566"; // 0123456789abcdef
    let signature = |arguments: &[&str]| sign(arguments).exits(0).json();
    let raw = signature(&["--secret", "0123456789abcdef"]);
    assert_eq!(
        signature(&["--secret", text, "--secret-encoding", "hex"]),
        raw
    );
    for (encoding, text) in [
        ("base64", "MDEyMzQ1Njc4OWFiY2RlZg=="),
        ("whsec", "whsec_MDEyMzQ1Njc4OWFiY2RlZg=="),
        ("raw", "0123456789abcdef"),
    ] {
        assert_eq!(
            signature(&["--secret", text, "--secret-encoding", encoding]),
            raw,
            "{encoding}"
        );
    }
    for (encoding, text) in [
        ("hex", CANARY),
        ("base64", CANARY),
        ("whsec", "whsk_canary-K7q2"),
    ] {
        let run = sign(&["--secret", text, "--secret-encoding", encoding]).exits(2);
        assert!(!run.stderr.contains("K7q2"), "{run:?}");
    }
    sign(&["--secret", CANARY, "--secret-encoding", "rot13"]).exits(2);
}

#[test]
fn no_secret_is_ever_printed() {
    let folder = Folder::new();
    let file = folder.file("secret", format!("{CANARY}\n"));
    let scheme = folder.file(
        "scheme.toml",
        format!("name = \"a\"\nsecret = \"{CANARY}\"\n"),
    );
    let twice = format!("a={CANARY}");
    let given = ["--secret", CANARY];
    let runs = [
        &["sign", "--provider", "github", "--format", "headers"][..],
        &["sign", "--provider", "github", "--format", "curl"],
        &["sign", "--provider", "github", "--format", "http"],
        &["sign", "--provider", "svix"],
        &["sign", "--provider", "github", "--secret", CANARY],
        &["sign", "--provider", "github", "--secret-encoding", "hex"],
        &["sign", "--provider", "nobody"],
        &["sign", "--scheme", &scheme],
        &["sign", "--provider", "github", "surplus"],
        &["verify", "--provider", "github"],
        &[
            "verify",
            "--provider",
            "github",
            "--explain",
            "--format",
            "json",
        ],
        &["verify", "--provider", "stripe", "--secret-file", &file],
        &[
            "verify",
            "--provider",
            "github",
            "--secret",
            &twice,
            "--secret",
            &twice,
        ],
        &[
            "send",
            "--provider",
            "github",
            "--to",
            "http://127.0.0.1:1/",
        ],
        &["send", "--provider", "github", "--to", "nowhere"],
    ];
    for arguments in runs {
        let run = webhook(arguments.iter().chain(&given));
        assert!(!run.text().contains("K7q2"), "{run:?}");
        assert!(!run.stderr.contains("K7q2"), "{run:?}");
    }
}

#[test]
fn new_secrets_are_random_and_as_long_as_asked() {
    let made = |arguments: &[&str]| {
        let run = webhook(["secret", "new"].iter().chain(arguments)).exits(0);
        run.text().trim_end().to_owned()
    };
    assert_eq!(made(&[]).len(), 64);
    assert_ne!(made(&[]), made(&[]));
    assert_eq!(made(&["--bytes", "16"]).len(), 32);
    assert_eq!(made(&["--encoding", "base64"]).len(), 44);
    let whsec = made(&["--encoding", "whsec", "--bytes", "24"]);
    assert_eq!((whsec.len(), whsec.starts_with("whsec_")), (6 + 32, true));

    let json = webhook(["secret", "new", "--format", "json"])
        .exits(0)
        .json();
    assert_eq!(
        (&json["encoding"], &json["bytes"]),
        (&"hex".into(), &32.into())
    );
    assert!(
        webhook([
            "sign",
            "--provider",
            "standard-webhooks",
            "--secret",
            &whsec
        ])
        .exits(0)
        .text()
        .contains("v1,")
    );
}

#[test]
fn a_secret_given_as_the_name_of_a_variable_is_not_printed() {
    for name in [
        CANARY,
        "whsec_canary+/K7q2=",
        "2026-q4=canary-K7q2-canary-K7q2",
    ] {
        let run = sign(&["--secret-env", name]).exits(2);
        assert!(!run.stderr.contains("canary"), "{run:?}");
        assert!(run.stderr.contains("not the value"), "{run:?}");
    }
    let run = sign(&["--secret-env", "WEBHOOK_TEST_UNSET"]).exits(2);
    assert!(run.stderr.contains("WEBHOOK_TEST_UNSET"), "{run:?}");
}
