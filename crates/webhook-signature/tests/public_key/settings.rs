//! What the operator must tell, and schemes of one's own.

use webhook_core::{Reason, Secret, Timestamp};
use webhook_signature::{
    ConfigError, KeyRing, Primitive, Scheme, SchemeError, SignRequest, Verifier, presets,
};

use crate::{
    common::parts,
    sender::{BODY, Form, RSA_PUBLIC, delivery, key_text, now, other_key_text, sign},
};

#[test]
fn what_is_missing_is_told_when_the_verifier_is_made() {
    let error =
        |scheme: Scheme, key: &str| Verifier::new(scheme, Secret::new(key).unwrap()).unwrap_err();
    assert_eq!(
        error(presets::PAYPAL.scheme(), RSA_PUBLIC),
        ConfigError::Scheme(SchemeError::NoWebhookId)
    );
    assert_eq!(
        error(presets::MESSAGEBIRD.scheme(), "a secret of tokens"),
        ConfigError::Scheme(SchemeError::NoBaseUrl)
    );
    assert!(
        presets::FUSIONAUTH
            .scheme()
            .with_token_algorithm(Primitive::HmacSha1)
            .is_err()
    );
}

#[test]
fn paypal_signs_the_operators_webhook_id() {
    let delivery = delivery(&presets::PAYPAL);
    let verifier = |id: &'static str| {
        let scheme = presets::PAYPAL.scheme().with_webhook_id(id);
        Verifier::new(scheme, Secret::new(RSA_PUBLIC).unwrap()).unwrap()
    };
    assert!(
        verifier("WH-1")
            .verify(&delivery.head, &delivery.body, now())
            .is_ok()
    );
    let refusal = verifier("WH-2")
        .verify(&delivery.head, &delivery.body, now())
        .unwrap_err();
    assert_eq!(refusal.reason(), Reason::SignatureMismatch);
    for (name, value) in [
        ("paypal-auth-algo", "SHA1withRSA"),
        (
            "paypal-cert-url",
            "https://api.paypal.com.evil.example/cert",
        ),
        ("paypal-cert-url", "http://api.paypal.com/cert"),
    ] {
        let head =
            crate::sender::with_header(&delivery.head, &name.parse().unwrap(), value.as_bytes());
        let refusal = verifier("WH-1")
            .verify(&head, &delivery.body, now())
            .unwrap_err();
        assert_eq!(refusal.reason(), Reason::SignatureMalformed, "{value}");
    }
}

#[test]
fn a_scheme_of_ones_own_takes_any_primitive() {
    for primitive in [
        Primitive::Ed25519,
        Primitive::EcdsaP256Sha256,
        Primitive::EcdsaP521Sha512,
        Primitive::RsaPkcs1Sha256,
        Primitive::RsaPssSha256,
    ] {
        let scheme = Scheme::builder("acme", primitive)
            .header("x-acme")
            .base64()
            .timestamp_header("x-time")
            .signed_text("{timestamp}.{body}.{method}")
            .build()
            .unwrap();
        let time = now().unix_seconds().to_string();
        let text = format!("{time}.{BODY}.POST");
        let signature = sign(primitive, Form::Plain, text.as_bytes());
        let signature = <base64ct::Base64 as base64ct::Encoding>::encode_string(&signature);
        let head = parts([
            ("x-acme", signature.as_bytes()),
            ("x-time", time.as_bytes()),
        ]);
        let verifier = Verifier::new(scheme, Secret::new(key_text(primitive)).unwrap()).unwrap();
        assert!(
            verifier.verify(&head, BODY.as_bytes(), now()).is_ok(),
            "{primitive:?}"
        );
        assert!(
            verifier.verify(&head, b"{}", now()).is_err(),
            "{primitive:?}"
        );
    }
}

/// Not before the first instant, not after the second: each end may be left open.
fn limited(primitive: Primitive, from: Option<i64>, until: Option<i64>) -> KeyRing {
    let key = |text: String| Secret::new(text).unwrap();
    let ring = KeyRing::new("other", key(other_key_text(primitive))).unwrap();
    let mut ring = ring.with("own", key(key_text(primitive))).unwrap();
    if let Some(from) = from {
        ring = ring
            .with_not_before("own", Timestamp::from_unix_seconds(from))
            .unwrap();
    }
    if let Some(until) = until {
        ring = ring
            .with_not_after("own", Timestamp::from_unix_seconds(until))
            .unwrap();
    }
    ring
}

#[test]
fn public_keys_are_valid_for_a_time_and_counted_and_named() {
    let at = now().unix_seconds();
    for preset in [&presets::DISCORD, &presets::SENDGRID, &presets::PAYPAL] {
        let delivery = delivery(preset);
        let primitive = preset.scheme().primitive();
        for (from, until, taken) in [
            (Some(at), Some(at), true),
            (Some(at + 1), None, false),
            (None, Some(at - 1), false),
        ] {
            let scheme = preset.scheme().with_webhook_id("WH-1");
            let verifier = Verifier::new(scheme, limited(primitive, from, until)).unwrap();
            let verdict = verifier.verify(&delivery.head, &delivery.body, now());
            let uses: Vec<_> = verifier.secret_uses().map(|it| it.uses).collect();
            if taken {
                let id = verdict.unwrap().secret_id().unwrap().to_string();
                assert_eq!((&*id, &*uses), ("own", &[0, 1][..]), "{}", preset.name());
                let own = verifier.secret_uses().last().unwrap();
                assert_eq!(own.last_used, Some(now()));
            } else {
                assert_eq!(verdict.unwrap_err().reason(), Reason::SignatureMismatch);
                assert_eq!(uses, [0, 0], "{}", preset.name());
            }
        }
        // None of them is valid: nothing can be told right from wrong.
        let past = Timestamp::from_unix_seconds(at - 1);
        let ring = limited(primitive, None, Some(at - 1));
        let ring = ring.with_not_after("other", past).unwrap();
        let verifier = Verifier::new(preset.scheme().with_webhook_id("WH-1"), ring).unwrap();
        let refusal = verifier
            .verify(&delivery.head, &delivery.body, now())
            .unwrap_err();
        assert_eq!(
            refusal.reason(),
            Reason::SecretUnavailable,
            "{}",
            preset.name()
        );
        assert!(verifier.without("own").is_ok());
    }
}

#[test]
fn secrets_of_tokens_are_valid_for_a_time_and_counted() {
    let primitive = presets::VONAGE.scheme().primitive();
    let at = now().unix_seconds();
    let sender =
        Verifier::new(&presets::VONAGE, Secret::new(key_text(primitive)).unwrap()).unwrap();
    let mut head = parts([]);
    let signed = sender
        .sign(&SignRequest::new(BODY.as_bytes(), now()))
        .unwrap();
    head.headers.extend(signed);
    for (until, uses, expected) in [
        (at, 1, Ok("own".to_owned())),
        (at - 1, 0, Err(Reason::SignatureMismatch)),
    ] {
        let ring = limited(primitive, None, Some(until));
        let verifier = Verifier::new(&presets::VONAGE, ring).unwrap();
        let verdict = verifier.verify(&head, BODY.as_bytes(), now());
        let verdict = verdict.map(|it| it.secret_id().unwrap().to_string());
        assert_eq!(verdict.map_err(|refusal| refusal.reason()), expected);
        assert_eq!(verifier.secret_uses().last().unwrap().uses, uses);
    }
    // A body that the token does not mean is no use of the secret, though the token is right.
    let verifier = Verifier::new(&presets::VONAGE, limited(primitive, None, None)).unwrap();
    assert!(verifier.verify(&head, b"{}", now()).is_err());
    assert_eq!(verifier.secret_uses().last().unwrap().uses, 0);
}
