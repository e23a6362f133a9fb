//! The parts by themselves: `cargo bench -p webhook-benches`, or with a name, `… -- lists`.
#![allow(missing_docs, clippy::unwrap_used)]

use std::{
    convert::Infallible,
    future::{Future, Ready, ready},
    net::{IpAddr, Ipv4Addr},
    pin::pin,
    sync::atomic::{AtomicU32, Ordering},
    task::{Context, Poll, Waker},
    time::Duration,
};

use axum::body::Body;
use bytes::Bytes;
use divan::{Bencher, black_box};
use http::{Request, Response};
use http_body_util::Full;
use tower::{Layer as _, Service as _};
use webhook_layers::{
    AuditLayer, BodyLimits, ClientAddr, Facts, JsonLinesSink, MemoryBudget, Preset, Quota,
    RateLimitLayer, Secret, SignRequest, Timestamp, TracingSink, Verifier,
    audit::{AuditRecord, Sink},
    core::body::Collect,
    dedup::{DedupStore as _, DeliveryKey, MemoryStore, Owner},
    ip::AddressSet,
    presets,
};

fn main() {
    divan::main();
}

/// The output of a future that never waits.
fn now<F: Future>(future: F) -> F::Output {
    let mut context = Context::from_waker(Waker::noop());
    let Poll::Ready(output) = pin!(future).poll(&mut context) else {
        unreachable!("nothing here waits")
    };
    output
}

fn answer<B>(request: Request<B>) -> Ready<Result<Response<Full<Bytes>>, Infallible>> {
    drop(request);
    ready(Ok(Response::new(Full::default())))
}

#[divan::bench(args = [1024, 25 * 1024, 1024 * 1024])]
fn collector(bencher: Bencher<'_, '_>, bytes: usize) {
    let (limits, budget) = (BodyLimits::default(), MemoryBudget::default());
    let body = Bytes::from(vec![b'x'; bytes]);
    bencher
        .with_inputs(|| Full::new(body.clone()))
        .bench_values(|body| now(Collect::new(body, &limits, &budget)).is_ok());
}

const SCHEMES: [&str; 5] = ["github", "stripe", "slack", "shopify", "standard-webhooks"];

#[divan::bench(args = SCHEMES)]
fn verification(bencher: Bencher<'_, '_>, name: &str) {
    let preset: &Preset = presets::by_name(name).unwrap();
    let secret = match name {
        "standard-webhooks" => "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        _ => "the secret of the benchmark's sender",
    };
    let verifier = Verifier::new(preset, Secret::new(secret).unwrap()).unwrap();
    let (body, at) = ([b'x'; 1024], Timestamp::from_unix_seconds(1_700_000_000));
    let delivery = SignRequest::new(&body, at).with_id("msg_1");
    let (mut parts, ()) = Request::post("/hooks").body(()).unwrap().into_parts();
    parts.headers.extend(
        verifier
            .sign(&delivery)
            .unwrap()
            .into_iter()
            .map(|(name, value)| (Some(name), value)),
    );
    assert!(verifier.verify(&parts, &body, at).is_ok());
    bencher.bench(|| {
        verifier
            .verify(black_box(&parts), black_box(&body), at)
            .is_ok()
    });
}

/// Networks that do not touch, and the addresses of one inside and one outside.
fn networks(count: u32) -> (AddressSet, [IpAddr; 2]) {
    let at = |number: u32| Ipv4Addr::from_bits(0x0B00_0000 + number * 512);
    let entries: Vec<_> = (0..count)
        .map(|number| format!("{}/24", at(number)))
        .collect();
    let middle = at(count / 2).to_bits() + 7;
    let of = |bits| IpAddr::V4(Ipv4Addr::from_bits(bits));
    let set = AddressSet::parse(&entries).unwrap();
    let (hit, miss) = (of(middle), of(middle + 256));
    assert!(set.contains(hit) && !set.contains(miss));
    (set, [hit, miss])
}

#[divan::bench(args = [10, 1_000, 10_000, 100_000])]
fn lists_hit(bencher: Bencher<'_, '_>, count: u32) {
    let (set, [hit, _]) = networks(count);
    bencher.bench(|| set.contains(black_box(hit)));
}

#[divan::bench(args = [10, 1_000, 10_000, 100_000])]
fn lists_miss(bencher: Bencher<'_, '_>, count: u32) {
    let (set, [_, miss]) = networks(count);
    bencher.bench(|| set.contains(black_box(miss)));
}

/// The whole layer: a look at the client, the table, and an answer that is there.
#[divan::bench(args = [1, 1_000, 1_000_000], threads = [1, 2])]
fn quota(bencher: Bencher<'_, '_>, keys: u32) {
    let layer = RateLimitLayer::per_network()
        .with_capacity(1 << 22)
        .unwrap()
        .with_quota(Quota::per_second(1_000_000).unwrap());
    let service = layer.layer(tower::service_fn(answer::<Body>));
    let request = |number: u32| {
        let mut request = Request::new(Body::empty());
        let client = Ipv4Addr::from_bits(0x0B00_0000 + number % keys);
        let facts = Facts::of_mut(request.extensions_mut());
        facts.set_client(ClientAddr::new(client.into(), None));
        request
    };
    for number in 0..keys {
        now(service.clone().call(request(number))).unwrap();
    }
    // A step that shares no factor with the number of keys: no two neighbours in a row.
    let next = AtomicU32::new(0);
    bencher
        .with_inputs(|| {
            let number = next.fetch_add(7_919, Ordering::Relaxed);
            (service.clone(), request(number))
        })
        .bench_values(|(mut service, request)| now(service.call(request)).is_ok());
}

#[divan::bench]
fn dedup_claim(bencher: Bencher<'_, '_>) {
    let store = MemoryStore::new();
    let next = AtomicU32::new(0);
    bencher
        .with_inputs(|| {
            let mut key = [0; 32];
            let number = next.fetch_add(1, Ordering::Relaxed).to_le_bytes();
            key.iter_mut().zip(number).for_each(|(to, from)| *to = from);
            DeliveryKey::from_bytes(key)
        })
        .bench_values(|key| {
            now(store.claim(key, Owner::generate(), Duration::from_secs(60))).is_ok()
        });
}

/// A request through the audit layer alone, into a sink.
fn audited(bencher: Bencher<'_, '_>, sink: impl Sink + Clone + Send + Sync) {
    let service = AuditLayer::new(sink).layer(tower::service_fn(answer::<Body>));
    let request = || {
        let request = Request::post("/hooks").header("user-agent", "GitHub-Hookshot/044aadd");
        request.body(Body::empty()).unwrap()
    };
    bencher
        .with_inputs(|| (service.clone(), request()))
        .bench_values(|(mut service, request)| now(service.call(request)).is_ok());
}

#[divan::bench]
fn record_dropped(bencher: Bencher<'_, '_>) {
    audited(bencher, |record: AuditRecord| drop(record));
}

#[divan::bench]
fn record_as_json(bencher: Bencher<'_, '_>) {
    audited(bencher, |record: AuditRecord| {
        let mut line = Vec::with_capacity(1024);
        record.write_json_line(&mut line);
        black_box(line);
    });
}

#[divan::bench]
fn sink_json_lines(bencher: Bencher<'_, '_>) {
    audited(bencher, JsonLinesSink::new(std::io::sink()).unwrap());
}

/// Nobody subscribes.
#[divan::bench]
fn sink_tracing_off(bencher: Bencher<'_, '_>) {
    audited(bencher, TracingSink::default());
}
