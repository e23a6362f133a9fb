//! Where a signature stands and how, as plain text.

use std::borrow::Cow;

use http::HeaderName;

use crate::scheme::{Elements, Grammar, Place};

/// Where the signature stands.
#[derive(Clone, Copy)]
pub(super) enum At {
    Header(&'static str),
    Lines(&'static str),
    Headers(&'static [HeaderName]),
    Numbered(&'static str),
    Query(&'static str),
    Body,
    Chosen,
}

/// How it stands there.
#[derive(Clone, Copy)]
pub(super) enum Form {
    Value(&'static str),
    MaybePrefixed(&'static str),
    Credentials(&'static str),
    Bare {
        separator: u8,
        stamped: bool,
    },
    List {
        separator: u8,
        assign: u8,
        timestamp: Option<&'static str>,
        label: &'static str,
        any_case: bool,
    },
}

impl At {
    pub(super) const fn place(self) -> Place {
        match self {
            Self::Header(name) => Place::Header(HeaderName::from_static(name)),
            Self::Lines(name) => Place::Lines(HeaderName::from_static(name)),
            Self::Headers(names) => Place::Headers(Cow::Borrowed(names)),
            Self::Numbered(start) => Place::Numbered(Cow::Borrowed(start)),
            Self::Query(name) => Place::Query(Cow::Borrowed(name)),
            Self::Body => Place::Body,
            Self::Chosen => Place::Chosen,
        }
    }
}

impl Form {
    pub(super) const fn grammar(self) -> Grammar {
        match self {
            Self::Value(prefix) => Grammar::Value {
                prefix: Cow::Borrowed(prefix),
            },
            Self::MaybePrefixed(prefix) => Grammar::MaybePrefixed {
                prefix: Cow::Borrowed(prefix),
            },
            Self::Credentials(scheme) => Grammar::Credentials {
                scheme: Cow::Borrowed(scheme),
            },
            Self::Bare { separator, stamped } => Grammar::Bare { separator, stamped },
            Self::List {
                separator,
                assign,
                timestamp,
                label,
                any_case,
            } => Grammar::Elements(Elements {
                separator,
                assign,
                label: Cow::Borrowed(label),
                timestamp: match timestamp {
                    Some(timestamp) => Some(Cow::Borrowed(timestamp)),
                    None => None,
                },
                any_case,
            }),
        }
    }
}
