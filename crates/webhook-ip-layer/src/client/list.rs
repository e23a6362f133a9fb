//! The elements of a header, from right to left.

use http::{HeaderMap, HeaderName};
use webhook_core::AddressError;

/// The non-empty elements of a comma-separated header, from the right of its last line to the left of
/// its first.
pub(super) fn plain<'h>(
    headers: &'h HeaderMap,
    name: &HeaderName,
) -> impl Iterator<Item = &'h [u8]> {
    headers
        .get_all(name)
        .into_iter()
        .rev()
        .flat_map(|line| line.as_bytes().rsplit(|&byte| byte == b','))
        .map(trim)
        .filter(|element| !element.is_empty())
}

/// The one value of a header that must not stand twice; no element where it is absent or empty.
pub(super) fn single<'h>(
    headers: &'h HeaderMap,
    name: &HeaderName,
) -> Result<impl Iterator<Item = &'h [u8]>, AddressError> {
    let mut lines = headers.get_all(name).into_iter();
    let line = lines.next();
    if lines.next().is_some() {
        return Err(AddressError::DuplicateHeader);
    }
    Ok(line
        .map(|line| trim(line.as_bytes()))
        .filter(|value| !value.is_empty())
        .into_iter())
}

/// Without the optional white space of HTTP (RFC 9110 section 5.6.3), which is less than what
/// `trim_ascii` takes off.
pub(super) fn trim(mut text: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = text {
        text = rest;
    }
    text
}
