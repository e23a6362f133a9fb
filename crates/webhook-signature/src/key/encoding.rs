use base64ct::{Base64Unpadded, Encoding as _};
use webhook_core::{Secret, SecretError, SecretErrorKind, secret::MIN_SECRET_BYTES};
use zeroize::Zeroizing;

/// How the text of a secret, as the provider shows it, becomes the bytes of the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SecretEncoding {
    /// The text's bytes are the key, even where the text looks like hexadecimal or base64.
    Raw,
    /// Hexadecimal digits in either case.
    Hex,
    /// Base64, padded or not.
    Base64,
    /// Base64, padded or not, after `whsec_` or `v1,whsec_`, which may be missing
    /// ([Standard Webhooks](https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md)).
    Whsec,
    /// The text is a public key: PEM, base64, hexadecimal, `whpk_…` or a JSON Web Key, as
    /// [`PublicKey::parse`](crate::PublicKey::parse) takes it.
    #[cfg(feature = "public-key")]
    PublicKey,
}

impl SecretEncoding {
    /// The encoding's stable name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Raw => "raw",
            Self::Hex => "hex",
            Self::Base64 => "base64",
            Self::Whsec => "whsec",
            #[cfg(feature = "public-key")]
            Self::PublicKey => "public-key",
        }
    }

    /// Makes the key, which is never empty and has at least 16 bytes unless the secret was made with
    /// [`Secret::insecure_short`].
    pub(crate) fn key(self, secret: &Secret) -> Result<Zeroizing<Vec<u8>>, SecretError> {
        let text = secret.expose();
        if text.ends_with(b"\n") {
            // A key whose last byte really is a newline can be given in hexadecimal.
            return Err(SecretError::new(SecretErrorKind::TrailingNewline {
                bytes: text.len(),
            }));
        }
        let key = match self {
            Self::Raw => Ok(Zeroizing::new(text.to_vec())),
            Self::Hex => hex(text),
            Self::Base64 => base64(text),
            Self::Whsec => whsec(text),
            #[cfg(feature = "public-key")]
            Self::PublicKey => Err("a public key is no secret; give the secret"),
        };
        let key = key.map_err(|why| SecretError::new(SecretErrorKind::Undecodable(why)))?;
        if key.is_empty() {
            return Err(SecretError::new(SecretErrorKind::Empty));
        }
        if key.len() < MIN_SECRET_BYTES && !secret.allows_short() {
            return Err(SecretError::new(SecretErrorKind::TooShort).with_length(key.len()));
        }
        Ok(key)
    }
}

type Key = Result<Zeroizing<Vec<u8>>, &'static str>;

fn hex(text: &[u8]) -> Key {
    if !text.iter().all(u8::is_ascii_hexdigit) {
        return Err(
            "it is hexadecimal and holds another character; give the digits alone, without `0x` or spaces",
        );
    }
    if !text.len().is_multiple_of(2) {
        return Err("it has an odd number of hex digits; was one lost in copying?");
    }
    let mut key = Zeroizing::new(vec![0; text.len() / 2]);
    const_hex::decode_to_slice(text, &mut key).map_err(|_| "it is not hexadecimal")?;
    Ok(key)
}

fn whsec(text: &[u8]) -> Key {
    if text.starts_with(b"whpk_") || text.starts_with(b"whsk_") {
        return Err(
            "it is a key for asymmetric signatures; give the secret that begins with `whsec_`",
        );
    }
    // Supabase shows the version of the signatures in front.
    let text = text.strip_prefix(b"v1,").unwrap_or(text);
    base64(text.strip_prefix(b"whsec_").unwrap_or(text))
}

/// Takes what providers' own libraries take: no padding, and unused bits that are set. A secret is
/// given by the operator, so that nothing is gained by insisting on one spelling.
fn base64(text: &[u8]) -> Key {
    let padding = text
        .iter()
        .rev()
        .take(2)
        .take_while(|byte| **byte == b'=')
        .count();
    let digits = text.get(..text.len() - padding).unwrap_or_default();
    if !digits
        .iter()
        .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/'))
    {
        return Err(
            "it is base64 and holds another character; give it without spaces, with `+` and `/`",
        );
    }
    let missing = digits.len().wrapping_neg() % 4;
    if missing == 3 || (padding > 0 && padding != missing) {
        return Err("it is base64 of an impossible length; was a character lost in copying?");
    }
    // Whole groups of four digits, so that no bit is unused.
    let mut groups = Zeroizing::new(digits.to_vec());
    groups.resize(digits.len() + missing, b'A');
    let mut key = Zeroizing::new(vec![0; groups.len() / 4 * 3]);
    Base64Unpadded::decode(&*groups, &mut key).map_err(|_| "it is not base64")?;
    key.truncate(digits.len() * 3 / 4);
    Ok(key)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use webhook_core::{Secret, SecretErrorKind};

    use super::SecretEncoding::{self, Base64, Hex, Raw, Whsec};

    fn key(encoding: SecretEncoding, text: &str) -> Result<Vec<u8>, SecretErrorKind> {
        let secret = Secret::insecure_short(text).unwrap();
        encoding
            .key(&secret)
            .map(|key| key.to_vec())
            .map_err(|error| error.kind())
    }

    #[test]
    fn texts_become_keys() {
        assert_eq!(key(Raw, "aGVsbG8="), Ok(b"aGVsbG8=".to_vec()));
        assert_eq!(key(Hex, "68656C6c6f"), Ok(b"hello".to_vec()));
        for text in ["aGVsbG8=", "aGVsbG8", "aGVsbG9="] {
            assert_eq!(key(Base64, text), Ok(b"hello".to_vec()), "{text}");
        }
        assert_eq!(key(Whsec, "whsec_aGVsbG8="), Ok(b"hello".to_vec()));
        assert_eq!(key(Whsec, "aGVsbG8"), Ok(b"hello".to_vec()));
        assert_eq!(key(Whsec, "aGVsbA=="), Ok(b"hell".to_vec()));
        assert_eq!(key(Whsec, "aGVs"), Ok(b"hel".to_vec()));
    }

    #[test]
    fn texts_that_are_none_say_why() {
        let why = |encoding, text| match key(encoding, text) {
            Err(SecretErrorKind::Undecodable(why)) => why,
            other => panic!("{other:?}"),
        };
        assert!(why(Hex, "68656c6c6").contains("odd number of hex digits"));
        assert!(why(Hex, "0x68656c6c").contains("`0x`"));
        for text in ["aGVsb", "aGVsbG8==", "aGVsbA=", "aGVs=", "a=="] {
            assert!(why(Base64, text).contains("impossible length"), "{text}");
        }
        for text in ["aGVs bG8=", "aGVsbG-_", "whsec_aGVsbG8", "===="] {
            assert!(why(Base64, text).contains("another character"), "{text}");
        }
        assert!(why(Whsec, "whsk_aGVsbG8=").contains("whsec_"));
        assert_eq!(
            key(Raw, "hello\n"),
            Err(SecretErrorKind::TrailingNewline { bytes: 6 })
        );
        assert_eq!(key(Whsec, "whsec_"), Err(SecretErrorKind::Empty));
    }

    #[test]
    fn a_key_is_measured_after_decoding() {
        let secret = Secret::new("whsec_aGVsbG8gd29ybGQ=").unwrap();
        let error = Whsec.key(&secret).unwrap_err();
        assert_eq!(error.kind(), SecretErrorKind::TooShort);
        assert!(error.to_string().contains("11 bytes"), "{error}");
        assert!(!error.to_string().contains("aGVs"));
        assert!(Raw.key(&secret).is_ok());
    }

    proptest! {
        #[test]
        fn bytes_come_back(bytes in proptest::collection::vec(any::<u8>(), 1..100)) {
            let padded = <base64ct::Base64 as base64ct::Encoding>::encode_string(&bytes);
            prop_assert_eq!(key(Base64, &padded), Ok(bytes.clone()));
            prop_assert_eq!(key(Whsec, padded.trim_end_matches('=')), Ok(bytes.clone()));
            prop_assert_eq!(key(Hex, &const_hex::encode(&bytes)), Ok(bytes));
        }

        #[test]
        fn no_text_panics(text in proptest::collection::vec(any::<u8>(), 1..60)) {
            if let Ok(secret) = Secret::insecure_short(text) {
                for encoding in [Raw, Hex, Base64, Whsec] {
                    let _ = encoding.key(&secret);
                }
            }
        }
    }
}
