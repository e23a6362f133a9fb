//! A tower layer that has each webhook delivery handled once: claim, complete, release.
//!
//! - **Only what was verified is claimed.** The layer stands inside the one that verifies, so a forged
//!   or stale copy never marks a delivery as seen. A request that nothing verified is refused.
//! - **Told apart by what is signed** ([`DeliveryKey`]): the delivery's id where the signature covers
//!   it, else the body. A replay under another unsigned id is a duplicate, and a retry with a newer
//!   timestamp and signature is one too.
//! - **Claim, complete, release.** A delivery is claimed before the handler runs. A 2xx completes the
//!   claim, in gRPC with the status OK. Any other status, an error, a panic or a dropped request
//!   releases it, and the sender's next attempt runs the handler. A claim is a lease with an owner:
//!   one that ran out can be taken over, and its old owner then changes nothing.
//! - **A store that fails refuses**, and never has a delivery handled twice or taken for handled.
//! - The store is a trait, [`DedupStore`], that a store shared by several machines can implement. The
//!   one that is here, [`MemoryStore`], keeps a bounded number of deliveries and never drops a claim
//!   that runs.
//! - Settings are fixed, swappable at run time or per endpoint; shadow mode judges, records and lets
//!   pass.
//!
//! # Answers
//!
//! | the delivery | answer | gRPC | record |
//! |---|---|---|---|
//! | is new | the handler's | the handler's | the handler's |
//! | was handled | 200 with [`DUPLICATE`] and [`DUPLICATE_STATUS`], no body | OK with an empty message, and the same in its metadata | accepted, `duplicate` |
//! | is being handled | 409 `duplicate_in_flight` with `Retry-After`, or it waits ([`InFlight`]) | 10 | denied, `duplicate_in_flight` |
//! | cannot be claimed, as the store fails or is full | 503 `unavailable` with `Retry-After` | 14 | denied, `store_unavailable` |
//! | was not verified, or there are no settings for it | 500 `misconfigured`, and the log says why | 13 | error, `misconfigured` |
//!
//! `Retry-After` is 10 s, or what is left of the lease where that is less.
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
//! use webhook_core::{BufferedBody, Facts, Verification};
//! use webhook_dedup_layer::DedupLayer;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let guarded = DedupLayer::new().layer(service_fn(|_: Request<BufferedBody>| async {
//!     Ok::<_, Infallible>(Response::builder().status(201).body(Full::<Bytes>::default()).unwrap())
//! }));
//!
//! // What the layer that verifies leaves behind.
//! let delivery = |id: &str| {
//!     let mut request = Request::new(BufferedBody::new("{\"type\":\"invoice.paid\"}"));
//!     let verification = Verification::new("acme").with_delivery_id(id.into(), true);
//!     Facts::of_mut(request.extensions_mut()).set_verification(verification);
//!     request
//! };
//! let response = guarded.clone().oneshot(delivery("evt_1")).await?;
//! assert_eq!(response.status(), StatusCode::CREATED);
//!
//! let response = guarded.clone().oneshot(delivery("evt_1")).await?;
//! assert_eq!(response.status(), StatusCode::OK);
//! assert_eq!(response.headers()["webhook-duplicate"], "true");
//! assert_eq!(response.headers()["webhook-duplicate-status"], "201");
//!
//! let response = guarded.oneshot(delivery("evt_2")).await?;
//! assert_eq!(response.status(), StatusCode::CREATED);
//! # Ok(())
//! # }
//! ```
//!
//! # Where it stands in a stack
//!
//! Innermost: inside the layer that verifies and the quota of the verified endpoint, so that a refused
//! delivery claims nothing. It takes the [`BufferedBody`](webhook_core::BufferedBody) that the
//! signature layer hands inward, and hands the same on; where a token alone verifies, the body has to be
//! read into one before. An audit layer outside makes one 500 of a
//! panic; the claim is released either way, unless the process is built to abort.
//!
//! # What it does not do
//!
//! - It does not make the handler's work and its mark one step. A process that is killed between the
//!   two leaves a claim that runs out, and the sender's next attempt runs the handler again. Where
//!   that does harm, keep a unique index of your own beside the work.
//! - It judges a gRPC call by its head. A stream that fails in its trailers counts as handled.
//! - A 4xx of the handler's is no success: if the sender tries again, the handler runs again. Answer
//!   2xx to an event that is of no interest.
//! - Where neither the id nor the whole body is signed, as with a shared token or Adyen's signature, a
//!   replay with another unsigned part is another delivery: only the sender's own retries are found.
//! - Where a signature covers a form's fields in an order of its own, as Twilio's does, the same fields
//!   written otherwise are another body, and so another delivery. Where it covers a URL and no body,
//!   nothing tells deliveries apart ([`DeliveryKey`]), and each is handled.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod answer;
mod diagnosis;
mod entry;
mod error;
mod future;
mod held;
mod judge;
mod key;
mod layer;
mod service;
mod settings;
mod shared;
mod store;
#[cfg(feature = "test-suite")]
#[cfg_attr(docsrs, doc(cfg(feature = "test-suite")))]
pub mod test_suite;

pub use self::{
    answer::{DUPLICATE, DUPLICATE_STATUS},
    error::{DedupError, DedupErrorKind},
    future::ResponseFuture,
    key::DeliveryKey,
    layer::DedupLayer,
    service::Dedup,
    settings::{DedupSettings, InFlight},
    store::{
        Claim, DedupStore, MemoryGauges, MemoryStore, Owner, Settled, Settlement, StoreError,
        StoreErrorKind,
    },
};

#[doc = include_str!("../README.md")]
#[cfg(doctest)]
struct ReadmeDoctests;
