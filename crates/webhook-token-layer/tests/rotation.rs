//! Several tokens at once: times of validity, revocation, hashes, and what the record says of each.
#![allow(
    clippy::unwrap_used,
    reason = "helpers outside #[test] functions may fail a test too"
)]

mod events;
mod harness;

use std::time::Duration;

use events::Events;
use harness::{reason, request, seen, send, token};
use webhook_core::{Clock, DeliveryRecord, Reason, Secret, Settings, Timestamp, change::Cause};
use webhook_token_layer::{Token, TokenHash, TokenLayer, TokenRing, TokenSettings, TokenSource};

const NEW: &str = "tok-new-0123456789";
const OLD: &str = "tok-old-0123456789";

/// The new token begins at second 100, the old one ends at second 200.
fn overlapping() -> TokenRing {
    let at = Timestamp::from_unix_seconds;
    let new = token("new", NEW).with_not_before(at(100)).unwrap();
    let old = token("old", OLD).with_not_after(at(200)).unwrap();
    TokenRing::new(new).with(old).unwrap()
}

async fn offer(layer: &TokenLayer, token: &str) -> (Result<String, Reason>, DeliveryRecord) {
    let value = format!("Bearer {token}");
    let (response, record) = send(layer, request("/in", &[("authorization", &value)])).await;
    let verification = seen(&response).and_then(|seen| seen.verification.as_ref());
    let id = verification.and_then(|verified| verified.secret_id());
    (
        id.map(ToString::to_string).ok_or_else(|| reason(&response)),
        record,
    )
}

#[tokio::test]
async fn each_token_is_taken_in_its_time_ends_included() {
    let (clock, hands) = Clock::manual(Timestamp::from_unix_seconds(0));
    let layer = TokenLayer::new(TokenSource::Bearer, overlapping()).with_clock(clock);
    for (millis, new, old) in [
        (99_999, false, true),
        (100_000, true, true),
        (200_000, true, true),
        (200_001, true, false),
    ] {
        hands.set_wall(Timestamp::from_unix_millis(millis));
        for (text, id, is_valid) in [(NEW, "new", new), (OLD, "old", old)] {
            let expected = if is_valid {
                Ok(id.to_owned())
            } else {
                Err(Reason::AuthInvalid)
            };
            assert_eq!(offer(&layer, text).await.0, expected, "{id} at {millis}");
        }
    }
}

#[tokio::test]
async fn a_revoked_token_is_refused_from_the_next_request_on() {
    let settings = TokenSettings::new(TokenSource::Bearer, token("new", NEW));
    let ring = settings.tokens().clone().with(token("old", OLD)).unwrap();
    let (settings, handle) = Settings::swappable(settings.with_tokens(ring));
    let layer = TokenLayer::with_settings(settings);
    assert_eq!(offer(&layer, OLD).await.0, Ok("old".into()));

    let revoke = |id| {
        let current = TokenSettings::clone(&handle.current());
        let left = current.tokens().clone().without(id).unwrap();
        handle.replace(current.with_tokens(left), &Cause::new("alice", "test"));
    };
    revoke("old");
    assert_eq!(offer(&layer, OLD).await.0, Err(Reason::AuthInvalid));
    assert_eq!(offer(&layer, NEW).await.0, Ok("new".into()));
    revoke("new");
    assert_eq!(offer(&layer, NEW).await.0, Err(Reason::AuthInvalid));
}

#[tokio::test]
async fn a_stored_hash_takes_the_token_and_not_the_hash() {
    let stored = TokenHash::of(&Secret::new(NEW).unwrap()).to_hex();
    for source in [
        TokenSource::Bearer,
        TokenSource::header("authorization").unwrap(),
    ] {
        let is_bearer = matches!(source, TokenSource::Bearer);
        let hashed = Token::hashed("hashed", &stored.parse().unwrap()).unwrap();
        let layer = TokenLayer::new(source, hashed);
        let taken = offer(&layer, NEW).await.0;
        assert_eq!(taken.is_ok(), is_bearer);
        assert_eq!(offer(&layer, &stored).await.0, Err(Reason::AuthInvalid));
        assert_eq!(
            offer(&layer, &stored.to_uppercase()).await.0,
            Err(Reason::AuthInvalid)
        );
    }
}

#[tokio::test]
async fn a_hashed_password_is_the_hash_of_the_password_alone() {
    // `printf %s 'pa:ss' | sha256sum`
    let stored = TokenHash::of(&Secret::insecure_short("pa:ss").unwrap());
    let hashed = Token::hashed("hashed", &stored).unwrap();
    let layer = TokenLayer::new(TokenSource::basic("hook").unwrap(), hashed);
    for (value, expected) in [
        ("Basic aG9vazpwYTpzcw==", Reason::Ok),
        ("Basic aG9vYTpwYTpzcw==", Reason::AuthInvalid),
        ("Basic aG9vazpwYTpzdA==", Reason::AuthInvalid),
    ] {
        let (response, _) = send(&layer, request("/in", &[("authorization", value)])).await;
        assert_eq!(reason(&response), expected, "{value}");
    }
}

#[tokio::test]
async fn the_record_names_the_tokens_that_were_tried_in_vain() {
    let (clock, hands) = Clock::manual(Timestamp::from_unix_seconds(150));
    let layer = TokenLayer::new(TokenSource::Bearer, overlapping()).with_clock(clock);
    let tried = |record: &DeliveryRecord| {
        let ids = record.secrets_tried().iter();
        ids.map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(tried(&offer(&layer, "wrong").await.1), ["new", "old"]);
    hands.advance(Duration::from_secs(51));
    assert_eq!(tried(&offer(&layer, "wrong").await.1), ["new"]);
    assert!(tried(&offer(&layer, NEW).await.1).is_empty());
}

#[tokio::test]
async fn the_operator_can_see_that_a_sender_still_has_the_old_token() {
    let (clock, _) = Clock::manual(Timestamp::from_unix_seconds(201));
    let layer = TokenLayer::new(TokenSource::Bearer, overlapping()).with_clock(clock);
    let (events, _guard) = Events::collect();
    offer(&layer, "wrong").await.0.unwrap_err();
    assert_eq!(events.take(), Vec::<String>::new());
    offer(&layer, OLD).await.0.unwrap_err();
    let told = events.take();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("secret_id=\"old\""), "{told:?}");
}

#[tokio::test]
async fn each_token_counts_its_uses_and_says_when_it_was_last_used() {
    let (clock, hands) = Clock::manual(Timestamp::from_unix_seconds(150));
    let (settings, handle) =
        Settings::swappable(TokenSettings::new(TokenSource::Bearer, overlapping()));
    let layer = TokenLayer::with_settings(settings).with_clock(clock);
    let usage = |place: usize| {
        let settings = handle.current();
        settings.tokens().tokens().nth(place).unwrap().usage()
    };
    assert_eq!((usage(0).count(), usage(0).last_used()), (0, None));
    for text in [NEW, OLD, NEW, "tok-other-0123456789"] {
        let _outcome = offer(&layer, text).await;
    }
    let at = Timestamp::from_unix_seconds;
    assert_eq!((usage(0).count(), usage(0).last_used()), (2, Some(at(150))));
    assert_eq!((usage(1).count(), usage(1).last_used()), (1, Some(at(150))));

    // Out of its time, a token is not used; and settings that are swapped go on counting.
    hands.set_wall(at(201));
    assert!(offer(&layer, OLD).await.0.is_err());
    let current = TokenSettings::clone(&handle.current());
    handle.replace(
        current.with_id_header(http::header::ETAG),
        &Cause::new("alice", "a test"),
    );
    assert!(offer(&layer, NEW).await.0.is_ok());
    assert_eq!((usage(0).count(), usage(0).last_used()), (3, Some(at(201))));
    assert_eq!(usage(1).count(), 1);
    let days = |days: i64| at(150 + days * 86_400);
    let thirty = Duration::from_secs(30 * 86_400);
    assert_eq!(usage(1).unused_for(days(30)), Some(thirty));
    assert_eq!(usage(1).unused_for(at(0)), Some(Duration::ZERO));
}
