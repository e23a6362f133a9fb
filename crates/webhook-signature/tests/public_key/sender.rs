//! Senders: private keys, and the deliveries that they sign.

use base64ct::{Base64, Base64UrlUnpadded, Encoding as _};
use ed25519_dalek::Signer as _;
use http::{HeaderName, HeaderValue, request::Parts};
use p256::ecdsa::signature::hazmat::PrehashSigner as _;
use ring::{rand::SystemRandom, signature as rsa};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256, Sha512};
use webhook_core::{Secret, Timestamp};
use webhook_signature::{Preset, Primitive, Scheme, Verifier};

use crate::common::parts;

pub(crate) const NOW: i64 = 1_700_000_000;
pub(crate) const BODY: &str = r#"{"id":"evt_1","type":"thing.created","n":1}"#;
pub(crate) const TOKEN_SECRET: &str = "a secret of tokens, long enough";
pub(crate) const RSA_PUBLIC: &str = include_str!("../data/public-key/rsa-public.pem");

pub(crate) fn now() -> Timestamp {
    Timestamp::from_unix_seconds(NOW)
}

fn ed25519() -> ed25519_dalek::SigningKey {
    ed25519_dalek::SigningKey::from_bytes(&[7; 32])
}

fn p256() -> p256::ecdsa::SigningKey {
    p256::ecdsa::SigningKey::from_slice(&[7; 32]).unwrap()
}

fn p521() -> p521::ecdsa::SigningKey {
    let mut scalar = [7; 66];
    scalar[0] = 0;
    p521::ecdsa::SigningKey::from_slice(&scalar).unwrap()
}

/// The text of the key that verifies, or of the secret.
pub(crate) fn key_text(primitive: Primitive) -> String {
    match primitive {
        Primitive::Ed25519 => Base64::encode_string(ed25519().verifying_key().as_bytes()),
        Primitive::EcdsaP256Sha256 => {
            let point = p256().verifying_key().to_sec1_point(false);
            jwk("P-256", point.x().unwrap(), point.y().unwrap())
        }
        Primitive::EcdsaP521Sha512 => {
            let key = p521::ecdsa::VerifyingKey::from(&p521());
            let point = key.to_sec1_point(false);
            jwk("P-521", point.x().unwrap(), point.y().unwrap())
        }
        Primitive::RsaPkcs1Sha1 | Primitive::RsaPkcs1Sha256 | Primitive::RsaPssSha256 => {
            RSA_PUBLIC.to_owned()
        }
        _ => TOKEN_SECRET.to_owned(),
    }
}

/// The text of another key of the same kind.
pub(crate) fn other_key_text(primitive: Primitive) -> String {
    match primitive {
        Primitive::Ed25519 => "946db4928b380bc3f8423fa0dae032f2e1b381e56aeead49bbb93fac9e0bdd08".to_owned(),
        Primitive::EcdsaP256Sha256 => "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEwp//+AzWz0U0ju3xZEeyY6e05DGqftkOONjWqZ6cHdM9M1HH/yldyGtO31WUZCjFrPNTvePMOiUVUoxvs5dbsA==".to_owned(),
        Primitive::EcdsaP521Sha512 => {
            let mut scalar = [9; 66];
            scalar[0] = 0;
            let other = p521::ecdsa::SigningKey::from_slice(&scalar).unwrap();
            let point = p521::ecdsa::VerifyingKey::from(&other).to_sec1_point(false);
            jwk("P-521", point.x().unwrap(), point.y().unwrap())
        }
        Primitive::RsaPkcs1Sha1 | Primitive::RsaPkcs1Sha256 | Primitive::RsaPssSha256 => {
            include_str!("../data/public-key/rsa-other-public.pem").to_owned()
        }
        _ => "another secret of tokens, long enough".to_owned(),
    }
}

fn jwk(curve: &str, x: &[u8], y: &[u8]) -> String {
    let [x, y] = [x, y].map(Base64UrlUnpadded::encode_string);
    json!({"kty": "EC", "crv": curve, "x": x, "y": y}).to_string()
}

/// How a signature is written: as in a header, or as in a token.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Form {
    Plain,
    Token,
}

pub(crate) fn sign(primitive: Primitive, form: Form, text: &[u8]) -> Vec<u8> {
    match primitive {
        Primitive::Ed25519 => ed25519().sign(text).to_bytes().to_vec(),
        Primitive::EcdsaP256Sha256 => {
            let signature: p256::ecdsa::Signature =
                p256().sign_prehash(&Sha256::digest(text)).unwrap();
            match form {
                Form::Plain => signature.to_der().as_bytes().to_vec(),
                Form::Token => signature.to_bytes().to_vec(),
            }
        }
        Primitive::EcdsaP521Sha512 => {
            let signature: p521::ecdsa::Signature =
                p521().sign_prehash(&Sha512::digest(text)).unwrap();
            match form {
                Form::Plain => signature.to_der().as_bytes().to_vec(),
                Form::Token => signature.to_bytes().to_vec(),
            }
        }
        Primitive::RsaPkcs1Sha256 => rsa_sign(&rsa::RSA_PKCS1_SHA256, text),
        Primitive::RsaPssSha256 => rsa_sign(&rsa::RSA_PSS_SHA256, text),
        Primitive::HmacSha256 => {
            use hmac::{Hmac, KeyInit as _, Mac as _};
            let mut mac = Hmac::<Sha256>::new_from_slice(TOKEN_SECRET.as_bytes()).unwrap();
            mac.update(text);
            mac.finalize().into_bytes().to_vec()
        }
        other => panic!("{other:?}"),
    }
}

fn rsa_sign(how: &'static dyn rsa::RsaEncoding, text: &[u8]) -> Vec<u8> {
    let lines: String = include_str!("../data/public-key/rsa-private.b64")
        .split_whitespace()
        .collect();
    let key = rsa::RsaKeyPair::from_pkcs8(&Base64::decode_vec(&lines).unwrap()).unwrap();
    let mut signature = vec![0; key.public().modulus_len()];
    key.sign(how, &SystemRandom::new(), text, &mut signature)
        .unwrap();
    signature
}

pub(crate) fn token(header: &Value, payload: &[u8], primitive: Primitive) -> String {
    let header = Base64UrlUnpadded::encode_string(header.to_string().as_bytes());
    let text = format!("{header}.{}", Base64UrlUnpadded::encode_string(payload));
    let tag = sign(primitive, Form::Token, text.as_bytes());
    format!("{text}.{}", Base64UrlUnpadded::encode_string(&tag))
}

fn sha256(body: &[u8]) -> Vec<u8> {
    Sha256::digest(body).to_vec()
}

/// A delivery that verifies.
pub(crate) struct Delivery {
    pub(crate) scheme: Scheme,
    pub(crate) head: Parts,
    pub(crate) body: Vec<u8>,
}

impl Delivery {
    pub(crate) fn verifier(&self) -> Verifier {
        self.verifier_with(&key_text(self.scheme.primitive()))
    }

    pub(crate) fn verifier_with(&self, key: &str) -> Verifier {
        Verifier::new(self.scheme.clone(), Secret::new(key).unwrap()).unwrap()
    }
}

fn told(preset: &Preset) -> Scheme {
    let scheme = preset.scheme();
    match preset.name() {
        "paypal" => scheme.with_webhook_id("WH-1"),
        "messagebird" => scheme.with_base_url("https://hooks.example.com").unwrap(),
        "livekit" => scheme.with_issuer("api-key"),
        _ => scheme,
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// A delivery that verifies, as this provider sends it.
#[allow(clippy::too_many_lines, reason = "a table of senders")]
pub(crate) fn delivery(preset: &Preset) -> Delivery {
    let scheme = told(preset);
    let primitive = scheme.primitive();
    let plain = |text: &str| sign(primitive, Form::Plain, text.as_bytes());
    let base64 = |text: &str| Base64::encode_string(&plain(text));
    let sha1: Value = serde_json::from_str(include_str!("../data/public-key/sha1.json")).unwrap();
    let time = "2023-11-14T22:13:20Z";
    let mut body = BODY.to_owned();
    let headers: Vec<(&str, String)> = match preset.name() {
        "discord" => vec![
            ("x-signature-timestamp", NOW.to_string()),
            (
                "x-signature-ed25519",
                const_hex::encode(plain(&format!("{NOW}{BODY}"))),
            ),
        ],
        "telnyx" => vec![
            ("telnyx-timestamp", NOW.to_string()),
            ("telnyx-signature-ed25519", base64(&format!("{NOW}|{BODY}"))),
        ],
        "standard-webhooks-asymmetric" => vec![
            ("webhook-id", "msg_1".to_owned()),
            ("webhook-timestamp", NOW.to_string()),
            (
                "webhook-signature",
                format!("v1a,{}", base64(&format!("msg_1.{NOW}.{BODY}"))),
            ),
        ],
        "fal" => {
            let digest = const_hex::encode(sha256(BODY.as_bytes()));
            let text = format!("req-1\nuser-1\n{NOW}\n{digest}");
            vec![
                ("x-fal-webhook-request-id", "req-1".to_owned()),
                ("x-fal-webhook-user-id", "user-1".to_owned()),
                ("x-fal-webhook-timestamp", NOW.to_string()),
                ("x-fal-webhook-signature", const_hex::encode(plain(&text))),
            ]
        }
        "sendgrid" => vec![
            ("x-twilio-email-event-webhook-timestamp", NOW.to_string()),
            (
                "x-twilio-email-event-webhook-signature",
                base64(&format!("{NOW}{BODY}")),
            ),
        ],
        "wise" => vec![("x-signature-sha256", base64(BODY))],
        "highlevel" => vec![("x-wh-signature", base64(BODY))],
        "kick" => vec![
            ("kick-event-message-id", "id-1".to_owned()),
            ("kick-event-message-timestamp", time.to_owned()),
            (
                "kick-event-signature",
                base64(&format!("id-1.{time}.{BODY}")),
            ),
        ],
        "paypal" => vec![
            ("paypal-transmission-id", "id-1".to_owned()),
            ("paypal-transmission-time", time.to_owned()),
            ("paypal-auth-algo", "SHA256withRSA".to_owned()),
            (
                "paypal-cert-url",
                "https://api.paypal.com/v1/notifications/certs/CERT-1".to_owned(),
            ),
            // CRC-32 of the body, as zlib has it.
            (
                "paypal-transmission-sig",
                base64(&format!("id-1|{time}|WH-1|2912842244")),
            ),
        ],
        "travis-ci" => {
            body = text(&sha1["travis"]["body"]);
            vec![(
                "signature",
                sha1["travis"]["signature"].as_str().unwrap().to_owned(),
            )]
        }
        "paddle-classic" => {
            body = text(&sha1["paddle"]["body"]);
            vec![]
        }
        "mailchannels" => message(&format!("created={NOW};alg=\"ed25519\";keyid=\"mckey\"")).into(),
        "aws-sns" => {
            body = sns(&plain);
            vec![]
        }
        name => token_headers(name, &scheme, &mut body),
    };
    let lines: Vec<_> = headers
        .iter()
        .map(|(name, value)| (*name, value.as_bytes()))
        .collect();
    let mut head = parts(lines);
    head.uri = "/hooks/x?b=2&a=1".parse().unwrap();
    Delivery {
        scheme,
        head,
        body: body.into(),
    }
}

/// The headers of a signed message with these parameters
/// ([RFC 9421](https://www.rfc-editor.org/rfc/rfc9421)).
pub(crate) fn message(parameters: &str) -> [(&'static str, String); 3] {
    let digest = Base64::encode_string(&sha256(BODY.as_bytes()));
    let digest = format!("sha-256=:{digest}:");
    let params = format!("(\"content-digest\");{parameters}");
    let text = format!("\"content-digest\": {digest}\n\"@signature-params\": {params}");
    let signature = sign(Primitive::Ed25519, Form::Plain, text.as_bytes());
    let signature = Base64::encode_string(&signature);
    [
        ("signature-input", format!("sig_1={params}")),
        ("signature", format!("sig_1=:{signature}:")),
        ("content-digest", digest),
    ]
}

fn sns(sign: &dyn Fn(&str) -> Vec<u8>) -> String {
    let text = "Message\nhello\nMessageId\nm1\nTimestamp\n2023-11-14T22:13:20.000Z\nTopicArn\narn:t\nType\nNotification\n";
    json!({
        "Type": "Notification", "MessageId": "m1", "TopicArn": "arn:t", "Message": "hello",
        "Timestamp": "2023-11-14T22:13:20.000Z", "SignatureVersion": "2",
        "SigningCertURL": "https://sns.us-east-1.amazonaws.com/x.pem",
        "Signature": Base64::encode_string(&sign(text)),
    })
    .to_string()
}

/// The claims with which a provider's token verifies.
pub(crate) fn claims(name: &str) -> Value {
    let hex = const_hex::encode(sha256(BODY.as_bytes()));
    let base64 = Base64::encode_string(&sha256(BODY.as_bytes()));
    match name {
        "plaid" => json!({"iat": NOW, "request_body_sha256": hex}),
        "fusionauth" => json!({"request_body_sha256": base64}),
        "livekit" => json!({"iss": "api-key", "nbf": NOW, "exp": NOW + 60, "sha256": base64}),
        "messagebird" => {
            let url = sha256(b"https://hooks.example.com/hooks/x?b=2&a=1");
            json!({"iss": "MessageBird", "nbf": NOW, "exp": NOW + 60, "jti": "id-1",
                "url_hash": const_hex::encode(url), "payload_hash": hex})
        }
        "netlify" => json!({"iss": "netlify", "sha256": hex}),
        "vonage" => json!({"iat": NOW, "jti": "id-1", "payload_hash": hex}),
        "monday" => json!({"exp": NOW + 60}),
        "kinde" => json!({"type": "user.created", "event_id": "e1"}),
        "wix" => json!({"data": "{\"eventType\":\"x\"}", "exp": NOW + 60}),
        other => panic!("{other}"),
    }
}

fn token_headers(name: &str, scheme: &Scheme, body: &mut String) -> Vec<(&'static str, String)> {
    let primitive = scheme.primitive();
    let alg = match primitive {
        Primitive::HmacSha256 => "HS256",
        Primitive::RsaPkcs1Sha256 => "RS256",
        Primitive::EcdsaP256Sha256 => "ES256",
        Primitive::EcdsaP521Sha512 => "ES512",
        other => panic!("{other:?}"),
    };
    let detached = |header: Value, payload: &[u8], encoded: bool| {
        let header = Base64UrlUnpadded::encode_string(header.to_string().as_bytes());
        let payload = if encoded {
            Base64UrlUnpadded::encode_string(payload).into_bytes()
        } else {
            payload.to_vec()
        };
        let text = [header.as_bytes(), b".", &payload].concat();
        let tag = Base64UrlUnpadded::encode_string(&sign(primitive, Form::Token, &text));
        format!("{header}..{tag}")
    };
    match name {
        "constant-contact" => {
            let header = json!({"alg": alg, "ts": NOW, "b64": false, "crit": ["b64"]});
            vec![(
                "x-ctct-webhook-sig",
                detached(header, BODY.as_bytes(), false),
            )]
        }
        "saleor" => {
            let header = json!({"alg": alg, "b64": false, "crit": ["b64"], "kid": "1"});
            vec![("saleor-signature", detached(header, BODY.as_bytes(), false))]
        }
        "truelayer" => {
            let header = json!({"alg": alg, "kid": "k", "tl_version": "2", "tl_headers": "X-Tl-Webhook-Timestamp,Content-Type",
                "jku": "https://webhooks.truelayer.com/.well-known/jwks"});
            let time = "2023-11-14T22:13:20Z";
            let text = format!(
                "POST /hooks/x\nX-Tl-Webhook-Timestamp: {time}\nContent-Type: application/json\n{BODY}"
            );
            vec![
                ("x-tl-webhook-timestamp", time.to_owned()),
                ("content-type", "application/json".to_owned()),
                ("tl-signature", detached(header, text.as_bytes(), true)),
            ]
        }
        _ => {
            let token = token(
                &json!({"alg": alg, "typ": "JWT"}),
                claims(name).to_string().as_bytes(),
                primitive,
            );
            match name {
                "kinde" | "wix" => {
                    *body = token;
                    vec![]
                }
                "vonage" => vec![("authorization", format!("Bearer {token}"))],
                "plaid" => vec![("plaid-verification", token)],
                "fusionauth" => vec![("x-fusionauth-signature-jwt", token)],
                "messagebird" => vec![("messagebird-signature-jwt", token)],
                "netlify" => vec![("x-webhook-signature", token)],
                "livekit" | "monday" => vec![("authorization", token)],
                other => panic!("no sender for {other}"),
            }
        }
    }
}

/// The head with another value in a header.
pub(crate) fn with_header(head: &Parts, name: &HeaderName, value: &[u8]) -> Parts {
    let mut head = head.clone();
    head.headers
        .insert(name.clone(), HeaderValue::from_bytes(value).unwrap());
    head
}
