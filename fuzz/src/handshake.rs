//! Handshakes: what is answered is bounded and well-formed, what is for verified requests is never
//! answered to others, and no signed answer verifies as a delivery.

use http::request::Parts;
use webhook_core::Secret;
use webhook_signature::{
    KeyRing,
    handshake::{self, Answer, Handshake, MAX_BODY, Reply, Responder, Seen},
};

use crate::support::{Input, hex, line, named, reached, request};

fn secret() -> Secret {
    Secret::new("public_key|0123456789abcdef").expect("long enough")
}

fn is_bounded(answer: &Answer) {
    // The longest challenge, with every character escaped, a MAC, and what stands around them.
    assert!(
        answer.body().len() < 6 * 512 + 512,
        "{} bytes",
        answer.body().len()
    );
    let header = |name: &str| {
        answer
            .headers()
            .get(name)
            .and_then(|value| value.to_str().ok())
    };
    assert_eq!(header("x-content-type-options"), Some("nosniff"));
    assert_eq!(header("cache-control"), Some("no-store"));
    match header("content-type") {
        Some("application/json") => {
            let json: Result<serde_json::Value, _> = serde_json::from_slice(answer.body());
            assert!(json.is_ok(), "{:?}", String::from_utf8_lossy(answer.body()));
            reached("an answer in JSON");
        }
        Some("text/plain") => {
            assert!(
                answer
                    .body()
                    .iter()
                    .all(|byte| matches!(byte, b' '..=b'~') && !b"<>".contains(byte))
            );
            reached("an answer in text");
        }
        Some(other) => panic!("{other}"),
        None => assert!(answer.body().is_empty()),
    }
}

/// The texts in a document.
fn texts(value: &serde_json::Value, all: &mut Vec<Vec<u8>>) {
    match value {
        serde_json::Value::String(text) => all.push(text.as_bytes().to_vec()),
        serde_json::Value::Array(values) => {
            for value in values {
                texts(value, all);
            }
        }
        serde_json::Value::Object(members) => {
            for value in members.values() {
                texts(value, all);
            }
        }
        _ => {}
    }
}

/// Every text of a request that could be a challenge.
fn challenges(parts: &Parts, body: &[u8]) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    for pair in parts.uri.query().unwrap_or_default().split('&') {
        let value = pair.split_once('=').map_or("", |(_, value)| value);
        all.push(value.as_bytes().to_vec());
    }
    if let Ok(json) = serde_json::from_slice(body) {
        texts(&json, &mut all);
    }
    all
}

/// The signature of a text in either of the spellings that answers have.
fn macs(text: &[u8]) -> [Vec<u8>; 3] {
    use base64ct::{Base64, Encoding as _};
    use ring::{digest, hmac};
    let hex = |bytes: &[u8]| hex(bytes).into_bytes();
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret().expose());
    let mac = hmac::sign(&key, text);
    let private = digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, b"0123456789abcdef");
    let braintree = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, private.as_ref());
    let braintree = hmac::sign(&braintree, text);
    [
        hex(mac.as_ref()),
        Base64::encode_string(mac.as_ref()).into_bytes(),
        hex(braintree.as_ref()),
    ]
}

pub fn run(data: &[u8]) {
    let mut input = Input::new(data, 4);
    let all: Vec<_> = handshake::all().collect();
    let takes = input.flag();
    let Some((name, text)) = line(input.text) else {
        return;
    };
    let known = named(&all, name, Handshake::provider);
    let Some((parts, body)) = request(text) else {
        return;
    };
    let responder = Responder::new(known)
        .with_keys(&KeyRing::from(secret()))
        .expect("a key")
        .with_verify_token(secret())
        .with_offers(move |_| takes);
    let unverified = responder.respond(&parts, Seen::Unverified(body));
    let head = responder.respond(&parts, Seen::Head);
    if known.is_signed() {
        assert!(
            unverified.is_none() && head.is_none(),
            "{} is signed",
            known.provider()
        );
    }
    let verified = responder.respond(&parts, Seen::Verified(body));
    if verified.is_some() && unverified.is_none() {
        reached("an answer to a verified request alone");
    }
    for reply in [head, unverified, verified].into_iter().flatten() {
        match reply {
            Reply::Answer(answer) => {
                is_bounded(&answer);
                for text in challenges(&parts, body) {
                    let within = |text: &[u8], mac: &[u8]| {
                        text.windows(mac.len()).any(|window| window == mac)
                    };
                    // What is only echoed was not signed here.
                    let holds =
                        |mac: &Vec<u8>| within(answer.body(), mac) && !within(input.text, mac);
                    if macs(&text).iter().any(holds) {
                        assert!(
                            responder.could_have_signed(&text),
                            "{text:?} was signed and is a delivery"
                        );
                        assert!(responder.check_delivery(&text).is_err());
                        reached("a signed answer");
                    }
                }
            }
            Reply::Confirm(confirmation) => {
                let url = confirmation.url();
                let host = url
                    .strip_prefix("https://")
                    .and_then(|rest| rest.split(['/', '?', '#']).next());
                let is_theirs = host.is_some_and(|host| {
                    host.ends_with(".amazonaws.com") || host.ends_with(".amazonaws.com.cn")
                });
                assert!(
                    is_theirs && !host.unwrap_or_default().contains(['@', ':', '\\']),
                    "{url}"
                );
                reached("a URL to confirm");
            }
            _ => {}
        }
    }
    // Nothing longer is looked at.
    if body.len() > MAX_BODY {
        assert!(responder.respond(&parts, Seen::Verified(body)).is_none());
    }
    let _wants = responder.wants_unverified_body(&parts);
}
