//! Finds the endpoint that a webhook delivery is for, with the settings of every layer inside, and
//! pauses endpoints at run time.
//!
//! So one route, `/webhooks/{key}`, serves any number of tenants, each with its own secrets, lists
//! and quotas:
//!
//! - The [key](EndpointKey) stands in the path, in a header (an endpoint's key, or the name of an
//!   event), or in several places that name the endpoint together. What has no valid form never
//!   gets as far as a look-up.
//! - Endpoints are held in memory ([`EndpointMap`]) or looked up by a function of yours and
//!   remembered ([`EndpointCache`]): one look-up for each key at a time, bounded in number, time and
//!   memory. A request whose endpoint is known waits for nothing and allocates nothing.
//! - An [`Endpoint`](webhook_core::Endpoint) is one value that holds the settings of all layers.
//!   It goes into [`Facts`](webhook_core::Facts), where layers with
//!   [`Settings::per_endpoint`](webhook_core::Settings::per_endpoint) find theirs, so no request
//!   sees half of a change.
//! - A [`PauseSwitch`] takes one endpoint, or all, off the air for a while, and senders try again.
//! - Head only: the request goes on with its body as it came, the response comes back as it is.
//!
//! # Answers
//!
//! | when | answer | reason in the record | check |
//! |---|---|---|---|
//! | all endpoints are paused | 503 with `Retry-After` | `paused` | `pause` |
//! | the key is missing or has no valid form | 404 | `endpoint_unknown` | `endpoint` |
//! | there is no such endpoint | the same 404 | `endpoint_unknown` | `endpoint` |
//! | the look-up fails or is late, or there is no room for one | 503, `Retry-After: 5` | `store_unavailable` | `endpoint` |
//! | the endpoint is paused, by the switch or by the look-up | 503 with `Retry-After` | `paused` | `pause` |
//! | the endpoint is disabled | 410 | `endpoint_disabled` | `endpoint` |
//!
//! They are given in this order. gRPC callers get status 5, and status 14 with pushback.
//! `Retry-After` of a pause is the time that is left, and 60 s where nobody knows its end. A store
//! that cannot be asked is never taken for one that does not know the key.
//!
//! # Example
//!
//! ```
//! use std::convert::Infallible;
//!
//! use bytes::Bytes;
//! use http::{Request, Response, StatusCode};
//! use http_body_util::Full;
//! use tower::{Layer, ServiceExt, service_fn};
//! use webhook_core::{Endpoint, Facts, change::Cause};
//! use webhook_endpoint_layer::{
//!     EndpointCache, EndpointKey, EndpointLayer, Key, Lookup, PauseSwitch,
//! };
//!
//! /// In life, a query.
//! async fn find(key: Key) -> Result<Lookup, Infallible> {
//!     Ok(match key.as_str() {
//!         // Here the settings of the layers inside are added: `.with(HmacSettings::new(…)?)`.
//!         "k7f3" => Endpoint::new("acme").into(),
//!         "b2a9" => Lookup::Disabled(Endpoint::new("globex")),
//!         _ => Lookup::Unknown,
//!     })
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let switch = PauseSwitch::new();
//! let layer = EndpointLayer::new(EndpointKey::path("/webhooks/{key}")?, EndpointCache::new(find))
//!     .with_pause(switch.clone());
//!
//! let service = layer.layer(service_fn(async |request: Request<()>| {
//!     let endpoint = Facts::of(request.extensions()).and_then(Facts::endpoint);
//!     let name = endpoint.map(|endpoint| endpoint.name().to_string());
//!     Ok::<_, Infallible>(Response::new(Full::new(Bytes::from(name.unwrap_or_default()))))
//! }));
//! let deliver = |path: &str| service.clone().oneshot(Request::post(path).body(()).unwrap());
//!
//! assert_eq!(deliver("/webhooks/k7f3").await?.status(), StatusCode::OK);
//! assert_eq!(deliver("/webhooks/nobody").await?.status(), StatusCode::NOT_FOUND);
//! assert_eq!(deliver("/webhooks/..").await?.status(), StatusCode::NOT_FOUND);
//! assert_eq!(deliver("/webhooks/b2a9").await?.status(), StatusCode::GONE);
//!
//! switch.pause("acme", None, &Cause::new("alice", "acme floods us"))?;
//! let paused = deliver("/webhooks/k7f3").await?;
//! assert_eq!(paused.status(), StatusCode::SERVICE_UNAVAILABLE);
//! assert_eq!(paused.headers()["retry-after"], "60");
//! # Ok(())
//! # }
//! ```
//!
//! # Its place
//!
//! Outside of every layer with settings per endpoint, inside of the audit. Whatever the request
//! says of its endpoint, it chooses only which settings it is held against: a delivery for one
//! endpoint that is signed with another's secret is refused by the signature layer. Without a layer
//! inside that verifies, the key alone keeps strangers out.
//!
//! A key of no valid form is refused without a look-up, so the time of the answer tells that form
//! from another, which is no secret. Whether a well-formed key is known, a stranger is told anyway:
//! an endpoint that takes deliveries answers 401 and not 404. Where that must not be, give endpoints
//! keys that cannot be guessed.
//!
//! Strangers can make the resolver ask its store for made-up keys, at most
//! [so many at a time](CacheSettings::with_max_look_ups). A quota by network outside of this layer
//! limits them further.
//!
//! # axum's nested routers
//!
//! A router that is nested in another sees the path without its prefix. With the feature `axum`, the
//! path is taken from axum's `OriginalUri` where that is there, so the pattern is always the whole
//! path, wherever the layer stands. Without the feature it is the path that the layer sees.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod cache;
mod diagnosis;
mod directory;
mod error;
mod future;
mod key;
mod layer;
mod lookup;
mod pause;
mod policy;
mod resolver;
mod service;

pub use self::{
    cache::{CacheSettings, EndpointCache},
    directory::{Directory, EndpointMap},
    error::{EndpointError, EndpointErrorKind},
    future::ResponseFuture,
    key::{EndpointKey, Key, MAX_KEY_BYTES},
    layer::EndpointLayer,
    lookup::Lookup,
    pause::{Pause, PauseLayer, PauseSwitch, Paused},
    resolver::Resolve,
    service::FindEndpoint,
};

#[doc = include_str!("../README.md")]
#[cfg(doctest)]
struct ReadmeDoctests;
