//! A tower layer that limits how often webhook deliveries may come, by network, endpoint or header,
//! in bounded memory.
//!
//! - **Two places.** [`RateLimitLayer::per_network`] stands outside, before anything is verified, and
//!   keeps one client from taking all the work of verification for itself. [`RateLimitLayer::per_endpoint`]
//!   stands inside the layer that verifies. Strangers are charged in the first alone, so they can
//!   never use up a real sender's quota.
//! - **Never keyed by what a stranger can choose.** A quota by endpoint or header acts on verified
//!   deliveries only; a request that nothing verified is charged to its network ([`Key`]).
//! - **Exact.** Each request is counted in one step, however many come at once, and a clock that
//!   steps back gives nothing away. Waiting as long as `Retry-After` says is enough.
//! - **Several at once.** One layer holds several quotas ([`RateLimitLayer::and_quota`]): 10 a second
//!   and 600 a minute, of each network and of all. A request is charged to all of them or to none.
//! - **Bounded.** The tables of buckets have a fixed size. Full buckets are forgotten, others never;
//!   where there are more keys than places, new ones share a bucket. There is no clean-up to run.
//! - **Seen and set right at run time.** Quotas can be swapped, or come with each endpoint
//!   ([`RateLimitLayer::with_quota`]); a [`RateLimitHandle`] looks into a key's bucket and resets it.
//! - **Headers and sizes only.** The request, its body and the response pass through as they are.
//!
//! # Units and algorithms
//!
//! | quota | counts | at once | `Retry-After` | unit in the fields |
//! |---|---|---|---|---|
//! | [`Quota::per_minute`] and others | deliveries, in a bucket that fills up evenly (GCRA) | the burst | until there is room | |
//! | [`Quota::bytes_per_minute`] and others | bytes of bodies, in such a bucket | the burst | until there is room for this one | `content-bytes` |
//! | either [in fixed windows](Quota::with_fixed_windows) | the same, from zero at each boundary | the quota, and **twice the quota at a boundary** | until the boundary | as above |
//! | [`Quota::concurrent`] | deliveries in flight | the quota | 1 s, a guess | `concurrent-requests` |
//!
//! # Answers
//!
//! | when | answer | reason in the record |
//! |---|---|---|
//! | the bucket has not enough left | 429, or gRPC status 8, with `Retry-After`; waiting that long is enough, but for permits | `rate_limited`, and the quota's name |
//! | the body is larger than a quota's burst of bytes | 413, or gRPC status 8 | `body_too_large`, and the quota's name |
//! | quotas are per endpoint, and the request's endpoint has none | 500, or gRPC status 13 | `misconfigured` |
//! | the client's network is needed and not known | 403, or gRPC status 7 | `ip_unresolved` |
//!
//! Verified senders, and only they, are told of their quota in `RateLimit` fields ([`HeaderStyle`]).
//! Everything else comes from the inner service.
//!
//! # Example
//!
//! Each kind of quota, with a delivery that passes and one that does not:
//!
//! ```
//! use std::{convert::Infallible, time::Duration};
//!
//! use bytes::Bytes;
//! use http::{Request, Response};
//! use http_body_util::Full;
//! use tower::{Layer, ServiceExt, service_fn};
//! use webhook_core::{Clock, PeerAddr, Timestamp};
//! use webhook_ratelimit_layer::{Key, Quota, RateLimitLayer};
//!
//! /// The status, and what `Retry-After` says, of a delivery of so many bytes from 192.0.2.1.
//! async fn deliver(layer: &RateLimitLayer, size: usize) -> (u16, Option<String>) {
//!     let service = layer.layer(service_fn(async |_: Request<Full<Bytes>>| {
//!         tokio::time::sleep(Duration::from_millis(10)).await;
//!         Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))
//!     }));
//!     let mut request = Request::new(Full::from(vec![0; size]));
//!     let peer = PeerAddr::new(([192, 0, 2, 1], 50_000).into());
//!     request.extensions_mut().insert(peer);
//!     let response = match service.oneshot(request).await {
//!         Ok(response) => response,
//!         Err(never) => match never {},
//!     };
//!     let wait = response.headers().get("retry-after");
//!     let wait = wait.and_then(|wait| wait.to_str().ok()).map(str::to_owned);
//!     (response.status().as_u16(), wait)
//! }
//!
//! # #[tokio::main(flavor = "current_thread", start_paused = true)]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // Two a minute: the third waits until half a minute has passed since the first.
//! let layer = RateLimitLayer::per_network().with_quota(Quota::per_minute(2)?);
//! assert_eq!(deliver(&layer, 0).await, (200, None));
//! assert_eq!(deliver(&layer, 0).await, (200, None));
//! assert_eq!(deliver(&layer, 0).await, (429, Some("30".to_owned())));
//!
//! // 1000 bytes a minute: 600 and 400 pass, and 100 more wait for a tenth of a minute.
//! let layer = RateLimitLayer::per_network().with_quota(Quota::bytes_per_minute(1000)?);
//! assert_eq!(deliver(&layer, 600).await, (200, None));
//! assert_eq!(deliver(&layer, 400).await, (200, None));
//! assert_eq!(deliver(&layer, 100).await, (429, Some("6".to_owned())));
//! assert_eq!(deliver(&layer, 1001).await, (413, None));
//!
//! // One in each day of UTC. It is 22:13:20, so the next day begins in 6400 seconds.
//! let (clock, _) = Clock::manual(Timestamp::from_unix_seconds(1_700_000_000));
//! let a_day = Duration::from_secs(24 * 60 * 60);
//! let quota = Quota::per_period(1, a_day)?.with_fixed_windows()?;
//! let layer = RateLimitLayer::per_network().with_quota(quota).with_clock(clock);
//! assert_eq!(deliver(&layer, 0).await, (200, None));
//! assert_eq!(deliver(&layer, 0).await, (429, Some("6400".to_owned())));
//!
//! // One at a time, beside the default of 600 a minute.
//! let layer = RateLimitLayer::per_network()
//!     .and_quota("in-flight", Key::network(), Quota::concurrent(1)?)?;
//! let (first, second) = tokio::join!(deliver(&layer, 0), deliver(&layer, 0));
//! assert_eq!((first.0, second), (200, (429, Some("1".to_owned()))));
//! assert_eq!(deliver(&layer, 0).await, (200, None));
//! # Ok(())
//! # }
//! ```
#![cfg_attr(docsrs, feature(doc_cfg))]

mod clock;
mod diagnosis;
mod error;
mod failure;
mod fields;
mod future;
mod handle;
mod judge;
mod key;
mod layer;
mod meter;
mod permits;
mod plan;
mod quota;
mod rule;
mod service;
mod settings;
mod subject;
mod table;

pub use self::{
    error::{RateLimitError, RateLimitErrorKind},
    fields::HeaderStyle,
    future::ResponseFuture,
    handle::{BucketState, RateLimitHandle},
    key::Key,
    layer::RateLimitLayer,
    quota::{Quota, Unit},
    service::RateLimit,
    subject::Subject,
};

#[doc = include_str!("../README.md")]
#[cfg(doctest)]
struct ReadmeDoctests;
