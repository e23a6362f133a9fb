//! Refusals as responses: what a layer decides, and the policy that words it for the host.
//!
//! A layer that refuses makes a [`Rejection`] and calls [`Rejection::end`], which notes it in the
//! delivery record, has a [`Reject`] policy build the response, and leaves the rejection in the
//! response's extensions for outer layers; [`Rejection::answer`] does the same for whoever needs the
//! request's head afterwards. The default policy is [`Problem`]:
//!
//! - `application/problem+json` ([RFC 9457](https://www.rfc-editor.org/rfc/rfc9457)), the same for
//!   every reason with the same code;
//! - a gRPC status in a trailers-only response, where the request's content type is
//!   `application/grpc*`;
//! - one line of text, where `Accept` asks for `text/plain` and for no JSON;
//! - no body at all for `HEAD`.
//!
//! ```
//! use bytes::Bytes;
//! use http::{Request, StatusCode};
//! use http_body_util::Full;
//! use webhook_core::{Check, Problem, Reason, Rejection};
//!
//! let (mut parts, ()) = Request::new(()).into_parts();
//! let rejection = Rejection::new(Reason::SignatureMismatch, Check::Signature);
//! let response: http::Response<Full<Bytes>> = rejection.end(&Problem::default(), &mut parts);
//!
//! assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
//! assert_eq!(response.headers()["content-type"], "application/problem+json");
//! // The reason goes to outer layers, never onto the wire.
//! let left = response.extensions().get::<Rejection>().unwrap();
//! assert_eq!(left.reason(), Reason::SignatureMismatch);
//! ```

mod accept;
mod body;
mod decimal;
mod future;
mod grpc;
mod policy;
mod prepared;
mod problem;

use std::{mem, time::Duration};

use http::{HeaderValue, Response, request::Parts};

pub use self::{
    accept::Accept,
    body::RejectionBody,
    future::ResponseFuture,
    grpc::{is_grpc, is_grpc_type},
    policy::Reject,
    problem::Problem,
};
use crate::{Check, Code, Facts, Name, Reason};

/// A layer's decision not to let a request through.
#[derive(Clone, Debug)]
pub struct Rejection {
    reason: Reason,
    check: Check,
    retry_after: Option<Duration>,
    quota: Option<Name>,
    /// The value of the field that the status calls for: a challenge with 401, methods with 405.
    field: Option<HeaderValue>,
}

impl Rejection {
    /// A refusal by `check` for `reason`.
    #[must_use]
    #[inline]
    pub const fn new(reason: Reason, check: Check) -> Self {
        Self {
            reason,
            check,
            retry_after: None,
            quota: None,
            field: None,
        }
    }

    /// Says when it is worth trying again. The caller is told whole seconds, rounded up, at least 1.
    #[must_use]
    #[inline]
    pub const fn with_retry_after(mut self, after: Duration) -> Self {
        self.retry_after = Some(after);
        self
    }

    /// Names the quota that is used up. Only verified callers are told.
    #[must_use]
    pub fn with_quota(mut self, name: Name) -> Self {
        self.quota = Some(name);
        self
    }

    /// The value of `WWW-Authenticate`, which every 401 carries
    /// ([RFC 9110 section 11.6.1](https://www.rfc-editor.org/rfc/rfc9110#section-11.6.1));
    /// `Webhook` unless it is said here.
    #[must_use]
    #[inline]
    pub fn with_challenge(mut self, challenge: HeaderValue) -> Self {
        self.field = Some(challenge);
        self
    }

    /// The value of `Allow`, which every 405 carries; `POST` unless it is said here.
    #[must_use]
    pub fn with_allow(mut self, methods: HeaderValue) -> Self {
        self.field = Some(methods);
        self
    }

    /// Why. For records, never for the caller.
    #[must_use]
    pub const fn reason(&self) -> Reason {
        self.reason
    }

    /// Which check refused.
    #[must_use]
    pub const fn check(&self) -> Check {
        self.check
    }

    /// What the caller is told.
    #[must_use]
    pub const fn code(&self) -> Code {
        match self.reason.code() {
            Some(code) => code,
            None => Code::Internal,
        }
    }

    /// When it is worth trying again.
    #[must_use]
    pub const fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    /// The same in whole seconds, rounded up and at least 1: waiting that long is always enough.
    #[must_use]
    pub const fn retry_after_seconds(&self) -> Option<u64> {
        match self.retry_after {
            Some(after) => {
                let up = if after.subsec_nanos() > 0 { 1 } else { 0 };
                let seconds = after.as_secs().saturating_add(up);
                Some(if seconds == 0 { 1 } else { seconds })
            }
            None => None,
        }
    }

    /// The quota that is used up.
    #[must_use]
    pub const fn quota(&self) -> Option<&Name> {
        self.quota.as_ref()
    }

    /// The value of the field that the status calls for: `WWW-Authenticate` with 401, `Allow` with
    /// 405.
    #[must_use]
    pub const fn status_field(&self) -> Option<&HeaderValue> {
        self.field.as_ref()
    }

    /// Notes the refusal in the request's record, has the policy word it, and leaves itself in the
    /// response's extensions.
    #[must_use]
    pub fn answer<B, R: Reject<B>>(self, policy: &R, request: &Parts) -> Response<B> {
        let mut response = self.worded(policy, request);
        response.extensions_mut().insert(self);
        response
    }

    /// As [`answer`](Self::answer), where the request ends: its extensions are dropped.
    #[must_use]
    pub fn end<B, R: Reject<B>>(self, policy: &R, request: &mut Parts) -> Response<B> {
        let mut response = self.worded(policy, request);
        // What held the request's extensions holds the response's, which saves two allocations: 370
        // instructions.
        let mut spare = mem::take(&mut request.extensions);
        let extensions = response.extensions_mut();
        if extensions.is_empty() {
            spare.clear();
            *extensions = spare;
        }
        extensions.insert(self);
        response
    }

    /// Notes the refusal, and has the policy word it.
    #[inline]
    fn worded<B, R: Reject<B>>(&self, policy: &R, request: &Parts) -> Response<B> {
        if let Some(facts) = Facts::of(&request.extensions) {
            facts.record().set_refusal(self.reason, self.check);
            if let Some(quota) = &self.quota {
                facts.record().set_quota(quota);
            }
        }
        policy.reject(self, request)
    }
}

#[cfg(test)]
mod tests;
