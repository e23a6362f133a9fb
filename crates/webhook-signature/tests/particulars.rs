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
use sha1::Digest as _;
use webhook_core::{Reason, Timestamp};
use webhook_signature::{
    KeyRing, Preset, Primitive, Scheme, SecretEncoding, SignError, SignRequest, Verifier, presets,
};

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

/// Method, path, signed headers and body stand each on a line.
#[test]
fn contentful_signs_the_headers_that_it_names_between_semicolons() {
    let preset = presets::by_name("contentful").unwrap();
    let verifier = receiver(preset, KEY);
    let of = |uri: &str, signed_uri: &str| {
        let names = "x-contentful-signed-headers,x-contentful-timestamp,x-topic";
        let timestamp = format!("{NOW}000");
        let text = format!(
            "POST\n{signed_uri}\nx-contentful-signed-headers:{names};x-contentful-timestamp:{timestamp};x-topic:a b\n{{}}"
        );
        let signature = signature(&Scheme::from(preset), KEY, &text);
        let mut parts = parts([
            ("x-contentful-signature", signature.as_bytes()),
            ("x-contentful-signed-headers", names.as_bytes()),
            ("x-contentful-timestamp", timestamp.as_bytes()),
            ("x-topic", b"a b"),
        ]);
        parts.uri = uri.parse().unwrap();
        verdict(&verifier, &parts, b"{}")
    };
    for (uri, signed_uri) in [
        ("/hooks", "/hooks"),
        ("/hooks?a=b", "/hooks?a%253Db"),
        // Escaped by whoever gave the URL to the sender, or by a client on the way.
        ("/a%20hook", "/a%2520hook"),
        ("/a%20hook", "/a%20hook"),
        ("/a%20hook?q=a%20b", "/a%20hook?q%253Da%2520b"),
    ] {
        assert_eq!(of(uri, signed_uri), Ok(()), "{uri}");
    }
    assert_eq!(of("/hooks", "/other"), Err(Reason::SignatureMismatch));

    // A time or a list that is not signed itself may have been changed.
    let timestamp = format!("{NOW}000");
    for named in ["x-contentful-signed-headers", "x-contentful-timestamp"] {
        let names = format!("{named},x-topic");
        let value = if named.ends_with("timestamp") {
            &timestamp
        } else {
            &names
        };
        let text = format!("POST\n/webhook\n{named}:{value};x-topic:a b\n{{}}");
        let signature = signature(&Scheme::from(preset), KEY, &text);
        let parts = parts([
            ("x-contentful-signature", signature.as_bytes()),
            ("x-contentful-signed-headers", names.as_bytes()),
            ("x-contentful-timestamp", timestamp.as_bytes()),
            ("x-topic", b"a b"),
        ]);
        let malformed = Err(Reason::SignatureMalformed);
        assert_eq!(verdict(&verifier, &parts, b"{}"), malformed, "{named}");
    }
}

/// The environment in the signed document is the one that the header names.
#[test]
fn hygraph_signs_the_environment_that_its_header_names() {
    let preset = presets::by_name("hygraph").unwrap();
    let verifier = receiver(preset, KEY);
    let of = |signed: &str, named: &str| {
        let text = format!(
            r#"{{"Body":"{{\"a\":1}}","EnvironmentName":"{signed}","TimeStamp":{NOW}000}}"#
        );
        let signature = signature(&Scheme::from(preset), KEY, &text);
        let line = format!("sign={signature}, {named}t={NOW}000");
        let parts = parts([("gcms-signature", line.as_bytes())]);
        verdict(&verifier, &parts, b"{\"a\":1}")
    };
    for name in ["master", "staging"] {
        assert_eq!(of(name, &format!("env={name}, ")), Ok(()));
    }
    let mismatch = Err(Reason::SignatureMismatch);
    assert_eq!(of("master", "env=staging, "), mismatch);
    let malformed = Err(Reason::SignatureMalformed);
    assert_eq!(of("master", ""), malformed);
    assert_eq!(of("master", "env=master, env=staging, "), malformed);
}

/// Timestamp and token stand side by side in the signed text, so a token holds nothing but letters
/// and digits.
#[test]
fn a_token_of_mailgun_is_short_and_plain() {
    let preset = presets::by_name("mailgun").unwrap();
    let verifier = receiver(preset, KEY);
    let of = |token: &str| {
        let text = format!("{NOW}{token}");
        let signature = signature(&Scheme::from(preset), KEY, &text);
        let body = format!(
            r#"{{"signature":{{"timestamp":"{NOW}","token":"{token}","signature":"{signature}"}}}}"#
        );
        verdict(&verifier, &parts([]), body.as_bytes())
    };
    assert_eq!(of("a1"), Ok(()));
    assert_eq!(of(&"a".repeat(256)), Ok(()));
    for token in ["a-b", "a b", &"a".repeat(257)] {
        assert_eq!(of(token), Err(Reason::IdMalformed), "{token}");
    }
    assert_eq!(of(""), Err(Reason::IdMissing));
}

/// Each run of line breaks is signed as one of the network's form.
#[test]
fn the_line_breaks_of_kontent_ai_are_signed_in_one_form() {
    let preset = presets::by_name("kontent-ai").unwrap();
    let verifier = receiver(preset, KEY);
    let delivery = whole(preset, KEY);
    let signature = signature(&Scheme::from(preset), KEY, "{\r\n1\r\n}");
    let signed = delivery.with_signature(&signature);
    for body in [&b"{\r\n1\r\n}"[..], b"{\n1\n}", b"{\n\n1\r\r\n}"] {
        assert_eq!(verdict(&verifier, &signed.parts, body), Ok(()));
    }
    for body in [&b"{1}"[..], b"{\n1}", b"{\n1\n}\n"] {
        let mismatch = Err(Reason::SignatureMismatch);
        assert_eq!(verdict(&verifier, &signed.parts, body), mismatch);
    }
}

/// The query is sorted, the fields stand sorted behind a dot, and the nonce behind another; version 2
/// knows neither.
#[test]
fn plivo_signs_url_fields_and_nonce() {
    let of = |preset: &Preset, uri: &str, body: &str, text: &str| {
        let verifier = receiver(preset, KEY);
        let signature = signature(&Scheme::from(preset), KEY, text);
        let header = preset.scheme().signature_header().unwrap().to_string();
        let nonce = format!("{header}-nonce");
        let mut parts = parts([
            (&*header, signature.as_bytes()),
            (&*nonce, b"n0nce"),
            ("content-type", b"application/x-www-form-urlencoded"),
        ]);
        parts.uri = uri.parse().unwrap();
        verdict(&verifier, &parts, body.as_bytes())
    };
    for (uri, body, text) in [
        ("/hook", "", "/hook.n0nce"),
        ("/hook?b=2&a=1", "", "/hook?a=1&b=2.n0nce"),
        ("/hook", "d=4&c=3", "/hook?c3d4.n0nce"),
        ("/hook?b=2&a=1", "d=4&c=3", "/hook?a=1&b=2.c3d4.n0nce"),
        // A URL without a path is called as `/`.
        ("/", "", ".n0nce"),
        ("/", "", "/.n0nce"),
        ("/?a=1", "c=3", "?a=1.c3.n0nce"),
    ] {
        let text = format!("https://hooks.example.com{text}");
        assert_eq!(of(&presets::PLIVO, uri, body, &text), Ok(()), "{text}");
    }
    for (uri, text) in [("/hook?a=1", "/hookn0nce"), ("/", "n0nce"), ("/", "/n0nce")] {
        let text = format!("https://hooks.example.com{text}");
        assert_eq!(of(&presets::PLIVO_V2, uri, "c=3", &text), Ok(()), "{text}");
    }
    // The end of a path that is there is none.
    let mismatch = Err(Reason::SignatureMismatch);
    let text = "https://hooks.example.comn0nce";
    assert_eq!(of(&presets::PLIVO_V2, "/hook", "", text), mismatch);
    let text = "https://hooks.example.com.n0nce";
    assert_eq!(of(&presets::PLIVO, "/hook", "", text), mismatch);
}

/// What the headers of Box must say they must say once.
#[test]
fn the_version_and_algorithm_of_box_are_certain() {
    let preset = presets::by_name("box").unwrap();
    let delivery = whole(preset, KEY);
    let verifier = receiver(preset, KEY);
    assert_eq!(verdict(&verifier, &delivery.parts, &delivery.body), Ok(()));
    for name in ["box-signature-version", "box-signature-algorithm"] {
        let of = |values: &[&[u8]]| {
            let mut parts = delivery.parts.clone();
            parts.headers.remove(name);
            for value in values {
                let value = http::HeaderValue::from_bytes(value).unwrap();
                parts.headers.append(name, value);
            }
            verdict(&verifier, &parts, &delivery.body)
        };
        let right = delivery.parts.headers[name].as_bytes();
        assert_eq!(of(&[right]), Ok(()));
        let other = &b"2"[..];
        for wrong in [
            &[][..],
            &[other],
            &[right, right],
            &[right, other],
            &[other, right],
        ] {
            assert_eq!(of(wrong), Err(Reason::SignatureMalformed), "{name}");
        }
    }
}

/// Each of the two keys has its header: by its id, else by its place.
#[test]
fn the_keys_of_box_are_told_apart_by_their_ids() {
    let preset = presets::by_name("box").unwrap();
    let delivery = whole(preset, KEY);
    let of = |first: (&'static str, &str), second: (&'static str, &str)| {
        let ring = KeyRing::new(first.0, secret(first.1)).unwrap();
        let ring = ring.with(second.0, secret(second.1)).unwrap();
        let verifier = Verifier::new(preset, ring).unwrap();
        verdict(&verifier, &delivery.parts, &delivery.body)
    };
    let other = "another-secret-0123456789abcdefgh";
    assert_eq!(of(("a", KEY), ("b", other)), Ok(()));
    assert_eq!(of(("secondary", other), ("primary", KEY)), Ok(()));
    let swapped = Err(Reason::SignatureMismatch);
    assert_eq!(of(("a", other), ("b", KEY)), swapped);
    assert_eq!(of(("secondary", KEY), ("primary", other)), swapped);
}

/// A type that no signature covers must not be told as one that is.
#[test]
fn of_the_providers_with_code_of_their_own_dropbox_sign_alone_signs_the_type() {
    for (name, signs) in [
        ("adyen", false),
        ("box", false),
        ("braintree", false),
        ("contentful", false),
        ("dropbox-sign", true),
        ("linear", false),
        ("mailgun", false),
        ("twilio", false),
    ] {
        let preset = presets::by_name(name).unwrap();
        assert_eq!(Scheme::from(preset).covers_event(), signs, "{name}");
    }
    for name in ["adyen", "box", "contentful", "linear", "twilio"] {
        let delivery = whole(presets::by_name(name).unwrap(), KEY);
        let verifier = receiver(presets::by_name(name).unwrap(), KEY);
        let told = verifier.verify(&delivery.parts, &delivery.body, now());
        let covers = verifier.scheme().covers_body();
        assert_eq!(told.unwrap().is_body_signed(), covers, "{name}");
    }
    assert!(presets::by_name("box").unwrap().scheme().covers_body());
}

/// `bt_payload` is base64, so whoever can have other texts signed, such as challenges, has no delivery.
#[test]
fn a_payload_of_braintree_is_base64() {
    let preset = presets::by_name("braintree").unwrap();
    let verifier = receiver(preset, KEY);
    let key = const_hex::encode(sha1::Sha1::digest(KEY.as_bytes()));
    let sender = Scheme::builder("sender", Primitive::HmacSha1)
        .header("x")
        .secret_encoding(SecretEncoding::Hex);
    let sender = Verifier::new(sender.build().unwrap(), secret(key)).unwrap();
    let of = |payload: &str, escaped: &str| {
        let sign = SignRequest::new(payload.as_bytes(), now());
        let signed = sender.sign(&sign).unwrap();
        let signature = signed[0].1.to_str().unwrap();
        let body = format!("bt_signature=default%7C{signature}&bt_payload={escaped}");
        verdict(&verifier, &whole(preset, KEY).parts, body.as_bytes())
    };
    assert_eq!(of("PGE+", "PGE%2B"), Ok(()));
    assert_eq!(of("PGE/", "PGE%2f"), Ok(()));
    assert_eq!(of("PGE+\n", "PGE%2B%0A"), Ok(()));
    for (payload, escaped) in [("", ""), ("PGE-", "PGE-"), ("<a/>", "%3Ca/%3E")] {
        let refused = of(payload, escaped);
        assert_eq!(refused, Err(Reason::SignatureMalformed), "{payload}");
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
    let sign = |body: &str| {
        let signed = verifier.sign(&SignRequest::new(body.as_bytes(), now()));
        signed.map(drop)
    };
    for timestamp in [
        "null",
        "true",
        "{}",
        "[1700000000000]",
        "\"1700000000000\"",
        "17e11",
        "1700000000000.0",
    ] {
        let refused = Err(Reason::TimestampMalformed);
        assert_eq!(with(timestamp), refused, "{timestamp}");
        let body = format!("{{\"webhookTimestamp\":{timestamp}}}");
        assert_eq!(sign(&body), Err(SignError::Body), "{timestamp}");
    }
    for body in ["{}", "[]", "", "1700000000000"] {
        assert_eq!(of(body), Err(Reason::TimestampMissing), "{body}");
        assert_eq!(sign(body), Err(SignError::Body), "{body}");
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

/// A `GET` of Vonage's signs its query, so that a body of it would be anybody's.
#[test]
fn a_get_of_vonage_has_no_body() {
    for preset in [&presets::VONAGE_SMS, &presets::VONAGE_SMS_SHA512] {
        let verifier = receiver(preset, KEY);
        let request = SignRequest::new(b"", now())
            .with_method(&http::Method::GET)
            .with_target("/hooks?msisdn=447700900001");
        let signed = verifier.sign_request(&request).unwrap();
        let mut parts = parts([]);
        parts.method = http::Method::GET;
        parts.uri = signed.into_parts().2.unwrap().parse().unwrap();
        assert_eq!(verdict(&verifier, &parts, b""), Ok(()));
        let with_body = verdict(&verifier, &parts, b"msisdn=447700900002");
        assert_eq!(with_body, Err(Reason::SignatureMalformed));

        let request = SignRequest::new(b"a=1", now())
            .with_method(&http::Method::GET)
            .with_target("/hooks");
        let error = verifier.sign_request(&request).unwrap_err();
        assert_eq!(error, SignError::Body);
    }
}

#[test]
fn a_signature_in_the_query_wants_a_target_that_can_have_one() {
    let preset = presets::by_name("pandadoc").unwrap();
    let verifier = receiver(preset, KEY);
    for target in ["*", "?a=b", "/hooks"] {
        let request = SignRequest::new(b"{}", now()).with_target(target);
        let signed = verifier.sign_request(&request).map(drop);
        let due = (target == "/hooks")
            .then_some(())
            .ok_or(SignError::TargetMissing);
        assert_eq!(signed, due, "{target}");
    }
}
