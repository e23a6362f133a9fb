//! Forged and real deliveries in any order, on a bare tower stack.

use std::{
    collections::HashSet,
    convert::Infallible,
    pin::pin,
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body_util::Full;
use proptest::prelude::*;
use tower::{ServiceBuilder, ServiceExt as _, service_fn, util::BoxCloneSyncService};
use webhook_dedup_layer::{DedupLayer, MemoryStore};
use webhook_layers::{
    AuditLayer, BufferedBody, Clock, HmacLayer, HmacSettings, Preset, Secret, SignRequest,
    Timestamp, Verifier, presets,
};
use webhook_tests::{
    hosts::{SECRET, START},
    stand::Ledger,
};

use crate::receiver::{FAIL, Handler};

pub(crate) type Body = Full<Bytes>;

/// A stack in one process: audit, signature, dedup, handler.
pub(crate) struct Stack {
    service: BoxCloneSyncService<Request<Body>, Response<tonic::body::Body>, Infallible>,
    verifier: Verifier,
    pub(crate) handler: Handler,
    pub(crate) ledger: Ledger,
    pub(crate) store: MemoryStore,
}

impl Stack {
    pub(crate) fn new(preset: &Preset) -> Self {
        let verifier = Verifier::new(preset.scheme(), Secret::new(SECRET).unwrap()).unwrap();
        let settings = HmacSettings::from_verifier(verifier.clone());
        let (handler, ledger, store) = (Handler::new(), Ledger::default(), MemoryStore::new());
        let service = ServiceBuilder::new()
            .layer(AuditLayer::new(ledger.clone()))
            .layer(HmacLayer::from(settings).with_clock(Clock::manual(START).0))
            .layer(DedupLayer::with_store(store.clone()))
            .service(handler.clone());
        Self {
            service: BoxCloneSyncService::new(service),
            verifier,
            handler,
            ledger,
            store,
        }
    }

    pub(crate) fn sign(&self, body: &'static str, id: &str, at: Timestamp) -> HeaderMap {
        let request = SignRequest::new(body.as_bytes(), at).with_id(id);
        self.verifier.sign(&request).unwrap().into_iter().collect()
    }

    /// Sends a delivery that nothing keeps waiting.
    pub(crate) fn send(
        &self,
        headers: HeaderMap,
        body: &'static str,
    ) -> Response<tonic::body::Body> {
        let mut request = Request::post("/dedup").body(Body::from(body)).unwrap();
        *request.headers_mut() = headers;
        let future = self.service.clone().oneshot(request);
        match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(response) => response.unwrap(),
            Poll::Pending => panic!("it did not answer at once"),
        }
    }
}

#[test]
fn promise_18_a_github_replay_under_a_new_delivery_id_is_a_duplicate() {
    let stack = Stack::new(&presets::GITHUB);
    let mut headers = stack.sign("{\"ref\":\"main\"}", "1", START);
    for (id, is_duplicate) in [("one", false), ("two", true), ("three", true)] {
        headers.insert("x-github-delivery", id.parse().unwrap());
        let response = stack.send(headers.clone(), "{\"ref\":\"main\"}");
        assert_eq!(response.status(), 200);
        let told = response.headers().contains_key("webhook-duplicate");
        assert_eq!(told, is_duplicate, "{id}");
    }
    assert_eq!(stack.handler.runs(), 1);
}

#[test]
fn a_handler_that_panics_is_one_500_and_the_next_copy_is_handled() {
    let ledger = Ledger::default();
    let verifier = webhook_tests::hosts::verifier();
    let settings = HmacSettings::from_verifier(verifier.clone());
    let panics = std::sync::atomic::AtomicBool::new(true);
    let panics = std::sync::Arc::new(panics);
    let service = ServiceBuilder::new()
        .layer(AuditLayer::new(ledger.clone()))
        .layer(HmacLayer::from(settings).with_clock(Clock::manual(START).0))
        .layer(DedupLayer::new())
        .service(service_fn(move |_: Request<BufferedBody>| {
            let panics = std::sync::Arc::clone(&panics);
            async move {
                let is_first = panics.swap(false, std::sync::atomic::Ordering::SeqCst);
                assert!(!is_first, "as this test asked");
                Ok::<_, Infallible>(Response::new(Body::default()))
            }
        }));
    for due in [500, 200, 200] {
        let sign = SignRequest::new(b"event", START).with_id("evt_1");
        let mut request = Request::post("/").body(Body::from("event")).unwrap();
        *request.headers_mut() = verifier.sign(&sign).unwrap().into_iter().collect();
        let future = service.clone().oneshot(request);
        match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(response) => assert_eq!(response.unwrap().status(), due),
            Poll::Pending => panic!("it did not answer at once"),
        }
    }
    let due = [
        ("error", "handler_panic"),
        ("accepted", "ok"),
        ("accepted", "duplicate"),
    ];
    assert_eq!(ledger.conclusions(), due);
}

/// What arrives under one of a few ids.
#[derive(Clone, Copy, Debug)]
enum Arrival {
    Real,
    /// The handler fails the first of all that ask for it.
    Failing,
    WrongSecret,
    Stale,
    Unsigned,
    OtherId,
}

fn arrival() -> impl Strategy<Value = (Arrival, usize)> {
    let kind = prop_oneof![
        Just(Arrival::Real),
        Just(Arrival::Failing),
        Just(Arrival::WrongSecret),
        Just(Arrival::Stale),
        Just(Arrival::Unsigned),
        Just(Arrival::OtherId),
    ];
    (kind, 0_usize..3)
}

const IDS: [&str; 3] = ["evt_1", "evt_2", "EVT_1"];
const BODY: &str = "{\"type\":\"invoice.paid\"}";

proptest! {
    /// Whatever is forged or stale never marks a delivery as seen: a real one is handled exactly
    /// once, by its first copy that does not fail.
    #[test]
    fn promise_16_forged_copies_never_claim(arrivals in proptest::collection::vec(arrival(), 0..40)) {
        let stack = Stack::new(&presets::STANDARD_WEBHOOKS);
        let (mut handled, mut runs, mut has_failed) = (HashSet::new(), 0, false);
        for (kind, id) in arrivals {
            let id = IDS[id];
            let stale = Timestamp::from_unix_seconds(START.unix_seconds() - 900);
            let mut headers = stack.sign(BODY, id, START);
            match kind {
                Arrival::Real => {}
                Arrival::Failing => {
                    headers.insert(FAIL, "1".parse().unwrap());
                }
                Arrival::WrongSecret => {
                    let other = Secret::new("whsec_bm90IHRoZSBzZWNyZXQgb2YgdGhlc2UgdGVz").unwrap();
                    let scheme = presets::STANDARD_WEBHOOKS.scheme();
                    let other = Verifier::new(scheme, other).unwrap();
                    let sign = SignRequest::new(BODY.as_bytes(), START).with_id(id);
                    headers = other.sign(&sign).unwrap().into_iter().collect();
                }
                Arrival::Stale => headers = stack.sign(BODY, id, stale),
                Arrival::Unsigned => {
                    headers.remove("webhook-signature");
                }
                Arrival::OtherId => {
                    headers.insert("webhook-id", "evt_3".parse().unwrap());
                }
            }
            let response = stack.send(headers, BODY);
            let is_duplicate = response.headers().contains_key("webhook-duplicate");
            if matches!(kind, Arrival::Real | Arrival::Failing) {
                prop_assert_eq!(is_duplicate, handled.contains(id));
                if !is_duplicate {
                    runs += 1;
                    if matches!(kind, Arrival::Failing) && !has_failed {
                        has_failed = true;
                        prop_assert_eq!(response.status(), 500);
                    } else {
                        prop_assert_eq!(response.status(), 200);
                        handled.insert(id);
                    }
                }
            } else {
                prop_assert_eq!(response.status(), 401);
            }
            prop_assert_eq!(stack.handler.runs(), runs);
            prop_assert_eq!(stack.store.gauges().entries, handled.len());
        }
    }
}
