//! Every preset: a delivery that its provider would send passes, and none of the usual forgeries of
//! it does.
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "a test fails by panicking, and its helpers with it"
)]

mod common;

use common::{
    delivery::{KEY, NOW, OTHER_KEY, Whole, now, receiver, signature, whole},
    secret,
};
use http::{HeaderName, HeaderValue};
use webhook_core::{Reason, Timestamp};
use webhook_signature::{Encoding, KeyRing, Kind, Preset, Refusal, Scheme, Verifier, presets};

fn verifiable() -> impl Iterator<Item = &'static Preset> {
    presets::all().filter(|preset| common::has_secret(preset))
}

/// What a signature, token or password is called that is not there, no such thing, or not ours.
const MISSING: [Reason; 2] = [Reason::SignatureMissing, Reason::AuthMissing];
const MALFORMED: [Reason; 2] = [Reason::SignatureMalformed, Reason::AuthMalformed];
const WRONG: [Reason; 2] = [Reason::SignatureMismatch, Reason::AuthInvalid];
/// A body that is another one may hold no signature or timestamp any more.
const ANOTHER: [Reason; 7] = [
    Reason::SignatureMismatch,
    Reason::SignatureMissing,
    Reason::SignatureMalformed,
    Reason::TimestampMissing,
    Reason::TimestampMalformed,
    Reason::TimestampTooOld,
    Reason::TimestampInFuture,
];
const TWICE: Reason = Reason::SignatureDuplicateHeader;

fn is_refused(preset: &Preset, delivery: &Whole, what: &str, reasons: &[Reason]) {
    let verdict = receiver(preset, KEY).verify(&delivery.parts, &delivery.body, now());
    let reason = verdict.as_ref().map_err(Refusal::reason).err();
    let is_right = reason.is_some_and(|reason| reasons.contains(&reason));
    assert!(is_right, "{}: {what}: {verdict:?}", preset.name());
}

#[test]
fn no_preset_is_left_out() {
    for preset in presets::all() {
        let scheme = preset.scheme();
        #[cfg(feature = "public-key")]
        let elsewhere = scheme.is_token() || scheme.primitive().is_public_key();
        #[cfg(not(feature = "public-key"))]
        let elsewhere = false;
        let unsigned = !preset.is_verifiable();
        let walked = verifiable().any(|walked| walked.name() == preset.name());
        let ways = [walked, elsewhere, unsigned];
        let ways = ways.iter().filter(|way| **way).count();
        assert_eq!(ways, 1, "{} ({})", preset.name(), scheme.name());
    }
    let unsigned = presets::all().filter(|preset| !preset.is_verifiable());
    let unsigned: Vec<_> = unsigned.map(Preset::name).collect();
    assert_eq!(
        unsigned,
        ["docker-hub", "mailchimp", "mollie", "salesforce"]
    );
}

#[test]
fn genuine_deliveries_pass_in_one_piece_and_in_many() {
    for preset in verifiable() {
        let (verifier, delivery) = (receiver(preset, KEY), whole(preset, KEY));
        let verdict = verifier.verify(&delivery.parts, &delivery.body, now());
        let verification = verdict.unwrap_or_else(|refusal| panic!("{}: {refusal}", preset.name()));
        assert_eq!(verification.provider().as_str(), preset.name());
        assert_eq!(verification.is_body_signed(), preset.scheme().covers_body());
        let signed_time = preset.scheme().covers_timestamp();
        assert_eq!(
            verification.timestamp().is_some(),
            signed_time,
            "{}",
            preset.name()
        );

        let mut pending = verifier.begin(&delivery.parts, now()).unwrap();
        delivery
            .body
            .chunks(3)
            .for_each(|piece| pending.update(piece));
        let in_pieces = pending.finish(delivery.body.chunks(5));
        assert_eq!(in_pieces.as_ref(), Ok(&verification), "{}", preset.name());
    }
}

#[test]
fn promise_02_forgeries_of_every_preset_are_refused() {
    for preset in verifiable() {
        let genuine = whole(preset, KEY);
        let signature = genuine.signature.clone();
        let with = |text: &str| genuine.with_signature(text);
        let spelled = [MALFORMED, WRONG].concat();
        is_refused(
            preset,
            &with(""),
            "an empty signature",
            &[MISSING, MALFORMED].concat(),
        );
        if let Some(emptied) = genuine.emptied() {
            is_refused(preset, &emptied, "an empty header", &MISSING);
        }
        for cut in [1, 2, 4, signature.len() / 2] {
            is_refused(
                preset,
                &with(&signature[..signature.len() - cut]),
                "a truncated one",
                &spelled,
            );
        }
        for end in ["0", "00", "=", "AAAA", "x"] {
            is_refused(
                preset,
                &with(&format!("{signature}{end}")),
                "an extended one",
                &spelled,
            );
            is_refused(
                preset,
                &with(&format!("{end}{signature}")),
                "one with something in front",
                &spelled,
            );
        }
        let upper = signature.to_uppercase();
        let any_case = preset.scheme().encoding() == Encoding::HexAnyCase;
        if upper != signature && !any_case {
            is_refused(preset, &with(&upper), "one in upper case", &spelled);
        }
        is_refused(
            preset,
            &whole(preset, OTHER_KEY),
            "another secret's",
            &WRONG,
        );
        // What is left of its body is no form of two fields.
        let none = match preset.name() {
            "braintree" => MALFORMED,
            _ => MISSING,
        };
        is_refused(preset, &genuine.without_signature(), "no signature", &none);
        // Where there are no labels, a timestamp may stand in front of the signature.
        let label = [&MISSING[..], &spelled, &[Reason::TimestampMalformed]].concat();
        is_refused(
            preset,
            &genuine.with_another_label(),
            "another label",
            &label,
        );
        if preset.name() != "mollie-next-gen" {
            is_refused(
                preset,
                &genuine.twice(),
                "the same header twice",
                &[&[TWICE][..], &MALFORMED].concat(),
            );
        }
        let empty = Whole {
            body: Vec::new(),
            ..genuine.clone()
        };
        if preset.scheme().covers_body() {
            is_refused(
                preset,
                &empty,
                "an empty body",
                &[&[Reason::TimestampMissing][..], &MISSING, &WRONG].concat(),
            );
        }
    }
}

#[test]
fn a_signed_time_must_be_near() {
    for preset in verifiable() {
        let (verifier, delivery) = (receiver(preset, KEY), whole(preset, KEY));
        let at = |seconds: i64| {
            let now = Timestamp::from_unix_seconds(NOW + seconds);
            verifier
                .verify(&delivery.parts, &delivery.body, now)
                .is_ok()
        };
        let Some(tolerance) = preset.scheme().tolerance() else {
            assert!(at(1_000_000) && at(-1_000_000), "{}", preset.name());
            continue;
        };
        let seconds = |bound: std::time::Duration| i64::try_from(bound.as_secs()).unwrap();
        let past = seconds(tolerance.past().unwrap());
        assert!(at(past) && !at(past + 1), "{}", preset.name());
        match tolerance.future().map(seconds) {
            Some(future) => assert!(at(-future) && !at(-future - 1), "{}", preset.name()),
            None => assert!(at(-1_000_000), "{}", preset.name()),
        }
    }
}

#[test]
fn another_body_url_id_or_timestamp_is_refused_where_it_is_signed() {
    for preset in verifiable() {
        let (scheme, genuine) = (preset.scheme(), whole(preset, KEY));
        if scheme.covers_body() {
            for at in 0..genuine.body.len() {
                let mut other = genuine.clone();
                other.body[at] ^= 1;
                is_refused(preset, &other, "another body", &ANOTHER);
            }
            let mut longer = genuine.clone();
            longer.body.push(b'1');
            is_refused(preset, &longer, "a longer body", &ANOTHER);
        }
        if scheme.covers_url() {
            let mut other = genuine.clone();
            other.parts.uri = "/webhook/other".parse().unwrap();
            is_refused(preset, &other, "another path", &WRONG);
            let scheme = preset
                .scheme()
                .with_base_url("https://other.example.com")
                .unwrap();
            let elsewhere = Verifier::new(scheme, secret(KEY)).unwrap();
            let verdict = elsewhere.verify(&genuine.parts, &genuine.body, now());
            assert!(verdict.is_err(), "{}: another host", preset.name());
        }
        for (name, covered) in [
            (scheme.id_header(), scheme.covers_id()),
            (scheme.timestamp_header(), scheme.covers_timestamp()),
        ] {
            let line = name.and_then(|name| genuine.parts.headers.get(name));
            if let (Some(name), Some(line), true) = (name, line, covered) {
                let other = line.to_str().unwrap().replace(['0', '1', '3'], "2");
                let mut delivery = genuine.clone();
                delivery
                    .parts
                    .headers
                    .insert(name, HeaderValue::from_str(&other).unwrap());
                let times = [Reason::TimestampInFuture, Reason::TimestampMalformed];
                let reasons = [&times[..], &WRONG].concat();
                is_refused(preset, &delivery, "another id or timestamp", &reasons);
            }
        }
    }
}

#[test]
fn the_kinds_are_what_they_are() {
    let count = |kind: Kind| {
        presets::all()
            .filter(|preset| preset.kind() == kind)
            .count()
    };
    assert!(count(Kind::Hmac) >= 110, "{}", count(Kind::Hmac));
    for preset in presets::all() {
        let scheme = preset.scheme();
        let covers = scheme.covers_body() || scheme.covers_timestamp() || scheme.covers_id();
        let signs = !matches!(preset.kind(), Kind::Token | Kind::Basic | Kind::Unsigned);
        assert!(signs || !covers, "{}", preset.name());
        assert_eq!(
            signs,
            !scheme.signed_content().is_empty(),
            "{}",
            preset.name()
        );
        assert!(!scheme.signature_place().is_empty(), "{}", preset.name());
        if !preset.is_verifiable() {
            assert_eq!(preset.kind(), Kind::Unsigned);
            assert!(
                preset.notes().starts_with("NOT VERIFIABLE"),
                "{}",
                preset.name()
            );
            assert!(Verifier::new(scheme, secret(KEY)).is_err());
        }
    }
}

#[test]
fn keys_are_bound_to_their_slots() {
    let ring = |primary: &str, secondary: &str| {
        let ring = KeyRing::new("primary", secret(primary)).unwrap();
        ring.with("secondary", secret(secondary)).unwrap()
    };
    let delivery = whole(&presets::BOX, KEY);
    let verify = |ring: KeyRing| {
        let verifier = Verifier::new(&presets::BOX, ring).unwrap();
        verifier
            .verify(&delivery.parts, &delivery.body, now())
            .is_ok()
    };
    assert!(verify(ring(KEY, OTHER_KEY)));
    assert!(!verify(ring(OTHER_KEY, KEY)));
    assert!(verify(secret(format!("{KEY}|{OTHER_KEY}")).into()));
    assert!(!verify(secret(format!("{OTHER_KEY}|{KEY}")).into()));
    assert!(!verify(KeyRing::new("secondary", secret(KEY)).unwrap()));
}

#[test]
fn a_key_that_has_a_name_answers_to_it() {
    let delivery = whole(&presets::PUSHER, KEY);
    let mut named = delivery.clone();
    named
        .parts
        .headers
        .insert("x-pusher-key", HeaderValue::from_static("app-key"));
    let verify = |id: &'static str, delivery: &Whole| {
        let ring = KeyRing::new(id, secret(KEY)).unwrap();
        let verifier = Verifier::new(&presets::PUSHER, ring).unwrap();
        verifier
            .verify(&delivery.parts, &delivery.body, now())
            .is_ok()
    };
    assert!(verify("app-key", &named) && verify("default", &named));
    assert!(!verify("other-key", &named));
}

#[test]
fn every_item_of_a_list_must_be_signed() {
    let genuine = whole(&presets::ADYEN, KEY);
    let text = String::from_utf8(genuine.body.clone()).unwrap();
    let item = &text[text.find('[').unwrap() + 1..text.rfind(']').unwrap()];
    let verify = |items: &str| {
        let body = format!("{{\"notificationItems\":[{items}]}}");
        let verifier = receiver(&presets::ADYEN, KEY);
        verifier
            .verify(&genuine.parts, body.as_bytes(), now())
            .is_ok()
    };
    assert!(verify(&format!("{item},{item}")));
    for items in [
        String::new(),
        format!("{item},{}", item.replace("\"value\":1", "\"value\":2")),
        format!("{item},{{}}"),
        vec![item; 65].join(","),
        item.replacen('{', "{\"NotificationRequestItem\":{},", 1),
    ] {
        assert!(!verify(&items), "{items}");
    }
}

#[test]
fn a_body_that_no_signature_covers_is_refused() {
    let twilio = receiver(&presets::TWILIO, KEY);
    let mut delivery = whole(&presets::TWILIO, KEY);
    // The same URL and no field: the signature of an empty form, with a document as the body.
    let empty = signature(
        &presets::TWILIO.scheme(),
        KEY,
        "https://hooks.example.com/webhook",
    );
    let line = HeaderValue::from_str(&empty).unwrap();
    delivery.parts.headers.insert("x-twilio-signature", line);
    delivery.body = b"{\"a\":1}".to_vec();
    delivery
        .parts
        .headers
        .insert("content-type", HeaderValue::from_static("application/json"));
    assert!(
        twilio
            .verify(&delivery.parts, &delivery.body, now())
            .is_err()
    );
    delivery.body.clear();
    assert!(
        twilio
            .verify(&delivery.parts, &delivery.body, now())
            .is_ok()
    );
}

#[test]
fn several_numbered_headers_are_looked_at() {
    let mut delivery = whole(&presets::DOCUSIGN, KEY);
    let headers = &mut delivery.parts.headers;
    let line = headers.remove("x-docusign-signature-1").unwrap();
    let other = HeaderValue::from_static("47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
    headers.insert("x-docusign-signature-1", other.clone());
    headers.insert("x-docusign-signature-2", line);
    let verifier = receiver(&presets::DOCUSIGN, KEY);
    assert!(
        verifier
            .verify(&delivery.parts, &delivery.body, now())
            .is_ok()
    );
    for n in 3..=17 {
        let name: HeaderName = format!("x-docusign-signature-{n}").parse().unwrap();
        delivery.parts.headers.insert(name, other.clone());
    }
    assert!(
        verifier
            .verify(&delivery.parts, &delivery.body, now())
            .is_err()
    );
}

#[test]
fn a_header_without_a_number_is_none_of_the_numbered_ones() {
    let delivery = whole(&presets::DOCUSIGN, KEY);
    let verifier = receiver(&presets::DOCUSIGN, KEY);
    for (end, is_taken) in [
        ("1", true),
        ("20", true),
        ("", false),
        ("a", false),
        ("1a", false),
    ] {
        let mut parts = delivery.parts.clone();
        let line = parts.headers.remove("x-docusign-signature-1").unwrap();
        let name: HeaderName = format!("x-docusign-signature-{end}").parse().unwrap();
        parts.headers.insert(name, line);
        let verdict = verifier.verify(&parts, &delivery.body, now());
        assert_eq!(verdict.is_ok(), is_taken, "{end}");
    }
}

#[test]
fn a_token_shows_that_it_signs_nothing() {
    let gitlab = Verifier::new(&presets::GITLAB, secret(KEY)).unwrap();
    let delivery = whole(&presets::GITLAB, KEY);
    let verification = gitlab.verify(&delivery.parts, b"anything", now()).unwrap();
    assert!(!verification.is_body_signed());
    let scheme: Scheme = presets::GITLAB.scheme();
    assert!(!scheme.covers_body() && !scheme.covers_id());
}
