//! Signing: the same schemes, the other way round.

use std::fmt;

use http::{HeaderMap, HeaderName, HeaderValue, Method};
use webhook_core::Timestamp;

use crate::{
    Verifier,
    candidates::Candidates,
    custom::{Custom, Delivery},
    scheme::{Part, Scheme, SignedText, Source},
};

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

    /// Scheme, host and port of the URL, where it is signed.
    pub(crate) fn base_url_under(&self, scheme: &'a Scheme) -> Result<&'a str, SignError> {
        let url = self.base_url.unwrap_or(&scheme.base_url);
        if url.is_empty() && scheme.covers_url() {
            return Err(SignError::BaseUrlMissing);
        }
        Ok(url)
    }
}

/// Why a delivery cannot be signed so that it verifies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SignError {
    /// The scheme signs an id and there is none.
    IdMissing,
    /// An id or event type that is longer than 256 bytes or holds more than visible ASCII, or an id
    /// that holds the text which the scheme puts behind it.
    IdMalformed,
    /// A time that the scheme cannot write, such as one before 1970.
    TimestampOutOfRange,
    /// The scheme signs the request's target and there is none.
    TargetMissing,
    /// The scheme signs the URL, and nothing says scheme and host of it.
    BaseUrlMissing,
    /// The scheme signs a header that is missing, or there several times.
    Header,
    /// The scheme's keys are public ones, which cannot sign.
    #[cfg(feature = "public-key")]
    NoPrivateKey,
    /// The signature stands in the body or the query, so that no header can carry it.
    NotInAHeader,
    /// The scheme cannot sign this body: it is no text, or lacks the signed timestamp.
    Body,
}

impl fmt::Display for SignError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::IdMissing => "the scheme signs the delivery's id; give one with `with_id`",
            Self::IdMalformed => {
                "the id or event type does not fit its header; take up to 256 visible ASCII characters, without what separates the id from its neighbour (`.` in Standard Webhooks)"
            }
            Self::TimestampOutOfRange => "the scheme cannot write this time; take one after 1970 and before 33658",
            Self::TargetMissing => "the scheme signs the request's target; give it with `with_target`",
            Self::BaseUrlMissing => "the scheme signs the URL that is called; give scheme and host with `with_base_url`",
            Self::NotInAHeader => "the signature stands in the body or the query; no header can carry it",
            Self::Body => "the scheme cannot sign this body; give the text that the provider would send, with its timestamp in it",
            Self::Header => "the scheme signs a header that is not there exactly once; give it with `with_headers`",
            #[cfg(feature = "public-key")]
            Self::NoPrivateKey => "the scheme's keys are public ones, which verify and cannot sign; only the provider can",
        })
    }
}

impl std::error::Error for SignError {}

impl Verifier {
    /// Signs a delivery with the key in front: the headers to send it with, of which the
    /// signature's is marked as sensitive.
    ///
    /// What is signed verifies under every scheme, within the tolerance of the time it was given.
    ///
    /// # Errors
    /// Something that the scheme signs is missing, or could not be sent.
    pub fn sign(
        &self,
        request: &SignRequest<'_>,
    ) -> Result<Vec<(HeaderName, HeaderValue)>, SignError> {
        let scheme = self.scheme();
        #[cfg(feature = "public-key")]
        if let Some(keys) = self.public() {
            return crate::public::sign(scheme, keys, request);
        }
        let place = scheme
            .location
            .signature
            .first_header()
            .ok_or(SignError::NotInAHeader)?;
        let timestamp = match &scheme.timestamp {
            Some(rule) => rule
                .write(request.timestamp)
                .ok_or(SignError::TimestampOutOfRange)?,
            None => String::new(),
        };
        let mut headers = Vec::with_capacity(4);
        let front = self.front().ok_or(SignError::Header)?;
        let signature = match (front.mac.token(), scheme.custom) {
            (Some(token), _) => scheme.encoding.encode(token),
            (None, None) => scheme.encoding.encode(&self.tag(request, &timestamp)?),
            (None, Some(custom)) => {
                headers.extend(custom.headers(front.name.as_deref()));
                let tag = self.custom_tag(custom, request, &timestamp, &headers)?;
                scheme.encoding.encode(&tag)
            }
        };
        let value = scheme
            .custom
            .and_then(|custom| custom.write(&timestamp, &signature));
        let value = value.unwrap_or_else(|| scheme.grammar.write(&timestamp, &signature));
        let mut value = header_value(&value)?;
        value.set_sensitive(true);

        for (name, value) in scheme.required {
            headers.push((
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            ));
        }
        if let (Some(name), Some(id)) = (&scheme.location.id, request.id) {
            headers.push((name.clone(), header_value(id)?));
        }
        if let Some(name) = &scheme.location.timestamp {
            headers.push((name.clone(), header_value(&timestamp)?));
        }
        headers.push((place, value));
        if let (Some(name), Some(event)) = (&scheme.event, request.event) {
            headers.push((name.clone(), header_value(event)?));
        }
        Ok(headers)
    }

    fn custom_tag(
        &self,
        custom: Custom,
        request: &SignRequest<'_>,
        timestamp: &str,
        added: &[(HeaderName, HeaderValue)],
    ) -> Result<Vec<u8>, SignError> {
        let scheme = self.scheme();
        check(scheme, request)?;
        let mut headers = request.headers.cloned().unwrap_or_default();
        headers.extend(added.iter().cloned());
        if let (Some(name), false) = (&scheme.location.timestamp, timestamp.is_empty()) {
            headers.insert(name, header_value(timestamp)?);
        }
        let delivery = Delivery {
            scheme,
            method: request.method,
            base_url: request.base_url_under(scheme)?,
            target: request.target.unwrap_or_default(),
            headers: &headers,
            timestamp: timestamp.as_bytes(),
            id: request.id.unwrap_or_default(),
            body: request.body,
        };
        let nothing = Candidates::new(0);
        if custom.finds_timestamp() && custom.claims(&delivery, nothing).is_err() {
            return Err(SignError::Body);
        }
        let texts = custom.texts(&delivery).map_err(|_| SignError::Body)?;
        let text = texts.ok_or(SignError::NotInAHeader)?.into_iter().next();
        let mut mac = self.front().ok_or(SignError::Header)?.mac.clone();
        mac.update(&text.ok_or(SignError::Body)?);
        Ok(mac.finish().as_slice().to_vec())
    }

    fn tag(&self, request: &SignRequest<'_>, timestamp: &str) -> Result<Vec<u8>, SignError> {
        let scheme = self.scheme();
        check(scheme, request)?;
        let no_headers = HeaderMap::new();
        let source = Source {
            timestamp: timestamp.as_bytes(),
            id: request.id.unwrap_or_default().as_bytes(),
            method: request.method,
            target: request.target.unwrap_or_default(),
            base_url: request.base_url_under(scheme)?,
            headers: request.headers.unwrap_or(&no_headers),
        };
        let mut text = SignedText::new();
        scheme
            .text
            .render(&source, &mut text)
            .map_err(|_| SignError::Header)?;
        // Public keys were answered before.
        let mut mac = self.front().ok_or(SignError::Header)?.mac.clone();
        mac.update(text.before_body());
        if self.covered().body {
            mac.update(request.body);
        }
        mac.update(text.after_body());
        Ok(mac.finish().as_slice().to_vec())
    }
}

/// The request's parts, for tokens.
#[cfg(feature = "public-key")]
impl<'a> SignRequest<'a> {
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

    pub(crate) const fn target(&self) -> Option<&'a str> {
        self.target
    }
}

fn check(scheme: &Scheme, request: &SignRequest<'_>) -> Result<(), SignError> {
    check_texts(request)?;
    if scheme.text.contains(&Part::Id) {
        let id = request.id.ok_or(SignError::IdMissing)?;
        if scheme.text.after_id().is_some_and(|end| id.contains(end)) {
            return Err(SignError::IdMalformed);
        }
    }
    let needs_id = scheme.custom.is_some_and(Custom::needs_id_header);
    if needs_id && request.id.is_none() {
        return Err(SignError::IdMissing);
    }
    let signs_target = scheme.text.contains(&Part::Target)
        || scheme.text.contains(&Part::Url)
        || scheme.custom.is_some_and(Custom::needs_target);
    if signs_target && request.target.is_none() {
        return Err(SignError::TargetMissing);
    }
    Ok(())
}

pub(crate) fn check_texts(request: &SignRequest<'_>) -> Result<(), SignError> {
    for text in [request.id, request.event].into_iter().flatten() {
        if text.is_empty()
            || text.len() > crate::verify::MAX_ID
            || !text.bytes().all(|byte| byte.is_ascii_graphic())
        {
            return Err(SignError::IdMalformed);
        }
    }
    Ok(())
}

pub(crate) fn header_value(text: &str) -> Result<HeaderValue, SignError> {
    HeaderValue::from_str(text).map_err(|_| SignError::IdMalformed)
}
