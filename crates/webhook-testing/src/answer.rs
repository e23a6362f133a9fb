use std::fmt::Write as _;

use bytes::Bytes;
use http::{HeaderMap, StatusCode, response::Parts};
use webhook_core::{Code, Reason, Rejection};

/// What an app answered to one request of a [`TestApp`](crate::TestApp).
#[derive(Clone, Debug)]
pub struct TestAnswer {
    pub(crate) parts: Parts,
    pub(crate) body: Bytes,
    pub(crate) runs: usize,
    pub(crate) taken: u64,
}

impl TestAnswer {
    /// The HTTP status.
    #[must_use]
    pub const fn status(&self) -> StatusCode {
        self.parts.status
    }

    /// The headers, with the trailers behind them.
    #[must_use]
    pub const fn headers(&self) -> &HeaderMap {
        &self.parts.headers
    }

    /// The body.
    #[must_use]
    pub const fn body(&self) -> &Bytes {
        &self.body
    }

    /// The rejection that a layer of the family left in the response's extensions.
    #[must_use]
    pub fn rejection(&self) -> Option<&Rejection> {
        self.parts.extensions.get()
    }

    /// How often the handler ran for this request: what a [`HandlerProbe`](crate::HandlerProbe)
    /// counted, else 1 for a success that is not the answer to a duplicate.
    #[must_use]
    pub fn handled(&self) -> usize {
        let is_run = self.is_success() && !self.is_duplicate();
        self.runs.max(usize::from(is_run))
    }

    /// How many bytes of the request's body were read.
    #[must_use]
    pub const fn bytes_read(&self) -> u64 {
        self.taken
    }

    /// Whether it is the answer to a delivery that was handled before.
    #[must_use]
    pub fn is_duplicate(&self) -> bool {
        self.headers()
            .get("webhook-duplicate")
            .is_some_and(|value| value == "true")
    }

    /// Whether the request succeeded: a status of 2xx, and in gRPC the status 0.
    #[must_use]
    pub fn is_success(&self) -> bool {
        self.status().is_success()
            && self.rejection().is_none()
            && self.grpc_status().is_none_or(|status| status == "0")
    }

    pub(crate) fn grpc_status(&self) -> Option<&str> {
        self.headers().get("grpc-status")?.to_str().ok()
    }

    /// The answer in a few words: status, and the reason where a layer left one.
    #[must_use]
    pub fn summary(&self) -> String {
        let mut text = self.status().as_u16().to_string();
        if let Some(status) = self.grpc_status() {
            let _infallible = write!(text, " grpc {status}");
        }
        if let Some(rejection) = self.rejection() {
            let _infallible = write!(text, " {}", rejection.reason());
        }
        if self.is_duplicate() {
            text += " duplicate";
        }
        if self.handled() > 0 {
            text += ", handled";
        }
        text
    }

    /// Asserts that the delivery was accepted: a success, for a new delivery or a duplicate.
    ///
    /// # Panics
    /// Where it was not.
    #[track_caller]
    pub fn assert_accepted(&self) -> &Self {
        assert!(
            self.is_success(),
            "the delivery was not accepted: {}\n  body: {}\n  = help: {}",
            self.summary(),
            self.text(),
            self.advice()
        );
        self
    }

    /// Asserts that the request was refused for this reason, and that its handler did not run.
    ///
    /// Where no layer of the family left its rejection, the HTTP status, the problem's code or the
    /// gRPC status has to be the one that belongs to the reason.
    ///
    /// # Panics
    /// Where it was accepted, refused for another reason, or handled.
    #[track_caller]
    pub fn assert_rejected(&self, reason: Reason) -> &Self {
        let is_so = match (self.rejection(), reason.code()) {
            (Some(rejection), _) => rejection.reason() == reason,
            (None, Some(code)) => !self.is_success() && self.tells(code),
            (None, None) => false,
        };
        assert!(
            is_so,
            "expected a refusal for {reason}, got: {}\n  body: {}",
            self.summary(),
            self.text()
        );
        self.assert_handled(0)
    }

    /// Asserts how often the handler ran for this request.
    ///
    /// # Panics
    /// Where it ran more often or less.
    #[track_caller]
    pub fn assert_handled(&self, times: usize) -> &Self {
        assert!(
            self.handled() == times,
            "the handler ran {} times for this request, expected {times}; the answer: {}",
            self.handled(),
            self.summary()
        );
        self
    }

    fn tells(&self, code: Code) -> bool {
        let is_grpc = |status: &str| status == code.grpc_status().to_string();
        if let Some(status) = self.grpc_status() {
            return is_grpc(status);
        }
        let problem = format!("\"code\":\"{code}\"");
        let text = self.text();
        self.status() == code.status() && (!text.contains("\"code\":") || text.contains(&problem))
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    fn advice(&self) -> &'static str {
        match self.rejection().map(Rejection::reason) {
            Some(Reason::SignatureMismatch | Reason::AuthInvalid) => {
                "the app has another secret than the test, or something outside the layer changes body or URL"
            }
            Some(Reason::TimestampTooOld | Reason::TimestampInFuture) => {
                "the app has a clock of its own: give the same one to `TestApp::clock`"
            }
            Some(Reason::IpUnresolved | Reason::IpDenied) => {
                "say which peer the request comes from, with `TestApp::peer`"
            }
            Some(Reason::SignatureMissing | Reason::AuthMissing) => {
                "the app expects another provider's headers than the test signed"
            }
            Some(Reason::RateLimited) => "give the app under test a roomier quota",
            Some(Reason::Misconfigured) => "the app's log says what is put together wrongly",
            _ if self.status() == StatusCode::NOT_FOUND => {
                "say which path is called, with `TestApp::path` or `.url(…)`"
            }
            _ => "the body may say more",
        }
    }
}
