//! What the operator must tell, and schemes of one's own.

use webhook_core::{Reason, Secret};
use webhook_signature::{ConfigError, Primitive, Scheme, SchemeError, Verifier, presets};

use crate::{
    common::parts,
    sender::{BODY, Form, RSA_PUBLIC, delivery, key_text, now, sign},
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
