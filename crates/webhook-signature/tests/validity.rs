//! Secrets that are valid for a time only.
#![allow(clippy::unwrap_used, reason = "a helper that fails fails its test")]

use http::{Request, request::Parts};
use webhook_core::{Reason, Secret, Timestamp};
use webhook_signature::{KeyRing, KeyRingError, Scheme, SignRequest, Verifier, presets};

const OLD: &str = "previous-secret-0123456789abcdef";
const NEW: &str = "current-secret-0123456789abcdef";

const fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix_seconds(seconds)
}

fn secret(text: &str) -> Secret {
    Secret::new(text).unwrap()
}

/// The new secret from 1000 on, the old one until 2000.
fn changing_over() -> KeyRing {
    let ring = KeyRing::new("new", secret(NEW)).unwrap();
    let ring = ring.with("old", secret(OLD)).unwrap();
    let ring = ring.with_not_before("new", at(1000)).unwrap();
    ring.with_not_after("old", at(2000)).unwrap()
}

fn sent(scheme: &Scheme, text: &str, body: &[u8]) -> Parts {
    let sender = Verifier::new(scheme, secret(text)).unwrap();
    let mut request = Request::post("/hook").body(()).unwrap();
    let sign = SignRequest::new(body, at(1500)).with_target("/hook");
    for (name, value) in sender.sign(&sign).unwrap() {
        request.headers_mut().insert(name, value);
    }
    request.into_parts().0
}

/// What comes of a delivery signed with each secret, at an instant: the id that matched.
fn verdicts(scheme: &Scheme, body: &[u8], now: i64) -> [Result<String, Reason>; 2] {
    let verifier = Verifier::new(scheme, changing_over()).unwrap();
    [NEW, OLD].map(|text| {
        let verdict = verifier.verify(&sent(scheme, text, body), body, at(now));
        verdict
            .map(|it| it.secret_id().unwrap().to_string())
            .map_err(|refusal| refusal.reason())
    })
}

#[test]
fn a_secret_verifies_within_its_time_both_ends_included() {
    let (new, old) = (|| Ok("new".to_owned()), || Ok("old".to_owned()));
    let refused = || Err(Reason::SignatureMismatch);
    // Twilio's signature is found by a function over the whole body, GitHub's as the body arrives.
    let twilio = presets::TWILIO
        .scheme()
        .with_base_url("https://example.com")
        .unwrap();
    for (now, expected) in [
        (999, [refused(), old()]),
        (1000, [new(), old()]),
        (2000, [new(), old()]),
        (2001, [new(), refused()]),
    ] {
        assert_eq!(
            verdicts(&presets::GITHUB.scheme(), b"{}", now),
            expected,
            "{now}"
        );
        assert_eq!(verdicts(&twilio, b"", now), expected, "{now}");
    }
}

#[test]
fn a_ring_of_which_no_secret_is_valid_refuses_without_a_verdict() {
    let ring = KeyRing::from(secret(NEW));
    let ring = ring.with_not_after("default", at(2000)).unwrap();
    let verifier = Verifier::new(&presets::GITHUB, ring).unwrap();
    let parts = sent(&presets::GITHUB.scheme(), NEW, b"{}");
    assert!(verifier.verify(&parts, b"{}", at(2000)).is_ok());
    let refusal = verifier.begin(&parts, at(2001)).unwrap_err();
    assert_eq!(refusal.reason(), Reason::SecretUnavailable);
}

#[test]
fn a_ring_says_what_it_cannot_do() {
    let unknown = changing_over().with_not_after(NEW, at(0)).unwrap_err();
    assert_eq!(unknown, KeyRingError::UnknownId);
    assert!(!unknown.to_string().contains(NEW));
    let backwards = changing_over().with_not_after("new", at(999)).unwrap_err();
    assert_eq!(backwards, KeyRingError::NeverValid("new".into()));

    let ring = changing_over().without("old").unwrap();
    assert_eq!(ring.ids().collect::<Vec<_>>(), ["new"]);
    assert_eq!(ring.without("new").unwrap_err(), KeyRingError::Last);
}
