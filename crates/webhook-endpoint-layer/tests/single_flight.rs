//! One look-up for a key at a time, whatever becomes of those who wait for it.
#![allow(clippy::unwrap_used, reason = "a helper that fails fails its test")]

mod common;

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use common::{Store, path, settle, status};
use tokio::task::JoinHandle;
use webhook_core::Endpoint;
use webhook_endpoint_layer::{
    CacheSettings, Directory, EndpointCache, EndpointLayer, Key, Lookup, PauseSwitch,
};

fn spawn<D>(layer: &EndpointLayer<D>, key: &str) -> JoinHandle<u16>
where
    D: Directory + Clone + Send + Sync + 'static,
{
    let (layer, key) = (layer.clone(), key.to_owned());
    tokio::spawn(async move { status(&layer, &key).await })
}

#[tokio::test]
async fn of_many_requests_one_looks_up_and_all_are_answered() {
    let store = Store::of(&["acme"]);
    let (layer, _, _hands) = store.layer(CacheSettings::new());
    let gate = store.close().await;
    let requests: Vec<_> = (0..1000).map(|_| spawn(&layer, "acme")).collect();
    let strangers: Vec<_> = (0..1000).map(|_| spawn(&layer, "nobody")).collect();
    settle().await;
    drop(gate);
    for request in requests {
        assert_eq!(request.await.unwrap(), 200);
    }
    for stranger in strangers {
        assert_eq!(stranger.await.unwrap(), 404);
    }
    assert_eq!(store.asked(), 2);
}

#[tokio::test]
async fn a_look_up_survives_whoever_began_it() {
    let store = Store::of(&["acme"]);
    let (layer, _, _hands) = store.layer(CacheSettings::new());
    let gate = store.close().await;
    let first = spawn(&layer, "acme");
    settle().await;
    let others: Vec<_> = (0..10).map(|_| spawn(&layer, "acme")).collect();
    settle().await;
    first.abort();
    assert!(first.await.unwrap_err().is_cancelled());
    // The others' waiting futures are dropped too, but for one.
    let (gone, left) = others.split_at(9);
    for request in gone {
        request.abort();
    }
    settle().await;
    drop(gate);
    for request in left {
        while !request.is_finished() {
            tokio::task::yield_now().await;
        }
    }
    assert_eq!(status(&layer, "acme").await, 200);
    assert_eq!(store.asked(), 1);
}

#[tokio::test]
async fn a_look_up_that_nobody_waits_for_any_more_is_remembered() {
    let store = Store::of(&["acme"]);
    let (layer, cache, _hands) = store.layer(CacheSettings::new());
    let gate = store.close().await;
    let only = spawn(&layer, "acme");
    settle().await;
    only.abort();
    drop(gate);
    settle().await;
    assert_eq!(cache.endpoints(), 1);
    assert_eq!((status(&layer, "acme").await, store.asked()), (200, 1));
}

#[tokio::test]
async fn a_pause_takes_those_too_that_wait_for_a_look_up() {
    let store = Store::of(&["acme"]);
    let (layer, _, _hands) = store.layer(CacheSettings::new());
    let switch = PauseSwitch::new();
    let layer = layer.with_pause(switch.clone());
    let gate = store.close().await;
    let waiting = spawn(&layer, "acme");
    settle().await;
    switch.pause_all(None, &webhook_core::change::Cause::new("alice", "test"));
    drop(gate);
    assert_eq!(waiting.await.unwrap(), 503);
}

#[tokio::test]
async fn look_ups_are_bounded_and_strangers_leave_known_endpoints_their_places() {
    let store = Store::of(&["acme"]);
    let settings = CacheSettings::new().with_max_look_ups(3).unwrap();
    let (layer, _, hands) = store.layer(settings);
    assert_eq!(status(&layer, "acme").await, 200);
    hands.advance(Duration::from_secs(60));

    let gate = store.close().await;
    let strangers: Vec<_> = (0..50)
        .map(|n| spawn(&layer, &format!("made-up-{n}")))
        .collect();
    settle().await;
    assert_eq!(store.asked(), 1 + 3);
    let known = spawn(&layer, "acme");
    settle().await;
    assert_eq!(
        store.asked(),
        1 + 3 + 1,
        "a known key is looked up all the same"
    );
    drop(gate);
    assert_eq!(known.await.unwrap(), 200);
    let mut answers = [0, 0];
    for stranger in strangers {
        answers[usize::from(stranger.await.unwrap() == 503)] += 1;
    }
    assert_eq!(answers, [3, 47], "unknown, and no room to look");
    // The places are free again.
    assert_eq!(status(&layer, "made-up-49").await, 404);
}

/// What was overtaken still runs, and still counts.
#[tokio::test]
async fn invalidations_do_not_lift_the_bound() {
    let store = Store::of(&["acme"]);
    let settings = CacheSettings::new().with_max_look_ups(2).unwrap();
    let (layer, cache, _hands) = store.layer(settings);
    let gate = store.close().await;
    let cause = webhook_core::change::Cause::new("alice", "test");
    let mut requests = Vec::new();
    for _ in 0..5 {
        requests.push(spawn(&layer, "acme"));
        settle().await;
        cache.invalidate("acme", &cause);
    }
    assert_eq!(store.asked(), 2);
    drop(gate);
    for request in requests {
        assert!([200, 503].contains(&request.await.unwrap()));
    }
    assert_eq!(status(&layer, "acme").await, 200);
}

#[tokio::test(start_paused = true)]
async fn a_look_up_that_hangs_lets_everybody_go_at_its_deadline_and_frees_its_place() {
    let asked = Arc::new(AtomicUsize::new(0));
    let resolver = {
        let asked = Arc::clone(&asked);
        move |_: Key| {
            let is_first = asked.fetch_add(1, Ordering::SeqCst) == 0;
            async move {
                if is_first {
                    std::future::pending::<()>().await;
                }
                Ok::<Lookup, String>(Endpoint::new("acme").into())
            }
        }
    };
    let settings = CacheSettings::new().with_max_look_ups(1).unwrap();
    let settings = settings.with_deadline(Duration::from_secs(2)).unwrap();
    let layer = EndpointLayer::new(path(), EndpointCache::with_settings(resolver, settings));
    let started = tokio::time::Instant::now();
    let requests: Vec<_> = (0..20).map(|_| spawn(&layer, "acme")).collect();
    for request in requests {
        assert_eq!(request.await.unwrap(), 503);
    }
    assert_eq!(started.elapsed().as_secs(), 2);
    assert_eq!(status(&layer, "acme").await, 200);
    assert_eq!(asked.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_resolver_that_panics_hangs_nobody_and_frees_its_place() {
    let asked = Arc::new(AtomicUsize::new(0));
    let resolver = {
        let asked = Arc::clone(&asked);
        move |_: Key| {
            let asked = Arc::clone(&asked);
            async move {
                tokio::task::yield_now().await;
                assert!(
                    asked.fetch_add(1, Ordering::SeqCst) > 0,
                    "a fault in the resolver"
                );
                Ok::<Lookup, String>(Endpoint::new("acme").into())
            }
        }
    };
    let settings = CacheSettings::new().with_max_look_ups(1).unwrap();
    let layer = EndpointLayer::new(path(), EndpointCache::with_settings(resolver, settings));
    let requests: Vec<_> = (0..20).map(|_| spawn(&layer, "acme")).collect();
    for request in requests {
        assert_eq!(request.await.unwrap(), 503);
    }
    assert_eq!(status(&layer, "acme").await, 200);
}

/// Its runtime goes away under a look-up: whoever waits for it on another runtime is told.
#[test]
fn a_runtime_that_shuts_down_hangs_nobody() {
    let store = Store::of(&["acme"]);
    let (layer, _, _hands) = store.layer(CacheSettings::new());
    let runtime = || {
        tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .unwrap()
    };
    let (short, long) = (runtime(), runtime());
    let gate = long.block_on(store.close());
    short.block_on(async {
        let _begun = spawn(&layer, "acme");
        settle().await;
    });
    assert_eq!(store.asked(), 1);
    let waiting = long.spawn({
        let layer = layer.clone();
        async move { status(&layer, "acme").await }
    });
    long.block_on(settle());
    drop(short);
    assert_eq!(long.block_on(waiting).unwrap(), 503);
    drop(gate);
    assert_eq!(long.block_on(status(&layer, "acme")), 200);
}

/// Outside of a runtime there are no look-ups, and no panic either.
#[test]
fn without_a_runtime_a_look_up_fails_closed() {
    let store = Store::of(&["acme"]);
    let (layer, cache, _hands) = store.layer(CacheSettings::new());
    let now = || {
        let mut answer = std::pin::pin!(status(&layer, "acme"));
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        match answer.as_mut().poll(&mut context) {
            std::task::Poll::Ready(status) => status,
            std::task::Poll::Pending => 0,
        }
    };
    assert_eq!(now(), 503);
    let cause = webhook_core::change::Cause::new("alice", "test");
    cache.replace("acme", Endpoint::new("acme"), &cause);
    assert_eq!(now(), 200, "what is known needs none");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn on_many_threads_nobody_is_lost_and_no_key_is_asked_for_twice_at_a_time() {
    let (running, asked) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let resolver = {
        let (running, asked) = (Arc::clone(&running), Arc::clone(&asked));
        move |key: Key| {
            let (running, asked) = (Arc::clone(&running), Arc::clone(&asked));
            async move {
                asked.fetch_add(1, Ordering::SeqCst);
                assert_eq!(running.fetch_add(1, Ordering::SeqCst), 0, "at a time");
                tokio::task::yield_now().await;
                running.fetch_sub(1, Ordering::SeqCst);
                Ok::<Lookup, String>(Endpoint::new(key.to_string()).into())
            }
        }
    };
    let cache = EndpointCache::new(resolver);
    let layer = EndpointLayer::new(path(), cache.clone());
    let cause = webhook_core::change::Cause::new("alice", "test");
    for _ in 0..200 {
        let requests: Vec<_> = (0..8).map(|_| spawn(&layer, "acme")).collect();
        for request in requests {
            assert_eq!(request.await.unwrap(), 200);
        }
        cache.invalidate("acme", &cause);
    }
    assert_eq!(asked.load(Ordering::SeqCst), 200);
}
