//! Percent-encoding, read strictly ([RFC 3986 section 2.1](https://www.rfc-editor.org/rfc/rfc3986#section-2.1)):
//! `%` and two hexadecimal digits, and nothing else is special. `+` is a plus sign, not the space of
//! HTML forms.

use crate::{digest::Digest, digest::Hasher, hex};

/// Hands the decoded text on in pieces; `None`, possibly after some of them, where it is not
/// percent-encoded as it should be, or where nobody wants more.
fn decode(text: &[u8], mut take: impl FnMut(&[u8]) -> Option<()>) -> Option<()> {
    let mut pieces = text.split(|&byte| byte == b'%');
    take(pieces.next().unwrap_or_default())?;
    for piece in pieces {
        let (digits, rest) = piece.split_at_checked(2)?;
        take(&[hex::byte(digits)?])?;
        take(rest)?;
    }
    Some(())
}

/// The hash of the decoded text; `None` where it is not percent-encoded as it should be.
pub(crate) fn digest(text: &[u8]) -> Option<Digest> {
    let mut hasher = Hasher::default();
    decode(text, |piece| {
        hasher.update(piece);
        Some(())
    })?;
    Some(hasher.finish())
}

/// Whether the decoded text is `plain`.
pub(crate) fn is(text: &[u8], plain: &[u8]) -> bool {
    let mut left = plain;
    let whole = decode(text, |piece| {
        left = left.strip_prefix(piece)?;
        Some(())
    });
    whole.is_some() && left.is_empty()
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use proptest::prelude::*;

    use super::{digest, is};
    use crate::digest::Digest;

    #[test]
    fn digits_stand_for_bytes_and_plus_for_itself() {
        assert!(is(b"a%20b%2B+%2f%C3%A9", "a b++/é".as_bytes()));
        assert!(is(b"", b""));
        assert!(!is(b"token", b"token2"));
        assert!(!is(b"token2", b"token"));
        assert!(!is(b"TOKEN", b"token"));
    }

    #[test]
    fn half_an_encoding_is_none() {
        for text in ["%", "%4", "a%", "a%4", "%zz", "%4g", "%%41", "%+1", "%é"] {
            assert!(digest(text.as_bytes()).is_none(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_come_back(bytes in proptest::collection::vec(any::<u8>(), 0..60), plain in any::<u8>()) {
            let mut text = String::new();
            for &byte in &bytes {
                if byte.is_ascii_alphanumeric() && byte != plain {
                    text.push(char::from(byte));
                } else {
                    write!(text, "%{byte:02X}").unwrap();
                }
            }
            prop_assert!(is(text.as_bytes(), &bytes));
            let hashed = digest(text.as_bytes()).unwrap();
            prop_assert!(bool::from(hashed.ct_eq(&Digest::of(&bytes))));
        }

        #[test]
        fn no_bytes_panic(text in proptest::collection::vec(any::<u8>(), 0..60)) {
            let _ = (digest(&text).is_some(), is(&text, b"token"));
        }
    }
}
