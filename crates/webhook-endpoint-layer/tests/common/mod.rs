//! A receiver behind the layer that tells whom it served, and requests with a record.
#![allow(dead_code, reason = "each test file uses its own part")]
#![allow(clippy::unwrap_used, reason = "a helper that fails fails its test")]

use std::{
    convert::Infallible,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use tower::{Layer, ServiceExt, service_fn};
use webhook_core::{
    Clock, DeliveryRecord, Endpoint, Facts, ManualClock, Reason, Reject, Rejection, RequestId,
    Timestamp,
};
use webhook_endpoint_layer::{
    CacheSettings, Directory, EndpointCache, EndpointKey, EndpointLayer, Key, Lookup, Resolve,
};

pub(crate) type Answer = Response<Full<Bytes>>;

pub(crate) const NOW: Timestamp = Timestamp::from_unix_seconds(1_700_000_000);

/// A body of our own: the layer must take it and hand it on.
#[derive(Debug, PartialEq)]
pub(crate) struct AnyBody(pub(crate) &'static str);

/// Tells the endpoint that the handler saw, as a header of its response.
pub(crate) async fn handler(request: Request<AnyBody>) -> Result<Answer, Infallible> {
    assert_eq!(request.body(), &AnyBody("as it came"));
    let endpoint = Facts::of(request.extensions()).and_then(Facts::endpoint);
    let name = endpoint.map_or("nobody".to_owned(), |endpoint| endpoint.name().to_string());
    let response = Response::builder().header("served", name);
    Ok(response.body(Full::from("as it went")).unwrap())
}

pub(crate) fn path() -> EndpointKey {
    EndpointKey::path("/webhooks/{key}").unwrap()
}

pub(crate) fn request(path: &str) -> Request<AnyBody> {
    let mut request = Request::post(path).body(AnyBody("as it came")).unwrap();
    let record = DeliveryRecord::new(RequestId::generate(&Clock::system()));
    Facts::of_mut(request.extensions_mut()).set_record(record);
    request
}

pub(crate) async fn send<D, R>(
    layer: &EndpointLayer<D, R>,
    request: Request<AnyBody>,
) -> (Answer, DeliveryRecord)
where
    D: Directory + Clone,
    R: Reject<Full<Bytes>> + Clone,
{
    let record = Facts::record_of(request.extensions());
    let service = layer.layer(service_fn(handler));
    (service.oneshot(request).await.unwrap(), record)
}

/// The status that a delivery for this key gets.
pub(crate) async fn status<D>(layer: &EndpointLayer<D>, key: &str) -> u16
where
    D: Directory + Clone,
{
    let (answer, _) = send(layer, request(&format!("/webhooks/{key}"))).await;
    answer.status().as_u16()
}

pub(crate) fn served(answer: &Answer) -> Option<&str> {
    answer
        .headers()
        .get("served")
        .map(|name| name.to_str().unwrap())
}

pub(crate) fn reason(answer: &Answer) -> Option<Reason> {
    answer.extensions().get().map(Rejection::reason)
}

pub(crate) fn retry_after(answer: &Answer) -> Option<Duration> {
    let seconds = answer.headers().get("retry-after")?.to_str().unwrap();
    Some(Duration::from_secs(seconds.parse().unwrap()))
}

/// A store whose every part a test can turn.
#[derive(Clone, Default)]
pub(crate) struct Store(Arc<Inner>);

#[derive(Default)]
struct Inner {
    /// Keys of endpoints that there are, with the version of their settings.
    endpoints: Mutex<Vec<(String, u64)>>,
    /// How many look-ups have begun.
    asked: AtomicUsize,
    is_down: std::sync::atomic::AtomicBool,
    /// Look-ups stop here while somebody holds it.
    gate: tokio::sync::Mutex<()>,
}

/// A setting that an endpoint of the store has.
#[derive(Debug, PartialEq)]
pub(crate) struct Version(pub(crate) u64);

impl Store {
    pub(crate) fn of(keys: &[&str]) -> Self {
        let store = Self::default();
        for key in keys {
            store.write(key, 1);
        }
        store
    }

    pub(crate) fn write(&self, key: &str, version: u64) {
        let mut endpoints = self.0.endpoints.lock().unwrap();
        endpoints.retain(|(known, _)| known != key);
        endpoints.push((key.to_owned(), version));
    }

    pub(crate) fn delete(&self, key: &str) {
        let mut endpoints = self.0.endpoints.lock().unwrap();
        endpoints.retain(|(known, _)| known != key);
    }

    pub(crate) fn set_down(&self, is_down: bool) {
        self.0.is_down.store(is_down, Ordering::SeqCst);
    }

    pub(crate) fn asked(&self) -> usize {
        self.0.asked.load(Ordering::SeqCst)
    }

    /// Look-ups that begin now do not end before the gate is dropped.
    pub(crate) async fn close(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.0.gate.lock().await
    }

    async fn find(self, key: Key) -> Result<Lookup, &'static str> {
        self.0.asked.fetch_add(1, Ordering::SeqCst);
        let found = {
            let endpoints = self.0.endpoints.lock().unwrap();
            endpoints
                .iter()
                .find(|(known, _)| known == key.as_str())
                .cloned()
        };
        drop(self.0.gate.lock().await);
        if self.0.is_down.load(Ordering::SeqCst) {
            return Err("the store is down");
        }
        let endpoint = found.map(|(key, version)| Endpoint::new(key).with(Version(version)));
        Ok(endpoint.into())
    }

    pub(crate) fn resolver(&self) -> impl Resolve + use<> {
        let store = self.clone();
        move |key| store.clone().find(key)
    }

    /// A layer over a cache over this store, with a clock turned by hand.
    pub(crate) fn layer(
        &self,
        settings: CacheSettings,
    ) -> (
        EndpointLayer<EndpointCache<impl Resolve + use<>>>,
        EndpointCache<impl Resolve + use<>>,
        ManualClock,
    ) {
        let (clock, hands) = Clock::manual(NOW);
        let settings = settings.with_clock(clock);
        let cache = EndpointCache::with_settings(self.resolver(), settings);
        (EndpointLayer::new(path(), cache.clone()), cache, hands)
    }
}

/// Lets every task that can run, run.
pub(crate) async fn settle() {
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
}
