use base64ct::{Base64, Encoding as _};
use http::HeaderMap;
use webhook_core::Reason;

use super::{authorization, candidate::Candidate, names::BasicUser};
use crate::digest::{Digest, Hasher};

/// Base64 is decoded this many digits at a time, into 48 bytes.
const DIGITS: usize = 64;

/// [RFC 7617](https://www.rfc-editor.org/rfc/rfc7617#section-2): base64 of user, colon, password.
/// The password can hold colons, and neither has to be UTF-8.
pub(super) fn read(headers: &HeaderMap, user: &BasicUser) -> Result<Candidate, Reason> {
    let pair = Pair::decode(authorization::credentials(headers, "Basic")?)?;
    Ok(Candidate::pair(
        pair.password,
        pair.user.ct_eq(user.digest()),
    ))
}

/// The hashes of both parts.
struct Pair {
    user: Digest,
    password: Digest,
}

impl Pair {
    /// Takes the one canonical encoding: standard alphabet, padded, no unused bit set.
    fn decode(credentials: &[u8]) -> Result<Self, Reason> {
        let (mut user, mut password) = (Hasher::default(), Hasher::default());
        let (mut has_colon, mut has_ended) = (false, false);
        for digits in credentials.chunks(DIGITS) {
            let mut buffer = [0; DIGITS / 4 * 3];
            let bytes = Base64::decode(digits, &mut buffer).map_err(|_| Reason::AuthMalformed)?;
            // Padding ends it; nothing may follow.
            if has_ended {
                return Err(Reason::AuthMalformed);
            }
            has_ended = bytes.len() < digits.len() / 4 * 3;
            let mut rest = bytes;
            if !has_colon {
                let colon = bytes.iter().position(|&byte| byte == b':');
                let (before, after) = bytes
                    .split_at_checked(colon.unwrap_or(bytes.len()))
                    .unwrap_or((bytes, &[]));
                user.update(before);
                has_colon = colon.is_some();
                rest = after.strip_prefix(b":").unwrap_or(after);
            }
            password.update(rest);
        }
        if !has_colon {
            return Err(Reason::AuthMalformed);
        }
        Ok(Self {
            user: user.finish(),
            password: password.finish(),
        })
    }
}

#[cfg(test)]
mod tests {
    use base64ct::{Base64, Encoding as _};
    use proptest::prelude::*;
    use webhook_core::Reason;

    use super::Pair;
    use crate::digest::Digest;

    fn is_pair(credentials: &str, user: &[u8], password: &[u8]) -> bool {
        let pair = Pair::decode(credentials.as_bytes()).unwrap();
        (pair.user.ct_eq(&Digest::of(user)) & pair.password.ct_eq(&Digest::of(password))).into()
    }

    #[test]
    fn the_example_of_rfc_7617() {
        assert!(is_pair(
            "QWxhZGRpbjpvcGVuIHNlc2FtZQ==",
            b"Aladdin",
            b"open sesame"
        ));
        assert!(is_pair("dGVzdDoxMjPCow==", b"test", "123£".as_bytes()));
        assert!(is_pair("aG9vazpwYTpzcw==", b"hook", b"pa:ss"));
        assert!(is_pair("Og==", b"", b""));
        assert!(is_pair("//86/w==", b"\xff\xff", b"\xff"));
    }

    #[test]
    fn other_encodings_are_malformed() {
        for credentials in [
            "",
            "aG9vaw==",           // no colon
            "aG9vazpwYTpzcw=",    // half a padding
            "aG9vazpwYTpzcw",     // no padding
            "aG9vazpwYTpzcx==",   // an unused bit
            "aG9vazpwYTpzcw===",  // more padding
            "aG9vazpwYTpzcw==\n", // a newline
            " aG9vazpwYTpzcw==",  // two spaces
            "aG9v azpwYTpzcw==",  // a space inside
            "Og==Og==",           // two encodings
            "__86_w==",           // the alphabet for URLs
            "a",
            "=",
            "====",
            "\u{e9}G9vazpwYTpzcw==",
        ] {
            let reason = Pair::decode(credentials.as_bytes()).err();
            assert_eq!(reason, Some(Reason::AuthMalformed), "{credentials:?}");
        }
    }

    #[test]
    fn padding_ends_it_at_the_seam_too() {
        let first = Base64::encode_string(&[b':'; 46]);
        assert!(first.len() == 64 && first.ends_with("=="));
        assert!(Pair::decode(first.as_bytes()).is_ok());
        let more = format!("{first}Og==");
        assert_eq!(
            Pair::decode(more.as_bytes()).err(),
            Some(Reason::AuthMalformed)
        );
    }

    proptest! {
        #[test]
        fn any_pair_comes_back(
            user in proptest::collection::vec(any::<u8>(), 0..120),
            password in proptest::collection::vec(any::<u8>(), 0..120),
        ) {
            let user: Vec<u8> = user.into_iter().filter(|&byte| byte != b':').collect();
            let pair = [user.as_slice(), b":", &password].concat();
            prop_assert!(is_pair(&Base64::encode_string(&pair), &user, &password));
        }

        #[test]
        fn what_is_taken_is_what_base64_decodes_as_a_whole(text in "[A-D/+=: ]{0,140}") {
            let whole = Base64::decode_vec(&text).is_ok_and(|bytes| bytes.contains(&b':'));
            prop_assert_eq!(Pair::decode(text.as_bytes()).is_ok(), whole);
        }
    }
}
