//! Public keys: which texts are one, and where they come from.

use std::sync::Arc;

use base64ct::{Base64, Base64UrlUnpadded, Encoding as _};
use proptest::prelude::*;
use serde_json::{Value, json};
use webhook_core::{Name, Secret};
use webhook_signature::{KeyRing, KeySource, Primitive, PublicKey, PublicKeys, Verifier, presets};

use crate::sender::{RSA_PUBLIC, delivery, key_text, now, other_key_text};

const CERTIFICATE: &str = include_str!("../data/public-key/certificate.pem");

#[test]
fn every_text_of_a_key_is_read() {
    for (text, kind) in [
        (RSA_PUBLIC.to_owned(), "rsa"),
        (
            include_str!("../data/public-key/rsa-public-pkcs1.pem").to_owned(),
            "rsa",
        ),
        (CERTIFICATE.to_owned(), "rsa"),
        (CERTIFICATE.replace('\n', "\r\n"), "rsa"),
        (key_text(Primitive::Ed25519), "ed25519"),
        (format!("whpk_{}", key_text(Primitive::Ed25519)), "ed25519"),
        (other_key_text(Primitive::Ed25519).to_uppercase(), "ed25519"),
        (key_text(Primitive::EcdsaP256Sha256), "p256"),
        (other_key_text(Primitive::EcdsaP256Sha256), "p256"),
        (key_text(Primitive::EcdsaP521Sha512), "p521"),
        (p521_spki(), "p521"),
        // RFC 8037, appendix A.2.
        (
            json!({
                "kty": "OKP", "crv": "Ed25519",
                "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
            })
            .to_string(),
            "ed25519",
        ),
    ] {
        assert_eq!(PublicKey::parse(&text).unwrap().kind(), kind, "{text}");
    }
}

/// The key of P-521 as base64 of SPKI (RFC 5480).
fn p521_spki() -> String {
    let jwk: Value = serde_json::from_str(&key_text(Primitive::EcdsaP521Sha512)).unwrap();
    let [x, y] =
        ["x", "y"].map(|name| Base64UrlUnpadded::decode_vec(jwk[name].as_str().unwrap()).unwrap());
    let head = b"\x30\x81\x9b\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\
        \x06\x05\x2b\x81\x04\x00\x23\x03\x81\x86\x00\x04";
    Base64::encode_string(&[head, &*x, &*y].concat())
}

#[test]
fn what_is_no_key_says_why() {
    let weak = const_hex::encode([&[1_u8][..], &[0; 31]].concat());
    for (text, why) in [
        ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whpk_"),
        ("", "32 bytes"),
        ("hello world", "neither PEM nor base64"),
        ("-----BEGIN PUBLIC KEY-----", "no PEM"),
        (
            include_str!("../data/public-key/rsa-1024-public.pem"),
            "2048",
        ),
        (&weak, "no Ed25519 key"),
        (r#"{"kty":"oct","k":"AAAA"}"#, "its kind is another"),
        (
            r#"{"kty":"OKP","crv":"Ed25519","x":"AA","use":"enc"}"#,
            "encryption",
        ),
        (
            r#"{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}"#,
            "wrong length",
        ),
        (r#"{"kty":"RSA","n":"AQAB","e":"AQAB"}"#, "2048"),
    ] {
        let error = match PublicKey::parse(text) {
            Ok(key) => panic!("{text} is {key:?}"),
            Err(error) => error.to_string(),
        };
        let empty = text.is_empty();
        assert!(empty || error.contains(why), "{text}: {error}");
    }
    let private = RSA_PUBLIC.replace("PUBLIC", "PRIVATE");
    assert!(
        PublicKey::parse(&private)
            .unwrap_err()
            .to_string()
            .contains("never a private key")
    );
}

#[test]
fn an_rsa_key_is_one_that_can_be() {
    let key = |modulus: &[u8], exponent: &str| {
        let modulus = Base64UrlUnpadded::encode_string(modulus);
        let jwk = json!({"kty": "RSA", "n": modulus, "e": exponent});
        PublicKey::parse(&jwk.to_string())
    };
    let odd = vec![0xff; 256];
    for exponent in ["Aw", "AQAB", "_____w"] {
        assert!(key(&odd, exponent).is_ok(), "{exponent}");
    }
    // 1, 2, 65536, and 2^32+1.
    for exponent in ["", "AQ", "Ag", "AQAA", "AQAAAAE"] {
        assert!(key(&odd, exponent).is_err(), "{exponent}");
    }
    let even = [&odd[1..], &[0xfe]].concat();
    assert!(key(&even, "AQAB").is_err());
    for (bytes, is_taken) in [(255, false), (1024, true), (1025, false)] {
        assert_eq!(key(&vec![0xff; bytes], "AQAB").is_ok(), is_taken, "{bytes}");
    }
}

#[test]
fn both_numbers_of_a_point_have_their_length() {
    let number = |bytes: usize| Base64UrlUnpadded::encode_string(&vec![1; bytes]);
    for (x, y) in [(31, 32), (32, 31), (33, 31), (31, 33)] {
        let jwk = json!({"kty": "EC", "crv": "P-256", "x": number(x), "y": number(y)});
        let error = PublicKey::parse(&jwk.to_string()).unwrap_err();
        assert!(error.to_string().contains("wrong length"), "{x} {y}");
    }
}

#[test]
fn a_key_of_another_algorithm_is_refused_when_the_verifier_is_made() {
    for (preset, key) in [
        (&presets::DISCORD, RSA_PUBLIC.to_owned()),
        (&presets::WISE, key_text(Primitive::Ed25519)),
        (&presets::PLAID, key_text(Primitive::EcdsaP521Sha512)),
        (&presets::AWS_SNS, key_text(Primitive::Ed25519)),
    ] {
        let error = Verifier::new(preset, Secret::new(key).unwrap())
            .unwrap_err()
            .to_string();
        assert!(error.contains("another algorithm"), "{error}");
    }
    let mut jwk: Value = serde_json::from_str(&key_text(Primitive::EcdsaP256Sha256)).unwrap();
    for (alg, good) in [
        ("ES256", true),
        ("ES512", false),
        ("HS256", false),
        ("none", false),
    ] {
        jwk["alg"] = json!(alg);
        assert_eq!(PublicKey::from_jwk(&jwk.to_string()).is_ok(), good, "{alg}");
    }
}

#[test]
fn a_key_with_an_algorithm_fits_no_other() {
    let modulus = Base64UrlUnpadded::encode_string(&[0xff; 256]);
    let mut jwk = json!({"kty": "RSA", "n": modulus, "e": "AQAB"});
    let fits = |jwk: &Value| {
        let key = PublicKey::from_jwk(&jwk.to_string()).unwrap();
        [Primitive::RsaPkcs1Sha256, Primitive::RsaPssSha256].map(|primitive| key.fits(primitive))
    };
    assert_eq!(fits(&jwk), [true, true]);
    jwk["alg"] = json!("RS256");
    assert_eq!(fits(&jwk), [true, false]);
    jwk["alg"] = json!("PS256");
    assert_eq!(fits(&jwk), [false, true]);
}

#[test]
fn a_ring_of_keys_is_tried_in_order() {
    let delivery = delivery(&presets::DISCORD);
    let ring = KeyRing::new(
        "new",
        Secret::new(other_key_text(Primitive::Ed25519)).unwrap(),
    )
    .unwrap()
    .with("old", Secret::new(key_text(Primitive::Ed25519)).unwrap())
    .unwrap();
    let verifier = Verifier::new(delivery.scheme.clone(), ring).unwrap();
    assert_eq!(
        verifier.secret_ids().map(Name::as_str).collect::<Vec<_>>(),
        ["new", "old"]
    );
    let verification = verifier
        .verify(&delivery.head, &delivery.body, now())
        .unwrap();
    assert_eq!(verification.secret_id().map(Name::as_str), Some("old"));
}

#[test]
fn a_key_or_token_secret_that_is_taken_out_verifies_nothing() {
    for preset in [&presets::DISCORD, &presets::VONAGE] {
        let delivery = delivery(preset);
        let primitive = preset.scheme().primitive();
        let key = |text: String| Secret::new(text).unwrap();
        let ring = KeyRing::new("new", key(other_key_text(primitive))).unwrap();
        let ring = ring.with("old", key(key_text(primitive))).unwrap();
        let verifier = Verifier::new(delivery.scheme.clone(), ring).unwrap();
        let is_taken = |verifier: &Verifier| {
            let verdict = verifier.verify(&delivery.head, &delivery.body, now());
            verdict.is_ok()
        };
        assert!(is_taken(&verifier), "{}", preset.name());
        assert!(is_taken(&verifier.without("new").unwrap()));
        let left = verifier.without("old").unwrap();
        assert!(!is_taken(&left), "{}", preset.name());
        let ids: Vec<_> = left.secret_ids().map(Name::as_str).collect();
        assert_eq!(ids, ["new"]);
        assert!(left.without("new").is_err());
    }
}

#[test]
fn a_source_is_asked_by_the_id_that_the_delivery_names() {
    let key = |primitive| Arc::new(PublicKey::parse(&key_text(primitive)).unwrap());
    // The names are those of the sender in these tests.
    for (preset, id) in [
        (&presets::TRUELAYER, "k"),
        (&presets::SALEOR, "1"),
        (&presets::MAILCHANNELS, "mckey"),
        (
            &presets::PAYPAL,
            "https://api.paypal.com/v1/notifications/certs/CERT-1",
        ),
        (
            &presets::AWS_SNS,
            "https://sns.us-east-1.amazonaws.com/x.pem",
        ),
    ] {
        let delivery = delivery(preset);
        let primitive = delivery.scheme.primitive();
        let verify = |keys: PublicKeys| {
            let verifier = Verifier::with_key_source(delivery.scheme.clone(), keys).unwrap();
            let verdict = verifier.verify(&delivery.head, &delivery.body, now());
            verdict.map(|verification| verification.secret_id().unwrap().as_str().to_owned())
        };
        let name = preset.name();
        assert_eq!(
            verify(PublicKeys::default().with(id, key(primitive))).as_deref(),
            Ok(id),
            "{name}"
        );
        assert!(
            verify(PublicKeys::default().with("other", key(primitive))).is_err(),
            "{name}"
        );
        assert!(verify(PublicKeys::default()).is_err(), "{name}");
        let wrong = match primitive {
            Primitive::RsaPkcs1Sha256 => Primitive::Ed25519,
            _ => Primitive::RsaPkcs1Sha256,
        };
        assert!(
            verify(PublicKeys::default().with(id, key(wrong))).is_err(),
            "{name}"
        );
    }
    // This one names none.
    let discord = delivery(&presets::DISCORD);
    let keys = PublicKeys::default().with("a", key(Primitive::Ed25519));
    let verifier = Verifier::with_key_source(discord.scheme.clone(), keys).unwrap();
    assert!(verifier.verify(&discord.head, &discord.body, now()).is_ok());
}

#[test]
fn key_sets_leave_out_what_they_do_not_know() {
    let number = Base64UrlUnpadded::encode_string(&[1; 32]);
    let ec: Value = serde_json::from_str(&key_text(Primitive::EcdsaP256Sha256)).unwrap();
    let mut named = ec.clone();
    named["kid"] = json!("b");
    let set = json!({"keys": [{"kty": "oct", "k": number, "kid": "a"}, named, ec, {"kty": "AKP"}], "x": 1});
    let keys = PublicKeys::from_jwks(&set.to_string()).unwrap();
    assert_eq!(
        keys.ids().map(Name::as_str).collect::<Vec<_>>(),
        ["b", "#2"]
    );
    assert!(keys.key("a").is_none() && keys.key("b").is_some());
    for bad in [
        "",
        "[]",
        "{}",
        r#"{"keys":[]}"#,
        r#"{"keys":[{"kty":"oct","k":"AAAA"}]}"#,
    ] {
        assert!(PublicKeys::from_jwks(bad).is_err(), "{bad}");
    }
}

#[test]
fn nothing_prints_a_key() {
    let verifier = delivery(&presets::LIVEKIT).verifier();
    let key = PublicKey::parse(RSA_PUBLIC).unwrap();
    let printed = format!(
        "{verifier:?} {key:?} {:?}",
        PublicKeys::default().with("id", key.clone())
    );
    assert!(
        !printed.contains("secret of tokens") && printed.len() < 300,
        "{printed}"
    );
}

proptest! {
    #[test]
    fn no_text_panics(text in ".{0,100}", pem in "-----BEGIN PUBLIC KEY-----\n[A-Za-z0-9+/=\n]{0,100}\n-----END PUBLIC KEY-----", der in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = PublicKey::parse(&text);
        let _ = PublicKey::parse(&pem);
        let _ = PublicKey::from_spki_der(&der);
        let _ = PublicKey::from_certificate_der(&der);
        let _ = PublicKeys::from_jwks(&text);
    }
}
