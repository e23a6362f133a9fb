//! What single providers send and take, and others do not.
#![allow(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking, and its helpers with it"
)]

mod common;

use common::{
    delivery::{KEY, now, receiver, signature},
    parts, secret,
};
use http::request::Parts;
use webhook_core::Reason;
use webhook_signature::{Verifier, presets};

fn verdict(verifier: &Verifier, parts: &Parts, body: &[u8]) -> Result<(), Reason> {
    let verdict = verifier.verify(parts, body, now());
    verdict.map(drop).map_err(|refusal| refusal.reason())
}

/// `@linear/sdk`: "Missing webhook timestamp" and "Invalid webhook timestamp".
#[test]
fn the_timestamp_of_linear_is_a_number() {
    let verifier = receiver(&presets::LINEAR, KEY);
    let of = |body: &str| {
        let line = signature(&presets::LINEAR.scheme(), KEY, body);
        let parts = parts([("linear-signature", line.as_bytes())]);
        verdict(&verifier, &parts, body.as_bytes())
    };
    let with = |timestamp: &str| of(&format!("{{\"webhookTimestamp\":{timestamp}}}"));
    assert_eq!(with("1700000000123"), Ok(()));
    for timestamp in ["null", "true", "{}", "[1700000000000]", "\"1700000000000\""] {
        assert_eq!(
            with(timestamp),
            Err(Reason::TimestampMalformed),
            "{timestamp}"
        );
    }
    for body in ["{}", "[]", "", "1700000000000"] {
        assert_eq!(of(body), Err(Reason::TimestampMissing), "{body}");
    }
    assert_eq!(with("1699999939999"), Err(Reason::TimestampTooOld));
    assert_eq!(with("1700000060001"), Err(Reason::TimestampInFuture));
}

/// Known answers of twilio-node, `spec/validation.spec.js`.
#[test]
fn twilio_signs_the_url_it_was_told() {
    let form = b"To=%2B18005551212&CallSid=CA1234567890ABCDE&Caller=%2B14158675309&Digits=1234&From=%2B14158675309";
    let of = |base: &str, target: &str, line: &str, kind: Option<&str>, body: &[u8]| {
        let scheme = presets::TWILIO.scheme().with_base_url(base.to_owned());
        let verifier = Verifier::new(scheme.unwrap(), secret("12345")).unwrap();
        let kind = kind.map(|kind| ("content-type", kind.as_bytes()));
        let lines = [Some(("x-twilio-signature", line.as_bytes())), kind];
        let mut parts = parts(lines.into_iter().flatten());
        parts.uri = target.parse().unwrap();
        verdict(&verifier, &parts, body)
    };
    let target = "/myapp.php?foo=1&bar=2";
    let kind = Some("application/x-www-form-urlencoded");
    for (base, line) in [
        ("https://mycompany.com", "RSOYDt4T1cUTdK1PDd93/VVr8B8="),
        ("https://mycompany.com:1234", "RSOYDt4T1cUTdK1PDd93/VVr8B8="),
        ("http://mycompany.com:1234", "Zmvh+3yNM1Phv2jhDCwEM3q5ebU="),
        ("https://mycompany.com", "kvajT1Ptam85bY51eRf/AJRuM3w="),
        ("http://mycompany.com", "0ZXoZLH/DfblKGATFgpif+LLRf4="),
        (
            "https://user:pass@mycompany.com",
            "CukzLTc1tT5dXEDIHm/tKBanW10=",
        ),
        ("https://user@mycompany.com", "2YRLlVAflCqxaNicjMpJcSTgzSs="),
        (
            "https://user:pass@mycompany.com",
            "ZQFR1PTIZXF2MXB8ZnKCvnnA+rI=",
        ),
    ] {
        assert_eq!(of(base, target, line, kind, form), Ok(()), "{base}");
        // Whoever says nothing of the type sends a form.
        assert_eq!(of(base, target, line, None, form), Ok(()), "{base}");
        let json = Some("application/json");
        assert!(of(base, target, line, json, form).is_err(), "{base}");
        assert!(of(base, "/myapp.php", line, kind, form).is_err(), "{base}");
    }
    let base = "https://mycompany.com";
    let special = format!("{target}&Body=It's+amazing");
    let line = "dsq4Ehbj6cs+KdTkpF5sSSplOWw=";
    assert_eq!(of(base, &special, line, kind, form), Ok(()));

    let digest = "0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620";
    let target = format!("{target}&bodySHA256={digest}");
    let line = "a9nBmqA0ju/hNViExpshrM61xv4=";
    let body = b"{\"property\": \"value\", \"boolean\": true}";
    let json = Some("application/json");
    assert_eq!(of(base, &target, line, json, body), Ok(()));
    assert!(of(base, &target, line, json, b"{}").is_err());
}
