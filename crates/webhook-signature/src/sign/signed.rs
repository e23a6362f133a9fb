use std::{borrow::Cow, fmt};

use http::{HeaderName, HeaderValue};

/// Names and values of headers.
pub(super) type Headers = Vec<(HeaderName, HeaderValue)>;

/// A signed request, from [`Verifier::sign_request`](crate::Verifier::sign_request): the headers to
/// add, and body and target as they have to be sent.
///
/// As a rule the signature stands in a header, and body and target are those that were given. Where
/// it stands in the body or the query, they are made of them.
#[derive(Clone, PartialEq, Eq)]
pub struct Signed<'a> {
    pub(super) headers: Headers,
    pub(super) body: Cow<'a, [u8]>,
    pub(super) target: Option<Cow<'a, str>>,
}

impl<'a> Signed<'a> {
    /// The headers to add; one that holds a signature or a secret is marked as sensitive.
    #[must_use]
    pub fn headers(&self) -> &[(HeaderName, HeaderValue)] {
        &self.headers
    }

    /// The body to send.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The path and query to call; `None` where none was given and none is needed.
    #[must_use]
    pub fn target(&self) -> Option<&str> {
        self.target.as_deref()
    }

    /// Whether the body is another one than was given, because it holds the signature.
    #[must_use]
    pub const fn changes_body(&self) -> bool {
        matches!(self.body, Cow::Owned(_))
    }

    /// Whether the target is another one than was given, because its query holds the signature.
    #[must_use]
    pub const fn changes_target(&self) -> bool {
        matches!(self.target, Some(Cow::Owned(_)))
    }

    /// Adds the signature's header, in front of the event's.
    pub(super) fn put(&mut self, name: HeaderName, value: HeaderValue, event: Option<&HeaderName>) {
        let mut names = self.headers.iter().map(|(name, _)| Some(name));
        let at = names.position(|name| name == event);
        self.headers
            .insert(at.unwrap_or(self.headers.len()), (name, value));
    }

    /// Headers, body and target, to keep.
    #[must_use]
    pub fn into_parts(self) -> (Headers, Cow<'a, [u8]>, Option<Cow<'a, str>>) {
        (self.headers, self.body, self.target)
    }
}

/// Tells no signature: neither body nor target.
impl fmt::Debug for Signed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signed")
            .field("headers", &self.headers)
            .field("changes_body", &self.changes_body())
            .field("changes_target", &self.changes_target())
            .finish_non_exhaustive()
    }
}
