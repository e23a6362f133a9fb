//! Public keys and tokens: readers of keys and key sets, HTTP message signatures, and JSON Web Tokens
//! that are really signed, so that what stands in them is judged.

use std::sync::Arc;

use base64ct::{Base64, Base64UrlUnpadded, Encoding as _};
use http::{HeaderValue, request::Parts};
use ring::{digest, hmac, signature::Ed25519KeyPair, signature::KeyPair as _};
use serde_json::Value;
use webhook_core::{Secret, Timestamp};
use webhook_signature::{KeyRing, Preset, Primitive, PublicKey, PublicKeys, Verifier, presets};

use crate::support::{Input, hex, line, named, planted, reached, request};

const NOW: i64 = 1_700_000_000;
const SECRET: &str = "0123456789abcdef0123456789abcdef";

fn key_pair() -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&[7; 32]).expect("a seed")
}

/// Keys and key sets in text.
fn keys(text: &[u8]) {
    let text = String::from_utf8_lossy(text);
    for key in [
        PublicKey::parse(&text),
        PublicKey::from_jwk(&text),
        PublicKey::from_pem(&text),
    ] {
        match key {
            Ok(key) => {
                assert!(!key.kind().is_empty());
                reached("a public key");
            }
            Err(error) => assert!(!error.to_string().is_empty()),
        }
    }
    if let Ok(keys) = PublicKeys::from_jwks(&text) {
        assert!(keys.ids().count() > 0);
        reached("a key set");
    }
    let _der = PublicKey::from_certificate_der(text.as_bytes());
    let _der = PublicKey::from_spki_der(text.as_bytes());
}

/// A token of this header and these claims, signed.
fn token(header: &str, claims: &str, eddsa: bool) -> String {
    let text = [header, claims]
        .map(|part| Base64UrlUnpadded::encode_string(part.as_bytes()))
        .join(".");
    let tag = if eddsa {
        key_pair().sign(text.as_bytes()).as_ref().to_vec()
    } else {
        hmac::sign(
            &hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes()),
            text.as_bytes(),
        )
        .as_ref()
        .to_vec()
    };
    format!("{text}.{}", Base64UrlUnpadded::encode_string(&tag))
}

/// What an accepted token must say, read by another reader.
fn is_right(provider: &str, header: &str, claims: &str, eddsa: bool, body: &[u8]) {
    let header: Value = serde_json::from_str(header).expect("JSON");
    assert_eq!(header["alg"], if eddsa { "EdDSA" } else { "HS256" });
    assert!(header.get("crit").is_none());
    let claims: Value = match serde_json::from_str(claims) {
        Ok(claims) => claims,
        // A number that no claim of ours is, and that an `f64` cannot hold: JSON all the same.
        Err(error) if error.to_string().contains("number out of range") => return,
        Err(error) => panic!("{error}"),
    };
    let digest = digest::digest(&digest::SHA256, body);
    let hex = hex(digest.as_ref());
    let base64 = Base64::encode_string(digest.as_ref());
    let time = |name: &str| {
        claims
            .get(name)
            .map(|time| time.as_i64().expect("a number"))
    };
    let (name, expected) = match provider {
        "livekit" | "fusionauth" => (
            if provider == "livekit" {
                "sha256"
            } else {
                "request_body_sha256"
            },
            base64,
        ),
        _ => ("sha256", hex),
    };
    assert_eq!(claims[name], Value::String(expected));
    let leeway = if provider == "livekit" { 10 } else { 0 };
    match time("exp") {
        Some(expires) => assert!(NOW < expires.saturating_add(leeway) + i64::from(planted(1))),
        None => assert_ne!(provider, "livekit"),
    }
    assert!(!(planted(1) && time("exp") == Some(NOW + 1)));
    assert!(time("nbf").is_none_or(|begins| begins <= NOW + leeway));
    if provider == "netlify" {
        assert_eq!(claims["iss"], "netlify");
    }
}

/// Header and claims from the input, with the body's right digest put where `$` stands.
fn tokens(input: &mut Input<'_>) {
    let provider = input.pick(&["livekit", "netlify", "fusionauth"]);
    let eddsa = provider == "fusionauth";
    let Some((header, rest)) = line(input.text) else {
        return;
    };
    let Some((claims, body)) = line(rest) else {
        return;
    };
    let digest = digest::digest(&digest::SHA256, body);
    let hex = hex(digest.as_ref());
    let digest = if provider == "netlify" {
        hex
    } else {
        Base64::encode_string(digest.as_ref())
    };
    let (header, claims) = (
        String::from_utf8_lossy(header),
        String::from_utf8_lossy(claims).replace('$', &digest),
    );
    let preset = presets::by_name(provider).expect("a preset").scheme();
    let verifier = if eddsa {
        let scheme = preset
            .with_token_algorithm(Primitive::Ed25519)
            .expect("an algorithm");
        let key = PublicKey::from_ed25519(key_pair().public_key().as_ref()).expect("a key");
        Verifier::with_key_source(scheme, Arc::new(PublicKeys::default().with("key", key)))
    } else {
        Verifier::new(preset, KeyRing::from(Secret::new(SECRET).expect("long")))
    };
    let verifier = verifier.expect("a verifier");
    let name = verifier
        .scheme()
        .signature_header()
        .expect("a header")
        .clone();
    let (mut parts, ()) = http::Request::new(()).into_parts();
    let Ok(value) = HeaderValue::from_str(&token(&header, &claims, eddsa)) else {
        return;
    };
    parts.headers.insert(name, value);
    match verifier.verify(&parts, body, Timestamp::from_unix_seconds(NOW)) {
        Ok(_) => {
            is_right(provider, &header, &claims, eddsa, body);
            if eddsa {
                reached("a token with EdDSA");
            } else {
                reached("a token with HS256");
            }
        }
        Err(refusal) => assert!(!refusal.to_string().is_empty()),
    }
    assert!(
        verifier
            .verify(
                &parts,
                &[body, b"x"].concat(),
                Timestamp::from_unix_seconds(NOW)
            )
            .is_err()
    );
}

/// Discord's scheme, signed here.
fn ed25519(parts: &mut Parts, body: &[u8]) {
    let text = [&b"1700000000"[..], body].concat();
    let tag = hex(key_pair().sign(&text).as_ref());
    parts.headers.insert(
        "x-signature-timestamp",
        HeaderValue::from_static("1700000000"),
    );
    parts.headers.insert(
        "x-signature-ed25519",
        HeaderValue::try_from(tag).expect("hex"),
    );
    let key = hex(key_pair().public_key().as_ref());
    let verifier =
        Verifier::new(&presets::DISCORD, Secret::new(key).expect("long")).expect("a verifier");
    let now = Timestamp::from_unix_seconds(NOW);
    assert!(verifier.verify(parts, body, now).is_ok());
    assert!(verifier.verify(parts, &[body, b" "].concat(), now).is_err());
    reached("a signature with Ed25519");
}

/// Every preset with public keys reads any request without taking it.
fn strangers(name: &[u8], parts: &Parts, body: &[u8]) {
    let all: Vec<_> = presets::all()
        .filter(|preset| {
            let kind = preset.kind().as_str();
            ["ed25519", "ecdsa", "rsa", "jwt"].contains(&kind)
        })
        .collect();
    let preset = named(&all, name, Preset::name);
    let Ok(scheme) = preset.scheme().with_base_url("https://hooks.test") else {
        return;
    };
    let key = PublicKey::from_ed25519(key_pair().public_key().as_ref()).expect("a key");
    let source = Arc::new(PublicKeys::default().with("key", key));
    let secret = || KeyRing::from(Secret::new(SECRET).expect("long"));
    let verifier = Verifier::with_key_source(scheme.clone(), source)
        .or_else(|_| Verifier::new(scheme, secret()));
    let Ok(verifier) = verifier else {
        return;
    };
    let now = Timestamp::from_unix_seconds(NOW);
    let whole = verifier.verify(parts, body, now);
    let (first, rest) = body.split_at(body.len() / 2);
    let pieces = verifier.begin(parts, now).and_then(|mut pending| {
        pending.update(first);
        pending.update(rest);
        pending.finish([first, rest])
    });
    assert_eq!(whole.as_ref().err(), pieces.as_ref().err());
    match whole {
        Err(refusal) if refusal.stage() == webhook_signature::Stage::Body => {
            reached("a body that is judged");
        }
        _ => {}
    }
}

pub fn run(data: &[u8]) {
    let mut input = Input::new(data, 4);
    match input.byte() % 4 {
        0 => keys(input.text),
        1 | 2 => tokens(&mut input),
        _ => {
            let Some((name, text)) = line(input.text) else {
                return;
            };
            if let Some((mut parts, body)) = request(text) {
                strangers(name, &parts, body);
                ed25519(&mut parts, body);
            }
        }
    }
}
