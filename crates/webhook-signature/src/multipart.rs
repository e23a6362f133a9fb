//! One field of a `multipart/form-data` body
//! ([RFC 7578](https://www.rfc-editor.org/rfc/rfc7578)), strictly.

use http::{HeaderMap, header::CONTENT_TYPE};

use crate::scheme::only;

/// The most parts that are looked at.
const MAX_PARTS: usize = 256;

/// The longest boundary
/// ([RFC 2046, section 5.1.1](https://www.rfc-editor.org/rfc/rfc2046#section-5.1.1)).
const MAX_BOUNDARY: usize = 70;

/// The boundary that the content type names, where it is `multipart/form-data`.
pub(crate) fn boundary(headers: &HeaderMap) -> Option<&str> {
    let value = only(headers, &CONTENT_TYPE).ok()??.to_str().ok()?;
    let (kind, parameters) = value.split_once(';')?;
    if !kind.trim().eq_ignore_ascii_case("multipart/form-data") {
        return None;
    }
    let boundary = parameters.split(';').find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim()
            .eq_ignore_ascii_case("boundary")
            .then(|| value.trim())
    })?;
    let bare = boundary
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    let boundary = bare.unwrap_or(boundary);
    (1..=MAX_BOUNDARY)
        .contains(&boundary.len())
        .then_some(boundary)
}

/// The only field of this name. `None` where there is none, or several, or the body is not
/// well-formed to its end.
pub(crate) fn field<'b>(body: &'b [u8], boundary: &str, name: &str) -> Option<&'b [u8]> {
    let delimiter = [b"\r\n--", boundary.as_bytes()].concat();
    // The first delimiter stands at the beginning, without a line break in front.
    let first = delimiter.get(2..)?;
    let mut rest = body.strip_prefix(first)?;
    let mut found = None;
    for _ in 0..MAX_PARTS {
        if rest.starts_with(b"--") {
            return found;
        }
        // Where a delimiter follows at once, others find an empty part.
        let part = rest
            .strip_prefix(b"\r\n")
            .filter(|part| !part.starts_with(first))?;
        let end = find(part, &delimiter)?;
        let (content, behind) = part.split_at_checked(end)?;
        rest = behind.get(delimiter.len()..)?;
        let (head, value) = split(content)?;
        if named(head)? == name && found.replace(value).is_some() {
            return None;
        }
    }
    None
}

/// The head of a part, and its content.
fn split(part: &[u8]) -> Option<(&str, &[u8])> {
    let at = find(part, b"\r\n\r\n")?;
    let head = std::str::from_utf8(part.get(..at)?).ok()?;
    Some((head, part.get(at + 4..)?))
}

/// The name in a part's `Content-Disposition`; names with escapes are none that is looked for.
fn named(head: &str) -> Option<&str> {
    let mut lines = head.split("\r\n").filter_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-disposition")
            .then_some(value)
    });
    let value = lines.next()?;
    if lines.next().is_some() {
        return None;
    }
    let (_, behind) = value.split_once(" name=\"")?;
    behind.split_once('"').map(|(name, _)| name)
}

fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    text.windows(what.len()).position(|window| window == what)
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderValue, header::CONTENT_TYPE};
    use proptest::prelude::*;

    use super::{boundary, field};

    const BODY: &str = "--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--x\r\ncontent-disposition: form-data; name=\"json\"\r\nContent-Type: text/plain\r\n\r\n{\"a\":\r\n--\r\n}\r\n--x--\r\n";

    #[test]
    fn a_field_is_found() {
        assert_eq!(
            field(BODY.as_bytes(), "x", "json"),
            Some(&b"{\"a\":\r\n--\r\n}"[..])
        );
        assert_eq!(field(BODY.as_bytes(), "x", "a"), Some(&b"1"[..]));
        assert_eq!(field(BODY.as_bytes(), "x", "b"), None);
        assert_eq!(field(BODY.as_bytes(), "y", "a"), None);
        assert_eq!(
            field(BODY.replace("\"a\"", "\"json\"").as_bytes(), "x", "json"),
            None
        );
        assert_eq!(field(format!("--x\r\n{BODY}").as_bytes(), "x", "a"), None);
        assert_eq!(
            field(BODY.trim_end_matches("--\r\n").as_bytes(), "x", "a"),
            None
        );
    }

    #[test]
    fn the_boundary_comes_from_the_content_type() {
        let read = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(CONTENT_TYPE, HeaderValue::from_str(text).unwrap());
            boundary(&headers).map(str::to_owned)
        };
        assert_eq!(read("multipart/form-data; boundary=x"), Some("x".into()));
        assert_eq!(
            read("Multipart/Form-Data; charset=utf-8; Boundary=\"x y\""),
            Some("x y".into())
        );
        for text in [
            "multipart/mixed; boundary=x",
            "multipart/form-data",
            "multipart/form-data; boundary=",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_body_panics(body in "(--x|\r\n|[a:\"; ]|name=\"a\"|Content-Disposition: ){0,20}") {
            let _ = field(body.as_bytes(), "x", "a");
        }
    }
}
