use base64ct::{Base64, Base64UrlUnpadded, Encoding as _};
use zeroize::Zeroizing;

use super::base64;
use crate::hash::sha256;

/// How a signature's bytes are written in a header.
///
/// Each signature has exactly one text: other spellings of the same bytes (padding left out, unused
/// bits set, upper case, `0x` in front) are refused, so that nobody can make a replayed delivery
/// look new by writing its signature differently. [`Encoding::HexAnyCase`] is the exception.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Encoding {
    /// Hexadecimal digits in lower case.
    Hex,
    /// Hexadecimal digits in upper case.
    HexUpper,
    /// Hexadecimal digits, read in either case and written in lower case. One signature then has
    /// many texts: let no duplicate check look at the text.
    HexAnyCase,
    /// Base64 with padding ([RFC 4648, section 4](https://www.rfc-editor.org/rfc/rfc4648#section-4)).
    Base64,
    /// URL-safe base64 without padding
    /// ([RFC 4648, section 5](https://www.rfc-editor.org/rfc/rfc4648#section-5)).
    Base64Url,
    /// The text itself, for a [token](crate::Primitive::Token): it is compared by its SHA-256
    /// digest, so that neither its length nor its beginning shows in the time that takes.
    Text,
    /// Base64 of a text that is compared in the same way: `user:password`
    /// ([RFC 7617](https://www.rfc-editor.org/rfc/rfc7617)).
    Base64Text,
}

/// The longest token that is looked at, in bytes.
const MAX_TOKEN: usize = 4096;

impl Encoding {
    /// Decodes `text` into the whole of `out`; `false` where it is not the text of so many bytes.
    pub(crate) fn decode(self, text: &[u8], out: &mut [u8]) -> bool {
        match self {
            Self::Hex => decode_hex(text, out) && is_lower(text),
            Self::HexUpper => decode_hex(text, out) && is_upper(text),
            Self::HexAnyCase => decode_hex(text, out),
            Self::Base64 => base64::STANDARD.decode(text, out),
            Self::Base64Url => base64::URL.decode(text, out),
            Self::Text => !text.is_empty() && digest(text, out),
            Self::Base64Text => std::str::from_utf8(text)
                .ok()
                .filter(|text| !text.is_empty() && text.len() <= MAX_TOKEN)
                .and_then(|text| Base64::decode_vec(text).ok())
                .is_some_and(|text| digest(&Zeroizing::new(text), out)),
        }
    }

    /// Whether a signature's text can hold this mark, which is neither a letter nor a digit. What a
    /// token holds is its owner's business.
    pub(crate) fn may_hold(self, mark: u8) -> bool {
        match self {
            Self::Hex | Self::HexUpper | Self::HexAnyCase | Self::Text => false,
            Self::Base64 | Self::Base64Text => b"+/=".contains(&mark),
            Self::Base64Url => b"-_".contains(&mark),
        }
    }

    /// The encoding's stable name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hex => "hex",
            Self::HexUpper => "hex-upper",
            Self::HexAnyCase => "hex-any-case",
            Self::Base64 => "base64",
            Self::Base64Url => "base64url",
            Self::Text => "text",
            Self::Base64Text => "base64-text",
        }
    }

    /// Decodes a text of any number of bytes, at least one and at most as many as an RSA signature
    /// has.
    #[cfg(feature = "public-key")]
    pub(crate) fn decode_any(self, text: &[u8]) -> Option<Vec<u8>> {
        const MAX_BYTES: usize = 1024;
        let length = match self {
            Self::Hex | Self::HexUpper | Self::HexAnyCase => text.len() / 2,
            Self::Base64 => {
                let padding = text.iter().rev().take_while(|byte| **byte == b'=').count();
                (text.len() / 4 * 3).saturating_sub(padding)
            }
            Self::Base64Url => text.len() / 4 * 3 + (text.len() % 4).saturating_sub(1),
            // Texts that are compared are no signatures.
            Self::Text | Self::Base64Text => return None,
        };
        let mut bytes = vec![0; length.min(MAX_BYTES)];
        (!bytes.is_empty() && self.decode(text, &mut bytes)).then_some(bytes)
    }

    pub(crate) fn encode(self, bytes: &[u8]) -> String {
        match self {
            Self::Hex | Self::HexAnyCase => const_hex::encode(bytes),
            Self::HexUpper => const_hex::encode_upper(bytes),
            Self::Base64 | Self::Base64Text => Base64::encode_string(bytes),
            Self::Text => String::from_utf8_lossy(bytes).into_owned(),
            Self::Base64Url => Base64UrlUnpadded::encode_string(bytes),
        }
    }
}

/// Whether hexadecimal digits hold no upper-case letter: among the digits, only these lack this bit.
fn is_lower(digits: &[u8]) -> bool {
    digits.iter().fold(0xff, |all, digit| all & digit) & 0x20 != 0
}

/// Whether hexadecimal digits hold no lower-case letter: among the digits, only these have both bits.
fn is_upper(digits: &[u8]) -> bool {
    let both = digits
        .iter()
        .fold(0, |any, digit| any | (digit & digit << 1));
    both & 0x40 == 0
}

fn digest(text: &[u8], out: &mut [u8]) -> bool {
    let digest = sha256(text);
    let fits = text.len() <= MAX_TOKEN && out.len() == digest.len();
    if fits {
        out.copy_from_slice(&digest);
    }
    fits
}

fn decode_hex(text: &[u8], out: &mut [u8]) -> bool {
    // A `0x` that the decoder would skip leaves two digits too few.
    text.len() == out.len() * 2 && const_hex::decode_to_slice(text, out).is_ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Encoding;

    const ALL: [Encoding; 5] = [
        Encoding::Hex,
        Encoding::HexUpper,
        Encoding::HexAnyCase,
        Encoding::Base64,
        Encoding::Base64Url,
    ];

    fn decodes(encoding: Encoding, text: &str) -> bool {
        encoding.decode(text.as_bytes(), &mut [0; 20])
    }

    #[test]
    fn each_spelling_but_one_is_refused() {
        let bytes: Vec<u8> = (0x9a..0xae).collect();
        let (hex, base64) = (
            Encoding::Hex.encode(&bytes),
            Encoding::Base64.encode(&bytes),
        );
        assert_eq!(hex, "9a9b9c9d9e9fa0a1a2a3a4a5a6a7a8a9aaabacad");
        assert_eq!(base64, "mpucnZ6foKGio6SlpqeoqaqrrK0=");

        assert!(decodes(Encoding::Hex, &hex));
        assert!(decodes(Encoding::HexAnyCase, &hex.to_uppercase()));
        assert!(decodes(Encoding::HexUpper, &hex.to_uppercase()));
        assert!(!decodes(Encoding::HexUpper, &hex));
        for text in [
            hex.to_uppercase(),
            format!("0x{hex}"),
            format!("{hex}00"),
            format!(" {hex}"),
        ] {
            assert!(!decodes(Encoding::Hex, &text), "{text}");
        }
        let shortened = hex.strip_prefix("9a").unwrap();
        for text in [
            shortened,
            &format!("0x{shortened}"),
            &format!("9{shortened}"),
            "",
        ] {
            assert!(!decodes(Encoding::Hex, text), "{text}");
            assert!(!decodes(Encoding::HexAnyCase, text), "{text}");
        }

        assert!(decodes(Encoding::Base64, &base64));
        let unpadded = base64.trim_end_matches('=');
        for text in [
            unpadded,
            "mpucnZ6foKGio6SlpqeoqaqrrK1=", // an unused bit is set
            "mpucnZ6foKGio6SlpqeoqaqrrK0==",
            "mpucnZ6foKGio6SlpqeoqaqrrK0=\n",
            "mpucnZ6foKGio6SlpqeoqaqrrK0=00",
            "mpucnZ6f oKGio6SlpqeoqaqrrK0=",
            "mpucnZ6foKGio6SlpqeoqaqrrK==",
            "mpucnZ6foKGio6SlpqeoqaqrrK0A",
        ] {
            assert!(!decodes(Encoding::Base64, text), "{text}");
        }
        assert!(decodes(Encoding::Base64Url, unpadded));
        assert!(!decodes(Encoding::Base64Url, &base64));
        assert!(!decodes(Encoding::Base64Url, "mpucnZ6foKGio6SlpqeoqaqrrK1"));
    }

    #[cfg(feature = "public-key")]
    #[test]
    fn texts_of_any_length_decode() {
        for length in 1..=70 {
            let bytes = vec![0xa5; length];
            for encoding in ALL {
                let text = encoding.encode(&bytes);
                assert_eq!(
                    encoding.decode_any(text.as_bytes()),
                    Some(bytes.clone()),
                    "{text}"
                );
                assert_eq!(encoding.decode_any(format!("{text}=").as_bytes()), None);
                assert_eq!(encoding.decode_any(&text.as_bytes()[1..]), None, "{text}");
            }
        }
        assert_eq!(Encoding::Base64.decode_any(b""), None);
        let long = Encoding::Hex.encode(&[0; 1025]);
        assert_eq!(Encoding::Hex.decode_any(long.as_bytes()), None);
    }

    proptest! {
        #[test]
        fn what_is_encoded_decodes_and_nothing_else_does(
            bytes in proptest::collection::vec(any::<u8>(), 0..=64),
            at in any::<prop::sample::Index>(),
            byte in any::<u8>(),
        ) {
            for encoding in ALL {
                let text = encoding.encode(&bytes);
                let mut out = vec![0; bytes.len()];
                prop_assert!(encoding.decode(text.as_bytes(), &mut out));
                prop_assert_eq!(&out, &bytes);
                if encoding == Encoding::HexAnyCase || text.is_empty() {
                    continue;
                }
                let mut other = text.clone().into_bytes();
                let place = at.index(other.len());
                if other[place] != byte {
                    other[place] = byte;
                    prop_assert!(!encoding.decode(&other, &mut out) || out != bytes, "{encoding:?} {text}");
                }
            }
        }

        #[test]
        fn no_text_panics(text in proptest::collection::vec(any::<u8>(), 0..200), length in 0usize..=64) {
            for encoding in ALL {
                let _ = encoding.decode(&text, &mut vec![0; length]);
            }
        }
    }
}
