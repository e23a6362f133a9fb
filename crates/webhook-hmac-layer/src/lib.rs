//! A tower layer that lets only webhook deliveries with a valid signature through.
//!
//! - Whatever the head decides is decided before the first byte of the body is asked for: the
//!   method, a content coding, a declared length over the limit, a missing, repeated, malformed or
//!   stale signature. An upload that waits for `100 Continue` never starts.
//! - The signature is computed while the body arrives, within [bounds](webhook_core::body) on bytes,
//!   frames, time and memory.
//! - The handler gets a [`BufferedBody`](webhook_core::BufferedBody): the very bytes that were
//!   verified, without a copy where they came in one frame.
//! - What the delivery was verified to be stands in the request's [`Facts`](webhook_core::Facts);
//!   with the feature `axum`, `Verified<T>` extracts it and refuses where no layer verified.
//! - A provider's [handshake](webhook_signature::handshake) is answered in the handler's place, where
//!   [`HmacSettings::with_preset_handshake`] says so; no answer verifies as a delivery.
//! - Several secrets stay valid side by side; settings can be swapped at run time or come from the
//!   endpoint; shadow mode judges, records, and lets pass.
//!
//! | what is wrong | answer |
//! |---|---|
//! | no, malformed, wrong, repeated, stale signature | 401 `unauthorized`, gRPC 16 |
//! | body larger than the limit, declared or sent | 413 `payload_too_large`, gRPC 8 |
//! | body not whole by its deadline | 408 `body_timeout`, gRPC 4 |
//! | body that ended before it was whole | 400 `bad_request`, gRPC 3 |
//! | a content coding but `identity` | 415 `unsupported_media_type`, gRPC 3 |
//! | another method than `POST` | 405 `method_not_allowed`, gRPC 12 |
//! | no memory left for unverified bodies, no secret that is valid now | 503 `unavailable`, gRPC 14 |
//! | no settings for the endpoint | 500 `misconfigured`, gRPC 13 |
//! | a handshake with a wrong verify token | 403 without a body |
//!
//! # Example
//!
//! ```
//! use std::convert::Infallible;
//!
//! use bytes::Bytes;
//! use http::{Request, Response, StatusCode};
//! use http_body_util::Full;
//! use tower::{ServiceExt as _, service_fn};
//! use tower_layer::Layer as _;
//! use webhook_core::{BufferedBody, Secret};
//! use webhook_hmac_layer::HmacLayer;
//! use webhook_signature::presets;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let layer = HmacLayer::new(presets::GITHUB.scheme(), Secret::new("It's a Secret to Everybody")?)?;
//! let guarded = layer.layer(service_fn(|request: Request<BufferedBody>| async {
//!     Ok::<_, Infallible>(Response::new(Full::new(request.into_body().into_bytes())))
//! }));
//!
//! let delivery = |body: &'static str| {
//!     Request::post("/webhooks/github")
//!         .header("x-hub-signature-256", "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17")
//!         .body(Full::new(Bytes::from_static(body.as_bytes())))
//! };
//! let response = guarded.clone().oneshot(delivery("Hello, World!")?).await?;
//! assert_eq!(response.status(), StatusCode::OK);
//!
//! let response = guarded.oneshot(delivery("Hello, world!")?).await?;
//! assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
//! # Ok(())
//! # }
//! ```
//!
//! # Secrets in use
//!
//! [`HmacSettings::secret_uses`] tells how often and when each secret verified a delivery;
//! [`HmacSettings::revoke`] takes one out at run time, and [`HmacSettings::continuing`] hands the
//! counters on to settings that replace others.
//!
//! What looks like a fault of the setup is told through `tracing`, target `webhook_hmac`, each thing
//! once in a process; nothing of it is ever on the wire.
//!
//! | code | level | says |
//! |---|---|---|
//! | `WHK-H301` | warn | 20 signatures in a row were wrong and would be right but for a newline at the end of one side's secret; at most 256 wrong signatures are tried once more |
//! | `WHK-H302` | warn | 20 deliveries in a row were refused for their time alone; with the median skew |
//! | `WHK-H303` | info | a secret was not used for 14 days, while others were |
//! | `WHK-H304` | error | the URL is signed, and no trusted proxy told it |
//!
//! # Where it stands in a stack
//!
//! Inside the layers that decide without the body (addresses, quotas per network), outside those
//! that need a verified delivery. Where the scheme takes the
//! [URL from a trusted proxy](webhook_signature::Scheme::with_url_from_trusted_proxy), the layer that
//! resolves the client is the one that tells it. In axum, put all webhook layers into one `ServiceBuilder`: each
//! call of `Router::layer` boxes the response and the future once more. A layer beneath this one
//! reads [`BufferedBody`](webhook_core::BufferedBody); axum's `from_fn` wants axum's own body and
//! goes into a second `Router::layer` call inside. A layer that changes the response's body, such
//! as tower-http's `TraceLayer`, belongs outside.
//!
//! Verifying a whole body does not suit client-streaming gRPC: such a call is refused once its
//! messages pass the limit or the deadline.
#![cfg_attr(docsrs, feature(doc_cfg))]

/// The core, for the types that this layer's settings take and leave.
pub use webhook_core as core;
/// The schemes and secrets that this layer is made of.
pub use webhook_signature as signature;

mod admission;
mod diagnosis;
mod ending;
mod error;
mod future;
mod held;
mod introduction;
mod judge;
mod layer;
mod service;
mod settings;
mod watch;

#[cfg(feature = "axum")]
#[cfg_attr(docsrs, doc(cfg(feature = "axum")))]
pub use webhook_core::Verified;

pub use self::{
    error::ConfigError,
    future::ResponseFuture,
    layer::HmacLayer,
    service::VerifySignature,
    settings::{DEFAULT_TOLERANCE, HmacSettings},
};

/// Compiles the README's examples.
#[cfg(all(doctest, feature = "axum"))]
#[doc = include_str!("../README.md")]
struct ReadmeDoctests;
