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
    /// SHA-1 of the secret and, behind it, the text: no HMAC. Whoever sees one signature can make
    /// those of longer texts, so that the body's end is not safe. Only for providers that have
    /// nothing better.
    Sha1OfSecretAndText,
    /// SHA-256 of the secret and, behind it, the text, which can be extended in the same way.
    Sha256OfSecretAndText,
    /// SHA-1 of the text and, behind it, the secret: no HMAC.
    Sha1OfTextAndSecret,
    /// SHA-256 of the text and, behind it, the secret: no HMAC.
    Sha256OfTextAndSecret,
    /// None: the delivery shows the secret itself. Nothing of the delivery is covered.
    Token,
    /// None at all: the provider proves nothing, and there is no verifier.
    Unsigned,
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
            Self::Sha1OfSecretAndText => "sha1-of-secret-and-text",
            Self::Sha256OfSecretAndText => "sha256-of-secret-and-text",
            Self::Sha1OfTextAndSecret => "sha1-of-text-and-secret",
            Self::Sha256OfTextAndSecret => "sha256-of-text-and-secret",
            Self::Token => "token",
            Self::Unsigned => "none",
        }
    }

    /// How many bytes a signature has once it is decoded. Shorter ones are refused, never compared.
    #[must_use]
    pub const fn signature_bytes(self) -> usize {
        match self {
            Self::HmacSha1 | Self::Sha1OfSecretAndText | Self::Sha1OfTextAndSecret => 20,
            // A token is compared by its digest.
            Self::HmacSha256
            | Self::Sha256OfSecretAndText
            | Self::Sha256OfTextAndSecret
            | Self::Token => 32,
            Self::HmacSha384 => 48,
            Self::HmacSha512 => 64,
            Self::Unsigned => 0,
        }
    }
}
