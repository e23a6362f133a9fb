use std::{error::Error, fmt, time::Duration};

use crate::PauseSwitch;

/// What is wrong with a configuration, or with a pause. Never a request's doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndpointError {
    kind: EndpointErrorKind,
}

/// The kinds of [`EndpointError`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EndpointErrorKind {
    /// A pattern that does not begin with a slash.
    PatternWithoutSlash(String),
    /// A pattern without a key.
    PatternWithoutKey(String),
    /// A segment of a pattern that no path has which this crate takes.
    InvalidSegment(String),
    /// A header name that is none.
    InvalidHeader(String),
    /// A duration outside its range.
    InvalidDuration {
        /// The name of the setting.
        setting: &'static str,
        /// The duration asked for.
        given: Duration,
        /// The shortest.
        shortest: Duration,
        /// The longest.
        longest: Duration,
    },
    /// A number outside its range.
    InvalidNumber {
        /// The name of the setting.
        setting: &'static str,
        /// The number asked for.
        given: usize,
        /// The largest; the smallest is 1.
        largest: usize,
    },
    /// Already [`PauseSwitch::MAX_ENDPOINTS`] endpoints are paused one by one.
    TooManyPauses,
}

impl EndpointError {
    pub(crate) const fn new(kind: EndpointErrorKind) -> Self {
        Self { kind }
    }

    /// What is wrong.
    #[must_use]
    pub const fn kind(&self) -> &EndpointErrorKind {
        &self.kind
    }
}

impl fmt::Display for EndpointError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            EndpointErrorKind::PatternWithoutSlash(pattern) => write!(
                f,
                "the pattern {pattern:?} does not begin with a slash; give the whole path, such as \
                 \"/webhooks/{{key}}\"",
            ),
            EndpointErrorKind::PatternWithoutKey(pattern) => write!(
                f,
                "the pattern {pattern:?} has no key; name the segment that tells the endpoint in \
                 braces, such as \"/webhooks/{{key}}\"",
            ),
            EndpointErrorKind::InvalidSegment(segment) => write!(
                f,
                "no path that is taken has the segment {segment:?}: segments are neither empty nor \
                 \".\" or \"..\", hold visible ASCII without '%' and '\\', and a key is a whole \
                 segment, such as {{key}}; a pattern has no slash at its end and no wildcard (for \
                 everything beneath a key, use path_prefix)",
            ),
            EndpointErrorKind::InvalidHeader(name) => write!(
                f,
                "{name:?} is no header name; give one such as \"x-webhook-endpoint\"",
            ),
            EndpointErrorKind::InvalidDuration {
                setting,
                given,
                shortest,
                longest,
            } => write!(
                f,
                "a {setting} of {given:?} is out of range; give {shortest:?} to {longest:?}",
            ),
            EndpointErrorKind::InvalidNumber {
                setting,
                given,
                largest,
            } => write!(
                f,
                "{setting} of {given} is out of range; give 1 to {largest}",
            ),
            EndpointErrorKind::TooManyPauses => write!(
                f,
                "{} endpoints are paused one by one already; resume some, pause all, or disable \
                 endpoints where they are kept",
                PauseSwitch::MAX_ENDPOINTS,
            ),
        }
    }
}

impl Error for EndpointError {}
