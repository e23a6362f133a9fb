use http::{HeaderMap, HeaderName, Uri};
use webhook_core::Reason;

use super::{
    BasicUser, Candidate, QueryName, SourceError, authorization, basic, header, query,
    strip_query_token,
};

/// Where the token is. One place, never a chain of them: whoever can leave one out must not get to
/// choose another.
///
/// ```
/// use webhook_token_layer::TokenSource;
///
/// let source = TokenSource::header("X-Gitlab-Token")?;
/// assert!(!source.is_query());
/// assert!(TokenSource::query("token")?.is_query());
/// assert!(TokenSource::header("X-Gitlab-Token: secret").is_err());
/// # Ok::<_, webhook_token_layer::SourceError>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum TokenSource {
    /// A header whose whole value is the token, such as GitLab's `X-Gitlab-Token`. In gRPC it is the
    /// metadata of that name.
    Header(HeaderName),
    /// `Authorization: Bearer TOKEN`
    /// ([RFC 6750 section 2.1](https://www.rfc-editor.org/rfc/rfc6750#section-2.1)).
    Bearer,
    /// `Authorization: Basic`, base64 of `user:password`
    /// ([RFC 7617](https://www.rfc-editor.org/rfc/rfc7617)). The password is the token.
    Basic {
        /// The user name that must stand beside it.
        user: BasicUser,
    },
    /// A parameter of the URI's query, percent-encoded; `+` is a plus sign. Only where a sender can
    /// do nothing better: a token in a URL is seen by every log and proxy on its way.
    Query(QueryName),
}

impl TokenSource {
    /// A header of this name.
    ///
    /// # Errors
    /// Not the name of a header.
    pub fn header(name: &str) -> Result<Self, SourceError> {
        let error = |_| SourceError::Header(name.escape_default().take(64).collect());
        HeaderName::try_from(name).map(Self::Header).map_err(error)
    }

    /// `Authorization: Basic` with this user name.
    ///
    /// # Errors
    /// As [`BasicUser::new`].
    pub fn basic(user: &str) -> Result<Self, SourceError> {
        BasicUser::new(user).map(|user| Self::Basic { user })
    }

    /// The query parameter of this name.
    ///
    /// # Errors
    /// As [`QueryName::new`].
    pub fn query(name: &str) -> Result<Self, SourceError> {
        QueryName::new(name).map(Self::Query)
    }

    /// Whether the token is in the URL, where others can see it.
    #[must_use]
    pub const fn is_query(&self) -> bool {
        matches!(self, Self::Query(_))
    }

    /// What a request offers here, or why it offers nothing.
    pub(crate) fn read(&self, uri: &Uri, headers: &HeaderMap) -> Result<Candidate, Reason> {
        match self {
            Self::Header(name) => header::read(headers, name),
            Self::Bearer => authorization::bearer(headers),
            Self::Basic { user } => basic::read(headers, user),
            Self::Query(name) => query::read(uri, name),
        }
    }

    /// Takes the token out of the URI; a wrong token too, for it may be right elsewhere, or have been
    /// right yesterday.
    pub(crate) fn strip(&self, uri: &mut Uri) {
        if let Self::Query(name) = self {
            *uri = strip_query_token(uri, name.as_str());
        }
    }

    /// The scheme of the challenge in a 401. None is registered for tokens in other headers and in
    /// URLs.
    pub(crate) const fn scheme(&self) -> &'static str {
        match self {
            Self::Bearer => "Bearer",
            Self::Basic { .. } => "Basic",
            Self::Header(_) | Self::Query(_) => "Webhook",
        }
    }
}
