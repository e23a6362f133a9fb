//! What a request has of a header.

use http::{HeaderMap, HeaderName, HeaderValue, header::AsHeaderName};
use webhook_core::Reason;

/// What a request has of one header.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Line<'a> {
    #[default]
    None,
    One(&'a HeaderValue),
    Repeated,
}

impl<'a> Line<'a> {
    /// The only line; `None` where there is none, or an empty one.
    #[inline]
    pub(crate) fn only(self) -> Result<Option<&'a HeaderValue>, Reason> {
        match self {
            Self::None => Ok(None),
            Self::One(line) => Ok(Some(line).filter(|line| !line.is_empty())),
            Self::Repeated => Err(Reason::SignatureDuplicateHeader),
        }
    }

    /// This line, and another one of the same header.
    #[inline]
    pub(super) const fn and(self, value: &'a HeaderValue) -> Self {
        match self {
            Self::None => Self::One(value),
            _ => Self::Repeated,
        }
    }

    pub(super) fn find(headers: &'a HeaderMap, name: impl AsHeaderName + Copy) -> Self {
        let Some(line) = headers.get(name) else {
            return Self::None;
        };
        // Two numbers tell as a rule that no name stands there twice, which saves a second look.
        if headers.len() > headers.keys_len() && headers.get_all(name).iter().nth(1).is_some() {
            return Self::Repeated;
        }
        Self::One(line)
    }
}

/// The only line of a header; `None` where there is none, or an empty one.
pub(crate) fn only<'a>(
    headers: &'a HeaderMap,
    name: &HeaderName,
) -> Result<Option<&'a HeaderValue>, Reason> {
    Line::find(headers, name).only()
}
