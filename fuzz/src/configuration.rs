//! What operators write: schemes in TOML, secrets in files, sources of addresses.

use std::{fs, path::PathBuf, sync::LazyLock};

use webhook_core::{Secret, SecretErrorKind, Timestamp, secret::MIN_SECRET_BYTES};
use webhook_ip_layer::ClientAddressSource;
use webhook_signature::{KeyRing, Scheme, SecretEncoding, SignRequest, Verifier};

use crate::support::{Input, planted, reached};

static FILE: LazyLock<PathBuf> = LazyLock::new(|| {
    std::env::temp_dir().join(format!("webhook-fuzz-{}.secret", std::process::id()))
});

/// A scheme that is taken has a verifier, and what that signs it verifies.
fn scheme(text: &str) {
    let scheme = match Scheme::from_toml(text) {
        Ok(scheme) => scheme,
        Err(error) => {
            let told = error.to_string();
            assert!(!told.is_empty() && told.len() < 4096 + text.len());
            return;
        }
    };
    reached("a scheme");
    let described = [
        scheme.signature_place(),
        scheme.signature_format(),
        scheme.signed_content(),
    ];
    assert!(!described[0].is_empty());
    let secret = Secret::new("0123456789abcdef0123456789abcdef").expect("long enough");
    let Ok(verifier) = Verifier::new(scheme, KeyRing::from(secret)) else {
        return;
    };
    let now = Timestamp::from_unix_seconds(1_700_000_000);
    let asked = SignRequest::new(b"{}", now)
        .with_id("msg")
        .with_event("push")
        .with_target("/a?b=c");
    let Ok(signed) = verifier.sign_request(&asked) else {
        return;
    };
    let (mut parts, ()) = http::Request::post("/a?b=c")
        .body(())
        .expect("a request")
        .into_parts();
    let (headers, body, target) = signed.into_parts();
    parts.headers.extend(headers);
    if let Some(target) = target {
        let Ok(uri) = target.parse() else {
            return;
        };
        parts.uri = uri;
    }
    let verdict = verifier.verify(&parts, &body, now);
    assert!(verdict.is_ok(), "{verdict:?} of {parts:?} by {text}");
    reached("a scheme that signs");
}

/// A file is read as the rules say: one line end is not part of it.
fn secret_file(bytes: &[u8]) {
    fs::write(&*FILE, bytes).expect("a file");
    let kept = bytes
        .strip_suffix(b"\n")
        .map_or(bytes, |rest| rest.strip_suffix(b"\r").unwrap_or(rest));
    let kept = if planted(1) {
        bytes.trim_ascii_end()
    } else {
        kept
    };
    let expected = if kept.is_empty() {
        Err(SecretErrorKind::Empty)
    } else if kept.iter().all(u8::is_ascii_whitespace) {
        Err(SecretErrorKind::Blank)
    } else if kept.starts_with(b"${") {
        Err(SecretErrorKind::Unexpanded)
    } else if kept.len() < MIN_SECRET_BYTES {
        Err(SecretErrorKind::TooShort)
    } else {
        Ok(kept)
    };
    match Secret::from_file(&*FILE) {
        Ok(secret) => {
            assert_eq!(expected, Ok(secret.expose()));
            assert!(secret.matches(kept));
            reached("a secret in a file");
            encodings(kept);
        }
        Err(error) => {
            assert_eq!(expected, Err(error.kind()));
            // No byte of it is told.
            let told = error.to_string().replace(&FILE.display().to_string(), "");
            let shown = String::from_utf8_lossy(kept);
            assert!(
                shown.trim().len() < 6 || !told.contains(shown.trim()),
                "{told}"
            );
        }
    }
}

/// However its text becomes a key, nothing of it is told.
fn encodings(text: &[u8]) {
    for encoding in [
        SecretEncoding::Raw,
        SecretEncoding::Hex,
        SecretEncoding::Base64,
        SecretEncoding::Whsec,
        SecretEncoding::PublicKey,
    ] {
        let scheme = Scheme::hmac_sha256("fuzz")
            .header("x")
            .secret_encoding(encoding)
            .build()
            .expect("a scheme");
        let secret = Secret::new(text).expect("checked before");
        match Verifier::new(scheme, KeyRing::from(secret)) {
            Ok(_) if encoding == SecretEncoding::Hex => reached("a secret in hexadecimal"),
            Ok(_) if encoding == SecretEncoding::Base64 => reached("a secret in base64"),
            Ok(_) => {}
            Err(error) => {
                let told = error.to_string();
                let shown = String::from_utf8_lossy(text);
                assert!(!told.contains(&*shown), "{told}");
            }
        }
    }
}

fn source(text: &str) {
    if let Ok(source) = text.parse::<ClientAddressSource>() {
        assert_eq!(source.to_string().parse().as_ref(), Ok(&source));
        reached("a source of addresses");
    }
}

pub fn run(data: &[u8]) {
    let mut input = Input::new(data, 1);
    let text = String::from_utf8_lossy(input.text);
    match input.byte() % 8 {
        6 => secret_file(input.text),
        7 => source(&text),
        _ => scheme(&text),
    }
}
