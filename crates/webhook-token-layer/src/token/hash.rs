use std::{
    fmt::{self, Write as _},
    str::FromStr,
};

use webhook_core::Secret;

use super::TokenHashError;
use crate::{digest::Digest, hex};

/// A token as it may be stored where many can read: the SHA-256 of its bytes.
///
/// Its text form is 64 hexadecimal digits, in either case, as
/// `printf %s "$TOKEN" | sha256sum` prints them. For [Basic](crate::TokenSource::Basic) it is the
/// hash of the password alone.
///
/// **For tokens that a machine drew, 128 bits or more of them. Not for passwords**, nor for anything
/// a person thought up: SHA-256 is fast, and whoever reads the hash tries billions of guesses a
/// second. Nothing here can tell the two apart.
///
/// ```
/// use webhook_core::Secret;
/// use webhook_token_layer::{TokenHash, TokenHashError};
///
/// let hash = TokenHash::of(&Secret::new("It's a Secret to Everybody")?);
/// let stored = hash.to_hex();
/// assert_eq!(stored.len(), 64);
/// assert!(stored.parse::<TokenHash>().is_ok());
/// assert_eq!("abc".parse::<TokenHash>().unwrap_err(), TokenHashError::NotADigest);
/// # Ok::<_, webhook_core::SecretError>(())
/// ```
#[derive(Clone)]
pub struct TokenHash(Digest);

impl TokenHash {
    /// Hashes a token, for storing.
    #[must_use]
    pub fn of(token: &Secret) -> Self {
        Self(Digest::of(token.expose()))
    }

    /// The 64 lower-case digits, for storing.
    #[must_use]
    pub fn to_hex(&self) -> String {
        let mut text = String::with_capacity(64);
        for byte in self.0.as_bytes() {
            let _infallible = write!(text, "{byte:02x}");
        }
        text
    }

    pub(super) const fn digest(&self) -> Digest {
        self.0
    }
}

impl FromStr for TokenHash {
    type Err = TokenHashError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut bytes = [0; 32];
        if text.len() != 2 * bytes.len() {
            return Err(TokenHashError::NotADigest);
        }
        for (byte, digits) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
            *byte = hex::byte(digits).ok_or(TokenHashError::NotADigest)?;
        }
        let digest = Digest::from_bytes(bytes);
        let nothings: [&[u8]; 3] = [b"", b"\n", b"\r\n"];
        if nothings
            .iter()
            .any(|nothing| bool::from(digest.ct_eq(&Digest::of(nothing))))
        {
            return Err(TokenHashError::OfNothing);
        }
        Ok(Self(digest))
    }
}

/// Prints no digit.
impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenHash(sha256)")
    }
}

#[cfg(test)]
mod tests {
    use webhook_core::Secret;

    use super::{TokenHash, TokenHashError};

    /// FIPS 180-2, appendix B.1: the SHA-256 of `abc`.
    const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    #[test]
    fn the_hash_is_plain_sha_256() {
        let hash = TokenHash::of(&Secret::insecure_short("abc").unwrap());
        assert_eq!(hash.to_hex(), ABC);
        assert_eq!(ABC.parse::<TokenHash>().unwrap().to_hex(), ABC);
        let upper: TokenHash = ABC.to_uppercase().parse().unwrap();
        assert_eq!(upper.to_hex(), ABC);
    }

    #[test]
    fn the_hash_of_nothing_lets_nobody_in() {
        // `printf %s "$UNSET" | sha256sum`, and the same with `echo`.
        for nothing in [
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "01ba4719c80b6fe911b091a7c05124b64eeece964e09c058ef8f9805daca546b",
        ] {
            let error = nothing.parse::<TokenHash>().unwrap_err();
            assert_eq!(error, TokenHashError::OfNothing);
        }
    }

    #[test]
    fn other_texts_are_no_hashes() {
        let long = format!("{ABC}0");
        let short = ABC.strip_prefix("b").unwrap();
        let spaced = format!(" {short}");
        let wide = format!("é{}", short.strip_prefix("a").unwrap());
        for text in ["", short, &long, &spaced, &wide, "g"] {
            let error = text.parse::<TokenHash>().unwrap_err();
            assert_eq!(error, TokenHashError::NotADigest, "{text}");
        }
    }

    #[test]
    fn no_digit_is_printed() {
        let hash: TokenHash = ABC.parse().unwrap();
        assert!(!format!("{hash:?}").contains("ba78"));
    }
}
