//! What is said of a delivery: the reason for which it is refused, or what it is known to be.
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test fails by panicking, and its helpers with it"
)]

mod common;

use std::time::Duration;

use common::{parts, secret, signed_parts};
use http::{Method, Request, request::Parts};
use webhook_core::{Reason, Secret, SecretErrorKind, Timestamp};
use webhook_signature::{
    ConfigError, Encoding, KeyRing, Pending, Primitive, Scheme, SchemeError, SecretEncoding,
    SignError, SignRequest, Stage, TimestampUnit, Tolerance, Verifier, presets,
};

const NOW: i64 = 1_700_000_000;
const KEY: &str = "canary0canary0canary0canary0";

fn now() -> Timestamp {
    Timestamp::from_unix_seconds(NOW)
}

fn verifier(scheme: impl Into<Scheme>) -> Verifier {
    Verifier::new(scheme, secret(KEY)).unwrap()
}

fn reason(verifier: &Verifier, parts: &Parts) -> Result<(), Reason> {
    let verdict = verifier.begin(parts, now());
    verdict.map(drop).map_err(|refusal| {
        assert_eq!(refusal.stage(), Stage::Headers);
        refusal.reason()
    })
}

/// A delivery of Standard Webhooks with some headers changed (`None` takes the header away).
fn standard<'a>(changes: &[(&'a str, Option<&'a str>)]) -> Parts {
    let verifier = verifier(&presets::STANDARD_WEBHOOKS);
    let mut parts = signed_parts(
        verifier
            .sign(&SignRequest::new(b"{}", now()).with_id("msg_1"))
            .unwrap(),
    );
    for (name, value) in changes {
        parts.headers.remove(*name);
        if let Some(value) = value {
            parts.headers.insert(
                http::HeaderName::try_from(*name).unwrap(),
                value.parse().unwrap(),
            );
        }
    }
    parts
}

#[test]
fn what_is_missing_is_told_in_order() {
    let verifier = verifier(&presets::STANDARD_WEBHOOKS);
    let of = |changes: &[_]| reason(&verifier, &standard(changes));
    assert_eq!(of(&[]), Ok(()));
    let (id, time, signature) = ("webhook-id", "webhook-timestamp", "webhook-signature");
    for nothing in [None, Some("")] {
        assert_eq!(of(&[(signature, nothing)]), Err(Reason::SignatureMissing));
        assert_eq!(
            of(&[(signature, nothing), (time, nothing)]),
            Err(Reason::TimestampMissing)
        );
        let all = [(signature, nothing), (time, nothing), (id, nothing)];
        assert_eq!(of(&all), Err(Reason::IdMissing));
    }
    // What is missing comes before what is malformed, and that before what is stale.
    assert_eq!(
        of(&[(id, Some("a.b")), (signature, None)]),
        Err(Reason::SignatureMissing)
    );
    assert_eq!(
        of(&[(id, Some("a.b")), (time, Some("x"))]),
        Err(Reason::IdMalformed)
    );
    assert_eq!(
        of(&[(time, Some("x")), (signature, Some("x"))]),
        Err(Reason::TimestampMalformed)
    );
    assert_eq!(
        of(&[(time, Some("1")), (signature, Some("x"))]),
        Err(Reason::SignatureMalformed)
    );
    assert_eq!(of(&[(time, Some("1"))]), Err(Reason::TimestampTooOld));
    assert_eq!(
        of(&[(time, Some("1800000000"))]),
        Err(Reason::TimestampInFuture)
    );
}

#[test]
fn a_signed_id_is_short_visible_and_without_the_joiner() {
    let verifier = verifier(&presets::STANDARD_WEBHOOKS);
    let of = |id: &str| reason(&verifier, &standard(&[("webhook-id", Some(id))]));
    assert_eq!(of("dd:*{}[]?"), Ok(()));
    assert_eq!(of(&"x".repeat(256)), Ok(()));
    for id in [&"x".repeat(257), "a b", "a.b", ".", "é"] {
        assert_eq!(of(id), Err(Reason::IdMalformed), "{id}");
    }
}

#[test]
fn a_header_that_stands_twice_is_refused() {
    for name in ["webhook-id", "webhook-timestamp", "webhook-signature"] {
        let mut parts = standard(&[]);
        let value = parts.headers[name].clone();
        parts.headers.append(name, value);
        let verdict = reason(&verifier(&presets::STANDARD_WEBHOOKS), &parts);
        assert_eq!(verdict, Err(Reason::SignatureDuplicateHeader), "{name}");
    }
}

#[test]
fn either_family_of_names_is_taken_as_a_whole() {
    let either = verifier(&presets::STANDARD_WEBHOOKS);
    let webhook_only = verifier(
        presets::STANDARD_WEBHOOKS
            .scheme()
            .with_first_headers_only(),
    );
    let svix_signed = || {
        let request = SignRequest::new(b"{}", now()).with_id("msg_1");
        signed_parts(verifier(&presets::SVIX).sign(&request).unwrap())
    };
    assert!(either.verify(&svix_signed(), b"{}", now()).is_ok());
    assert_eq!(
        reason(&webhook_only, &svix_signed()),
        Err(Reason::IdMissing)
    );

    // Both families with the same texts are one delivery, and verify under both presets.
    let mut both = svix_signed();
    both.headers.extend(standard(&[]).headers);
    assert!(either.verify(&both, b"{}", now()).is_ok());
    assert!(verifier(&presets::SVIX).verify(&both, b"{}", now()).is_ok());

    // A second id that no signature covers must not be there for the next reader of headers.
    let mut two_ids = both.clone();
    two_ids
        .headers
        .insert("webhook-id", "msg_2".parse().unwrap());
    let mut extra_id = svix_signed();
    extra_id
        .headers
        .insert("webhook-id", "msg_2".parse().unwrap());
    let mut repeated = both;
    repeated.headers.append("svix-id", "msg_2".parse().unwrap());
    for parts in [two_ids, extra_id, repeated] {
        for preset in [&presets::STANDARD_WEBHOOKS, &presets::SVIX] {
            let verdict = reason(&verifier(preset), &parts);
            assert_eq!(
                verdict,
                Err(Reason::SignatureDuplicateHeader),
                "{}",
                preset.name()
            );
        }
    }

    // Nor is a delivery put together from two families.
    let mut mixed = standard(&[("webhook-id", None)]);
    mixed.headers.insert("svix-id", "msg_1".parse().unwrap());
    assert!(reason(&either, &mixed).is_err());
}

#[test]
fn a_delivery_is_described_with_what_is_signed() {
    let github = verifier(&presets::GITHUB);
    let request = SignRequest::new(b"{}", now())
        .with_id("72d3162e")
        .with_event("push");
    let mut parts = signed_parts(github.sign(&request).unwrap());
    let told = github.verify(&parts, b"{}", now()).unwrap();
    assert_eq!(told.provider().as_str(), "github");
    assert_eq!(told.secret_id().unwrap().as_str(), "default");
    assert_eq!(
        (told.delivery_id(), told.is_delivery_id_signed()),
        (Some("72d3162e"), false)
    );
    assert_eq!(
        (told.event_type(), told.is_event_type_signed()),
        (Some("push"), false)
    );
    assert_eq!(told.timestamp(), None);
    assert!(told.is_body_signed());

    // An unsigned id that is no id is left out; one that stands twice is refused.
    parts
        .headers
        .insert("x-github-delivery", "a b".parse().unwrap());
    parts
        .headers
        .append("x-github-event", "ping".parse().unwrap());
    let told = github.verify(&parts, b"{}", now()).unwrap();
    assert_eq!((told.delivery_id(), told.event_type()), (None, None));
    parts
        .headers
        .append("x-github-delivery", "b".parse().unwrap());
    assert_eq!(
        reason(&github, &parts),
        Err(Reason::SignatureDuplicateHeader)
    );

    let standard_webhooks = verifier(&presets::STANDARD_WEBHOOKS);
    let told = standard_webhooks
        .verify(&standard(&[]), b"{}", now())
        .unwrap();
    assert_eq!(
        (told.delivery_id(), told.is_delivery_id_signed()),
        (Some("msg_1"), true)
    );
    assert_eq!(told.timestamp(), Some(now()));
}

#[test]
fn the_type_of_an_event_may_be_of_several_words() {
    let gitlab = verifier(&presets::GITLAB);
    let of = |event: &str| {
        let secret = ("x-gitlab-token", KEY.as_bytes());
        let parts = parts([secret, ("x-gitlab-event", event.as_bytes())]);
        let told = gitlab.verify(&parts, b"{}", now()).unwrap();
        told.event_type().map(ToOwned::to_owned)
    };
    assert_eq!(
        of("Merge Request Hook").as_deref(),
        Some("Merge Request Hook")
    );
    for event in ["é", "a\tb", &"x".repeat(257)] {
        assert_eq!(of(event), None, "{event}");
    }
}

#[test]
fn stripe_tells_what_its_header_lacks() {
    let stripe = verifier(&presets::STRIPE);
    let digits = "0".repeat(64);
    let of = |value: &str| reason(&stripe, &parts([("stripe-signature", value.as_bytes())]));
    assert_eq!(of(&format!("t={NOW},v1={digits}")), Ok(()));
    assert_eq!(of(&format!("v1={digits}")), Err(Reason::TimestampMissing));
    assert_eq!(
        of(&format!("t=,v1={digits}")),
        Err(Reason::TimestampMalformed)
    );
    assert_eq!(
        of(&format!("t=0{NOW},v1={digits}")),
        Err(Reason::TimestampMalformed)
    );
    assert_eq!(
        of(&format!("t={NOW},v0={digits}")),
        Err(Reason::SignatureMissing)
    );
    assert_eq!(
        of(&format!("t={NOW},v1={digits}0")),
        Err(Reason::SignatureMalformed)
    );
    assert_eq!(
        of(&format!("t={NOW}{}", format!(",v1={digits}").repeat(17))),
        Err(Reason::TooManySignatures)
    );
    assert_eq!(of(""), Err(Reason::SignatureMissing));
    assert_eq!(of("x"), Err(Reason::TimestampMissing));
}

#[test]
fn one_right_signature_among_sixteen_is_enough() {
    for primitive in [
        Primitive::HmacSha1,
        Primitive::HmacSha256,
        Primitive::HmacSha384,
        Primitive::HmacSha512,
    ] {
        let scheme = Scheme::builder("acme", primitive)
            .header("x-acme")
            .list(',', '=', "v1")
            .build()
            .unwrap();
        let wrong = format!("v1={},", "0".repeat(2 * primitive.signature_bytes()));
        let verifier = verifier(scheme);
        let (_, right) = verifier
            .sign(&SignRequest::new(b"{}", now()))
            .unwrap()
            .remove(0);
        for before in 0..16 {
            let value = [
                wrong.repeat(before),
                right.to_str().unwrap().into(),
                format!(",{}", wrong.repeat(15 - before)),
            ]
            .concat();
            let parts = parts([("x-acme", value.as_bytes())]);
            assert!(
                verifier.verify(&parts, b"{}", now()).is_ok(),
                "{primitive:?}, {before}"
            );
            assert!(
                verifier.verify(&parts, b"[]", now()).is_err(),
                "{primitive:?}, {before}"
            );
        }
    }
}

#[test]
fn as_many_lines_as_signatures_are_read() {
    let lines = Scheme::hmac_sha256("acme").header_lines("x-acme");
    let verifier = verifier(lines.build().unwrap());
    let signed = verifier.sign(&SignRequest::new(b"{}", now())).unwrap();
    let wrong = "0".repeat(64);
    for (wrong_ones, expected) in [
        (0, Ok(())),
        (15, Ok(())),
        (16, Err(Reason::TooManySignatures)),
    ] {
        let wrong = (0..wrong_ones).map(|_| ("x-acme", wrong.as_bytes()));
        let right = ("x-acme", signed[0].1.as_bytes());
        let parts = parts(wrong.chain([right]));
        let verdict = verifier.verify(&parts, b"{}", now());
        let verdict = verdict.map(drop).map_err(|refusal| refusal.reason());
        assert_eq!(verdict, expected, "{wrong_ones}");
    }
}

#[test]
fn a_claimed_timestamp_is_told_unverified() {
    let seconds = Timestamp::from_unix_seconds(1_600_000_000);
    let verifier = Verifier::new(&presets::STRIPE, secret("whsec_0123456789abcdef")).unwrap();
    let of = |line: &str| {
        let parts = parts([("stripe-signature", line.as_bytes())]);
        verifier.claimed_timestamp(&parts)
    };
    assert_eq!(of("t=1600000000,v1=00"), Some(seconds));
    for line in ["v1=00", "t=soon,v1=00", ""] {
        assert_eq!(of(line), None, "{line}");
    }
    let slack = Verifier::new(&presets::SLACK, secret("0123456789abcdef")).unwrap();
    let parts = parts([
        ("x-slack-signature", &b"v0=00"[..]),
        ("x-slack-request-timestamp", b"1600000000"),
    ]);
    assert_eq!(slack.claimed_timestamp(&parts), Some(seconds));
}

#[test]
fn a_right_signature_that_stands_twice_is_right() {
    let scheme = Scheme::builder("acme", Primitive::HmacSha256)
        .header("x-acme")
        .list(',', '=', "v1")
        .build()
        .unwrap();
    let verifier = verifier(scheme);
    let signed = verifier.sign(&SignRequest::new(b"{}", now())).unwrap();
    let right = signed[0].1.to_str().unwrap();
    for times in 1..=4 {
        let value = vec![right; times].join(",");
        let parts = parts([("x-acme", value.as_bytes())]);
        assert!(verifier.verify(&parts, b"{}", now()).is_ok(), "{times}");
    }
}

#[test]
fn a_scheme_of_ones_own_signs_and_verifies() {
    let scheme = Scheme::hmac_sha512("acme")
        .header("x-acme-signature")
        .list(';', '=', "h1")
        .timestamp_label("ts")
        .timestamp_unit(TimestampUnit::Milliseconds)
        .tolerance(Tolerance::within(Duration::from_secs(60)))
        .encoding(Encoding::Base64Url)
        .id_header("x-acme-id")
        .signed_text("{{{method}}}{url}\n{header.x-acme-kind}\n{body}\n{id}|{timestamp}")
        .event_header("x-acme-kind")
        .secret_encoding(SecretEncoding::Base64)
        .build()
        .unwrap();
    assert_eq!(
        Verifier::new(&scheme, secret(KEY)).unwrap_err(),
        ConfigError::Scheme(SchemeError::NoBaseUrl)
    );
    let verifier = verifier(scheme.with_base_url("https://hooks.example.com").unwrap());

    let sent = |method: Method, target: &str| {
        let request = Request::builder()
            .method(method)
            .uri(target)
            .header("x-acme-kind", "order.paid");
        request.body(()).unwrap().into_parts().0
    };
    let mut parts = sent(Method::PUT, "/hooks?a=1");
    let request = SignRequest::new(b"{}", Timestamp::from_unix_millis(NOW * 1000 + 7))
        .with_id("order-1.2")
        .with_event("order.paid")
        .with_method(&Method::PUT)
        .with_target("/hooks?a=1")
        .with_headers(&parts.headers);
    let headers = verifier.sign(&request).unwrap();
    parts.headers.extend(
        headers
            .into_iter()
            .filter(|(name, _)| name != "x-acme-kind"),
    );
    let told = verifier.verify(&parts, b"{}", now()).unwrap();
    assert!(told.is_delivery_id_signed() && told.is_event_type_signed());
    assert_eq!(told.timestamp().unwrap().unix_millis(), NOW * 1000 + 7);

    for (method, target) in [
        (Method::POST, "/hooks?a=1"),
        (Method::PUT, "/hooks?a=2"),
        (Method::PUT, "/hooks"),
    ] {
        let mut other = sent(method, target);
        other.headers = parts.headers.clone();
        let refusal = verifier.verify(&other, b"{}", now()).unwrap_err();
        assert_eq!(refusal.reason(), Reason::SignatureMismatch);
    }
    let mut pending = verifier.begin(&parts, now()).unwrap();
    pending.update(b"{}");
    assert!(pending.finish([&b"{"[..], b"}"]).is_ok());
    parts.headers.remove("x-acme-kind");
    assert_eq!(reason(&verifier, &parts), Err(Reason::SignatureMalformed));
}

#[test]
fn a_body_other_than_the_fed_one_is_refused() {
    let github = verifier(&presets::GITHUB);
    let parts = signed_parts(github.sign(&SignRequest::new(b"{}", now())).unwrap());
    let mut pending = github.begin(&parts, now()).unwrap();
    pending.update(b"{}");
    let refusal = pending.finish([&b"{}\n"[..]]).unwrap_err();
    assert_eq!(
        (refusal.reason(), refusal.stage()),
        (Reason::Misconfigured, Stage::Body)
    );
}

#[test]
fn a_verification_stands_in_place_once_and_only_where_the_signature_is_right() {
    let github = verifier(&presets::GITHUB);
    let parts = signed_parts(github.sign(&SignRequest::new(b"{}", now())).unwrap());
    let mut pending = github.begin(&parts, now()).unwrap();
    let verified = pending.finish_in_place([&b"{}"[..]]).unwrap().take();
    assert_eq!(verified, Some(github.verify(&parts, b"{}", now()).unwrap()));
    assert!(pending.finish_in_place([&b"{}"[..]]).is_err());

    pending.begin(&github, &parts, now()).unwrap();
    for body in [&b"[]"[..], b"{}"] {
        assert!(pending.finish_in_place([body]).is_err(), "{body:?}");
    }
}

#[test]
fn what_is_begun_anew_knows_nothing_of_the_one_before() {
    let github = verifier(&presets::GITHUB);
    let sign = |body| signed_parts(github.sign(&SignRequest::new(body, now())).unwrap());
    let (first, second) = (sign(b"[1]"), sign(b"[2]"));
    let mut pending = Pending::default();
    pending.begin(&github, &first, now()).unwrap();
    pending.update(b"[1");
    pending.begin(&github, &second, now()).unwrap();
    pending.update(b"[2]");
    assert!(pending.finish([&b"[2]"[..]]).is_ok());

    // Neither the body nor the signatures of the one before count.
    for (parts, body, is_right) in [
        (&first, &b"[1]"[..], true),
        (&second, b"[1]", false),
        (&second, b"", false),
    ] {
        pending.begin(&github, &first, now()).unwrap();
        pending.update(b"[1]");
        pending.begin(&github, parts, now()).unwrap();
        assert_eq!(pending.finish([body]).is_ok(), is_right, "{body:?}");
    }
}

#[test]
fn what_would_not_verify_is_not_signed() {
    let of =
        |preset: &'static presets::Preset, request| verifier(preset).sign(&request).unwrap_err();
    let request = SignRequest::new(b"{}", now());
    assert_eq!(of(&presets::SVIX, request), SignError::IdMissing);
    let long = "x".repeat(257);
    for id in ["a.b", "", "a b", &long] {
        assert_eq!(
            of(&presets::SVIX, request.with_id(id)),
            SignError::IdMalformed,
            "{id}"
        );
    }
    for seconds in [-1, 1_000_000_000_000, i64::MIN, i64::MAX] {
        let request = SignRequest::new(b"{}", Timestamp::from_unix_seconds(seconds));
        assert_eq!(
            of(&presets::STRIPE, request),
            SignError::TimestampOutOfRange
        );
    }
}

#[test]
fn a_verifier_is_not_made_of_bad_secrets() {
    let kind = |preset: &'static presets::Preset, ring: KeyRing| match Verifier::new(preset, ring) {
        Err(ConfigError::Secret(error)) => (error.kind(), error.to_string()),
        other => panic!("{other:?}"),
    };
    let old_and = |text: &str| {
        KeyRing::new("new", Secret::new(KEY).unwrap())
            .unwrap()
            .with("old", Secret::new(text).unwrap())
            .unwrap()
    };
    let (found, text) = kind(&presets::SVIX, old_and("whsec_c2hvcnQgc2VjcmV0"));
    assert_eq!(found, SecretErrorKind::TooShort);
    assert!(
        text.contains("`old`") && text.contains("12 bytes"),
        "{text}"
    );
    let (found, text) = kind(&presets::GITHUB, old_and("a secret that echo wrote.\n"));
    assert_eq!(found, SecretErrorKind::TrailingNewline { bytes: 26 });
    assert!(text.contains("25 without it"), "{text}");
    let empty = KeyRing::from(Secret::insecure_short("whsec_").unwrap());
    assert_eq!(kind(&presets::SVIX, empty).0, SecretErrorKind::Empty);
}

#[test]
fn nothing_secret_is_printed() {
    let github = verifier(&presets::GITHUB);
    let headers = github.sign(&SignRequest::new(b"{}", now())).unwrap();
    let signature = headers[0].1.to_str().unwrap().to_owned();
    assert!(headers[0].1.is_sensitive());
    let parts = signed_parts(headers);
    let pending = github.begin(&parts, now()).unwrap();
    let refusal = github.verify(&parts, b"[]", now()).unwrap_err();
    let error = Verifier::new(&presets::SVIX, secret("canary*")).unwrap_err();
    let ring = KeyRing::from(secret(KEY));
    let printed =
        format!("{github:?} {pending:?} {refusal:?} {refusal} {error:?} {error} {ring:?}");
    assert!(!printed.contains("canary"), "{printed}");
    assert!(
        !printed.contains(signature.trim_start_matches("sha256=")),
        "{printed}"
    );
}

#[test]
fn verifiers_and_their_parts_can_be_shared() {
    fn shared<T: Send + Sync + 'static>() {}
    shared::<Verifier>();
    shared::<Pending>();
    shared::<Scheme>();
    shared::<KeyRing>();
}
