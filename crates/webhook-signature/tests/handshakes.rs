//! The handshakes of the providers' documentation and libraries: a handful in this crate, all of
//! them where the workspace's shared data is there; and that nothing but them is answered.
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking, and its helpers with it"
)]

mod common;

use std::sync::{Arc, Mutex};

use common::{read_json, secret, shared};
use http::{Request, request::Parts};
use serde_json::Value;
use webhook_core::{Timestamp, introduction::Introduction as _};
use webhook_signature::{
    KeyRing, Scheme, SecretEncoding, Verifier,
    handshake::{self, Answer, HandshakeError, Reply, Responder, Seen},
    presets,
};

fn responder(provider: &str) -> Responder {
    Responder::new(handshake::by_name(provider).unwrap_or_else(|| panic!("no {provider}")))
}

/// A responder with the secret wherever one belongs.
fn knowing(provider: &str, text: &str) -> Responder {
    let responder = responder(provider).with_offers(|_| true);
    if text.is_empty() {
        return responder;
    }
    let keys = KeyRing::from(secret(text));
    responder
        .with_keys(&keys)
        .unwrap()
        .with_verify_token(secret(text))
}

fn head(method: &str, uri: &str, headers: &[(&str, &str)]) -> Parts {
    let mut request = Request::builder().method(method).uri(uri);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(()).unwrap().into_parts().0
}

fn answered(reply: Option<Reply>) -> Option<Answer> {
    match reply? {
        Reply::Answer(answer) => Some(answer),
        _ => None,
    }
}

/// What comes of a request at an endpoint: what is not signed first, then, where the signature is
/// right, what is.
fn reply(responder: &Responder, parts: &Parts, body: &[u8], is_right: bool) -> Option<Answer> {
    let unverified = || {
        let wants = responder.wants_unverified_body(parts);
        wants.then(|| responder.respond(parts, Seen::Unverified(body)))?
    };
    let verified = || is_right.then(|| responder.respond(parts, Seen::Verified(body)))?;
    let reply = responder.respond(parts, Seen::Head);
    answered(reply.or_else(unverified).or_else(verified))
}

fn check(vector: &Value) {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let (id, asked, due) = (&vector["id"], &vector["request"], &vector["response"]);
    let headers: Vec<_> = asked["headers"].as_object().unwrap().iter().collect();
    let headers: Vec<_> = headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str().unwrap()))
        .collect();
    let parts = head(&text(&asked["method"]), &text(&asked["url"]), &headers);
    let responder = knowing(&text(&vector["provider"]), &text(&vector["secret"]));
    let is_right = due["status"] != 401;
    let answer = reply(
        &responder,
        &parts,
        text(&asked["body"]).as_bytes(),
        is_right,
    );
    let Some(answer) = answer else {
        // The ordinary path refuses, without a body.
        assert!(!is_right && responder.has_bare_refusals(), "{id}");
        return;
    };
    assert_eq!(answer.status().as_u16(), due["status"], "{id}");
    assert_eq!(answer.is_refusal(), due["status"] == 403, "{id}");
    assert_eq!(answer.body(), text(&due["body"]).as_bytes(), "{id}");
    for (name, value) in due["headers"].as_object().unwrap() {
        assert_eq!(
            answer.headers()[name.as_str()],
            value.as_str().unwrap(),
            "{id}: {name}"
        );
    }
    assert_eq!(answer.headers()["x-content-type-options"], "nosniff");
}

#[test]
fn published_challenges_are_answered() {
    let file: Value = serde_json::from_str(include_str!("data/challenges.json")).unwrap();
    file.as_array().unwrap().iter().for_each(check);
}

#[test]
fn every_shared_challenge_is_answered_as_it_must() {
    let Some(path) = shared("data/vectors/challenges.json") else {
        return;
    };
    let file = read_json(&path);
    let vectors = file.as_array().unwrap();
    assert!(vectors.len() >= 17, "{}", vectors.len());
    vectors.iter().for_each(check);
}

#[test]
fn what_the_provider_signs_is_not_answered_unverified() {
    let cases = [
        ("slack", r#"{"type":"url_verification","challenge":"abc"}"#),
        (
            "zoom",
            r#"{"event":"endpoint.url_validation","payload":{"plainToken":"abc"}}"#,
        ),
        ("twitch", r#"{"challenge":"abc"}"#),
        ("discord", r#"{"type":1}"#),
        ("discord", r#"{"type":0}"#),
        ("xero", r#"{"events":[]}"#),
        ("line", r#"{"events":[]}"#),
        ("figma", r#"{"event_type":"PING"}"#),
    ];
    for (provider, body) in cases {
        let responder = knowing(provider, "a secret of some length");
        let headers = [(
            "twitch-eventsub-message-type",
            "webhook_callback_verification",
        )];
        let parts = head("POST", "/hook", &headers);
        let body = body.as_bytes();
        assert!(!responder.wants_unverified_body(&parts), "{provider}");
        assert!(responder.respond(&parts, Seen::Head).is_none());
        assert!(responder.respond(&parts, Seen::Unverified(body)).is_none());
        assert!(
            responder.respond(&parts, Seen::Verified(body)).is_some(),
            "{provider}"
        );
        for method in ["GET", "PUT", "HEAD"] {
            let parts = head(method, "/hook", &headers);
            assert!(responder.respond(&parts, Seen::Verified(body)).is_none());
        }
    }
}

#[test]
fn deliveries_are_no_handshakes() {
    for (provider, body) in [
        ("slack", r#"{"type":"event_callback","challenge":"abc"}"#),
        (
            "slack",
            r#"{"type":"url_verification","type":"url_verification","challenge":"abc"}"#,
        ),
        (
            "slack",
            r#"{"type":"url_verification","challenge":["abc"]}"#,
        ),
        ("slack", r#"{"type":"url_verification","challenge":""}"#),
        (
            "slack",
            r#"{"type":"url_verification","challenge":"<script>"}"#,
        ),
        ("slack", "type=url_verification&challenge=abc"),
        (
            "zoom",
            r#"{"event":"meeting.started","payload":{"plainToken":"abc"}}"#,
        ),
        ("discord", r#"{"type":2}"#),
        ("xero", r#"{"events":[{}]}"#),
        ("monday", r#"{"event":{}}"#),
        ("woocommerce", r#"{"id":7}"#),
        ("woocommerce", "webhook_id=7&x=1"),
        ("notion", r#"{"type":"page.created"}"#),
    ] {
        let parts = head("POST", "/hook", &[]);
        let reply = knowing(provider, "a secret of some length")
            .respond(&parts, Seen::Verified(body.as_bytes()));
        assert!(reply.is_none(), "{provider}: {body}");
    }
    let long = format!(r#"{{"challenge":"{}"}}"#, "a".repeat(513));
    let parts = head("POST", "/hook", &[]);
    let reply = responder("monday").respond(&parts, Seen::Unverified(long.as_bytes()));
    assert!(reply.is_none());
}

#[test]
fn a_body_is_looked_at_up_to_its_bound() {
    let monday = responder("monday");
    let parts = head("POST", "/hook", &[]);
    for (length, is_answered) in [
        (handshake::MAX_BODY, true),
        (handshake::MAX_BODY + 1, false),
        (handshake::MAX_BODY + 2, false),
    ] {
        let mut body = br#"{"challenge":"abc"}"#.to_vec();
        body.resize(length, b' ');
        let reply = monday.respond(&parts, Seen::Unverified(&body));
        assert_eq!(reply.is_some(), is_answered, "{length}");
    }
}

#[test]
fn a_challenge_that_stands_twice_is_none() {
    let x = knowing("x", "a secret of some length");
    for uri in [
        "/hook",
        "/hook?crc_token=",
        "/hook?crc_token=a&crc_token=b",
        "/hook?crc_token=a&crc%5Ftoken=a",
        "/hook?crc_token=%7B%7D",
        "/hook?crc_token=a%3D1",
        "/hook?crc_token=%ff",
        "/hook?crc_token=a+b",
    ] {
        assert!(
            x.respond(&head("GET", uri, &[]), Seen::Head).is_none(),
            "{uri}"
        );
    }
    let okta = [
        ("x-okta-verification-challenge", "a"),
        ("x-okta-verification-challenge", "a"),
    ];
    let twice = head("GET", "/hook", &okta);
    assert!(responder("okta").respond(&twice, Seen::Head).is_none());
}

#[test]
fn an_offered_secret_is_answered_only_where_it_is_taken() {
    let offered = "b537207f20cbfa02357cf448134da559e8bd39d61597dcd5631b8012eae53e81";
    let parts = head("POST", "/hook", &[("x-hook-secret", offered)]);
    assert!(responder("asana").respond(&parts, Seen::Head).is_none());
    let refusing = responder("asana").with_offers(|_| false);
    assert!(refusing.respond(&parts, Seen::Head).is_none());

    let stored = Arc::new(Mutex::new(None));
    let store = Arc::clone(&stored);
    let taking = responder("asana").with_offers(move |secret| {
        *store.lock().unwrap() = Some(secret);
        true
    });
    let answer = answered(taking.respond(&parts, Seen::Head)).unwrap();
    assert_eq!(answer.headers()["x-hook-secret"], offered);
    let stored = stored.lock().unwrap().take().unwrap();
    assert!(stored.matches(offered.as_bytes()));
    // Nobody's key is short enough to guess.
    let short = head("POST", "/hook", &[("x-hook-secret", "hunter2")]);
    assert!(taking.respond(&short, Seen::Head).is_none());

    let body = br#"{"verification_token":"secret_tMrlL1qK5vuQAh1b6cZGhFChZTSYJlce98V0pYn7yBl"}"#;
    let parts = head("POST", "/hook", &[]);
    let notion = responder("notion").with_offers(|_| true);
    assert!(notion.wants_unverified_body(&parts));
    let answer = answered(notion.respond(&parts, Seen::Unverified(body))).unwrap();
    assert_eq!((answer.status().as_u16(), answer.body()), (200, &b""[..]));
}

#[test]
fn a_subscription_is_confirmed_by_the_application() {
    let sns = responder("aws-sns");
    let parts = head("POST", "/hook", &[]);
    let body = |host: &str| {
        format!(
            r#"{{"Type":"SubscriptionConfirmation","SubscribeURL":"https://{host}/?Action=ConfirmSubscription&Token=2336"}}"#
        )
    };
    let good = body("sns.us-west-2.amazonaws.com");
    let Some(Reply::Confirm(confirmation)) = sns.respond(&parts, Seen::Verified(good.as_bytes()))
    else {
        panic!("no confirmation");
    };
    assert!(confirmation.url().ends_with("Token=2336"));
    assert!(
        sns.respond(&parts, Seen::Unverified(good.as_bytes()))
            .is_none()
    );
    let evil = body("sns.us-west-2.amazonaws.com.evil.example");
    assert!(
        sns.respond(&parts, Seen::Verified(evil.as_bytes()))
            .is_none()
    );
}

#[test]
fn both_schemas_of_event_grid_are_answered() {
    let origin = [("webhook-request-origin", "eventgrid.azure.net")];
    let parts = head("OPTIONS", "/hook", &origin);
    let answer = answered(responder("azure-event-grid").respond(&parts, Seen::Head)).unwrap();
    assert_eq!(
        answer.headers()["webhook-allowed-origin"],
        "eventgrid.azure.net"
    );
}

#[test]
fn what_a_responder_lacks_is_told_beforehand() {
    let github = Verifier::new(&presets::GITHUB, secret("a secret of some length")).unwrap();
    let fault = |responder: Responder| responder.completed_with(&github).err();
    assert_eq!(fault(responder("slack")), None);
    assert_eq!(fault(responder("x")), None);
    assert_eq!(fault(responder("braintree")), Some(HandshakeError::NoKey));
    assert_eq!(
        fault(responder("meta")),
        Some(HandshakeError::NoVerifyToken)
    );
    assert_eq!(fault(responder("notion")), Some(HandshakeError::NoOffers));
    let token = secret("a token of my own");
    assert_eq!(fault(responder("meta").with_verify_token(token)), None);
    for (pair, is_pair) in [
        ("public_key-1|private key", true),
        ("no bar in it at all", false),
        ("|a private key alone", false),
        ("a_public_key_alone|", false),
        ("public key|private key", false),
    ] {
        let keys = KeyRing::from(secret(pair));
        let responder = responder("braintree").with_keys(&keys);
        assert_eq!(responder.is_ok(), is_pair, "{pair}");
    }
    assert!(responder("xero").has_bare_refusals() && !responder("zoom").has_bare_refusals());

    // Neither printed nor told.
    let printed = format!("{:?}", knowing("x", "canary-canary-canary"));
    assert!(!printed.contains("canary"), "{printed}");
}

#[test]
fn every_preset_with_a_handshake_can_answer_with_its_own_secret() {
    let mut answering = Vec::new();
    for known in handshake::all() {
        let Some(preset) = presets::by_name(known.provider()) else {
            continue;
        };
        // Schemes that need more than a secret are set up elsewhere.
        let Ok(verifier) = Verifier::new(preset, secret("public_key|private key of some length"))
        else {
            continue;
        };
        let responder = Responder::new(known)
            .with_verify_token(secret("a token of my own"))
            .with_offers(|_| true);
        let completed = responder.completed_with(&verifier);
        assert_eq!(completed.err(), None, "{}", known.provider());
        answering.push(known.provider());
    }
    for signing in ["braintree", "x", "zoom"] {
        assert!(answering.contains(&signing), "{answering:?}");
    }
}

#[test]
fn a_verifier_of_braintree_signs_as_its_secret_does() {
    let pair = "integration_public_key|integration_private_key";
    let verifier = Verifier::new(presets::by_name("braintree").unwrap(), secret(pair)).unwrap();
    let braintree = responder("braintree").completed_with(&verifier).unwrap();
    let uri = "/hook?bt_challenge=20f9f8ed05f77439fe955c977e4c8a53";
    let answer = answered(braintree.respond(&head("GET", uri, &[]), Seen::Head)).unwrap();
    let due = "integration_public_key|d9b899556c966b3f06945ec21311865d35df3ce4";
    assert_eq!(answer.body(), due.as_bytes());
    // Its signature over the challenge would be right, were it a payload.
    let form = format!("bt_signature={due}&bt_payload=20f9f8ed05f77439fe955c977e4c8a53");
    let now = Timestamp::from_unix_seconds(0);
    let parts = head("POST", "/hook", &[]);
    assert!(verifier.verify(&parts, form.as_bytes(), now).is_ok());
    assert!(braintree.check_delivery(form.as_bytes()).is_err());
    // Nor does it help to send the form in parts, with a `&` in it to look like two fields.
    let field = |name: &str, value: &str| {
        format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let in_parts = [
        field("x", "&"),
        field("bt_signature", due),
        field("bt_payload", "20f9f8ed05f77439fe955c977e4c8a53"),
        "--b--\r\n".to_owned(),
    ];
    assert!(
        braintree
            .check_delivery(in_parts.concat().as_bytes())
            .is_err()
    );
    // Nor to add what is no text.
    let form = [b"bt_signature=a%26\xff|".as_slice(), form.as_bytes()].concat();
    assert!(braintree.check_delivery(&form).is_err());
}

#[test]
fn a_scheme_whose_text_could_be_a_token_is_refused() {
    let verifier = |text: &str| {
        let scheme = Scheme::hmac_sha256("own")
            .header("x-own-signature")
            .timestamp_header("x-own-time")
            .signed_text(text)
            .build()
            .unwrap();
        Verifier::new(scheme, secret("a secret of some length")).unwrap()
    };
    let fault = |text: &str| responder("x").completed_with(&verifier(text)).err();
    assert_eq!(fault("{timestamp}:{body}"), None);
    // Answers are signed with the secret's text: another key is none for them.
    let scheme = verifier("{timestamp}:{body}").scheme().clone();
    let scheme = scheme.with_secret_encoding(SecretEncoding::Hex);
    let in_hex = Verifier::new(scheme, secret("0f".repeat(16))).unwrap();
    let missing = responder("x").completed_with(&in_hex).err();
    assert_eq!(missing, Some(HandshakeError::NoKey));
    // Nobody knows what text a function renders.
    let keys = KeyRing::from(secret("a secret of some length"));
    let contentful = Verifier::new(&presets::CONTENTFUL, keys.clone()).unwrap();
    let signing = responder("x").with_keys(&keys).unwrap();
    let oracle = signing.completed_with(&contentful).err();
    assert_eq!(oracle, Some(HandshakeError::SigningOracle));
    for text in [
        "{timestamp}{body}",
        "{timestamp}.{body}",
        "v1{timestamp}{body}",
    ] {
        assert_eq!(fault(text), Some(HandshakeError::SigningOracle), "{text}");
    }
}

#[test]
fn an_endpoint_without_a_signature_answers_no_more_than_anybody_may_know() {
    let signed_only = [
        "aws-sns",
        "braintree",
        "discord",
        "figma",
        "line",
        "slack",
        "twitch",
        "x",
        "xero",
        "zoom",
    ];
    for known in handshake::all() {
        let provider = known.provider();
        // With every secret that there is: none of them is used.
        let unsigned = knowing(provider, "public_key|0123456789abcdef").unsigned();
        if signed_only.contains(&provider) {
            assert_eq!(
                unsigned.unwrap_err(),
                HandshakeError::SignedOnly,
                "{provider}"
            );
        } else {
            assert_eq!(unsigned.unwrap().handshake().provider(), provider);
        }
    }
    let lacks = |provider| responder(provider).unsigned().unwrap_err();
    assert_eq!(lacks("meta"), HandshakeError::NoVerifyToken);
    assert_eq!(lacks("notion"), HandshakeError::NoOffers);

    let okta = responder("okta").unsigned().unwrap();
    let asked = head("GET", "/hook", &[("x-okta-verification-challenge", "abc")]);
    assert!(!okta.wants_body(&asked));
    let answer = okta.answer(&asked, None).unwrap();
    assert_eq!(answer.body().as_ref(), br#"{"verification":"abc"}"#);
    let event_grid = responder("azure-event-grid").unsigned().unwrap();
    let asked = head(
        "POST",
        "/hook",
        &[("aeg-event-type", "SubscriptionValidation")],
    );
    assert!(event_grid.wants_body(&asked) && event_grid.answer(&asked, None).is_none());
    let body = br#"[{"data":{"validationCode":"512d38b6"}}]"#;
    assert!(event_grid.answer(&asked, Some(body)).is_some());
    assert!(!event_grid.wants_body(&head("POST", "/hook", &[])));
}
