//! The signed texts that presets have in common.

use std::borrow::Cow;

use crate::scheme::Part;

const fn literal(text: &'static str) -> Part {
    Part::Literal(Cow::Borrowed(text))
}

/// `{body}`
pub(super) static BODY: [Part; 1] = [Part::Body];
/// `{body}{timestamp}`
pub(super) static BODY_TIMESTAMP: [Part; 2] = [Part::Body, Part::Timestamp];
/// `{timestamp}{body}`
pub(super) static TIMESTAMP_BODY: [Part; 2] = [Part::Timestamp, Part::Body];
/// `{timestamp}.{body}`
pub(super) static TIMESTAMP_DOT_BODY: [Part; 3] = [Part::Timestamp, literal("."), Part::Body];
/// `{timestamp}:{body}`
pub(super) static TIMESTAMP_COLON_BODY: [Part; 3] = [Part::Timestamp, literal(":"), Part::Body];
/// `v0:{timestamp}:{body}`
pub(super) static V0_TIMESTAMP_BODY: [Part; 4] =
    [literal("v0:"), Part::Timestamp, literal(":"), Part::Body];
/// `[{timestamp};{body}]`
pub(super) static BRACKETS: [Part; 5] = [
    literal("["),
    Part::Timestamp,
    literal(";"),
    Part::Body,
    literal("]"),
];
/// `{id}{timestamp}{body}`
pub(super) static ID_TIMESTAMP_BODY: [Part; 3] = [Part::Id, Part::Timestamp, Part::Body];
/// `{id}.{timestamp}.{body}`
pub(super) static ID_DOT_TIMESTAMP_DOT_BODY: [Part; 5] = [
    Part::Id,
    literal("."),
    Part::Timestamp,
    literal("."),
    Part::Body,
];
/// `{url}{body}`
pub(super) static URL_BODY: [Part; 2] = [Part::Url, Part::Body];
/// `{method}{url}{body}`
pub(super) static METHOD_URL_BODY: [Part; 3] = [Part::Method, Part::Url, Part::Body];
/// `{method}{url}{body}{timestamp}`
pub(super) static METHOD_URL_BODY_TIMESTAMP: [Part; 4] =
    [Part::Method, Part::Url, Part::Body, Part::Timestamp];
