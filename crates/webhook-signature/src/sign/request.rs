use http::{HeaderMap, Method};
use webhook_core::Timestamp;

use super::SignError;
use crate::scheme::Scheme;

/// A delivery to be signed.
///
/// ```
/// use webhook_core::{Secret, Timestamp};
/// use webhook_signature::{SignRequest, Verifier, presets};
///
/// let verifier = Verifier::new(presets::SLACK.scheme(), Secret::new("8f742231b10e8888abcd99yyyzzz85a5")?)?;
/// let headers = verifier.sign(&SignRequest::new(b"token=xyz", Timestamp::from_unix_seconds(1_531_420_618)))?;
/// let names: Vec<_> = headers.iter().map(|(name, _)| name.as_str()).collect();
/// assert_eq!(names, ["x-slack-request-timestamp", "x-slack-signature"]);
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct SignRequest<'a> {
    body: &'a [u8],
    timestamp: Timestamp,
    id: Option<&'a str>,
    event: Option<&'a str>,
    method: &'a Method,
    base_url: Option<&'a str>,
    target: Option<&'a str>,
    headers: Option<&'a HeaderMap>,
}

impl<'a> SignRequest<'a> {
    /// A `POST` of this body, signed at `timestamp` where the scheme signs a time.
    #[must_use]
    pub const fn new(body: &'a [u8], timestamp: Timestamp) -> Self {
        Self {
            body,
            timestamp,
            id: None,
            event: None,
            method: &Method::POST,
            base_url: None,
            target: None,
            headers: None,
        }
    }

    /// The delivery's id. Required where the scheme signs it; put in its header where there is one.
    #[must_use]
    pub const fn with_id(mut self, id: &'a str) -> Self {
        self.id = Some(id);
        self
    }

    /// The event's type, put in its header where the scheme has one.
    #[must_use]
    pub const fn with_event(mut self, event: &'a str) -> Self {
        self.event = Some(event);
        self
    }

    /// The request's method. Default: `POST`.
    #[must_use]
    pub const fn with_method(mut self, method: &'a Method) -> Self {
        self.method = method;
        self
    }

    /// Scheme, host and port of the URL that is called: `https://hooks.example.com`. Required where
    /// the scheme signs the URL and has no [base URL](Scheme::with_base_url). Default: the scheme's.
    #[must_use]
    pub const fn with_base_url(mut self, url: &'a str) -> Self {
        self.base_url = Some(url);
        self
    }

    /// The path and query of the request. Required where the scheme signs them.
    #[must_use]
    pub const fn with_target(mut self, target: &'a str) -> Self {
        self.target = Some(target);
        self
    }

    /// The request's other headers, for schemes that sign some of them.
    #[must_use]
    pub const fn with_headers(mut self, headers: &'a HeaderMap) -> Self {
        self.headers = Some(headers);
        self
    }

    pub(crate) const fn body(&self) -> &'a [u8] {
        self.body
    }

    pub(crate) const fn timestamp(&self) -> Timestamp {
        self.timestamp
    }

    pub(crate) const fn id(&self) -> Option<&'a str> {
        self.id
    }

    pub(crate) const fn event(&self) -> Option<&'a str> {
        self.event
    }

    pub(crate) const fn method(&self) -> &'a Method {
        self.method
    }

    pub(crate) const fn target(&self) -> Option<&'a str> {
        self.target
    }

    pub(crate) const fn headers(&self) -> Option<&'a HeaderMap> {
        self.headers
    }

    /// Scheme, host and port of the URL, where it is signed.
    pub(crate) fn base_url_under(&self, scheme: &'a Scheme) -> Result<&'a str, SignError> {
        let url = self.base_url.unwrap_or(&scheme.base_url);
        if url.is_empty() && scheme.covers_url() {
            return Err(SignError::BaseUrlMissing);
        }
        Ok(url)
    }
}
