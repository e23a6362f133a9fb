use std::{
    convert::Infallible,
    future::{Ready, ready},
    hint::black_box,
    net::{IpAddr, Ipv4Addr},
    ops::Range,
    pin::pin,
    task::{Context, Waker},
};

use axum::body::Body;
use bytes::Bytes;
use governor::{DefaultKeyedRateLimiter, RateLimiter};
use http::{Request, Response};
use http_body_util::Full;
use tower::{Layer as _, Service};
use webhook_layers::{ClientAddr, Facts, Quota, RateLimitLayer, ratelimit::HeaderStyle};

use super::{
    Chart,
    chart::{Operation, Subject, curve},
};
use crate::stack::{AMPLE, BoxError};

const SIZES: [u32; 5] = [1, 1_000, 10_000, 100_000, 1_000_000];

const OPERATIONS: usize = 10_000;

/// The smallest table that there is.
const LEAST_CAPACITY: usize = 8;

/// A prime, so that no two neighbours are asked for in a row.
const STEP: usize = 7_919;

pub(super) fn chart(rounds: usize) -> Result<Chart, BoxError> {
    let layers: Result<Vec<_>, BoxError> = SIZES.into_iter().map(layer).collect();
    let alone = SIZES.map(|clients| warm(clients, tower::service_fn(answer)));
    let governors: Result<Vec<_>, BoxError> = SIZES.into_iter().map(governor).collect();
    Ok(Chart {
        name: "quota".into(),
        title: "One request against a quota, let through".into(),
        sizes: "clients".into(),
        note: Some(memory()?),
        curves: vec![
            curve("the service in the layer", rounds, |_| OPERATIONS, layers?),
            curve("the service alone", rounds, |_| OPERATIONS, alone.into()),
            curve(
                "the check of `governor`",
                rounds,
                |_| OPERATIONS,
                governors?,
            ),
        ],
    })
}

/// A service that answers at once, in the layer or alone, and the requests of the next turn.
struct Limited<S> {
    service: S,
    clients: u32,
    requests: Vec<Request<Body>>,
}

impl<S: Service<Request<Body>>> Operation for Limited<S> {
    fn prepare(&mut self, operations: Range<usize>) {
        self.requests.clear();
        let clients = self.clients;
        self.requests.extend(
            operations
                .rev()
                .map(|number| request(client(number, clients))),
        );
    }

    fn run(&mut self, _: usize) {
        if let Some(request) = self.requests.pop() {
            let mut answer = pin!(self.service.call(request));
            let mut context = Context::from_waker(Waker::noop());
            // It is there at once.
            black_box(answer.as_mut().poll(&mut context).is_ready());
        }
    }
}

fn layer(clients: u32) -> Result<Subject<impl Operation>, BoxError> {
    let service = RateLimitLayer::per_network()
        .with_capacity((clients as usize).max(LEAST_CAPACITY))?
        .with_headers(HeaderStyle::None)
        .with_quota(Quota::per_second(AMPLE)?)
        .layer(tower::service_fn(answer));
    Ok(warm(clients, service))
}

/// A service that met each client once.
fn warm<S: Service<Request<Body>>>(clients: u32, service: S) -> Subject<Limited<S>> {
    let mut limited = Limited {
        service,
        clients,
        requests: Vec::new(),
    };
    for first in (0..clients as usize).step_by(OPERATIONS) {
        let operations = first..(first + OPERATIONS).min(clients as usize);
        limited.prepare(operations.clone());
        operations.for_each(|number| limited.run(number));
    }
    Subject::new(clients, limited)
}

/// What the largest table takes, full or empty.
fn memory() -> Result<String, BoxError> {
    let [.., most] = SIZES;
    let bytes = RateLimitLayer::per_network()
        .with_capacity(most as usize)?
        .table_bytes();
    let each = u32::try_from(bytes).map_or(f64::NAN, f64::from) / f64::from(most);
    Ok(format!(
        "A table for a million clients takes {each:.1} bytes for each of them, full or empty, and no more."
    ))
}

fn governor(clients: u32) -> Result<Subject<impl Operation>, BoxError> {
    let each = std::num::NonZeroU32::new(AMPLE).ok_or("no quota")?;
    let limiter: DefaultKeyedRateLimiter<IpAddr> =
        RateLimiter::keyed(governor::Quota::per_second(each));
    let check = move |number| black_box(limiter.check_key(&client(number, clients)).is_ok());
    (0..clients as usize).for_each(|number| {
        check(number);
    });
    Ok(Subject::new(clients, move |number| {
        check(number);
    }))
}

// A size is a `u32`, and so is what is left over by it.
#[allow(clippy::cast_possible_truncation)]
fn client(number: usize, clients: u32) -> IpAddr {
    let number = number.wrapping_mul(STEP) % clients as usize;
    Ipv4Addr::from_bits(0x0B00_0000 + number as u32).into()
}

fn request(client: IpAddr) -> Request<Body> {
    let mut request = Request::new(Body::empty());
    Facts::of_mut(request.extensions_mut()).set_client(ClientAddr::new(client, None));
    request
}

fn answer(request: Request<Body>) -> Ready<Result<Response<Full<Bytes>>, Infallible>> {
    drop(request);
    ready(Ok(Response::new(Full::default())))
}
