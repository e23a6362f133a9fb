//! What single providers send and take, and others do not.
#![allow(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking, and its helpers with it"
)]

mod common;

use common::{
    delivery::{KEY, NOW, now, receiver, signature, whole},
    parts, secret,
};
use http::request::Parts;
use webhook_core::{Reason, Timestamp};
use webhook_signature::{KeyRing, Preset, Scheme, SignRequest, Verifier, presets};

fn verdict(verifier: &Verifier, parts: &Parts, body: &[u8]) -> Result<(), Reason> {
    let verdict = verifier.verify(parts, body, now());
    verdict.map(drop).map_err(|refusal| refusal.reason())
}

/// `@notionhq/client` 5.26 lowers the digits before it compares, and `gocardless-nodejs` 10.1
/// decodes them.
#[test]
fn digits_in_either_case_pass_where_the_provider_takes_them() {
    for preset in [&presets::NOTION, &presets::GOCARDLESS] {
        let delivery = whole(preset, KEY);
        let verifier = receiver(preset, KEY);
        let of = |text: &str| {
            let other = delivery.with_signature(text);
            verdict(&verifier, &other.parts, &other.body)
        };
        let upper = delivery.signature.to_uppercase();
        assert_ne!(upper, delivery.signature);
        assert_eq!(of(&upper), Ok(()), "{}", preset.name());
        let digit = upper.find(|char: char| char != '0').unwrap();
        let mut other = upper;
        other.replace_range(digit..=digit, "0");
        assert_eq!(of(&other), Err(Reason::SignatureMismatch));
    }
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

/// `@gr4vy/sdk` looks at the age alone.
#[test]
fn gr4vy_may_be_ahead_of_the_clock() {
    let delivery = whole(&presets::GR4VY, KEY);
    let verifier = receiver(&presets::GR4VY, KEY);
    let at = |seconds: i64| {
        let now = Timestamp::from_unix_seconds(NOW + seconds);
        verifier
            .verify(&delivery.parts, &delivery.body, now)
            .is_ok()
    };
    assert!(at(300) && !at(301) && at(-100_000));
}

/// recurly-client-ruby, `lib/recurly/webhooks.rb`: the timestamp, and any number of signatures.
#[test]
fn the_first_element_of_recurly_is_the_timestamp() {
    let verifier = receiver(&presets::RECURLY, KEY);
    let right = signature(&presets::RECURLY.scheme(), KEY, "1700000000000.{}");
    let of = |line: &str| {
        let parts = parts([("recurly-signature", line.as_bytes())]);
        verdict(&verifier, &parts, b"{}")
    };
    let wrong = "0".repeat(64);
    for line in [
        format!("1700000000000,{right}"),
        format!("1700000000000,{wrong},{right}"),
        format!("1700000000000, {right}, {wrong}"),
    ] {
        assert_eq!(of(&line), Ok(()), "{line}");
    }
    for (line, reason) in [
        (format!("1700000000001,{right}"), Reason::SignatureMismatch),
        (format!("1700000000000,{wrong}"), Reason::SignatureMismatch),
        (format!("1700000300001,{right}"), Reason::TimestampInFuture),
        (format!("1699999699999,{right}"), Reason::TimestampTooOld),
        (format!("{right},1700000000000"), Reason::TimestampMalformed),
        (format!(",{right}"), Reason::TimestampMalformed),
        ("1700000000000,".to_owned(), Reason::SignatureMalformed),
        (right.clone(), Reason::TimestampMissing),
        (
            format!("1700000000000,{}", [&*wrong; 17].join(",")),
            Reason::TooManySignatures,
        ),
    ] {
        assert_eq!(of(&line), Err(reason), "{line}");
    }
}

#[test]
fn a_list_that_begins_with_its_timestamp_can_be_built_and_signed() {
    let scheme = Scheme::hmac_sha256("acme")
        .header("x-acme-signature")
        .stamped_list(',')
        .signed_text("{timestamp}.{body}")
        .build()
        .unwrap();
    let verifier = Verifier::new(scheme, secret(KEY)).unwrap();
    let (_, value) = verifier
        .sign(&SignRequest::new(b"{}", now()))
        .unwrap()
        .remove(0);
    let line = value.to_str().unwrap();
    assert!(line.starts_with(&format!("{NOW},")), "{line}");
    let of = |line: &str| {
        let parts = parts([("x-acme-signature", line.as_bytes())]);
        verdict(&verifier, &parts, b"{}")
    };
    assert_eq!(of(line), Ok(()));
    let later = line.replace(&format!("{NOW},"), &format!("{},", NOW + 1));
    assert_eq!(of(&later), Err(Reason::SignatureMismatch));
    assert_eq!(
        of(line.split_once(',').unwrap().1),
        Err(Reason::TimestampMissing)
    );
}

/// A known answer of hook0-client 2.0.3, `tests/webhook_verification.rs`.
#[test]
fn hook0_signs_the_headers_that_it_names() {
    let verifier = Verifier::new(&presets::COINBASE_CDP, secret("secret")).unwrap();
    let digits = "493c35f05443fdb74cb99fd4f00e0e7653c2ab6b24fbc97f4a7bd4d56b31758a";
    let of = |names: &str, headers: &[(&str, &str)], body: &[u8]| {
        let line = format!("t=1636936200,h={names},v1={digits}");
        let own = [("x-hook0-signature", line.as_bytes())];
        let others = headers
            .iter()
            .map(|(name, value)| (*name, value.as_bytes()));
        let parts = parts(own.into_iter().chain(others));
        let now = Timestamp::from_unix_seconds(1_636_936_200);
        verifier.verify(&parts, body, now).map(drop)
    };
    let both = [("x-test", "val1"), ("x-test2", "val2")];
    assert!(of("x-test x-test2", &both, b"hello !").is_ok());
    for (names, headers, body) in [
        ("x-test x-test2", &both[..], &b"hello ?"[..]),
        ("x-test x-test2", &both[..1], b"hello !"),
        ("x-test2 x-test", &both, b"hello !"),
        ("x-test", &both, b"hello !"),
        ("", &both, b"hello !"),
        (
            "x-test x-test2",
            &[("x-test", "val1"), ("x-test2", "val")],
            b"hello !",
        ),
        ("x-test x-test2,h=x-test", &both, b"hello !"),
        ("x-test x-test2(", &both, b"hello !"),
    ] {
        assert!(of(names, headers, body).is_err(), "{names} {headers:?}");
    }
    let twice = [both[0], both[1], both[1]];
    assert!(of("x-test x-test2", &twice, b"hello !").is_err());
}

#[test]
fn every_notification_of_microsoft_graph_shows_the_secret() {
    let verifier = receiver(&presets::MICROSOFT_GRAPH, KEY);
    let of = |body: &str| verdict(&verifier, &parts([]), body.as_bytes());
    let item = |state: &str| format!("{{\"clientState\":\"{state}\",\"changeType\":\"created\"}}");
    let (ours, other) = (item(KEY), item("another state"));
    assert_eq!(of(&format!("{{\"value\":[{ours}]}}")), Ok(()));
    assert_eq!(of(&format!("{{\"value\":[{ours},{ours}]}}")), Ok(()));
    for (value, reason) in [
        (format!("[{ours},{other}]"), Reason::AuthInvalid),
        (format!("[{other}]"), Reason::AuthInvalid),
        (format!("[{ours},{{}}]"), Reason::AuthMissing),
        (format!("[{ours},1]"), Reason::AuthMissing),
        ("[{\"clientState\":null}]".to_owned(), Reason::AuthMalformed),
        (format!("[{}]", item("")), Reason::AuthMissing),
        ("[]".to_owned(), Reason::AuthMissing),
        (ours.clone(), Reason::AuthMissing),
    ] {
        assert_eq!(
            of(&format!("{{\"value\":{value}}}")),
            Err(reason),
            "{value}"
        );
    }
    assert_eq!(of(""), Err(Reason::AuthMissing));
}

/// The page on Supabase's hooks: `v1,whsec_<standard-base64-secret>`.
#[test]
fn the_secret_of_supabase_is_taken_as_it_is_shown() {
    let bare = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";
    let delivery = whole(&presets::SUPABASE_AUTH, bare);
    for text in [
        bare.to_owned(),
        format!("whsec_{bare}"),
        format!("v1,whsec_{bare}"),
    ] {
        let verifier = receiver(&presets::SUPABASE_AUTH, &text);
        assert_eq!(verdict(&verifier, &delivery.parts, &delivery.body), Ok(()));
    }
    let ring: KeyRing = secret(format!("v2,whsec_{bare}")).into();
    assert!(Verifier::new(&presets::SUPABASE_AUTH, ring).is_err());
}

#[test]
fn some_headers_have_a_second_name() {
    let names: [(&Preset, &[(&str, &str)]); 3] = [
        (&presets::ATTIO, &[("attio-signature", "x-attio-signature")]),
        (
            &presets::SHOPIFY,
            &[
                ("x-shopify-hmac-sha256", "shopify-hmac-sha256"),
                ("x-shopify-webhook-id", "shopify-webhook-id"),
            ],
        ),
        (
            &presets::SEAM,
            &[
                ("svix-id", "webhook-id"),
                ("svix-timestamp", "webhook-timestamp"),
                ("svix-signature", "webhook-signature"),
            ],
        ),
    ];
    for (preset, names) in names {
        let (verifier, delivery) = (receiver(preset, KEY), whole(preset, KEY));
        let mut renamed = delivery.parts.clone();
        let mut both = delivery.parts.clone();
        for (name, other) in names {
            if let Some(value) = renamed.headers.remove(*name) {
                let other: http::HeaderName = other.parse().unwrap();
                renamed.headers.insert(other.clone(), value.clone());
                both.headers.insert(other, value);
            }
        }
        for parts in [&renamed, &both] {
            assert_eq!(
                verdict(&verifier, parts, &delivery.body),
                Ok(()),
                "{}",
                preset.name()
            );
        }
        // A second line that says something else is nobody's.
        let (_, other) = names.last().unwrap();
        let other: http::HeaderName = other.parse().unwrap();
        both.headers.insert(other, "another".parse().unwrap());
        assert_eq!(
            verdict(&verifier, &both, &delivery.body),
            Err(Reason::SignatureDuplicateHeader),
            "{}",
            preset.name()
        );
    }
}
