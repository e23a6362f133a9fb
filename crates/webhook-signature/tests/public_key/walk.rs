//! Every preset of the feature: what it accepts, and all that it must refuse.

use webhook_core::{Reason, Timestamp};
use webhook_signature::{Preset, SignRequest, Verifier, presets};

use crate::sender::{BODY, Delivery, NOW, delivery, message, now, other_key_text, with_header};

fn ours() -> impl Iterator<Item = &'static Preset> {
    presets::all().filter(|preset| {
        let scheme = preset.scheme();
        scheme.is_token() || scheme.primitive().is_public_key()
    })
}

fn refused(delivery: &Delivery, verifier: &Verifier, body: &[u8], why: &str) -> Reason {
    let verdict = verifier.verify(&delivery.head, body, now());
    let name = delivery.scheme.name();
    verdict.expect_err(&format!("{name} takes {why}")).reason()
}

#[test]
fn all_of_them_are_here() {
    assert_eq!(ours().count(), 25);
    assert!(presets::all().map(Preset::name).is_sorted());
    for preset in ours() {
        assert_eq!(
            presets::by_name(preset.name()).map(Preset::name),
            Some(preset.name())
        );
        let scheme = preset.scheme();
        assert_eq!(
            scheme.covers_timestamp(),
            scheme.tolerance().is_some(),
            "{}",
            preset.name()
        );
        assert!(!preset.source().is_empty());
        let partial = ["aws-sns", "monday", "paypal", "travis-ci"];
        assert_eq!(
            !scheme.covers_body(),
            partial.contains(&preset.name()),
            "{}",
            preset.name()
        );
    }
}

#[test]
fn deliveries_verify_and_changed_ones_do_not() {
    for preset in ours() {
        let delivery = delivery(preset);
        let name = preset.name();
        let verifier = delivery.verifier();
        let verification = verifier.verify(&delivery.head, &delivery.body, now());
        let verification = verification.unwrap_or_else(|refusal| panic!("{name}: {refusal}"));
        assert_eq!(verification.provider().as_str(), name);
        assert_eq!(
            verification.is_body_signed(),
            delivery.scheme.covers_body(),
            "{name}"
        );

        let mut pending = verifier.begin(&delivery.head, now()).unwrap();
        delivery
            .body
            .chunks(5)
            .for_each(|piece| pending.update(piece));
        assert_eq!(
            pending.finish(delivery.body.chunks(3)).as_ref(),
            Ok(&verification),
            "{name}"
        );

        let other = delivery.verifier_with(&other_key_text(delivery.scheme.primitive()));
        let reason = refused(
            &delivery,
            &other,
            &delivery.body,
            "a signature of another key",
        );
        assert_eq!(reason, Reason::SignatureMismatch, "{name}");
        if name != "monday" {
            for at in [0, delivery.body.len() / 2, delivery.body.len() - 1] {
                let mut body = delivery.body.clone();
                body[at] ^= 1;
                if name == "travis-ci" && at == delivery.body.len() - 1 {
                    continue; // another field
                }
                refused(&delivery, &verifier, &body, "a changed body");
            }
            refused(&delivery, &verifier, b"", "no body");
            // Behind the signed field stands another one.
            if name != "travis-ci" {
                let longer = [&*delivery.body, b"x"].concat();
                refused(&delivery, &verifier, &longer, "a longer body");
            }
        }
    }
}

#[test]
fn signatures_have_one_spelling() {
    for preset in ours().filter(|preset| !preset.scheme().is_signed_in_body()) {
        let delivery = delivery(preset);
        let (name, verifier) = (preset.name(), delivery.verifier());
        let header = delivery.scheme.signature_header().unwrap();
        let value = delivery.head.headers[header].as_bytes().to_vec();
        let check = |head: &http::request::Parts, expected: &[Reason], why: &str| {
            let verdict = verifier.verify(head, &delivery.body, now());
            let reason = verdict.expect_err(&format!("{name} takes {why}")).reason();
            assert!(expected.contains(&reason), "{name} calls {why} {reason:?}");
        };
        let mut head = delivery.head.clone();
        head.headers.remove(header);
        check(&head, &[Reason::SignatureMissing], "no signature");
        check(
            &with_header(&delivery.head, header, b""),
            &[Reason::SignatureMissing],
            "an empty signature",
        );
        let mut head = delivery.head.clone();
        head.headers.append(header, head.headers[header].clone());
        check(&head, &[Reason::SignatureDuplicateHeader], "two signatures");

        let wrong = [Reason::SignatureMalformed, Reason::SignatureMismatch];
        for cut in [1, 2, 3, 4, value.len() / 2] {
            let short = &value[..value.len() - cut];
            check(
                &with_header(&delivery.head, header, short),
                &wrong,
                "a truncated signature",
            );
        }
        for more in [&b"="[..], b"A", b"AA", b"AAAA", b"00", b" x", b","] {
            // Another element of a list, which is skipped.
            if name == "standard-webhooks-asymmetric" && more == b" x" {
                continue;
            }
            let long = [&*value, more].concat();
            check(
                &with_header(&delivery.head, header, &long),
                &wrong,
                "an extended signature",
            );
        }
        let mut flipped = value.clone();
        let middle = value.len() - 10;
        flipped[middle] = if flipped[middle] == b'a' { b'b' } else { b'a' };
        check(
            &with_header(&delivery.head, header, &flipped),
            &wrong,
            "a changed signature",
        );
    }
}

#[test]
fn bodies_that_carry_their_signature_are_refused_without_it() {
    for preset in ours().filter(|preset| preset.scheme().is_signed_in_body()) {
        let delivery = delivery(preset);
        let (verifier, body) = (delivery.verifier(), &delivery.body);
        for cut in [1, 2, 40, body.len() / 2] {
            refused(
                &delivery,
                &verifier,
                &body[..body.len() - cut],
                "a truncated body",
            );
        }
        for more in [&b"="[..], b"A", b"\n", b".", b"}", b"&a=1"] {
            if preset.name() == "aws-sns" && more == b"\n" {
                continue; // white space behind a document
            }
            refused(
                &delivery,
                &verifier,
                &[body, more].concat(),
                "an extended body",
            );
        }
    }
    let sns = delivery(&presets::AWS_SNS);
    let text = String::from_utf8(sns.body.clone()).unwrap();
    let verifier = sns.verifier();
    for (from, to) in [
        ("\"SignatureVersion\":\"2\"", "\"SignatureVersion\":\"1\""),
        ("\"SignatureVersion\":\"2\"", "\"SignatureVersion\":2"),
        ("\"Message\":", "\"Message\":\"evil\",\"Message\":"),
        ("\"Message\":", "\"Token\":\"t\",\"Message\":"),
        ("\"Message\":", "\"Subject\":\"s\",\"Message\":"),
        ("\"Signature\":", "\"signature\":"),
        (
            "sns.us-east-1.amazonaws.com",
            "sns.us-east-1.amazonaws.com.evil.example",
        ),
        ("hello", "hellO"),
    ] {
        assert!(text.contains(from));
        refused(&sns, &verifier, text.replacen(from, to, 1).as_bytes(), to);
    }
}

#[test]
fn old_and_early_deliveries_are_refused() {
    for preset in ours() {
        let delivery = delivery(preset);
        let verifier = delivery.verifier();
        let at = |seconds| {
            let now = Timestamp::from_unix_seconds(NOW + seconds);
            verifier
                .verify(&delivery.head, &delivery.body, now)
                .map_err(|refusal| refusal.reason())
        };
        let Some(tolerance) = preset.scheme().tolerance() else {
            continue;
        };
        let bound = i64::try_from(tolerance.past().unwrap().as_secs()).unwrap();
        // These say when they end, a minute later.
        let (last, first) = match preset.name() {
            "livekit" | "messagebird" => (60 + bound - 1, bound),
            _ => (bound, bound),
        };
        assert!(at(last).is_ok() && at(-first).is_ok(), "{}", preset.name());
        assert_eq!(
            at(last + 1),
            Err(Reason::TimestampTooOld),
            "{}",
            preset.name()
        );
        assert_eq!(
            at(-first - 1),
            Err(Reason::TimestampInFuture),
            "{}",
            preset.name()
        );
        assert!(at(i64::MAX - NOW).is_err() && at(i64::MIN).is_err());
    }
}

#[test]
fn what_can_be_signed_verifies() {
    let mut signed = 0;
    for preset in ours() {
        let delivery = delivery(preset);
        let verifier = delivery.verifier();
        let request = SignRequest::new(BODY.as_bytes(), now())
            .with_id("id-1")
            .with_target("/hooks/x?b=2&a=1");
        let symmetric = !delivery.scheme.primitive().is_public_key();
        let headers = verifier.sign(&request);
        assert_eq!(headers.is_ok(), symmetric, "{}", preset.name());
        if let Ok(headers) = headers {
            let mut head = delivery.head.clone();
            head.headers.clear();
            head.headers.extend(headers);
            let verdict = verifier.verify(&head, BODY.as_bytes(), now());
            assert!(verdict.is_ok(), "{}: {verdict:?}", preset.name());
            signed += 1;
        }
    }
    assert_eq!(signed, 5);
}

#[test]
fn an_id_or_event_that_can_be_changed_does_not_say_that_it_is_signed() {
    for preset in ours() {
        let delivery = delivery(preset);
        let (name, verifier, scheme) = (preset.name(), delivery.verifier(), &delivery.scheme);
        let headers = [scheme.id_header(), scheme.event_header()];
        for (header, is_id) in headers.into_iter().zip([true, false]) {
            let Some(header) = header else { continue };
            let head = with_header(&delivery.head, header, b"something-else");
            let is_signed = if is_id {
                scheme.covers_id()
            } else {
                scheme.covers_event()
            };
            let verification = match verifier.verify(&head, &delivery.body, now()) {
                Ok(verification) => verification,
                Err(refusal) => {
                    assert!(is_signed, "{name}: {header}: {refusal}");
                    continue;
                }
            };
            let (told, is_told_signed) = if is_id {
                (
                    verification.delivery_id(),
                    verification.is_delivery_id_signed(),
                )
            } else {
                (
                    verification.event_type(),
                    verification.is_event_type_signed(),
                )
            };
            // Amazon SNS says both in the document, too, and that is what counts.
            let is_ours = told == Some("something-else");
            assert!(
                is_ours != is_told_signed && !(is_ours && is_signed),
                "{name}: {header}: {told:?}"
            );
        }
    }
}

#[test]
fn a_signed_message_is_taken_until_it_expires() {
    let mut delivery = delivery(&presets::MAILCHANNELS);
    let verifier = delivery.verifier();
    for (more, expected) in [
        (format!("expires={};keyid=\"mckey\"", NOW + 60), None),
        (format!("expires={NOW};keyid=\"mckey\""), None),
        (
            format!("expires={};keyid=\"mckey\"", NOW - 1),
            Some(Reason::TimestampTooOld),
        ),
        (
            format!("expires=\"{NOW}\";keyid=\"mckey\""),
            Some(Reason::SignatureMalformed),
        ),
        // Escapes are not read, so that nobody reads them otherwise.
        (
            "keyid=\"mc\\key\"".to_owned(),
            Some(Reason::SignatureMalformed),
        ),
    ] {
        let parameters = format!("created={};{more}", NOW - 60);
        for (name, value) in message(&parameters) {
            let value = value.parse().unwrap();
            delivery.head.headers.insert(name, value);
        }
        let verdict = verifier.verify(&delivery.head, &delivery.body, now());
        assert_eq!(
            verdict.err().map(|refusal| refusal.reason()),
            expected,
            "{more}"
        );
    }
}

#[test]
fn a_notification_of_the_first_version_is_signed_with_sha_1() {
    let sns = delivery(&presets::AWS_SNS);
    let verifier = sns.verifier();
    let data = include_str!("../data/public-key/sha1.json");
    let data: serde_json::Value = serde_json::from_str(data).unwrap();
    let mut body: serde_json::Value = serde_json::from_slice(&sns.body).unwrap();
    body["Signature"] = data["sns"]["signature"].clone();
    let sha_1_as_sha_256 = body.to_string();
    refused(
        &sns,
        &verifier,
        sha_1_as_sha_256.as_bytes(),
        "SHA-1 as SHA-256",
    );
    body["SignatureVersion"] = "1".into();
    let text = body.to_string();
    assert!(verifier.verify(&sns.head, text.as_bytes(), now()).is_ok());
    let changed = text.replace("hello", "hellO");
    refused(&sns, &verifier, changed.as_bytes(), "another message");
}
