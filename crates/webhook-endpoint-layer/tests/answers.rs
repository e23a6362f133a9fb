//! What becomes of a request: the answer, what inner layers learn, what stands in the record.
#![allow(clippy::unwrap_used, reason = "a helper that fails fails its test")]

mod common;

use std::time::Duration;

use common::{AnyBody, NOW, path, reason, request, retry_after, send, served, status};
use http::{Request, StatusCode, header::CONTENT_TYPE};
use http_body_util::BodyExt;
use webhook_core::{Check, Clock, Endpoint, Facts, Reason, Timestamp, Verdict, change::Cause};
use webhook_endpoint_layer::{
    EndpointCache, EndpointKey, EndpointLayer, EndpointMap, Key, Lookup, PauseSwitch,
};

fn in_a_minute() -> Timestamp {
    NOW.saturating_add(Duration::from_millis(59_001))
}

fn endpoints() -> EndpointMap {
    let paused = |name: &'static str, until| Lookup::Paused {
        endpoint: Endpoint::new(name),
        until,
    };
    EndpointMap::new()
        .with("acme", Endpoint::new("Acme Inc."))
        .with("closed", Lookup::Disabled(Endpoint::new("closed")))
        .with("paused", paused("paused", None))
        .with("soon", paused("soon", Some(in_a_minute())))
        .with("over", paused("over", Some(NOW)))
}

fn layer() -> EndpointLayer<EndpointMap> {
    EndpointLayer::new(path(), endpoints()).with_clock(Clock::manual(NOW).0)
}

#[tokio::test]
async fn an_active_endpoint_is_served_and_told_to_everybody() {
    let (answer, record) = send(&layer(), request("/webhooks/acme")).await;
    assert_eq!(served(&answer), Some("Acme Inc."));
    assert_eq!(record.endpoint().unwrap().as_str(), "Acme Inc.");
    assert_eq!(record.verdict(Check::Endpoint), Some(Verdict::Pass));
    assert_eq!(
        record.verdict(Check::Pause),
        None,
        "nobody can pause it here"
    );
    assert_eq!(record.refusal(), None);
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(body, "as it went");
}

#[tokio::test]
async fn an_unknown_key_and_one_of_no_valid_form_are_answered_alike() {
    let mut answers = Vec::new();
    for path in [
        "/webhooks/nobody",
        "/webhooks/..",
        "/webhooks/%61cme",
        "/",
        "/webhooks/acme/",
    ] {
        let (mut answer, record) = send(&layer(), request(path)).await;
        assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{path}");
        assert_eq!(reason(&answer), Some(Reason::EndpointUnknown), "{path}");
        let refusal = Some((Reason::EndpointUnknown, Check::Endpoint));
        assert_eq!(
            (record.refusal(), record.endpoint()),
            (refusal, None),
            "{path}"
        );
        let body = answer.body_mut().collect().await.unwrap().to_bytes();
        // All that differs is the request's own id.
        let text = String::from_utf8(body.to_vec()).unwrap();
        let text = text.replace(&record.id().unwrap().to_string(), "ID");
        assert!(!text.contains("nobody") && !text.contains("acme"), "{text}");
        answers.push((text, format!("{:?}", answer.headers())));
    }
    assert!(
        answers.windows(2).all(|pair| pair[0] == pair[1]),
        "{answers:?}"
    );
}

#[tokio::test]
async fn a_disabled_endpoint_is_gone() {
    let (answer, record) = send(&layer(), request("/webhooks/closed")).await;
    assert_eq!(answer.status(), StatusCode::GONE);
    assert_eq!(
        record.refusal(),
        Some((Reason::EndpointDisabled, Check::Endpoint))
    );
    assert_eq!(record.endpoint().unwrap().as_str(), "closed");
}

#[tokio::test]
async fn a_paused_endpoint_says_when_to_try_again_and_ends_its_pause_itself() {
    for (key, wait) in [("paused", 60), ("soon", 60)] {
        let (answer, record) = send(&layer(), request(&format!("/webhooks/{key}"))).await;
        assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(
            retry_after(&answer),
            Some(Duration::from_secs(wait)),
            "{key}, rounded up"
        );
        assert_eq!(record.refusal(), Some((Reason::Paused, Check::Pause)));
        assert_eq!(record.endpoint().unwrap().as_str(), key);
    }
    assert_eq!(status(&layer(), "over").await, 200);
    let (clock, hands) = Clock::manual(NOW);
    let layer = layer().with_clock(clock);
    assert_eq!(status(&layer, "soon").await, 503);
    hands.advance(Duration::from_secs(60));
    assert_eq!(status(&layer, "soon").await, 200);
}

#[tokio::test(start_paused = true)]
async fn a_look_up_that_fails_or_is_late_is_never_taken_for_an_unknown_key() {
    let failing = EndpointCache::new(async |_: Key| Err::<Lookup, _>("refused"));
    let late = EndpointCache::new(async |_: Key| {
        tokio::time::sleep(Duration::from_secs(3600)).await;
        Ok::<_, &str>(Lookup::Unknown)
    });
    let panicking = EndpointCache::new(|_: Key| -> std::future::Ready<Result<Lookup, String>> {
        panic!("a fault in the resolver")
    });
    let started = tokio::time::Instant::now();
    let answers = [
        send(
            &EndpointLayer::new(path(), failing),
            request("/webhooks/acme"),
        )
        .await,
        send(&EndpointLayer::new(path(), late), request("/webhooks/acme")).await,
        send(
            &EndpointLayer::new(path(), panicking),
            request("/webhooks/acme"),
        )
        .await,
    ];
    assert_eq!(
        started.elapsed().as_secs(),
        5,
        "the deadline of the one that is late"
    );
    for (answer, record) in answers {
        assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(retry_after(&answer), Some(Duration::from_secs(5)));
        assert_eq!(
            record.refusal(),
            Some((Reason::StoreUnavailable, Check::Endpoint))
        );
    }
}

#[tokio::test]
async fn grpc_callers_are_told_in_their_own_words() {
    for (key, code, pushback) in [
        ("nobody", "5", None),
        ("closed", "5", None),
        ("paused", "14", Some("60000")),
    ] {
        let mut request = request(&format!("/webhooks/{key}"));
        let content_type = "application/grpc".parse().unwrap();
        request.headers_mut().insert(CONTENT_TYPE, content_type);
        let (answer, _) = send(&layer(), request).await;
        assert_eq!(answer.status(), StatusCode::OK);
        assert_eq!(answer.headers()["grpc-status"], code, "{key}");
        let told = answer.headers().get("grpc-retry-pushback-ms");
        assert_eq!(told.map(|value| value.to_str().unwrap()), pushback, "{key}");
    }
}

#[tokio::test]
async fn shadow_mode_lets_pass_what_has_settings_and_nothing_else() {
    let shadow = layer().with_insecure_shadow(true);
    for (key, refusal) in [
        ("closed", (Reason::EndpointDisabled, Check::Endpoint)),
        ("paused", (Reason::Paused, Check::Pause)),
    ] {
        let (answer, record) = send(&shadow, request(&format!("/webhooks/{key}"))).await;
        assert_eq!(served(&answer), Some(key));
        assert_eq!(
            (record.refusal(), record.shadow_refusal()),
            (None, Some(refusal))
        );
        assert_eq!(record.verdict(refusal.1), Some(Verdict::ShadowFail));
    }
    for path in ["/webhooks/nobody", "/webhooks/.."] {
        let (answer, _) = send(&shadow, request(path)).await;
        assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{path}");
    }
    let failing = EndpointCache::new(async |_: Key| Err::<Lookup, _>("refused"));
    let shadow = EndpointLayer::new(path(), failing).with_insecure_shadow(true);
    assert_eq!(status(&shadow, "acme").await, 503);
}

#[tokio::test]
async fn a_switch_pauses_all_before_the_key_is_looked_at_and_one_after_it() {
    let switch = PauseSwitch::new();
    let cause = Cause::new("alice", "test");
    let layer = layer()
        .with_pause(switch.clone())
        .with_insecure_shadow(true);
    let (_, record) = send(&layer, request("/webhooks/acme")).await;
    assert_eq!(record.verdict(Check::Pause), Some(Verdict::Pass));

    switch.pause("Acme Inc.", None, &cause).unwrap();
    let (answer, record) = send(&layer, request("/webhooks/acme")).await;
    assert_eq!(
        (answer.status().as_u16(), retry_after(&answer)),
        (503, Some(Duration::from_secs(60)))
    );
    assert_eq!(record.refusal(), Some((Reason::Paused, Check::Pause)));
    assert_eq!(record.endpoint().unwrap().as_str(), "Acme Inc.");
    assert_eq!(status(&layer, "nobody").await, 404);
    assert_eq!(
        status(&layer, "over").await,
        200,
        "another endpoint goes on"
    );

    switch.pause_all(None, &cause);
    assert_eq!(status(&layer, "nobody").await, 503);
    assert!(switch.resume_all(&cause));
    assert_eq!(status(&layer, "acme").await, 503, "paused on its own");
    assert!(switch.resume("Acme Inc.", &cause));
    assert_eq!(status(&layer, "acme").await, 200);
}

#[tokio::test]
async fn a_map_is_changed_at_run_time_for_the_next_request() {
    let map = endpoints();
    let layer = EndpointLayer::new(path(), map.clone());
    let cause = Cause::new("alice", "test");
    assert_eq!(status(&layer, "acme").await, 200);
    map.replace("acme", Lookup::Disabled(Endpoint::new("Acme Inc.")), &cause);
    assert_eq!(status(&layer, "acme").await, 410);
    assert!(map.remove("acme", &cause) && !map.remove("acme", &cause));
    assert_eq!(status(&layer, "acme").await, 404);

    let fresh = (0..100).map(|n| (format!("new-{n}"), Endpoint::new(format!("new-{n}"))));
    map.replace_all(fresh, &cause);
    assert_eq!((map.len(), map.is_empty()), (100, false));
    assert_eq!(status(&layer, "new-99").await, 200);
    assert_eq!(status(&layer, "closed").await, 404);
}

#[tokio::test]
async fn a_header_or_both_name_the_endpoint() {
    let both = path().and(EndpointKey::header("x-event").unwrap());
    let map: EndpointMap = [("acme push", Endpoint::new("acme pushes"))]
        .into_iter()
        .collect();
    let layer = EndpointLayer::new(both, map);
    let with_event = |event: &str| {
        let request = Request::post("/webhooks/acme").header("x-event", event);
        request.body(AnyBody("as it came")).unwrap()
    };
    let (answer, _) = send(&layer, with_event("push")).await;
    assert_eq!(served(&answer), Some("acme pushes"));
    let (answer, _) = send(&layer, with_event("ping")).await;
    assert_eq!(answer.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_an_outer_layer_found_stays() {
    let mut request = request("/webhooks/acme");
    let client = webhook_core::ClientAddr::new("203.0.113.7".parse().unwrap(), None);
    Facts::of_mut(request.extensions_mut()).set_client(client);
    let (_, record) = send(&layer(), request).await;
    assert_eq!(record.client(), Some(client));
}

#[test]
fn nothing_prints_keys_or_policies() {
    let printed = format!("{:?} {:?}", layer(), endpoints());
    assert!(
        !printed.contains("acme") && !printed.contains("closed"),
        "{printed}"
    );
}
