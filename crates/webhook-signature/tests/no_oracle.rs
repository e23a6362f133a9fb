//! Whatever a caller sends as a challenge: no answer verifies as a delivery.
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking, and its helpers with it"
)]

mod common;

use common::{parts, secret};
use http::{Request, request::Parts};
use proptest::prelude::*;
use serde_json::Value;
use webhook_core::Timestamp;
use webhook_signature::{
    KeyRing, Primitive, Verifier,
    handshake::{self, Answer, Reply, Responder, Seen},
    presets,
};

const SECRET: &str = "a secret of some length";
const NOW: i64 = 1_700_000_000;

fn keys() -> KeyRing {
    secret(SECRET).into()
}

fn x() -> Verifier {
    Verifier::new(&presets::X, keys()).unwrap()
}

fn zoom() -> Verifier {
    Verifier::new(&presets::ZOOM, keys()).unwrap()
}

fn responder(verifier: &Verifier) -> Responder {
    let handshake = handshake::by_name(verifier.scheme().name().as_str()).unwrap();
    Responder::new(handshake).completed_with(verifier).unwrap()
}

fn answered(reply: Option<Reply>) -> Option<Answer> {
    match reply? {
        Reply::Answer(answer) => Some(answer),
        _ => None,
    }
}

/// Every byte as `%xx`.
fn escaped(text: &str) -> String {
    let byte = |byte: u8| {
        [
            b"0123456789abcdef"[usize::from(byte >> 4)],
            b"0123456789abcdef"[usize::from(byte & 15)],
        ]
    };
    let escapes = text
        .bytes()
        .flat_map(|one| std::iter::once(b'%').chain(byte(one)));
    escapes.map(char::from).collect()
}

fn get(name: &str, value: &str) -> Parts {
    let escaped = escaped(value);
    let uri = format!("/hook?{name}={escaped}");
    Request::get(uri).body(()).unwrap().into_parts().0
}

/// The member of a JSON answer.
fn member(answer: &Answer, name: &str) -> String {
    let body: Value = serde_json::from_slice(answer.body()).unwrap();
    body[name].as_str().unwrap().to_owned()
}

/// What X signs for whoever asks, as it would stand in the header of a delivery.
fn signed_by_x(challenge: &str) -> Option<String> {
    let answer = answered(responder(&x()).respond(&get("crc_token", challenge), Seen::Head))?;
    Some(member(&answer, "response_token"))
}

/// What Zoom signs for its own requests.
fn signed_by_zoom(challenge: &str) -> Option<String> {
    let body = serde_json::json!({
        "event": "endpoint.url_validation", "payload": {"plainToken": challenge},
    });
    let body = body.to_string();
    let seen = Seen::Verified(body.as_bytes());
    let answer = answered(responder(&zoom()).respond(&parts([]), seen))?;
    assert_eq!(member(&answer, "plainToken"), challenge);
    Some(member(&answer, "encryptedToken"))
}

fn is_delivery(body: &str) -> bool {
    let json: Option<Value> = serde_json::from_str(body).ok();
    json.is_some_and(|json| json.is_object() || json.is_array()) || body.contains(['=', '&'])
}

/// What an attacker would want to have signed, and what providers send.
fn challenge() -> impl Strategy<Value = String> {
    prop_oneof![
        "[A-Za-z0-9+/._-]{1,60}",
        "[0-9a-f]{18,34}",
        ".{0,20}",
        "[a-z]{1,5}=[a-z0-9]{0,5}(&[a-z]{1,5}=[a-z0-9]{0,5}){0,2}",
        "\\{\"[a-z]{1,5}\":(1|\"a\"|\\[\\]|\\{\\})\\}",
        "\\[(1|2|\\{\\})?\\]",
        "[0-9]{1,12}|true|false|null|\"[a-z]{0,5}\"",
        "v0:17000000[0-9]{2}:(\\{\\}|[a-z]{1,9})",
    ]
}

#[test]
fn what_providers_send_is_signed() {
    assert!(signed_by_x("OGY3MTc4OGMtZmU4Yi00NDZlLTg4NGItZmU3Mzg2YzY4NzAw").is_some());
    assert!(signed_by_zoom("qgg8vlvZRS6UYooatFL8Aw").is_some());
    for body in ["{}", "[]", "{\"a\":1}", "a=1", "a=", "v0:1700000000:{}"] {
        assert_eq!(signed_by_x(body), None, "{body}");
        assert_eq!(signed_by_zoom(body), None, "{body}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn no_answer_of_x_verifies_as_a_delivery(challenge in challenge(), other in challenge()) {
        let Some(signature) = signed_by_x(&challenge) else { return Ok(()) };
        prop_assert!(!is_delivery(&challenge), "{challenge}");
        let forged = parts([("x-twitter-webhooks-signature", signature.as_bytes())]);
        let now = Timestamp::from_unix_seconds(NOW);
        for body in [&challenge, &other, &format!("{challenge}\n"), "{}", ""] {
            let verifies = x().verify(&forged, body.as_bytes(), now).is_ok();
            // Only the token itself does, and a body that is a token is no delivery.
            prop_assert_eq!(verifies, *body == challenge);
            let refused = responder(&x()).could_have_signed(body.as_bytes());
            prop_assert!(!verifies || refused, "{body}");
        }
    }

    #[test]
    fn no_answer_of_zoom_verifies_at_all(challenge in challenge(), body in challenge(), cut in 0_usize..20) {
        let Some(hex) = signed_by_zoom(&challenge) else { return Ok(()) };
        prop_assert!(!is_delivery(&challenge), "{challenge}");
        let signature = format!("v0={hex}");
        let now = Timestamp::from_unix_seconds(NOW);
        let rest = challenge.get(cut..).unwrap_or_default();
        for time in ["1700000000", challenge.get(..cut).unwrap_or("0")] {
            let forged = [("x-zm-signature", signature.as_bytes()), ("x-zm-request-timestamp", time.as_bytes())];
            for body in [&challenge, &body, rest] {
                prop_assert!(zoom().verify(&parts(forged), body.as_bytes(), now).is_err());
            }
        }
    }

    #[test]
    fn no_answer_of_braintree_is_over_a_payload(challenge in challenge()) {
        let keys = KeyRing::from(secret("integration_public_key|integration_private_key"));
        let braintree = Responder::new(handshake::by_name("braintree").unwrap()).with_keys(&keys).unwrap();
        let reply = braintree.respond(&get("bt_challenge", &challenge), Seen::Head);
        if answered(reply).is_some() {
            prop_assert!(!is_delivery(&challenge));
            let form = format!("bt_signature=integration_public_key|00&bt_payload={challenge}");
            prop_assert!(braintree.could_have_signed(form.as_bytes()));
        }
    }

    #[test]
    fn real_deliveries_are_never_taken_for_tokens(body in "\\{.{0,30}\\}|\\[.{0,30}\\]|[a-z]=.{0,30}") {
        for verifier in [x(), zoom()] {
            prop_assert!(!responder(&verifier).could_have_signed(body.as_bytes()));
        }
    }

    #[test]
    fn every_answer_is_bounded_and_inert(
        method in prop_oneof![Just("GET"), Just("POST"), Just("HEAD"), Just("OPTIONS")],
        text in prop_oneof![challenge(), "[ -~]{0,40}"],
        body in prop_oneof![challenge(), Just(String::new())],
        trusted: bool,
    ) {
        let quoted = serde_json::to_string(&text).unwrap();
        let escaped = escaped(&text);
        let uri = format!(
            "/?crc_token={escaped}&challenge={escaped}&validationToken={escaped}&bt_challenge={escaped}&hub.mode=subscribe&hub.challenge={escaped}&hub.verify_token={escaped}"
        );
        let bodies = [
            body,
            format!(r#"{{"type":"url_verification","event":"endpoint.url_validation","challenge":{quoted},"payload":{{"plainToken":{quoted}}},"verification_token":{quoted}}}"#),
            format!(r#"[{{"data":{{"validationCode":{quoted}}}}}]"#),
        ];
        let mut request = Request::builder().method(method).uri(uri);
        for name in ["x-hook-secret", "x-front-challenge", "x-okta-verification-challenge", "webhook-request-origin"] {
            request = request.header(name, text.as_bytes().to_vec().as_slice().escape_ascii().to_string());
        }
        let request = request
            .header("aeg-event-type", "SubscriptionValidation")
            .header("twitch-eventsub-message-type", "webhook_callback_verification");
        let (parts, ()) = request.body(()).unwrap().into_parts();
        for handshake in handshake::all() {
            let keys = KeyRing::from(secret("public|private-half-of-it"));
            let responder = Responder::new(handshake)
                .with_keys(&keys).unwrap()
                .with_verify_token(secret("a token of my own"))
                .with_offers(|_| true);
            for body in &bodies {
                let body = body.as_bytes();
                let seen = if trusted { Seen::Verified(body) } else { Seen::Unverified(body) };
                let Some(answer) = answered(responder.respond(&parts, seen)) else { continue };
                prop_assert!(answer.body().len() < 2048);
                prop_assert_eq!(&answer.headers()["x-content-type-options"], "nosniff");
                match answer.headers().get("content-type").map(|value| value.to_str().unwrap()) {
                    None => prop_assert!(answer.body().is_empty()),
                    Some("application/json") => {
                        prop_assert!(serde_json::from_slice::<Value>(answer.body()).unwrap().is_object());
                    }
                    Some(content_type) => prop_assert_eq!(content_type, "text/plain"),
                }
                prop_assert!(answer.headers().get("set-cookie").is_none());
            }
        }
    }
}

#[test]
fn the_primitives_are_those_of_the_schemes() {
    // A signed answer under another primitive would say nothing about deliveries.
    assert_eq!(x().scheme().primitive(), Primitive::HmacSha256);
    assert_eq!(zoom().scheme().primitive(), Primitive::HmacSha256);
}
