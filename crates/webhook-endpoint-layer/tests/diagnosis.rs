//! What an operator is told of look-ups, and how often.
#![allow(clippy::unwrap_used, reason = "a helper that fails fails its test")]

mod common;
mod events;

use std::time::Duration;

use common::{Store, settle, status};
use events::Events;
use webhook_endpoint_layer::CacheSettings;

#[tokio::test]
async fn a_store_that_fails_is_told_of_once_a_minute_and_keys_never() {
    let (events, _guard) = Events::collect();
    let store = Store::of(&["acme"]);
    let (layer, _, hands) = store.layer(CacheSettings::new());
    assert_eq!(status(&layer, "acme").await, 200);
    assert_eq!(status(&layer, "nobody").await, 404);
    assert!(events.take().is_empty(), "an unknown key is no failure");

    store.set_down(true);
    for n in 0..10 {
        assert_eq!(status(&layer, &format!("acme-{n}")).await, 503);
    }
    let lines = events.take();
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].contains("the store is down"), "{lines:?}");
    assert!(!lines[0].contains("acme"), "{lines:?}");

    hands.advance(Duration::from_secs(59));
    assert_eq!(status(&layer, "globex").await, 503);
    assert!(events.take().is_empty());
    hands.advance(Duration::from_secs(1));
    assert_eq!(status(&layer, "globex").await, 503);
    assert_eq!(events.take().len(), 1);
}

#[tokio::test]
async fn a_lack_of_room_is_told_of_once_with_the_fix() {
    let (events, _guard) = Events::collect();
    let store = Store::of(&["acme"]);
    let settings = CacheSettings::new().with_max_look_ups(1).unwrap();
    let (layer, _, _hands) = store.layer(settings);
    let gate = store.close().await;
    let waiting = tokio::spawn({
        let layer = layer.clone();
        async move { status(&layer, "acme").await }
    });
    settle().await;
    for n in 0..10 {
        assert_eq!(status(&layer, &format!("made-up-{n}")).await, 503);
    }
    drop(gate);
    assert_eq!(waiting.await.unwrap(), 200);
    let lines = events.take();
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(
        lines[0].contains("with_max_look_ups") && !lines[0].contains("made-up"),
        "{lines:?}"
    );
}

#[test]
fn a_missing_runtime_is_told_of_once_with_the_fix() {
    let (events, _guard) = Events::collect();
    let store = Store::of(&["acme"]);
    let (layer, _, _hands) = store.layer(CacheSettings::new());
    for _ in 0..3 {
        let mut answer = std::pin::pin!(status(&layer, "acme"));
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        assert_eq!(
            answer.as_mut().poll(&mut context),
            std::task::Poll::Ready(503)
        );
    }
    let lines = events.take();
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].contains("EndpointMap"), "{lines:?}");
}
