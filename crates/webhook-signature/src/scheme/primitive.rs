/// The most bytes that a signature of any [`Primitive`] has.
pub(crate) const MAX_SIGNATURE_BYTES: usize = 64;

/// What makes the signature.
///
/// It comes from the configuration and never from a request: what a header calls itself, such as
/// `sha1=`, is compared with what the scheme expects and chooses nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Primitive {
    /// HMAC ([RFC 2104](https://www.rfc-editor.org/rfc/rfc2104)) with SHA-1, 20 bytes. Only for
    /// providers that have nothing better.
    HmacSha1,
    /// HMAC with SHA-256, 32 bytes.
    HmacSha256,
    /// HMAC with SHA-384, 48 bytes.
    HmacSha384,
    /// HMAC with SHA-512, 64 bytes.
    HmacSha512,
}

impl Primitive {
    /// The primitive's stable name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::HmacSha1 => "hmac-sha1",
            Self::HmacSha256 => "hmac-sha256",
            Self::HmacSha384 => "hmac-sha384",
            Self::HmacSha512 => "hmac-sha512",
        }
    }

    /// How many bytes a signature has once it is decoded. Shorter ones are refused, never compared.
    #[must_use]
    pub const fn signature_bytes(self) -> usize {
        match self {
            Self::HmacSha1 => 20,
            Self::HmacSha256 => 32,
            Self::HmacSha384 => 48,
            Self::HmacSha512 => 64,
        }
    }
}
