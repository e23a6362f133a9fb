//! The whole webhook stack in the right order, from one builder.
//!
//! ```text
//! audit ─ pause ─ client address ─ allow/deny ─ quota per network ─ head of the signature
//!         503                      403          429                 401 405 413 415
//!    ─ body: bytes, frames, deadline, memory ─ signature ─ quota per endpoint ─ once ─ your service
//!      413 400 408 503                         401         429                  200 409
//! ```
//!
//! - Cheap before dear, head before body: a stranger's upload is refused before a byte of it is
//!   read.
//! - Two quotas: strangers spend the one of their own network, verified deliveries the one of the
//!   endpoint; no stranger can use up a real sender's.
//! - The audit is outermost and sees every outcome, once.
//! - Every mistake of the configuration is reported at once, with a code and a fix.
//!
//! Each layer can be had alone from its own crate; this one re-exports them.
//!
//! # Example
//!
//! ```
//! use std::convert::Infallible;
//!
//! use bytes::Bytes;
//! use http::{Request, Response, StatusCode};
//! use http_body_util::Full;
//! use tower::{Layer as _, ServiceExt as _, service_fn};
//! use webhook_layers::{BufferedBody, Facts, PeerAddr, Secret, WebhookLayers, presets};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let hooks = WebhookLayers::builder(&presets::GITHUB)
//!     .secret("2026-q4", Secret::new("It's a Secret to Everybody"))
//!     .deny(["198.51.100.0/24"])
//!     .build()?;
//!
//! let guarded = hooks.layer(service_fn(|request: Request<BufferedBody>| async move {
//!     let verified = Facts::of(request.extensions()).and_then(Facts::verification);
//!     assert!(verified.is_some());
//!     Ok::<_, Infallible>(Response::new(Full::new(request.into_body().into_bytes())))
//! }));
//!
//! let delivery = |body: &'static str| {
//!     Request::post("/webhooks/github")
//!         .extension(PeerAddr::new(([203, 0, 113, 9], 4711).into()))
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
//! And when something is wrong, everything that is:
//!
//! ```
//! use webhook_layers::{Quota, Secret, WebhookLayers, presets};
//!
//! let mistakes = WebhookLayers::builder(&presets::GITHUB)
//!     .secret("2026-q4", Secret::new(""))
//!     .allow(["2001:db8::1/32"])
//!     .endpoint_quota(Quota::per_minute(0))
//!     .build()
//!     .unwrap_err();
//! let codes: Vec<_> = mistakes.all().iter().map(|mistake| mistake.code()).collect();
//! assert_eq!(codes, ["WHK-I003", "WHK-R001", "WHK-C012"]);
//! ```
#![cfg_attr(docsrs, feature(doc_cfg))]

mod address;
mod builder;
#[cfg(feature = "capture")]
mod capturing;
mod checked;
#[cfg(all(feature = "feeds", feature = "metrics"))]
mod feed_gauges;
#[cfg(feature = "metrics")]
mod gauges;
mod layers;
mod mistake;
mod once;
mod secrets;

pub use webhook_audit_layer as audit;
pub use webhook_core as core;
pub use webhook_dedup_layer as dedup;
pub use webhook_endpoint_layer as endpoint;
pub use webhook_hmac_layer as hmac;
pub use webhook_ip_layer as ip;
pub use webhook_ratelimit_layer as ratelimit;
pub use webhook_signature as signature;
pub use webhook_token_layer as token;

#[cfg(feature = "capture")]
#[cfg_attr(docsrs, doc(cfg(feature = "capture")))]
pub use self::capturing::Capturing;
#[cfg(all(feature = "feeds", feature = "metrics"))]
#[cfg_attr(docsrs, doc(cfg(all(feature = "feeds", feature = "metrics"))))]
pub use self::feed_gauges::FeedGauges;
#[cfg(feature = "metrics")]
#[cfg_attr(docsrs, doc(cfg(feature = "metrics")))]
pub use self::gauges::GaugeSources;
#[cfg(feature = "metrics")]
#[cfg_attr(docsrs, doc(cfg(feature = "metrics")))]
pub use webhook_audit_layer::MetricsSink;
#[cfg(feature = "capture")]
#[cfg_attr(docsrs, doc(cfg(feature = "capture")))]
pub use webhook_audit_layer::capture::{CaptureLayer, CaptureSettings};
pub use webhook_audit_layer::{AuditLayer, JsonLinesSink, ShadowReport, Sink, TracingSink};
#[cfg(feature = "axum")]
#[cfg_attr(docsrs, doc(cfg(feature = "axum")))]
pub use webhook_core::Verified;
pub use webhook_core::{
    BufferedBody, ClientAddr, Clock, Facts, PeerAddr, Problem, Reason, Reject, Rejection, Secret,
    Settings, Timestamp, Verification, body::BodyLimits, body::MemoryBudget, change::Cause,
};
pub use webhook_dedup_layer::{DedupLayer, DedupSettings};
pub use webhook_endpoint_layer::{EndpointKey, EndpointLayer, PauseSwitch};
pub use webhook_hmac_layer::{HmacLayer, HmacSettings};
pub use webhook_ip_layer::{AccessList, Bans, ClientAddressSource, Denials, IpLayer};
pub use webhook_ratelimit_layer::{Quota, RateLimitLayer};
pub use webhook_signature::{KeyRing, Preset, Scheme, SecretUse, SignRequest, Verifier, presets};

pub use self::{
    builder::Builder,
    checked::Checked,
    layers::{Guarded, WebhookLayers},
    mistake::{Mistake, Mistakes},
    once::{EveryCopy, Once},
    secrets::Secrets,
};

/// Compiles the README's examples.
#[cfg(all(doctest, feature = "axum"))]
#[doc = include_str!("../README.md")]
struct ReadmeDoctests;
