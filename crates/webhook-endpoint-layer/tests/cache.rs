//! What is remembered, for how long, and what happens where the store fails or is changed.
#![allow(clippy::unwrap_used, reason = "a helper that fails fails its test")]

mod common;

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use common::{NOW, Store, Version, request, send, settle, status};
use http::Request;
use tower::{Layer, ServiceExt, service_fn};
use webhook_core::{
    Clock, Endpoint, Facts,
    change::{Cause, ChangeLog},
};
use webhook_endpoint_layer::{CacheSettings, Directory, EndpointErrorKind, EndpointLayer, Lookup};

const SECOND: Duration = Duration::from_secs(1);

fn cause() -> Cause {
    Cause::new("alice", "test")
}

/// The version of the settings that the handler saw.
async fn version<D: Directory + Clone>(layer: &EndpointLayer<D>, key: &str) -> Option<u64> {
    let service = layer.layer(service_fn(async |request: Request<()>| {
        let endpoint = Facts::of(request.extensions()).and_then(Facts::endpoint);
        let version = endpoint.unwrap().get::<Version>().unwrap().0;
        Ok::<_, std::convert::Infallible>(http::Response::new(
            http_body_util::Full::<bytes::Bytes>::from(version.to_be_bytes().to_vec()),
        ))
    }));
    let request = Request::post(format!("/webhooks/{key}")).body(()).unwrap();
    let answer = service.oneshot(request).await.unwrap();
    let is_served = answer.status() == 200;
    let body = http_body_util::BodyExt::collect(answer.into_body()).await;
    let bytes = body.unwrap().to_bytes();
    is_served.then(|| u64::from_be_bytes(bytes.as_ref().try_into().unwrap()))
}

#[tokio::test]
async fn an_endpoint_is_looked_up_once_in_its_time_to_live() {
    let store = Store::of(&["acme"]);
    let (layer, _, hands) = store.layer(CacheSettings::new());
    for _ in 0..3 {
        assert_eq!(version(&layer, "acme").await, Some(1));
    }
    store.write("acme", 2);
    hands.advance(59 * SECOND);
    assert_eq!((version(&layer, "acme").await, store.asked()), (Some(1), 1));
    hands.advance(SECOND);
    assert_eq!((version(&layer, "acme").await, store.asked()), (Some(2), 2));
}

#[tokio::test]
async fn an_unknown_key_is_remembered_apart_and_for_a_shorter_time() {
    let store = Store::of(&[]);
    let (layer, cache, hands) = store.layer(CacheSettings::new());
    assert_eq!(status(&layer, "acme").await, 404);
    store.write("acme", 1);
    hands.advance(9 * SECOND);
    assert_eq!((status(&layer, "acme").await, store.asked()), (404, 1));
    assert_eq!((cache.endpoints(), cache.unknown_keys()), (0, 1));
    hands.advance(SECOND);
    assert_eq!((status(&layer, "acme").await, store.asked()), (200, 2));
    assert_eq!((cache.endpoints(), cache.unknown_keys()), (1, 0));

    store.delete("acme");
    hands.advance(60 * SECOND);
    assert_eq!(status(&layer, "acme").await, 404);
    assert_eq!((cache.endpoints(), cache.unknown_keys()), (0, 1));
}

#[tokio::test]
async fn a_stranger_who_makes_up_keys_pushes_out_nobody_and_fills_a_bounded_table() {
    let store = Store::of(&["acme", "globex"]);
    let settings = CacheSettings::new();
    let settings = settings.with_capacity(2).unwrap();
    let settings = settings.with_unknown_capacity(50).unwrap();
    let (layer, cache, _hands) = store.layer(settings);
    assert_eq!(status(&layer, "acme").await, 200);
    assert_eq!(status(&layer, "globex").await, 200);
    for made_up in 0..1000 {
        assert_eq!(status(&layer, &format!("made-up-{made_up}")).await, 404);
    }
    assert_eq!((cache.endpoints(), cache.unknown_keys()), (2, 50));
    let asked = store.asked();
    assert_eq!(status(&layer, "acme").await, 200);
    assert_eq!(status(&layer, "globex").await, 200);
    assert_eq!(store.asked(), asked, "both were remembered all the while");
}

#[tokio::test]
async fn more_endpoints_than_are_remembered_are_all_served() {
    let keys: Vec<String> = (0..40).map(|n| format!("tenant-{n}")).collect();
    let store = Store::of(&keys.iter().map(String::as_str).collect::<Vec<_>>());
    let settings = CacheSettings::new().with_capacity(10).unwrap();
    let (layer, cache, _hands) = store.layer(settings);
    for _ in 0..2 {
        for key in &keys {
            assert_eq!(status(&layer, key).await, 200);
        }
    }
    assert_eq!(cache.endpoints(), 10);
}

#[tokio::test]
async fn the_last_good_answer_is_used_for_a_while_and_nobody_waits_for_a_store_that_is_down() {
    let store = Store::of(&["acme"]);
    let (layer, _, hands) = store.layer(CacheSettings::new());
    assert_eq!(version(&layer, "acme").await, Some(1));
    store.set_down(true);
    store.write("acme", 2);
    hands.advance(60 * SECOND);
    assert_eq!((version(&layer, "acme").await, store.asked()), (Some(1), 2));
    assert_eq!(
        (version(&layer, "acme").await, store.asked()),
        (Some(1), 2),
        "not at once again"
    );

    // From now on the look-up is made behind the requests' backs.
    let gate = store.close().await;
    hands.advance(SECOND);
    for _ in 0..3 {
        assert_eq!(version(&layer, "acme").await, Some(1));
    }
    settle().await;
    assert_eq!(store.asked(), 3, "one at a time");
    store.set_down(false);
    drop(gate);
    settle().await;
    assert_eq!((version(&layer, "acme").await, store.asked()), (Some(2), 3));

    // A key that is not remembered has no last good answer.
    store.set_down(true);
    assert_eq!(status(&layer, "globex").await, 503);
    hands.advance(60 * SECOND + 5 * 60 * SECOND);
    assert_eq!(status(&layer, "acme").await, 503, "a while, and no longer");
    store.set_down(false);
    assert_eq!(status(&layer, "acme").await, 200);
}

#[tokio::test]
async fn the_last_good_answer_can_be_left_out() {
    let store = Store::of(&["acme"]);
    let settings = CacheSettings::new();
    let (layer, _, hands) = store.layer(settings.with_last_good(Duration::ZERO).unwrap());
    assert_eq!(status(&layer, "acme").await, 200);
    store.set_down(true);
    hands.advance(59 * SECOND);
    assert_eq!(status(&layer, "acme").await, 200);
    hands.advance(SECOND);
    assert_eq!(status(&layer, "acme").await, 503);
}

#[tokio::test]
async fn the_last_good_answer_is_not_used_a_moment_longer_than_it_may() {
    let store = Store::of(&["acme"]);
    let settings = CacheSettings::new();
    let (layer, _, hands) = store.layer(settings.with_last_good(SECOND / 2).unwrap());
    assert_eq!(status(&layer, "acme").await, 200);
    store.set_down(true);
    hands.advance(60 * SECOND);
    assert_eq!(status(&layer, "acme").await, 200);
    hands.advance(SECOND / 2);
    assert_eq!(status(&layer, "acme").await, 503);
}

#[tokio::test]
async fn where_there_is_no_room_to_look_the_last_good_answer_is_used() {
    let store = Store::of(&["acme", "globex"]);
    let settings = CacheSettings::new().with_max_look_ups(1).unwrap();
    let (layer, _, hands) = store.layer(settings);
    assert_eq!(status(&layer, "acme").await, 200);
    assert_eq!(status(&layer, "globex").await, 200);
    hands.advance(60 * SECOND);
    let gate = store.close().await;
    let waiting = tokio::spawn({
        let layer = layer.clone();
        async move { status(&layer, "acme").await }
    });
    settle().await;
    assert_eq!(status(&layer, "globex").await, 200);
    assert_eq!(store.asked(), 3);
    drop(gate);
    assert_eq!(waiting.await.unwrap(), 200);
}

#[tokio::test]
async fn what_was_unknown_is_no_last_good_answer() {
    let store = Store::of(&[]);
    let (layer, _, hands) = store.layer(CacheSettings::new());
    assert_eq!(status(&layer, "acme").await, 404);
    store.set_down(true);
    hands.advance(10 * SECOND);
    assert_eq!(status(&layer, "acme").await, 503);
}

#[tokio::test]
async fn an_invalidation_is_in_force_for_the_next_request() {
    let store = Store::of(&["acme", "globex"]);
    let (layer, cache, _hands) = store.layer(CacheSettings::new());
    assert_eq!(version(&layer, "acme").await, Some(1));
    assert_eq!(version(&layer, "globex").await, Some(1));
    assert_eq!(status(&layer, "new").await, 404);
    for key in ["acme", "globex", "new"] {
        store.write(key, 2);
    }
    cache.invalidate("acme", &cause());
    assert_eq!(version(&layer, "acme").await, Some(2));
    assert_eq!(version(&layer, "globex").await, Some(1));
    cache.invalidate("new", &cause());
    assert_eq!(version(&layer, "new").await, Some(2));
    cache.invalidate_all(&cause());
    assert_eq!(version(&layer, "globex").await, Some(2));

    // A last good answer goes with it.
    store.set_down(true);
    cache.invalidate("acme", &cause());
    assert_eq!(status(&layer, "acme").await, 503);
}

#[tokio::test]
async fn a_look_up_that_an_invalidation_overtook_is_not_remembered() {
    for everything in [false, true] {
        let store = Store::of(&["acme"]);
        let (layer, cache, _hands) = store.layer(CacheSettings::new());
        let gate = store.close().await;
        let early = tokio::spawn({
            let layer = layer.clone();
            async move { version(&layer, "acme").await }
        });
        settle().await;
        assert_eq!(store.asked(), 1);

        store.write("acme", 2);
        if everything {
            cache.invalidate_all(&cause());
        } else {
            cache.invalidate("acme", &cause());
        }
        let late = tokio::spawn({
            let layer = layer.clone();
            async move { version(&layer, "acme").await }
        });
        settle().await;
        assert_eq!(store.asked(), 2, "the request after it asks again");
        drop(gate);
        assert_eq!(early.await.unwrap(), Some(1), "it came before");
        assert_eq!(late.await.unwrap(), Some(2));
        assert_eq!((version(&layer, "acme").await, store.asked()), (Some(2), 2));
    }
}

#[tokio::test]
async fn a_replacement_is_in_force_at_once_and_for_its_time_to_live() {
    let store = Store::of(&["acme"]);
    let (layer, cache, hands) = store.layer(CacheSettings::new());
    let gate = store.close().await;
    let early = tokio::spawn({
        let layer = layer.clone();
        async move { version(&layer, "acme").await }
    });
    settle().await;
    cache.replace("acme", Endpoint::new("acme").with(Version(7)), &cause());
    assert_eq!(version(&layer, "acme").await, Some(7));
    drop(gate);
    assert_eq!(early.await.unwrap(), Some(1));
    assert_eq!(
        version(&layer, "acme").await,
        Some(7),
        "the overtaken look-up changed nothing"
    );

    cache.replace("acme", Lookup::Unknown, &cause());
    assert_eq!((status(&layer, "acme").await, store.asked()), (404, 1));
    cache.replace("acme", Lookup::Disabled(Endpoint::new("acme")), &cause());
    assert_eq!((status(&layer, "acme").await, store.asked()), (410, 1));
    hands.advance(60 * SECOND);
    assert_eq!(
        version(&layer, "acme").await,
        Some(1),
        "the store's word again"
    );
}

#[tokio::test]
async fn changes_are_noted_with_who_and_why() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = ChangeLog::new(Clock::manual(NOW).0, {
        let seen = Arc::clone(&seen);
        move |change| seen.lock().unwrap().push(change)
    });
    let store = Store::of(&["acme"]);
    let (layer, cache, _hands) = store.layer(CacheSettings::new().with_log(log));
    let (answer, _) = send(&layer, request("/webhooks/acme")).await;
    assert_eq!(answer.status(), 200);
    cache.invalidate("acme", &cause());
    cache.replace("acme", Lookup::Unknown, &cause());
    cache.invalidate_all(&cause());
    let seen = seen.lock().unwrap();
    let told = seen
        .iter()
        .map(|change| (change.kind.as_str(), change.target.as_str()));
    assert_eq!(
        told.collect::<Vec<_>>(),
        [
            ("reset", "acme"),
            ("replaced", "acme"),
            ("reset", "all endpoints")
        ]
    );
    assert!(
        seen.iter()
            .all(|change| change.cause == cause() && change.until.is_none())
    );
}

#[test]
fn settings_have_ranges() {
    let settings = CacheSettings::new;
    let day = Duration::from_secs(24 * 60 * 60);
    let in_range = [
        settings().with_time_to_live(SECOND),
        settings().with_time_to_live(day),
        settings().with_last_good(Duration::ZERO),
        settings().with_capacity(1 << 24),
        settings().with_unknown_capacity(1),
        settings().with_deadline(Duration::from_millis(1)),
        settings().with_max_look_ups(1 << 16),
    ];
    for (place, settings) in in_range.into_iter().enumerate() {
        assert!(settings.is_ok(), "{place}");
    }
    let out_of_range = [
        settings().with_time_to_live(Duration::from_millis(999)),
        settings().with_time_to_live(day + SECOND),
        settings().with_unknown_time_to_live(Duration::ZERO),
        settings().with_unknown_time_to_live(2 * 60 * 60 * SECOND),
        settings().with_last_good(day + SECOND),
        settings().with_capacity(0),
        settings().with_capacity((1 << 24) + 1),
        settings().with_unknown_capacity(0),
        settings().with_deadline(Duration::ZERO),
        settings().with_deadline(61 * SECOND),
        settings().with_max_look_ups(0),
    ];
    for (place, settings) in out_of_range.into_iter().enumerate() {
        let error = settings.unwrap_err();
        let (is_duration, is_number) = (
            matches!(error.kind(), EndpointErrorKind::InvalidDuration { .. }),
            matches!(error.kind(), EndpointErrorKind::InvalidNumber { .. }),
        );
        assert!(is_duration || is_number, "{place}");
        assert!(error.to_string().contains("give "), "{error}");
    }
}
