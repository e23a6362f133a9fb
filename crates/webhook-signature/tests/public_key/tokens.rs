//! Attacks on tokens.

use base64ct::{Base64UrlUnpadded, Encoding as _};
use http::HeaderName;
use serde_json::{Value, json};
use webhook_core::{Reason, Secret};
use webhook_signature::{Primitive, Scheme, Verifier, presets};

use crate::{
    common::parts,
    sender::{BODY, NOW, RSA_PUBLIC, claims, delivery, key_text, now, token},
};

fn verdict(scheme: Scheme, key: &str, token: &str) -> Result<(), Reason> {
    let header = scheme.signature_header().unwrap().as_str().to_owned();
    let verifier = Verifier::new(scheme, Secret::new(key).unwrap()).unwrap();
    let value = if header == "authorization" && verifier.scheme().name().as_str() == "vonage" {
        format!("Bearer {token}")
    } else {
        token.to_owned()
    };
    let mut head = parts([(header.as_str(), value.as_bytes())]);
    head.uri = "/hooks/x?b=2&a=1".parse().unwrap();
    verifier
        .verify(&head, BODY.as_bytes(), now())
        .map(|_| ())
        .map_err(|refusal| refusal.reason())
}

fn livekit(header: &Value, claims: &Value) -> Result<(), Reason> {
    let token = token(header, claims.to_string().as_bytes(), Primitive::HmacSha256);
    let scheme = presets::LIVEKIT.scheme().with_issuer("api-key");
    verdict(scheme, &key_text(Primitive::HmacSha256), &token)
}

#[test]
fn the_token_does_not_choose_its_algorithm() {
    let good = claims("livekit");
    assert_eq!(livekit(&json!({"alg": "HS256"}), &good), Ok(()));
    for alg in [
        "none", "None", "nOnE", "", "HS512", "HS1", "hs256", "RS256", "ES256", "EdDSA",
    ] {
        let header = json!({"alg": alg});
        assert_eq!(
            livekit(&header, &good),
            Err(Reason::SignatureMalformed),
            "{alg}"
        );
    }
    for header in [
        json!({}),
        json!({"alg": ["HS256"]}),
        json!({"alg": null}),
        json!({"alg": "HS256", "crit": ["exp"]}),
        json!({"alg": "HS256", "crit": []}),
        json!({"alg": "HS256", "b64": false, "crit": ["b64"]}),
        json!({"alg": "HS256", "b64": true}),
        json!({"alg": "HS256", "b64": true, "crit": ["exp"]}),
        json!({"alg": "HS256", "b64": true, "crit": ["b64", "exp"]}),
    ] {
        assert_eq!(
            livekit(&header, &good),
            Err(Reason::SignatureMalformed),
            "{header}"
        );
    }
    // Without any signature.
    let part = |value: &Value| Base64UrlUnpadded::encode_string(value.to_string().as_bytes());
    let unsigned = format!("{}.{}.", part(&json!({"alg": "none"})), part(&good));
    let scheme = presets::LIVEKIT.scheme();
    let key = key_text(Primitive::HmacSha256);
    assert_eq!(
        verdict(scheme, &key, &unsigned),
        Err(Reason::SignatureMalformed)
    );
}

/// The classic: a token made with HMAC whose secret is the text of the public key.
#[test]
fn a_public_key_is_no_secret() {
    use hmac::{Hmac, KeyInit as _, Mac as _};
    for secret in [RSA_PUBLIC, RSA_PUBLIC.trim()] {
        for alg in ["HS256", "RS256"] {
            let part =
                |value: &Value| Base64UrlUnpadded::encode_string(value.to_string().as_bytes());
            let text = format!(
                "{}.{}",
                part(&json!({"alg": alg})),
                part(&claims("fusionauth"))
            );
            let mut mac = Hmac::<sha2::Sha256>::new_from_slice(secret.as_bytes()).unwrap();
            mac.update(text.as_bytes());
            let tag = Base64UrlUnpadded::encode_string(&mac.finalize().into_bytes());
            let scheme = presets::FUSIONAUTH.scheme();
            assert!(
                verdict(scheme, RSA_PUBLIC, &format!("{text}.{tag}")).is_err(),
                "{alg}"
            );
        }
    }
    // And the other way round: what verifies HMAC takes no key source.
    let keys = webhook_signature::PublicKeys::default();
    assert!(Verifier::with_key_source(&presets::LIVEKIT, keys).is_err());
}

#[test]
fn a_token_says_whether_it_covers_the_body() {
    for preset in [&presets::LIVEKIT, &presets::VONAGE, &presets::MONDAY] {
        let delivery = delivery(preset);
        let key = Secret::new(key_text(Primitive::HmacSha256)).unwrap();
        let verifier = Verifier::new(delivery.scheme.clone(), key).unwrap();
        let told = verifier.verify(&delivery.head, &delivery.body, now());
        let covers = delivery.scheme.covers_body();
        assert_eq!(told.unwrap().is_body_signed(), covers, "{}", preset.name());
    }
}

#[test]
fn the_id_of_a_token_is_short_and_visible() {
    let with = |id: &str| {
        let mut claims = claims("vonage");
        claims["jti"] = json!(id);
        let header = json!({"alg": "HS256"});
        let token = token(
            &header,
            claims.to_string().as_bytes(),
            Primitive::HmacSha256,
        );
        let key = key_text(Primitive::HmacSha256);
        verdict(presets::VONAGE.scheme(), &key, &token)
    };
    assert_eq!(with(&"x".repeat(256)), Ok(()));
    for id in ["a b", "a\n", "é", &"x".repeat(257)] {
        assert_eq!(with(id), Err(Reason::IdMalformed), "{id:?}");
    }
}

#[test]
fn claims_are_judged() {
    let header = json!({"alg": "HS256"});
    let with = |name: &str, value: Value| {
        let mut claims = claims("livekit");
        claims[name] = value;
        livekit(&header, &claims)
    };
    let without = |name: &str| {
        let mut claims = claims("livekit");
        claims.as_object_mut().unwrap().remove(name);
        livekit(&header, &claims)
    };
    assert_eq!(without("exp"), Err(Reason::TimestampMissing));
    assert_eq!(without("nbf"), Ok(()));
    assert_eq!(without("iss"), Err(Reason::SignatureMismatch));
    assert_eq!(without("sha256"), Err(Reason::SignatureMismatch));
    assert_eq!(with("iss", json!("other")), Err(Reason::SignatureMismatch));
    assert_eq!(
        with("iss", json!(["api-key"])),
        Err(Reason::SignatureMismatch)
    );
    assert_eq!(with("exp", json!(NOW - 9)), Ok(()));
    assert_eq!(with("exp", json!(NOW - 10)), Err(Reason::TimestampTooOld));
    assert_eq!(with("nbf", json!(NOW + 10)), Ok(()));
    assert_eq!(with("nbf", json!(NOW + 11)), Err(Reason::TimestampInFuture));
    for bad in [
        json!("1800000000"),
        json!(1.8e9),
        json!(-1),
        json!(null),
        json!(u64::MAX),
        json!(true),
    ] {
        assert_eq!(
            with("exp", bad.clone()),
            Err(Reason::TimestampMalformed),
            "{bad}"
        );
    }
    assert_eq!(with("exp", json!(i64::MAX)), Ok(()));
    let hex = const_hex::encode([0; 32]);
    for bad in [json!(hex), json!(""), json!(1), json!(null), json!("AAAA")] {
        assert_eq!(
            with("sha256", bad.clone()),
            Err(Reason::SignatureMismatch),
            "{bad}"
        );
    }

    let token = |claims: &Value| {
        token(
            &header,
            claims.to_string().as_bytes(),
            Primitive::HmacSha256,
        )
    };
    let key = key_text(Primitive::HmacSha256);
    let audience = || {
        presets::NETLIFY
            .scheme()
            .with_audience("me")
            .with_subject("sub")
    };
    let mut claims = claims("netlify");
    assert_eq!(
        verdict(audience(), &key, &token(&claims)),
        Err(Reason::SignatureMismatch)
    );
    claims["aud"] = json!(["you", "me"]);
    claims["sub"] = json!("sub");
    assert_eq!(verdict(audience(), &key, &token(&claims)), Ok(()));
    for other in [json!("you"), json!(["you"]), json!([])] {
        claims["aud"] = other;
        assert_eq!(
            verdict(audience(), &key, &token(&claims)),
            Err(Reason::SignatureMismatch)
        );
    }
}

#[test]
fn tokens_are_bounded_and_parsed_strictly() {
    let good = claims("livekit").to_string();
    let header = json!({"alg": "HS256"});
    let twice = good.replacen('{', "{\"sha256\":\"x\",", 1);
    let long = good.replacen('{', &format!("{{\"x\":\"{}\",", "x".repeat(7000)), 1);
    let key = key_text(Primitive::HmacSha256);
    for claims in [
        twice,
        long,
        format!("{good} x"),
        "[]".to_owned(),
        String::new(),
    ] {
        let token = token(&header, claims.as_bytes(), Primitive::HmacSha256);
        let verdict = verdict(presets::LIVEKIT.scheme(), &key, &token);
        assert_eq!(verdict, Err(Reason::SignatureMalformed), "{claims}");
    }
}

#[test]
fn a_body_without_its_digest_is_refused() {
    for name in ["vonage", "messagebird"] {
        let preset = presets::by_name(name).unwrap();
        let delivery = delivery(preset);
        let mut claims = claims(name);
        claims.as_object_mut().unwrap().remove("payload_hash");
        let token = token(
            &json!({"alg": "HS256"}),
            claims.to_string().as_bytes(),
            Primitive::HmacSha256,
        );
        let prefix = if name == "vonage" { "Bearer " } else { "" };
        let header: HeaderName = delivery.scheme.signature_header().unwrap().clone();
        let head = crate::sender::with_header(
            &delivery.head,
            &header,
            format!("{prefix}{token}").as_bytes(),
        );
        let verifier = delivery.verifier();
        assert!(verifier.verify(&head, b"", now()).is_ok(), "{name}");
        let refusal = verifier.verify(&head, BODY.as_bytes(), now()).unwrap_err();
        assert_eq!(refusal.reason(), Reason::SignatureMismatch, "{name}");
    }
}

#[test]
fn an_empty_body_has_a_digest_too() {
    for name in ["livekit", "netlify"] {
        let delivery = delivery(presets::by_name(name).unwrap());
        let header = delivery.scheme.signature_header().unwrap().clone();
        let mut claims = claims(name);
        let mut refused = |digest: Option<&str>| {
            claims.as_object_mut().unwrap().remove("sha256");
            if let Some(digest) = digest {
                claims["sha256"] = json!(digest);
            }
            let claims = claims.to_string();
            let token = token(
                &json!({"alg": "HS256"}),
                claims.as_bytes(),
                Primitive::HmacSha256,
            );
            let head = crate::sender::with_header(&delivery.head, &header, token.as_bytes());
            let verdict = delivery.verifier().verify(&head, b"", now());
            verdict.err().map(|refusal| refusal.reason())
        };
        let base64 = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
        let hex = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        let digest = if name == "livekit" { base64 } else { hex };
        assert_eq!(refused(Some(digest)), None, "{name}");
        assert_eq!(refused(None), Some(Reason::SignatureMismatch), "{name}");
    }
}

#[test]
fn a_key_set_elsewhere_is_refused() {
    let delivery = delivery(&presets::TRUELAYER);
    let value = delivery.head.headers["tl-signature"]
        .to_str()
        .unwrap()
        .to_owned();
    let (header, rest) = value.split_once('.').unwrap();
    let header = String::from_utf8(Base64UrlUnpadded::decode_vec(header).unwrap()).unwrap();
    let verifier = delivery.verifier();
    for (from, to, reason) in [
        (
            "webhooks.truelayer.com",
            "webhooks.truelayer.com.evil.example",
            Reason::SignatureMalformed,
        ),
        ("\"2\"", "\"1\"", Reason::SignatureMalformed),
        ("X-Tl-Webhook-Timestamp,", "", Reason::TimestampMissing),
        (
            "X-Tl-Webhook-Timestamp",
            "x-tl-webhook-timestamp",
            Reason::SignatureMismatch,
        ),
        (
            ",Content-Type",
            ",Content-Type,Content-Type",
            Reason::SignatureMalformed,
        ),
        ("ES512", "ES256", Reason::SignatureMalformed),
    ] {
        assert!(header.contains(from), "{from} in {header}");
        let header = Base64UrlUnpadded::encode_string(header.replacen(from, to, 1).as_bytes());
        let head = crate::sender::with_header(
            &delivery.head,
            &HeaderName::from_static("tl-signature"),
            format!("{header}.{rest}").as_bytes(),
        );
        let refusal = verifier.verify(&head, &delivery.body, now()).unwrap_err();
        assert_eq!(refusal.reason(), reason, "{to}");
    }
    let mut head = delivery.head.clone();
    head.method = http::Method::PUT;
    assert!(verifier.verify(&head, &delivery.body, now()).is_err());
    head = delivery.head.clone();
    head.uri = "/hooks/y".parse().unwrap();
    assert!(verifier.verify(&head, &delivery.body, now()).is_err());
    head.uri = "/hooks/x/".parse().unwrap();
    assert!(verifier.verify(&head, &delivery.body, now()).is_ok());
}
