use std::borrow::Cow;

use http::{HeaderMap, Method, header::CONTENT_TYPE, request::Parts};
use webhook_core::{Reason, Timestamp};

use super::claims;
use crate::{
    candidates::Candidates,
    json::{Json, Repeated},
    multipart,
    scheme::{Scheme, only, query},
};

/// What of a request's head is kept until the body is there.
pub(crate) struct Head {
    pub(crate) method: Method,
    /// Scheme, host and port of the URL, where they are not the scheme's own.
    told_url: Option<String>,
    pub(crate) target: String,
    pub(crate) headers: HeaderMap,
    pub(crate) timestamp: Vec<u8>,
    pub(crate) id: String,
    pub(crate) now: Timestamp,
}

/// A whole delivery.
#[derive(Clone, Copy)]
pub(crate) struct Delivery<'a> {
    pub(crate) scheme: &'a Scheme,
    pub(crate) method: &'a Method,
    /// Scheme, host and port of the URL that was called, where it is signed.
    pub(crate) base_url: &'a str,
    /// Path and query.
    pub(crate) target: &'a str,
    pub(crate) headers: &'a HeaderMap,
    /// The timestamp's text, where the headers hold it.
    pub(crate) timestamp: &'a [u8],
    /// The id's text, where a header holds it.
    pub(crate) id: &'a str,
    pub(crate) body: &'a [u8],
}

impl Head {
    pub(crate) fn new(
        parts: &Parts,
        base_url: Cow<'_, str>,
        timestamp: &[u8],
        id: &str,
        now: Timestamp,
    ) -> Self {
        let target = parts.uri.path_and_query();
        Self {
            method: parts.method.clone(),
            told_url: match base_url {
                Cow::Borrowed(_) => None,
                Cow::Owned(told) => Some(told),
            },
            target: target.map_or("", |target| target.as_str()).to_owned(),
            headers: parts.headers.clone(),
            timestamp: timestamp.to_vec(),
            id: id.to_owned(),
            now,
        }
    }

    pub(crate) fn with<'a>(&'a self, scheme: &'a Scheme, body: &'a [u8]) -> Delivery<'a> {
        Delivery {
            scheme,
            method: &self.method,
            base_url: self.told_url.as_deref().unwrap_or(&scheme.base_url),
            target: &self.target,
            headers: &self.headers,
            timestamp: &self.timestamp,
            id: &self.id,
            body,
        }
    }
}

impl<'a> Delivery<'a> {
    pub(crate) fn path(&self) -> &'a str {
        self.target
            .split_once('?')
            .map_or(self.target, |(path, _)| path)
    }

    pub(crate) fn query(&self) -> Option<&'a str> {
        self.target.split_once('?').map(|(_, query)| query)
    }

    /// The body as a JSON document.
    pub(crate) fn json(&self) -> Result<Json<'a>, Reason> {
        Json::parse(self.body).ok_or(Reason::SignatureMissing)
    }

    /// Whether the content type is that of a form.
    pub(crate) fn is_form(&self) -> bool {
        self.has_content_type("application/x-www-form-urlencoded")
    }

    /// Whether a content type is said at all.
    pub(crate) fn has_a_type(&self) -> bool {
        self.headers.contains_key(CONTENT_TYPE)
    }

    fn has_content_type(&self, expected: &str) -> bool {
        let value = only(self.headers, &CONTENT_TYPE).ok().flatten();
        let value = value
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        let kind = value.split(';').next().unwrap_or_default();
        kind.trim().eq_ignore_ascii_case(expected)
    }

    /// The fields of a form.
    pub(crate) fn form(&self) -> Result<query::Pairs, Reason> {
        query::pairs(self.body).ok_or(Reason::SignatureMalformed)
    }

    /// The only field of this name in a form, `multipart/form-data` or not.
    pub(crate) fn field(&self, name: &str) -> Result<Cow<'a, [u8]>, Reason> {
        if let Some(boundary) = multipart::boundary(self.headers) {
            let field = multipart::field(self.body, boundary, name);
            return field.map(Cow::Borrowed).ok_or(Reason::SignatureMissing);
        }
        let mut values = self
            .form()?
            .into_iter()
            .filter(|(key, _)| *key == *name.as_bytes());
        match (values.next(), values.next()) {
            (Some((_, value)), None) => Ok(Cow::Owned(value)),
            (None, _) => Err(Reason::SignatureMissing),
            _ => Err(Reason::SignatureMalformed),
        }
    }

    /// The one signature that this text is under the scheme.
    pub(crate) fn signature(&self, text: &[u8]) -> Result<Candidates, Reason> {
        let length = self.scheme.primitive.signature_bytes();
        claims::signature(text, self.scheme.encoding, length)
    }
}

impl From<Repeated> for Reason {
    fn from(_: Repeated) -> Self {
        Self::SignatureMalformed
    }
}
