//! What callers and records are told.

mod common;

use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use http::{Request, Response, StatusCode, request::Parts};
use http_body::Body as _;
use http_body_util::BodyExt as _;
use tower::{ServiceExt as _, service_fn};
use tower_layer::Layer as _;
use webhook_core::{
    BufferedBody, Check, Endpoint, Facts, Reason, Reject, Rejection, Settings, Verdict,
    Verification, change::Cause,
};
use webhook_dedup_layer::{DedupLayer, DedupSettings, DedupStore};

use common::{
    Body, Fallible, answer, delivery, header, is_duplicate, now, recorded, store, stranger,
    verified,
};

/// Counts how often the handler runs; it answers `status`.
#[derive(Clone, Default)]
struct Handler(Arc<AtomicUsize>);

impl Handler {
    fn runs(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }

    fn send<St, R>(
        &self,
        layer: &DedupLayer<St, R>,
        request: Request<BufferedBody>,
        status: u16,
    ) -> Response<Body>
    where
        St: DedupStore + Clone,
        R: Reject<Body> + Clone,
    {
        let runs = Arc::clone(&self.0);
        let service = layer.layer(service_fn(move |_: Request<BufferedBody>| {
            runs.fetch_add(1, Ordering::SeqCst);
            async move { Ok::<_, Infallible>(answer(status)) }
        }));
        now(service.oneshot(request)).unwrap()
    }
}

#[test]
fn a_duplicate_is_answered_200_without_the_handler() {
    let (layer, handler) = (DedupLayer::new(), Handler::default());
    let (request, record) = recorded(delivery("evt_1"));
    let first = handler.send(&layer, request, 204);
    assert_eq!(first.status(), StatusCode::NO_CONTENT);
    assert!(!is_duplicate(&first));
    assert_eq!(record.verdict(Check::Replay), Some(Verdict::Pass));
    assert_eq!(record.answered(), None);

    let (request, record) = recorded(delivery("evt_1"));
    let second = handler.send(&layer, request, 204);
    assert_eq!(second.status(), StatusCode::OK);
    assert_eq!(header(&second, "webhook-duplicate"), Some("true"));
    assert_eq!(header(&second, "webhook-duplicate-status"), Some("204"));
    assert_eq!(header(&second, "cache-control"), Some("no-store"));
    assert!(second.body().is_end_stream());
    assert_eq!(record.answered(), Some((Reason::Duplicate, Check::Replay)));
    assert_eq!((record.refusal(), record.shadow_refusal()), (None, None));
    assert_eq!(handler.runs(), 1);
}

#[test]
fn only_an_owner_settles_and_only_once() {
    let store = Fallible::default();
    let layer = DedupLayer::with_store(store.clone());
    for _ in 0..3 {
        Handler::default().send(&layer, delivery("1"), 200);
    }
    // Three claims, of which one was made and settled.
    let count = |counter: &AtomicUsize| counter.load(Ordering::SeqCst);
    assert_eq!((count(&store.claims), count(&store.settlements)), (3, 1));
}

#[test]
fn ids_that_differ_in_case_are_different_and_metacharacters_are_data() {
    let (layer, handler) = (DedupLayer::new(), Handler::default());
    let ids = ["dd_A", "dd_a", "dd:*{}[]?1", "dd:*{}[]x1", "dd:*", "dd:"];
    for id in ids {
        assert!(
            !is_duplicate(&handler.send(&layer, delivery(id), 200)),
            "{id}"
        );
    }
    assert_eq!(handler.runs(), ids.len());
}

#[test]
fn a_replay_under_another_unsigned_id_is_a_duplicate() {
    let (layer, handler) = (DedupLayer::new(), Handler::default());
    let push = |id: &str| {
        let verification = Verification::new("github")
            .with_signed_body()
            .with_delivery_id(id.into(), false);
        verified(verification, "{\"ref\":\"main\"}")
    };
    assert!(!is_duplicate(&handler.send(&layer, push("1"), 200)));
    assert!(is_duplicate(&handler.send(&layer, push("2"), 200)));
    assert_eq!(handler.runs(), 1);
}

#[test]
fn what_the_handler_refused_or_failed_runs_again() {
    for status in [302, 400, 404, 409, 422, 429, 500, 503] {
        let (layer, handler) = (DedupLayer::new(), Handler::default());
        assert_eq!(handler.send(&layer, delivery("1"), status).status(), status);
        let again = handler.send(&layer, delivery("1"), 200);
        assert!(!is_duplicate(&again), "{status}");
        assert!(is_duplicate(&handler.send(&layer, delivery("1"), 200)));
        assert_eq!(handler.runs(), 2, "{status}");
    }
}

#[tokio::test]
async fn while_the_first_copy_runs_the_next_is_refused_with_409() {
    let layer = DedupLayer::new();
    let running = layer
        .layer(service_fn(|_: Request<BufferedBody>| {
            std::future::pending::<Result<Response<Body>, Infallible>>()
        }))
        .oneshot(delivery("1"));
    let mut running = Box::pin(running);
    assert!(futures_poll(running.as_mut()).is_none());

    let handler = Handler::default();
    let (request, record) = recorded(delivery("1"));
    let refused = handler.send(&layer, request, 200);
    assert_eq!(refused.status(), StatusCode::CONFLICT);
    assert_eq!(header(&refused, "retry-after"), Some("10"));
    assert_eq!(
        record.refusal(),
        Some((Reason::DuplicateInFlight, Check::Replay))
    );
    let text = refused.into_body().collect().await.unwrap().to_bytes();
    assert!(text.starts_with(b"{\"type\":"), "{text:?}");
    assert_eq!(handler.runs(), 0);
}

fn futures_poll<T>(future: std::pin::Pin<&mut impl Future<Output = T>>) -> Option<T> {
    use std::task::{Context, Poll, Waker};
    match future.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    }
}

#[test]
fn what_nothing_verified_is_refused_and_claims_nothing() {
    let store = Fallible::default();
    let layer = DedupLayer::with_store(store.clone());
    let handler = Handler::default();
    let (request, record) = recorded(stranger("event"));
    let refused = handler.send(&layer, request, 200);
    assert_eq!(refused.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(
        record.refusal(),
        Some((Reason::Misconfigured, Check::Replay))
    );
    assert_eq!(store.claims.load(Ordering::SeqCst), 0);
    assert_eq!(handler.runs(), 0);
}

#[test]
fn promise_25_a_store_that_fails_is_503_and_never_a_second_run() {
    let store = Fallible::default();
    let layer = DedupLayer::with_store(store.clone());
    let handler = Handler::default();
    handler.send(&layer, delivery("1"), 200);
    store.fails.store(true, Ordering::SeqCst);
    for id in ["1", "2"] {
        let (request, record) = recorded(delivery(id));
        let refused = handler.send(&layer, request, 200);
        assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(header(&refused, "retry-after"), Some("10"));
        assert_eq!(
            record.refusal(),
            Some((Reason::StoreUnavailable, Check::Replay))
        );
    }
    assert_eq!(handler.runs(), 1);
    store.fails.store(false, Ordering::SeqCst);
    assert!(is_duplicate(&handler.send(&layer, delivery("1"), 200)));
}

#[test]
fn without_the_store_the_handler_runs_where_the_settings_say_so() {
    let store = Fallible::default();
    store.fails.store(true, Ordering::SeqCst);
    let settings = DedupSettings::new().with_insecure_pass_without_store(true);
    let layer = DedupLayer::with_store(store).with_settings(Settings::fixed(settings));
    let handler = Handler::default();
    let (request, record) = recorded(delivery("1"));
    assert_eq!(handler.send(&layer, request, 200).status(), StatusCode::OK);
    assert_eq!(handler.runs(), 1);
    let noted = Some((Reason::StoreUnavailable, Check::Replay));
    assert_eq!((record.shadow_refusal(), record.refusal()), (noted, None));
}

#[test]
fn a_handlers_answer_goes_out_where_the_store_fails_after_it() {
    let store = Fallible::default();
    let layer = DedupLayer::with_store(store.clone());
    let fails = Arc::clone(&store.fails);
    let service = layer.layer(service_fn(move |_: Request<BufferedBody>| {
        fails.store(true, Ordering::SeqCst);
        async { Ok::<_, Infallible>(answer(202)) }
    }));
    let answered = now(service.oneshot(delivery("1"))).unwrap();
    assert_eq!(answered.status(), StatusCode::ACCEPTED);
    // Once as the answer came, and once more with nobody waiting.
    assert_eq!(store.settlements.load(Ordering::SeqCst), 2);
}

#[test]
fn in_shadow_mode_duplicates_are_recorded_and_let_through() {
    let settings = DedupSettings::new().with_insecure_shadow(true);
    let store = Fallible::default();
    let layer = DedupLayer::with_store(store.clone()).with_settings(Settings::fixed(settings));
    let handler = Handler::default();
    handler.send(&layer, delivery("1"), 200);
    let (request, record) = recorded(delivery("1"));
    assert!(!is_duplicate(&handler.send(&layer, request, 200)));
    assert_eq!(
        record.shadow_refusal(),
        Some((Reason::Duplicate, Check::Replay))
    );
    // What is not verified goes on without a claim: the signature may be in shadow mode too.
    let claims = store.claims.load(Ordering::SeqCst);
    let (request, record) = recorded(stranger("event"));
    handler.send(&layer, request, 200);
    assert_eq!(record.verdict(Check::Replay), Some(Verdict::Skipped));
    assert_eq!(store.claims.load(Ordering::SeqCst), claims);
    store.fails.store(true, Ordering::SeqCst);
    handler.send(&layer, delivery("2"), 200);
    assert_eq!(handler.runs(), 4);
}

#[test]
fn a_delivery_that_nothing_tells_from_the_next_is_handled_each_time() {
    let (layer, handler) = (DedupLayer::new(), Handler::default());
    for _ in 0..2 {
        let empty = verified(Verification::new("acme").with_signed_body(), "");
        let (request, record) = recorded(empty);
        assert!(!is_duplicate(&handler.send(&layer, request, 200)));
        assert_eq!(record.verdict(Check::Replay), Some(Verdict::Skipped));
    }
    assert_eq!(handler.runs(), 2);
}

#[test]
fn settings_come_from_the_endpoint_and_can_be_swapped() {
    let layer = DedupLayer::new().with_settings(Settings::per_endpoint());
    let handler = Handler::default();
    let refused = handler.send(&layer, delivery("1"), 200);
    assert_eq!(refused.status(), StatusCode::INTERNAL_SERVER_ERROR);
    let at = |endpoint| {
        let mut request = delivery("1");
        let endpoint = Endpoint::new(endpoint).with(DedupSettings::new());
        Facts::of_mut(request.extensions_mut()).set_endpoint(endpoint);
        request
    };
    assert!(!is_duplicate(&handler.send(&layer, at("one"), 200)));
    assert!(!is_duplicate(&handler.send(&layer, at("two"), 200)));
    assert!(is_duplicate(&handler.send(&layer, at("two"), 200)));

    let (store, hands) = store();
    let short = DedupSettings::new()
        .with_keep(Duration::from_secs(60))
        .unwrap();
    let (settings, handle) = Settings::swappable(short);
    let layer = DedupLayer::with_store(store).with_settings(settings);
    handler.send(&layer, delivery("1"), 200);
    handle.replace(DedupSettings::new(), &Cause::new("test", "a longer time"));
    handler.send(&layer, delivery("2"), 200);
    hands.advance(Duration::from_secs(60));
    assert!(!is_duplicate(&handler.send(&layer, delivery("1"), 200)));
    assert!(is_duplicate(&handler.send(&layer, delivery("2"), 200)));
}

#[test]
fn a_policy_without_bodies_is_found_out_at_the_first_request() {
    let in_words = |rejection: &Rejection, _: &Parts| answer(rejection.code().status().as_u16());
    let layer = DedupLayer::new().with_rejection(in_words);
    let handler = Handler::default();
    let refused = handler.send(&layer, delivery("1"), 200);
    assert_eq!(refused.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(handler.runs(), 0);
}

#[tokio::test]
async fn a_grpc_caller_gets_an_empty_message_and_ok_in_the_trailers() {
    let layer = DedupLayer::new();
    let send = || {
        let mut request = delivery("1");
        let grpc = "application/grpc+proto".parse().unwrap();
        request.headers_mut().insert("content-type", grpc);
        layer
            .layer(service_fn(|_: Request<BufferedBody>| async {
                Ok::<_, Infallible>(Response::new(BufferedBody::new("\0\0\0\0\x01x")))
            }))
            .oneshot(request)
    };
    send().await.unwrap();
    let duplicate = send().await.unwrap();
    assert!(is_duplicate(&duplicate));
    assert_eq!(header(&duplicate, "content-type"), Some("application/grpc"));
    assert_eq!(header(&duplicate, "grpc-status"), None);
    let body = duplicate.into_body().collect().await.unwrap();
    assert_eq!(body.trailers().unwrap()["grpc-status"], "0");
    assert_eq!(body.to_bytes(), Bytes::from_static(&[0; 5]));
}

#[test]
fn a_grpc_status_that_is_not_ok_releases() {
    let layer = DedupLayer::new();
    let send = |status: &'static str| {
        let service = layer.layer(service_fn(move |_: Request<BufferedBody>| async move {
            let response = Response::builder().header("grpc-status", status);
            Ok::<_, Infallible>(response.body(Body::default()).unwrap())
        }));
        now(service.oneshot(delivery("1"))).unwrap()
    };
    assert!(!is_duplicate(&send("13")));
    assert!(!is_duplicate(&send("0")));
    assert!(is_duplicate(&send("0")));
}
