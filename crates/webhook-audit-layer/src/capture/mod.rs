//! Keeping what a delivery holds: chosen headers, or its body, apart from the audit's records.
//!
//! Off by default, and a part of the crate's feature `capture`. A [`CaptureLayer`] belongs inside
//! whatever verifies, next to the handler, and hands a copy of what is asked for to a
//! [`CaptureSink`] of its own. It is joined with the request's record by the request's id.
//!
//! - Only verified deliveries are captured; what no layer verified is not, unless a setter with
//!   `insecure` in its name says so.
//! - [`CaptureSettings`] say what is kept: nothing, the values of listed headers, or the body. Headers
//!   that carry credentials cannot be listed.
//! - At most so many bytes of a body are copied, 16 KiB unless it is said otherwise. Nothing refers to
//!   the request's own memory.
//! - Members of a JSON body are redacted by [JSON pointers](https://www.rfc-editor.org/rfc/rfc6901).
//!   A body that cannot be redacted for certain is [withheld](Withheld), and says why.
//! - The layer waits for nothing: it copies, hands over, and calls the inner service.
//!
//! ```
//! use std::{convert::Infallible, sync::mpsc};
//!
//! use http::{Request, Response};
//! use http_body_util::Full;
//! use tower::{Layer, ServiceExt, service_fn};
//! use webhook_audit_layer::{AuditLayer, TracingSink, capture::{CaptureLayer, CaptureSettings, Captured, Content}};
//! use webhook_core::{BufferedBody, Facts, Verification};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let (captures, kept) = mpsc::channel();
//! let settings = CaptureSettings::body()
//!     .with_headers(["x-github-event"])?
//!     .with_redacted(["/sender/email"])?;
//! let capture = CaptureLayer::new(settings, move |captured: Captured| {
//!     let _receiver_lives = captures.send(captured);
//! });
//! let handler = service_fn(async |_: Request<BufferedBody>| {
//!     Ok::<_, Infallible>(Response::new(Full::<bytes::Bytes>::default()))
//! });
//! let captured = capture.layer(handler);
//! // Stands for the layer that verifies.
//! let verifying = service_fn(move |mut request: Request<BufferedBody>| {
//!     let facts = Facts::of_mut(request.extensions_mut());
//!     facts.set_verification(Verification::new("github"));
//!     captured.clone().oneshot(request)
//! });
//! let audited = AuditLayer::new(TracingSink::new()).layer(verifying);
//!
//! let body = BufferedBody::new(r#"{"sender":{"id":7,"email":"octo@example.com"}}"#);
//! audited.oneshot(Request::post("/").header("x-github-event", "push").body(body)?).await?;
//!
//! let captured = kept.recv()?;
//! assert_eq!(captured.headers[0].1.as_raw(), "push");
//! let body = captured.into_body().ok_or("no body")?;
//! let redacted = br#"{"sender":{"id":7,"email":"[redacted]"}}"#;
//! assert_eq!(body.content, Content::Whole(redacted.to_vec()));
//! # Ok(())
//! # }
//! ```

mod captured;
mod error;
mod headers;
mod layer;
mod pointer;
mod redaction;
mod service;
mod settings;
mod sink;

pub use self::{
    captured::{Captured, CapturedBody, Content, Withheld},
    error::{CaptureError, CaptureErrorKind},
    headers::{MAX_HEADER_VALUE_BYTES, MAX_HEADERS},
    layer::CaptureLayer,
    pointer::{MAX_POINTER_TOKENS, MAX_POINTERS},
    redaction::REDACTED,
    service::Capture,
    settings::{CaptureSettings, DEFAULT_CAPTURED_BYTES, MAX_CAPTURED_BYTES},
    sink::CaptureSink,
};
