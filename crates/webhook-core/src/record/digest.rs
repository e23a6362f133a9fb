use std::fmt;

/// A keyed digest of a body: 128 bits that tell two bodies apart and, without the key, nothing of
/// either.
///
/// It is printed as `hs256:` and 32 hex digits: the first half of an HMAC-SHA-256.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct BodyDigest([u8; Self::BYTES]);

impl BodyDigest {
    /// How many bytes it has.
    pub const BYTES: usize = 16;

    /// The digest of these bytes. Whoever makes one keeps to HMAC-SHA-256 under a key of its own.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; Self::BYTES]) -> Self {
        Self(bytes)
    }

    /// The bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; Self::BYTES] {
        &self.0
    }
}

impl fmt::Display for BodyDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "hs256:{:032x}", u128::from_be_bytes(self.0))
    }
}

impl fmt::Debug for BodyDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::BodyDigest;

    #[test]
    fn it_prints_every_digit() {
        let mut bytes = [0; BodyDigest::BYTES];
        bytes[15] = 0xab;
        let digest = BodyDigest::from_bytes(bytes);
        assert_eq!(digest.to_string(), "hs256:000000000000000000000000000000ab");
        assert_eq!(digest.as_bytes(), &bytes);
    }
}
