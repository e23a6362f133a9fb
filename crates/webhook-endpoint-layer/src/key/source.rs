use http::{HeaderMap, HeaderName, Request};

use super::{Candidate, Key, pattern::Pattern};
use crate::{EndpointError, EndpointErrorKind};

/// Where the key of an endpoint stands in a request: in the path, in a header, or in several places
/// that together name it.
///
/// ```
/// use http::Request;
/// use webhook_endpoint_layer::EndpointKey;
///
/// let tenant_and_event =
///     EndpointKey::path("/webhooks/{tenant}")?.and(EndpointKey::header("x-github-event")?);
///
/// let request = Request::post("/webhooks/acme").header("x-github-event", "push").body(())?;
/// assert_eq!(tenant_and_event.read(&request).unwrap().as_str(), "acme push");
///
/// // What has no valid form has no key, and is answered as an unknown endpoint.
/// let request = Request::post("/webhooks/%2e%2e/acme").header("x-github-event", "push").body(())?;
/// assert_eq!(tenant_and_event.read(&request), None);
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndpointKey {
    places: Vec<Place>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Place {
    Path(Pattern),
    Header(HeaderName),
}

impl EndpointKey {
    /// The segments of the path that stand in braces, such as `/webhooks/{key}` or
    /// `/{provider}/{tenant}`. The rest of the path has to be the pattern's, byte for byte.
    ///
    /// The path is taken as it came, and nothing is decoded or tidied up: a path that holds a percent
    /// sign, a backslash, anything but visible ASCII, or an empty segment, `.` or `..`, has no key.
    /// So there is one spelling for each endpoint, whatever a proxy or a router makes of others.
    ///
    /// # Errors
    ///
    /// A pattern without a slash in front or without a key, and segments that no such path has.
    pub fn path(pattern: &str) -> Result<Self, EndpointError> {
        Ok(Self::from(Place::Path(Pattern::parse(pattern, false)?)))
    }

    /// As [`path`](Self::path), for a path of this pattern and for everything beneath it.
    ///
    /// ```
    /// use http::Request;
    /// use webhook_endpoint_layer::EndpointKey;
    ///
    /// let key = EndpointKey::path_prefix("/webhooks/{key}")?;
    /// for path in ["/webhooks/acme", "/webhooks/acme/orders/created"] {
    ///     assert_eq!(key.read(&Request::post(path).body(())?).unwrap().as_str(), "acme");
    /// }
    /// assert_eq!(key.read(&Request::post("/webhooks/acme/../admin").body(())?), None);
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`path`](Self::path).
    pub fn path_prefix(pattern: &str) -> Result<Self, EndpointError> {
        Ok(Self::from(Place::Path(Pattern::parse(pattern, true)?)))
    }

    /// The value of a header that stands exactly once: the endpoint's key, or the event's name.
    ///
    /// A value is visible ASCII, without spaces; else there is no key. The client chooses it, so it
    /// says only which settings the delivery is held against, never that it meets them.
    ///
    /// # Errors
    ///
    /// A name that is none.
    pub fn header(name: &str) -> Result<Self, EndpointError> {
        HeaderName::try_from(name)
            .map(|name| Self::from(Place::Header(name)))
            .map_err(|_| EndpointError::new(EndpointErrorKind::InvalidHeader(name.to_owned())))
    }

    /// Both together: the key has the parts of the one, then those of the other.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.places.extend(other.places);
        self
    }

    /// The key of a request; `None` where a part of it is missing or has no valid form, and where it
    /// is longer than [`MAX_KEY_BYTES`](crate::MAX_KEY_BYTES).
    #[must_use]
    pub fn read<B>(&self, request: &Request<B>) -> Option<Key> {
        self.candidate(request)
            .map(|candidate| candidate.as_str().into())
    }

    pub(crate) fn candidate<B>(&self, request: &Request<B>) -> Option<Candidate> {
        let mut key = Candidate::new();
        for place in &self.places {
            match place {
                Place::Path(pattern) => pattern.read(path(request), &mut key)?,
                Place::Header(name) => key.push(only_value(request.headers(), name)?)?,
            }
        }
        Some(key)
    }
}

impl From<Place> for EndpointKey {
    fn from(place: Place) -> Self {
        Self {
            places: vec![place],
        }
    }
}

/// The path as the server got it: a nested router of axum strips its prefix from the URI.
fn path<B>(request: &Request<B>) -> &str {
    #[cfg(feature = "axum")]
    if let Some(original) = request.extensions().get::<axum::extract::OriginalUri>() {
        return original.0.path();
    }
    request.uri().path()
}

fn only_value<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a [u8]> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?;
    values.next().is_none().then_some(value.as_bytes())
}
