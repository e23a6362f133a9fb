use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, header::CONTENT_TYPE};
use webhook_core::{Secret, Timestamp};
use webhook_signature::{Scheme, SignRequest, Verifier};

use crate::{
    TestApp, TestBody,
    sample::{content_type, sample},
};

/// A signed request of this provider, made when it is sent.
///
/// The scheme is a preset or one of your own. Defaults: a `POST` to the app's path, a body such as
/// the provider sends, else `{"type":"ping"}`, the id `msg_1`, signed at the time of the app's
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
/// # Panics
/// Where the secret does not fit the scheme, or the scheme's key is a public one: only the provider
/// can sign then.
#[track_caller]
pub fn signed(scheme: impl Into<Scheme>, secret: &str) -> SignedRequest {
    let scheme = scheme.into();
    SignedRequest {
        verifier: verifier(scheme, secret),
        body: None,
        id: "msg_1".to_owned(),
        event: None,
        at: None,
        url: None,
        method: Method::POST,
        headers: Vec::new(),
    }
}

/// A verifier that signs. A short secret is taken: tests have wrong ones.
#[track_caller]
pub(crate) fn verifier(scheme: Scheme, secret: &str) -> Verifier {
    let name = scheme.name().clone();
    let made = Secret::insecure_short(secret.as_bytes().to_vec())
        .map_err(|error| error.to_string())
        .and_then(|secret| Verifier::new(scheme, secret).map_err(|error| error.to_string()));
    match made {
        Ok(verifier) => verifier,
        Err(error) => panic!("the test cannot sign for {name}: {error}"),
    }
}

/// A request to be signed; made by [`signed`].
#[derive(Clone, Debug)]
#[must_use = "a request does nothing before it is sent"]
pub struct SignedRequest {
    verifier: Verifier,
    body: Option<Vec<u8>>,
    id: String,
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

    /// The delivery's id. Default: `msg_1`.
    pub fn id(mut self, id: impl Into<String>) -> Self {
        self.id = id.into();
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
            let sample = sample(self.verifier.scheme().name().as_str(), time);
            let content_type = content_type(&sample);
            (sample, content_type)
        };
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        for (name, value) in self.headers {
            headers.insert(name, value);
        }
        let mut request = SignRequest::new(&body, time)
            .with_id(&self.id)
            .with_method(&self.method)
            .with_base_url(app.default_base_url())
            .with_target(target)
            .with_headers(&headers);
        if let Some(event) = &self.event {
            request = request.with_event(event);
        }
        let signed = self.verifier.sign_request(&request);
        let signed = signed.unwrap_or_else(|error| {
            panic!(
                "{} cannot sign this request: {error}",
                self.verifier.scheme().name()
            )
        });
        let (added, body, target) = signed.into_parts();
        let target = target.as_deref().unwrap_or_default();
        let mut sent = Request::new(TestBody::new(body.into_owned()));
        *sent.method_mut() = self.method.clone();
        *sent.uri_mut() = match target.parse() {
            Ok(uri) => uri,
            Err(error) => panic!("{target:?} is no path to call: {error}"),
        };
        *sent.headers_mut() = headers;
        sent.headers_mut().extend(added);
        sent
    }
}
