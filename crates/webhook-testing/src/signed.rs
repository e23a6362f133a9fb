use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, header::CONTENT_TYPE};
use webhook_core::Timestamp;
use webhook_signature::Scheme;

use crate::{
    TestApp, TestBody, TestSecret,
    sample::{content_type, id, sample},
    signer::{Draft, Signer},
};

/// A signed request of this provider, made when it is sent.
///
/// The scheme is a preset or one of your own. Defaults: a `POST` to the app's path, a body such as
/// the provider sends, else `{"type":"ping"}`, the id `msg_1` (Mailgun: `msg1`), signed at the time of the app's
/// clock.
///
/// ```
/// use webhook_signature::presets;
/// use webhook_testing::signed;
///
/// let push = signed(&presets::GITHUB, "It's a Secret to Everybody")
///     .event("push")
///     .id("72d3162e-cc78-11e3-81ab-4c9367dc0958")
///     .json(r#"{"ref":"refs/heads/main"}"#);
/// # drop(push);
/// ```
///
/// Where the scheme's key is a public one, the feature `public-key` has a `TestKey`: the app gets its
/// public key, and stands for the provider with the private one.
///
/// # Panics
/// Where the secret does not fit the scheme, or a scheme with a public key got no `TestKey`.
#[track_caller]
pub fn signed(scheme: impl Into<Scheme>, secret: impl Into<TestSecret>) -> SignedRequest {
    SignedRequest {
        signer: Signer::new(scheme.into(), &secret.into()),
        body: None,
        id: None,
        event: None,
        at: None,
        url: None,
        method: Method::POST,
        headers: Vec::new(),
    }
}

/// A request to be signed; made by [`signed`].
#[derive(Clone, Debug)]
#[must_use = "a request does nothing before it is sent"]
pub struct SignedRequest {
    signer: Signer,
    body: Option<Vec<u8>>,
    id: Option<String>,
    event: Option<String>,
    at: Option<Timestamp>,
    url: Option<String>,
    method: Method,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl SignedRequest {
    /// The event's type, in its header where the scheme has one.
    pub fn event(mut self, event: impl Into<String>) -> Self {
        self.event = Some(event.into());
        self
    }

    /// The delivery's id. Default: `msg_1`, for Mailgun `msg1`.
    pub fn id(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into());
        self
    }

    /// When it is signed. Default: now, by the clock of the [`TestApp`].
    pub const fn at(mut self, time: Timestamp) -> Self {
        self.at = Some(time);
        self
    }

    /// The body, any bytes. The content type stays `application/json` unless
    /// [`header`](Self::header) says another.
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = Some(body.into());
        self
    }

    /// The body, as something that prints JSON: a text, or `serde_json`'s `Value`.
    #[allow(clippy::needless_pass_by_value, reason = "reads as `.json(json!(…))`")]
    pub fn json(self, json: impl ToString) -> Self {
        self.body(json.to_string())
    }

    /// The path and query that is called. Default: the app's path.
    pub fn url(mut self, target: impl Into<String>) -> Self {
        self.url = Some(target.into());
        self
    }

    /// The method. Default: `POST`.
    pub fn method(mut self, method: Method) -> Self {
        self.method = method;
        self
    }

    /// Sets a header.
    ///
    /// # Panics
    /// Where name or value cannot stand in a header.
    #[track_caller]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), value.parse()) else {
            panic!("{name:?}: {value:?} is no header")
        };
        self.headers.retain(|(other, _)| *other != name);
        self.headers.push((name, value));
        self
    }
}

/// What a [`TestApp`] can send: a request whose body is a [`TestBody`] or becomes one, or a
/// [`SignedRequest`].
pub trait IntoRequest {
    /// The request to send, by the app's clock and path.
    fn into_request(self, app: &TestApp) -> Request<TestBody>;
}

impl<B: Into<TestBody>> IntoRequest for Request<B> {
    fn into_request(self, _: &TestApp) -> Request<TestBody> {
        self.map(Into::into)
    }
}

impl IntoRequest for SignedRequest {
    fn into_request(self, app: &TestApp) -> Request<TestBody> {
        let target = self.url.as_deref().unwrap_or_else(|| app.default_path());
        let time = self.at.unwrap_or_else(|| app.clock_ref().now());
        let (body, content_type) = if let Some(body) = self.body {
            (body, "application/json")
        } else {
            let sample = sample(self.signer.verifier().scheme().name().as_str(), time);
            let content_type = content_type(&sample);
            (sample, content_type)
        };
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        for (name, value) in self.headers {
            headers.insert(name, value);
        }
        let name = self.signer.verifier().scheme().name();
        let made = self.signer.sign(&Draft {
            body: &body,
            time,
            id: self.id.as_deref().unwrap_or_else(|| id(name.as_str())),
            event: self.event.as_deref(),
            method: &self.method,
            base_url: app.default_base_url(),
            target,
            headers: &headers,
        });
        let made = made.unwrap_or_else(|error| panic!("{name} cannot sign this request: {error}"));
        let target = made.target;
        let mut sent = Request::new(TestBody::new(made.body));
        *sent.method_mut() = self.method.clone();
        *sent.uri_mut() = match target.parse() {
            Ok(uri) => uri,
            Err(error) => panic!("{target:?} is no path to call: {error}"),
        };
        *sent.headers_mut() = headers;
        sent.headers_mut().extend(made.headers);
        sent
    }
}
