//! Finds the client address behind trusted proxies and holds it against allow and deny lists.
//!
//! A tower layer that looks at the peer and the headers only, so that it decides before the first
//! byte of the body is read:
//!
//! * The client is the peer of the connection, unless [trusted proxies](TrustedProxies) are named.
//!   Then it is the right-most hop of the one configured header that is no trusted proxy. Clients
//!   cannot choose it, whatever they write.
//! * [Lists](AccessList) have any number of entries, are parsed strictly, and change at run time. Deny
//!   beats allow; an empty allow list lets nobody in; an unknown address is refused wherever a list
//!   is configured.
//! * IPv4-mapped IPv6 addresses are IPv4 addresses everywhere. Nothing else is unwrapped.
//! * Networks can be [denied](Denials) at run time, and [banned](Bans) after refused verifications;
//!   https can be [required](IpLayer::with_https).
//! * Lists that providers publish are taken whole or not at all, and the last good one is kept: the
//!   module `feed`, with the feature `feeds`. A list that has become stale is
//!   [found out](ListDrift).
//! * The client address goes into [`Facts`](webhook_core::Facts) for inner layers and the handler,
//!   and the verdict into the delivery record.
//! * The request goes on as it came, with its own body; the response comes back as it is.
//!
//! What it answers: 403 `forbidden`, the same for everybody it refuses (gRPC callers get status 7).
//! The record says why: `ip_denied`, `ip_banned`, `https_required`, or `ip_unresolved` with the
//! [`AddressError`](webhook_core::AddressError). An endpoint without settings gets 500
//! `misconfigured`.
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
//! use webhook_core::{Facts, PeerAddr};
//! use webhook_ip_layer::{ClientAddressSource, IpLayer};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let layer = IpLayer::allow(["203.0.113.0/24"])?
//!     .with_source(ClientAddressSource::XForwardedFor)
//!     .with_trusted_proxies(["10.0.0.0/8"])?;
//!
//! let guarded = layer.layer(service_fn(async |request: Request<()>| {
//!     let client = Facts::client_of(request.extensions()).map(|client| client.to_string());
//!     let body = Bytes::from(client.unwrap_or_default());
//!     Ok::<_, Infallible>(Response::new(Full::new(body)))
//! }));
//! let delivery = |forwarded_for: &str| {
//!     Request::post("/webhooks")
//!         .extension(PeerAddr::new(([10, 0, 0, 1], 4711).into()))
//!         .header("x-forwarded-for", forwarded_for)
//!         .body(())
//! };
//!
//! // Accepted: the proxy says that the client is on the list.
//! let response = guarded.clone().oneshot(delivery("203.0.113.7")?).await?;
//! assert_eq!(response.status(), StatusCode::OK);
//!
//! // Refused: the client said so itself, and the proxy added who it really is.
//! let response = guarded.oneshot(delivery("203.0.113.7, 198.51.100.66")?).await?;
//! assert_eq!(response.status(), StatusCode::FORBIDDEN);
//! # Ok(())
//! # }
//! ```
//!
//! # The peer
//!
//! The server has to tell the peer's address: axum with
//! `into_make_service_with_connect_info::<SocketAddr>()` and the feature `axum`; hyper and bare
//! tower by a [`PeerAddr`](webhook_core::PeerAddr) in the request's extensions; tonic's server does
//! it by itself, with the feature `tonic`. Without it, and with a list or a source configured,
//! every request is refused, and the log says so once (target `webhook_ip`, code `WHK-I110`).
//!
//! # What the log says of a setup
//!
//! Each thing once for a layer, with the target `webhook_ip`:
//!
//! | code | says |
//! |---|---|
//! | `WHK-I101` | a forwarding header is there, and no proxy is trusted to write it |
//! | `WHK-I102` | the first 500 requests came from one private peer and carried no forwarding header |
//! | `WHK-I103` | the allow list has only IPv4 networks, and a client is IPv6 |
//! | `WHK-I110` | the server tells no peer address |
#![cfg_attr(docsrs, feature(doc_cfg))]

mod ban;
mod client;
mod denials;
mod diagnosis;
mod drift;
mod explain;
#[cfg(feature = "feeds")]
#[cfg_attr(docsrs, doc(cfg(feature = "feeds")))]
pub mod feed;
mod future;
mod layer;
mod list;
mod policy;
mod rules;
mod service;
mod watch;

#[cfg(feature = "feeds")]
#[cfg_attr(docsrs, doc(cfg(feature = "feeds")))]
pub use self::feed::{FeedError, FeedFormat, FeedHandle};
pub use self::{
    ban::{Ban, BanError, Bans},
    client::{
        ClientAddressConfig, ClientAddressSource, Explanation, HopsError, MAX_HOPS, SourceError,
        TrustedProxies, explain, resolve,
    },
    denials::{Denial, Denials, DenyError, MAX_DENIALS},
    drift::{ListDrift, StaleList},
    future::ResponseFuture,
    layer::IpLayer,
    list::{Access, AccessList, AddressSet, ListError, Network, NetworkError, NetworkErrorKind},
    service::IpFilter,
};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct ReadmeDoctests;
