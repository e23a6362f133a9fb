//! Where a delivery's signature stands.

use std::{borrow::Cow, fmt};

use http::{HeaderMap, HeaderName, HeaderValue, request::Parts};
use webhook_core::Reason;

use super::{Line, only, query};

/// Where a delivery's signature stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// In one header, which stands there once.
    Header(HeaderName),
    /// In one header, which may stand there several times.
    Lines(HeaderName),
    /// In several headers, each of them once.
    Headers(Cow<'static, [HeaderName]>),
    /// In headers whose names are this text and a number, each of them once.
    Numbered(Cow<'static, str>),
    /// In a parameter of the query.
    Query(Cow<'static, str>),
    /// In the body, where a function finds it.
    Body,
    /// In a header whose name the receiver chooses.
    Chosen,
}

/// The texts that hold signatures.
pub(crate) enum Found<'a> {
    One(&'a [u8]),
    Several(Vec<&'a [u8]>),
    /// They are in the body.
    Later,
}

impl Place {
    /// The header, where there is just one.
    pub(crate) const fn header(&self) -> Option<&HeaderName> {
        match self {
            Self::Header(name) | Self::Lines(name) => Some(name),
            _ => None,
        }
    }

    /// Finds what a request has there; `line` is what it has of the one [header](Self::header). What
    /// is empty is missing.
    #[inline]
    pub(crate) fn find<'a>(&self, line: Line<'a>, parts: &'a Parts) -> Result<Found<'a>, Reason> {
        match self {
            Self::Header(_) => {
                let line = line.only()?.ok_or(Reason::SignatureMissing)?;
                Ok(Found::One(line.as_bytes()))
            }
            _ => self.find_elsewhere(parts),
        }
    }

    fn find_elsewhere<'a>(&self, parts: &'a Parts) -> Result<Found<'a>, Reason> {
        let headers = &parts.headers;
        let several = match self {
            Self::Query(name) => {
                let query = parts.uri.query().unwrap_or_default();
                let value = query::only(query, name)
                    .map_err(|query::Repeated| Reason::SignatureMalformed)?;
                return match value {
                    None | Some("") => Err(Reason::SignatureMissing),
                    Some(value) => Ok(Found::One(value.as_bytes())),
                };
            }
            Self::Body => return Ok(Found::Later),
            Self::Header(_) | Self::Chosen => return Err(Reason::Misconfigured),
            Self::Lines(name) => headers
                .get_all(name)
                .iter()
                .map(HeaderValue::as_bytes)
                .collect(),
            Self::Headers(names) => Self::lines_of(headers, names.iter())?,
            Self::Numbered(start) => {
                let is_ours = |name: &&HeaderName| {
                    let number = name.as_str().strip_prefix(&**start);
                    number.is_some_and(|number| {
                        !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
                    })
                };
                Self::lines_of(headers, headers.keys().filter(is_ours))?
            }
        };
        let several: Vec<&[u8]> = several;
        let several: Vec<_> = several
            .into_iter()
            .filter(|line| !line.is_empty())
            .collect();
        if several.is_empty() {
            return Err(Reason::SignatureMissing);
        }
        Ok(Found::Several(several))
    }

    fn lines_of<'a, 'n>(
        headers: &'a HeaderMap,
        names: impl Iterator<Item = &'n HeaderName>,
    ) -> Result<Vec<&'a [u8]>, Reason> {
        let lines = names.map(|name| only(headers, name));
        lines
            .filter_map(|line| line.map(|line| line.map(HeaderValue::as_bytes)).transpose())
            .collect()
    }

    /// The header that a sender puts one signature in.
    pub(crate) fn first_header(&self) -> Option<HeaderName> {
        match self {
            Self::Header(name) | Self::Lines(name) => Some(name.clone()),
            Self::Headers(names) => names.first().cloned(),
            Self::Numbered(start) => format!("{start}1").parse().ok(),
            Self::Query(_) | Self::Body | Self::Chosen => None,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Header(name) | Self::Lines(name) => name.fmt(f),
            Self::Headers(names) => {
                let names: Vec<_> = names.iter().map(HeaderName::as_str).collect();
                f.write_str(&names.join(", "))
            }
            Self::Numbered(start) => write!(f, "{start}1, {start}2, …"),
            Self::Query(name) => write!(f, "query parameter {name}"),
            Self::Body => f.write_str("body"),
            Self::Chosen => f.write_str("a header of your choice"),
        }
    }
}
