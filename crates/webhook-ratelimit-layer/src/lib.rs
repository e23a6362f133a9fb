//! A tower layer that limits how often webhook deliveries may come, by network, endpoint or header,
//! in bounded memory.
//!
//! - **Two places.** [`RateLimitLayer::per_network`] stands outside, before anything is verified, and
//!   keeps one client from taking all the work of verification for itself. [`RateLimitLayer::per_endpoint`]
//!   stands inside the layer that verifies. Strangers are charged in the first alone, so they can
//!   never use up a real sender's quota.
//! - **Never keyed by what a stranger can choose.** A quota by endpoint or header acts on verified
//!   deliveries only; a request that nothing verified is charged to its network ([`Key`]).
//! - **Exact.** Buckets fill up evenly ([`Quota`]; the arithmetic is [governor]'s), each request is
//!   counted in one atomic step, and a clock that steps back gives nothing away.
//! - **Bounded.** The table of buckets has a fixed size. Full buckets are forgotten, others never;
//!   where there are more keys than places, new ones share a bucket. There is no clean-up to run.
//! - **Headers only.** The request, its body and the response pass through as they are.
//!
//! [governor]: https://docs.rs/governor
//!
//! # Answers
//!
//! | when | answer | reason in the record |
//! |---|---|---|
//! | the bucket is empty | 429, or gRPC status 8, with `Retry-After`; waiting that long is enough | `rate_limited`, and the quota's name |
//! | the client's network is needed and not known | 403, or gRPC status 7 | `ip_unresolved` |
//!
//! Verified senders, and only they, are told of their quota in `RateLimit` fields ([`HeaderStyle`]).
//! Everything else comes from the inner service.
//!
//! # Example
//!
//! ```
//! use bytes::Bytes;
//! use http::{Request, Response, StatusCode};
//! use http_body_util::Full;
//! use tower::{ServiceBuilder, ServiceExt, service_fn};
//! use webhook_core::PeerAddr;
//! use webhook_ratelimit_layer::{Quota, RateLimitLayer};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let service = ServiceBuilder::new()
//!     .layer(RateLimitLayer::per_network().with_quota(Quota::per_minute(2)?))
//!     .service(service_fn(async |_: Request<()>| {
//!         Ok::<_, std::convert::Infallible>(Response::new(Full::<Bytes>::default()))
//!     }));
//!
//! let peer = PeerAddr::new("192.0.2.1:50000".parse()?);
//! let request = || Request::builder().extension(peer).body(());
//! assert_eq!(service.clone().oneshot(request()?).await?.status(), StatusCode::OK);
//! assert_eq!(service.clone().oneshot(request()?).await?.status(), StatusCode::OK);
//!
//! let refused = service.clone().oneshot(request()?).await?;
//! assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
//! assert_eq!(refused.headers()["retry-after"], "30");
//! # Ok(())
//! # }
//! ```
#![cfg_attr(docsrs, feature(doc_cfg))]

mod clock;
mod diagnosis;
mod error;
mod fields;
mod future;
mod judge;
mod key;
mod layer;
mod limiter;
mod quota;
mod service;
mod table;

pub use self::{
    error::{RateLimitError, RateLimitErrorKind},
    fields::HeaderStyle,
    future::ResponseFuture,
    key::Key,
    layer::RateLimitLayer,
    quota::Quota,
    service::RateLimit,
};

#[doc = include_str!("../README.md")]
#[cfg(doctest)]
struct ReadmeDoctests;
