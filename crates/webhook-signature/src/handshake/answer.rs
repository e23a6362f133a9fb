use http::{
    HeaderMap, HeaderName, HeaderValue, Response, StatusCode,
    header::{CACHE_CONTROL, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS},
};

/// What a handshake comes to.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Reply {
    /// Send this; the handler has no part in it.
    Answer(Answer),
    /// Hand this to the application, which decides.
    Confirm(Confirmation),
}

/// The answer to a handshake: a status, headers and a body, ready to be sent.
///
/// ```
/// use webhook_signature::handshake::{self, Reply, Responder, Seen};
///
/// let dropbox = Responder::new(handshake::by_name("dropbox").ok_or("no such handshake")?);
/// let (parts, ()) = http::Request::get("/hook?challenge=abc123").body(())?.into_parts();
/// let Some(Reply::Answer(answer)) = dropbox.respond(&parts, Seen::Head) else {
///     return Err("no answer".into());
/// };
/// assert_eq!((answer.status().as_u16(), answer.body()), (200, b"abc123".as_slice()));
/// assert_eq!(answer.into_response().headers()["x-content-type-options"], "nosniff");
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Answer {
    pub(super) fn new(status: StatusCode) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        Self {
            status,
            headers,
            body: Vec::new(),
        }
    }

    pub(super) fn with_body(mut self, content_type: &'static str, body: Vec<u8>) -> Self {
        self.headers
            .insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        self.body = body;
        self
    }

    pub(super) fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    /// The status.
    #[must_use]
    pub const fn status(&self) -> StatusCode {
        self.status
    }

    /// The headers: the content type where there is a body, `nosniff`, `no-store`, and what the
    /// provider wants back.
    #[must_use]
    pub const fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The body; may be empty.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// Whether this tells the caller that its verify token is wrong.
    #[must_use]
    pub fn is_refusal(&self) -> bool {
        self.status.is_client_error()
    }

    /// The whole response.
    #[must_use]
    pub fn into_response(self) -> Response<Vec<u8>> {
        let mut response = Response::new(self.body);
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers;
        response
    }
}

/// A URL that the application may fetch to confirm a subscription; the request that named it was
/// verified, and its host is the provider's.
///
/// Nothing of this family fetches it: an outgoing request that a delivery causes is for the
/// application to decide.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Confirmation {
    pub(super) url: String,
}

impl Confirmation {
    /// The URL: `https`, with a host of the provider's and no user, password or port.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }
}
