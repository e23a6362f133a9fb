//! Secrets whose use is counted, and the newline that one of the two sides has too many.
#![allow(clippy::unwrap_used, reason = "a helper that fails fails its test")]

use std::time::Duration;

use http::{Request, request::Parts};
use webhook_core::{Secret, Timestamp};
use webhook_signature::{
    KeyRing, KeyRingError, NewlineMistake, Scheme, SecretEncoding, SecretUse, SignRequest,
    Verifier, presets,
};

const OLD: &str = "previous-secret-0123456789abcdef";
const NEW: &str = "current-secret-0123456789abcdef";
const BODY: &[u8] = b"{}";

const fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix_seconds(seconds)
}

fn secret(text: &str) -> Secret {
    Secret::new(text).unwrap()
}

fn ring() -> KeyRing {
    let ring = KeyRing::new("new", secret(NEW)).unwrap();
    ring.with("old", secret(OLD)).unwrap()
}

fn sent(scheme: &Scheme, text: &str) -> Parts {
    let sender = Verifier::new(scheme, secret(text)).unwrap();
    let (mut parts, ()) = Request::post("/hook").body(()).unwrap().into_parts();
    let sign = SignRequest::new(BODY, at(1500)).with_target("/hook");
    parts.headers.extend(sender.sign(&sign).unwrap());
    parts
}

/// Of each secret: its uses, and since when and until when it was seen to verify, in seconds.
type Told = (u64, Option<i64>, Option<i64>);

fn told(uses: impl Iterator<Item = SecretUse>) -> Vec<Told> {
    let seconds = |time: Option<Timestamp>| time.map(Timestamp::unix_seconds);
    uses.map(|it| (it.uses, seconds(it.since), seconds(it.last_used)))
        .collect()
}

#[test]
fn every_clone_counts_what_any_of_them_verified() {
    let scheme = presets::GITHUB.scheme();
    let ring = ring();
    let verifier = Verifier::new(&scheme, ring.clone()).unwrap();
    let other = Verifier::new(&scheme, ring.clone()).unwrap();
    assert_eq!(told(ring.secret_uses()), [(0, None, None); 2]);

    let (new, old) = (sent(&scheme, NEW), sent(&scheme, OLD));
    assert!(verifier.verify(&old, BODY, at(100)).is_ok());
    assert!(verifier.clone().verify(&new, BODY, at(200)).is_ok());
    assert!(other.verify(&new, BODY, at(300)).is_ok());
    let expected = [(2, Some(100), Some(300)), (1, Some(100), Some(100))];
    assert_eq!(told(ring.secret_uses()), expected);
    assert_eq!(told(verifier.secret_uses()), expected);
    assert_eq!(told(other.secret_uses()), expected);
}

#[test]
fn no_use_is_lost_between_threads() {
    let scheme = presets::GITHUB.scheme();
    let verifier = Verifier::new(&scheme, ring()).unwrap();
    let new = sent(&scheme, NEW);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..500 {
                    verifier.verify(&new, BODY, at(1)).unwrap();
                }
            });
        }
    });
    let uses: Vec<_> = verifier.secret_uses().map(|it| it.uses).collect();
    assert_eq!(uses, [2000, 0]);
}

#[test]
fn what_did_not_verify_is_no_use() {
    let scheme = presets::GITHUB.scheme();
    let verifier = Verifier::new(&scheme, ring()).unwrap();
    let new = sent(&scheme, NEW);
    assert!(verifier.verify(&new, b"[]", at(100)).is_err());
    assert!(verifier.begin(&new, at(100)).is_ok());
    assert!(
        verifier
            .verify(&sent(&scheme, "another-secret-of-nobody"), BODY, at(100))
            .is_err()
    );
    assert_eq!(told(verifier.secret_uses()), [(0, None, None); 2]);
}

#[test]
fn a_new_ring_counts_on_for_the_same_secrets() {
    let scheme = presets::GITHUB.scheme();
    let old_ring = ring().loaded_at(at(50));
    let old = Verifier::new(&scheme, old_ring.clone()).unwrap();
    assert!(old.verify(&sent(&scheme, OLD), BODY, at(100)).is_ok());

    // The same id with another secret is another secret.
    let next = KeyRing::new("next", secret("a secret of next quarter")).unwrap();
    let next = next.with("old", secret(OLD)).unwrap();
    let next = next
        .with("new", secret("not the one it was before"))
        .unwrap();
    let ring = next.clone().continuing(&old_ring);
    let verifier = Verifier::new(&scheme, next).unwrap().continuing(&old);
    let expected = [(0, None, None), (1, Some(50), Some(100)), (0, None, None)];
    assert_eq!(told(ring.secret_uses()), expected);
    assert_eq!(told(verifier.secret_uses()), expected);

    // The old one is still in use by requests that began under it.
    assert!(old.verify(&sent(&scheme, OLD), BODY, at(200)).is_ok());
    assert_eq!(told(verifier.secret_uses())[1], (2, Some(50), Some(200)));
}

#[test]
fn a_secret_is_unused_since_it_last_verified_or_was_loaded_or_became_valid() {
    let scheme = presets::GITHUB.scheme();
    let ring = ring().with_not_before("old", at(1000)).unwrap();
    let verifier = Verifier::new(&scheme, ring.clone()).unwrap();
    let unused = |id: &str, now: i64| {
        let mut uses = ring.secret_uses();
        let of = uses.find(|it| it.id.as_str() == id).unwrap();
        of.unused_for(at(now)).map(|time| time.as_secs())
    };
    assert_eq!(unused("new", 2000), None);
    let ring = ring.clone().loaded_at(at(100));
    assert_eq!(
        (unused("new", 2000), unused("old", 2000)),
        (Some(1900), Some(1000))
    );
    assert!(verifier.verify(&sent(&scheme, NEW), BODY, at(1990)).is_ok());
    assert_eq!(unused("new", 2000), Some(10));
    // A clock that went back.
    assert_eq!(unused("new", 1000), Some(0));
    let first = ring.secret_uses().last().unwrap();
    assert_eq!((first.not_before, first.not_after), (Some(at(1000)), None));
    assert_eq!(first.unused_for(at(1001)), Some(Duration::from_secs(1)));
}

#[test]
fn a_secret_is_taken_out_of_a_verifier_and_the_last_one_is_not() {
    let scheme = presets::GITHUB.scheme();
    let verifier = Verifier::new(&scheme, ring()).unwrap();
    assert_eq!(
        verifier.without("none").unwrap_err(),
        KeyRingError::UnknownId
    );
    let (new, old) = (sent(&scheme, NEW), sent(&scheme, OLD));
    for (gone, refused, taken) in [("new", &new, &old), ("old", &old, &new)] {
        let left = verifier.without(gone).unwrap();
        assert!(left.verify(refused, BODY, at(1)).is_err());
        assert!(left.verify(taken, BODY, at(1)).is_ok());
        assert_eq!(left.secret_ids().count(), 1);
        let last = left.secret_ids().next().unwrap().to_string();
        assert_eq!(left.without(&last).unwrap_err(), KeyRingError::Last);
    }
    assert_eq!(verifier.secret_ids().count(), 2);
    assert_eq!(told(verifier.secret_uses()), [(1, Some(1), Some(1)); 2]);
}

#[test]
fn a_secret_that_makes_two_keys_is_one_secret() {
    let ring = KeyRing::new("pair", secret("primary-secret-0123|secondary-secret-4567")).unwrap();
    let ring = ring
        .with("next", secret("primary-secret-4567|secondary-secret-0123"))
        .unwrap();
    let verifier = Verifier::new(&presets::BOX, ring).unwrap();
    let ids: Vec<_> = verifier
        .secret_ids()
        .map(webhook_core::Name::as_str)
        .collect();
    assert_eq!(ids, ["pair", "next"]);
    assert_eq!(verifier.secret_uses().count(), 2);
    let left = verifier.without("pair").unwrap();
    assert!(left.without("next").is_err());
}

#[test]
fn a_newline_on_one_side_is_found_and_accepts_nothing() {
    let scheme = presets::GITHUB.scheme();
    let hex = scheme.clone().with_secret_encoding(SecretEncoding::Hex);
    let with_newline = const_hex::encode(format!("{NEW}\n"));
    let key = |scheme: &Scheme, text: &str| {
        let ring = KeyRing::new("key", secret(text)).unwrap();
        Verifier::new(
            scheme,
            ring.with("old", secret(&const_hex::encode(OLD))).unwrap(),
        )
        .unwrap()
    };
    let mistake = |verifier: &Verifier, parts: &Parts, body: &[u8]| {
        assert!(verifier.verify(parts, body, at(1)).is_err());
        let found = verifier.newline_mistake(parts, [body], at(1));
        assert!(verifier.verify(parts, body, at(1)).is_err());
        assert_eq!(told(verifier.secret_uses()), [(0, None, None); 2]);
        found
    };

    let id = || "key".into();
    let (ours, theirs) = (key(&hex, &with_newline), key(&scheme, NEW));
    let plain = sent(&scheme, NEW);
    assert_eq!(
        mistake(&ours, &plain, BODY),
        Some(NewlineMistake::Ours(id()))
    );
    assert_eq!(mistake(&ours, &plain, b"[]"), None);
    let echoed = sent(&hex, &with_newline);
    assert_eq!(
        mistake(&theirs, &echoed, BODY),
        Some(NewlineMistake::Theirs(id()))
    );
    assert_eq!(
        mistake(&theirs, &sent(&scheme, "another-secret-of-nobody"), BODY),
        None
    );

    // A secret that was taken out is not tried either.
    let left = theirs.without("key").unwrap();
    assert_eq!(left.newline_mistake(&echoed, [BODY], at(1)), None);
}

#[cfg(feature = "explain")]
#[test]
fn what_is_tried_to_explain_a_refusal_is_no_use() {
    use webhook_signature::explain::Explainer;

    let (scheme, ring) = (presets::GITHUB.scheme(), ring());
    let explainer = Explainer::new(&scheme, ring.clone()).with_retired(ring.clone());
    assert!(
        explainer
            .explain(&sent(&scheme, NEW), BODY, at(1))
            .is_empty()
    );
    assert!(
        !explainer
            .explain(&sent(&scheme, NEW), b"{}\n", at(1))
            .is_empty()
    );
    assert_eq!(told(ring.secret_uses()), [(0, None, None); 2]);
}
