//! Leaves exactly one record of each webhook request, whatever became of it.
//!
//! A tower layer that belongs outside every other one:
//!
//! * It puts a [`DeliveryRecord`](webhook_core::DeliveryRecord) into the request's
//!   [`Facts`](webhook_core::Facts); the layers inside, and the handler, write to it.
//! * It makes one [`AuditRecord`] of it and hands that to a [`Sink`]: when the response's head is
//!   there, when the inner service fails or panics, or when the future is dropped because the
//!   client went away.
//! * It records what the request is, never what it holds: no body, no query string, no header but
//!   the user agent, no secret, token or signature. Whatever a stranger can choose is copied,
//!   bounded, and escaped when it is written.
//! * An audit layer inside another one stays silent: the outer one's record is the request's.
//! * Request and response go through as they are, with their own bodies.
//!
//! What it answers: 500 `internal_error` (a gRPC caller gets status 13) after a panic of the inner
//! service, and the connection lives on. That needs panics that unwind, which is Rust's default;
//! with `panic = "abort"` a panic ends the process before anything is recorded.
//!
//! # Outcomes and reasons
//!
//! | the request | outcome | reason |
//! |---|---|---|
//! | was refused by a layer | the reason's, mostly `denied` | the layer's |
//! | was answered with a status of 500 or more, or gRPC status 2, 13, 14 or 15 | `error` | `handler_error` |
//! | met an error of the inner service | `error` | `handler_error` |
//! | met a panic | `error` | `handler_panic` |
//! | was answered with 404 (gRPC status 12), and nothing had verified it | `denied` | `no_route` |
//! | was answered with 405, and nothing had verified it | `denied` | `method_not_allowed` |
//! | was let through by a check in shadow mode | `shadow_denied` | the check's |
//! | was answered in any other way | `accepted` | `ok` |
//! | was given up by the client before the answer | `aborted` | `client_gone`, or what a layer noted before |
//!
//! The record tells of the response's head. What becomes of its body, and a gRPC status in its
//! trailers, comes after it.
//!
//! # Example
//!
//! ```
//! use std::{convert::Infallible, sync::mpsc};
//!
//! use bytes::Bytes;
//! use http::{Request, Response};
//! use http_body_util::Full;
//! use tower::{Layer, Service, ServiceExt, service_fn};
//! use webhook_audit_layer::{AuditLayer, AuditRecord};
//! use webhook_core::{Check, Outcome, Problem, Reason, Rejection};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let (records, seen) = mpsc::channel();
//! let layer = AuditLayer::new(move |record: AuditRecord| {
//!     let _receiver_lives = records.send((record.outcome, record.reason));
//! });
//!
//! // Stands for the layers inside, and the handler.
//! let audited = layer.layer(service_fn(async |request: Request<()>| {
//!     let (parts, ()) = request.into_parts();
//!     let response: Response<Full<Bytes>> = match parts.uri.path() {
//!         "/webhooks" => Response::new(Full::default()),
//!         _ => Rejection::new(Reason::IpDenied, Check::Ip).answer(&Problem::default(), &parts),
//!     };
//!     Ok::<_, Infallible>(response)
//! }));
//!
//! // Accepted.
//! audited.clone().oneshot(Request::post("/webhooks").body(())?).await?;
//! assert_eq!(seen.recv()?, (Outcome::Accepted, Reason::Ok));
//!
//! // Refused.
//! audited.clone().oneshot(Request::post("/elsewhere").body(())?).await?;
//! assert_eq!(seen.recv()?, (Outcome::Denied, Reason::IpDenied));
//!
//! // Given up by the client before the answer.
//! drop(audited.clone().call(Request::post("/webhooks").body(())?));
//! assert_eq!(seen.recv()?, (Outcome::Aborted, Reason::ClientGone));
//! # Ok(())
//! # }
//! ```
//!
//! # Spans
//!
//! [`AuditLayer::with_span`] puts each request into a span of `tracing` with OpenTelemetry's names.
//!
//! # Sinks
//!
//! [`TracingSink`] emits an event of `tracing`, [`JsonLinesSink`] writes lines of JSON from a thread
//! of its own, [`ShadowReport`] counts what enforcing would have done, [`Detectors`] raise alerts for
//! what is unusual, `MetricsSink` (feature `metrics`) counts and measures, a closure does what you
//! like. A tuple feeds several. A sink of your own, for a database, a counter or a chain of digests,
//! implements [`Sink`]; [`AuditRecord::write_json_line`] gives it the same line. One that works behind
//! a queue takes [`Ended`] requests, and has its own thread put the records together.
//!
//! A sink can have each response wait until its record is kept: [`Sink::record_awaited`]. Where the
//! record is not, the caller gets 503 `unavailable` in the response's place.
//!
//! # What a delivery holds
//!
//! No record tells it. Where it has to be kept for a while, the module `capture` (feature `capture`)
//! keeps listed headers and redacted bodies of verified deliveries, apart from the records.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod acknowledgement;
#[cfg(feature = "capture")]
#[cfg_attr(docsrs, doc(cfg(feature = "capture")))]
pub mod capture;
mod conclusion;
mod ended;
mod escape;
mod future;
mod grpc;
mod guard;
mod json;
mod layer;
#[cfg(all(test, webhook_loom))]
mod model;
mod pending;
mod record;
mod service;
mod sink;
mod span;
mod told;
mod version;

#[cfg(feature = "metrics")]
#[cfg_attr(docsrs, doc(cfg(feature = "metrics")))]
pub use self::sink::metrics::{Gauges, Metric, MetricKind, MetricsSink};
pub use self::{
    acknowledgement::{Acknowledgement, Acknowledger},
    ended::Ended,
    future::ResponseFuture,
    json::MAX_LINE_BYTES,
    layer::AuditLayer,
    record::{
        AuditRecord, Checks, MAX_DELIVERY_ID_BYTES, MAX_EVENT_TYPE_BYTES, MAX_METHOD_BYTES,
        MAX_PATH_BYTES, MAX_ROUTE_BYTES, MAX_SECRETS_TRIED, MAX_USER_AGENT_BYTES, SenderText,
    },
    service::Audit,
    sink::{
        Sink,
        detectors::{
            Alert, AlertKind, DetectorSettings, Detectors, MAX_WATCHED_PROVIDERS, SenderNetwork,
        },
        json_lines::{AuditHandle, DEFAULT_CAPACITY, FlushError, FlushErrorKind, JsonLinesSink},
        shadow::{
            MAX_SHADOWED_PROVIDERS, ShadowReport, ShadowSummary, ShadowedCheck, ShadowedProvider,
        },
        tracing::{MAX_WARNINGS_PER_MINUTE, TracingSink},
    },
};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct ReadmeDoctests;
