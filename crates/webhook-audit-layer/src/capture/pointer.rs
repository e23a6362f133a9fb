//! JSON pointers: [RFC 6901](https://www.rfc-editor.org/rfc/rfc6901).

use super::{CaptureError, CaptureErrorKind};

/// The most pointers that are taken.
pub const MAX_POINTERS: usize = 64;
/// The most reference tokens of a pointer, which is how deep it goes.
pub const MAX_POINTER_TOKENS: usize = 16;

/// The reference tokens of a pointer, unescaped.
pub(super) fn parse(pointer: &str) -> Result<Vec<String>, CaptureError> {
    let invalid = |why: &str| {
        let what = format!("`{}` is no JSON pointer: {why}", pointer.escape_debug());
        CaptureError::new(CaptureErrorKind::InvalidPointer, what)
    };
    if pointer.is_empty() {
        // The whole document.
        return Ok(Vec::new());
    }
    let Some(tokens) = pointer.strip_prefix('/') else {
        return Err(invalid("it begins with `/`, as in `/user/email`"));
    };
    let tokens: Vec<_> = tokens.split('/').collect();
    if tokens.len() > MAX_POINTER_TOKENS {
        let what =
            format!("a pointer has more than {MAX_POINTER_TOKENS} tokens: redact what is above");
        return Err(CaptureError::new(CaptureErrorKind::TooManyPointers, what));
    }
    let unescape = |token: &&str| {
        if *token == "*" {
            return Err(invalid(
                "`*` would be the name of a member, not a wildcard: redact the whole array or object above",
            ));
        }
        unescape(token).ok_or_else(|| invalid("`~` is written `~0`, and `/` in a name `~1`"))
    };
    tokens.iter().map(unescape).collect()
}

fn unescape(token: &str) -> Option<String> {
    let mut pieces = token.split('~');
    let mut text = String::from(pieces.next()?);
    for piece in pieces {
        if let Some(rest) = piece.strip_prefix('0') {
            text.push('~');
            text.push_str(rest);
        } else {
            text.push('/');
            text.push_str(piece.strip_prefix('1')?);
        }
    }
    Some(text)
}

/// A token as the place of an array's element: digits without leading zeros.
pub(super) fn index(token: &str) -> Option<usize> {
    let is_canonical = token == "0" || !token.starts_with(['0', '+']);
    token.parse().ok().filter(|_| is_canonical)
}

#[cfg(test)]
mod tests {
    use super::{index, parse};

    #[test]
    fn the_examples_of_rfc_6901_are_read() {
        // Section 5, without those that only show a document's members.
        for (pointer, tokens) in [
            ("", &[][..]),
            ("/foo", &["foo"]),
            ("/foo/0", &["foo", "0"]),
            ("/", &[""]),
            ("/a~1b", &["a/b"]),
            ("/c%d", &["c%d"]),
            ("/m~0n", &["m~n"]),
            ("/ ", &[" "]),
            ("/~01", &["~1"]),
        ] {
            assert_eq!(parse(pointer).unwrap(), tokens, "{pointer}");
        }
    }

    #[test]
    fn what_is_no_pointer_or_looks_like_a_wildcard_is_refused() {
        for pointer in ["a", "#/a", "/~", "/~2", "/a~", "/items/*/email", "/*"] {
            assert!(parse(pointer).is_err(), "{pointer}");
        }
        assert!(parse("/**").is_ok());
        assert!(parse(&"/a".repeat(16)).is_ok());
        assert!(parse(&"/a".repeat(17)).is_err());
    }

    #[test]
    fn a_place_has_one_spelling() {
        assert_eq!(index("0"), Some(0));
        assert_eq!(index("10"), Some(10));
        for token in ["", "00", "01", "-", "-1", "+1", "1e0", "a", "٣"] {
            assert_eq!(index(token), None, "{token}");
        }
    }
}
