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
    /// Ed25519 ([RFC 8032](https://www.rfc-editor.org/rfc/rfc8032)), keys and signatures of small
    /// order refused.
    #[cfg(feature = "public-key")]
    Ed25519,
    /// ECDSA over P-256 with SHA-256: DER in a header, `ES256` in a token.
    #[cfg(feature = "public-key")]
    EcdsaP256Sha256,
    /// ECDSA over P-521 with SHA-512: DER in a header, `ES512` in a token.
    #[cfg(feature = "public-key")]
    EcdsaP521Sha512,
    /// RSA (PKCS#1 v1.5) with SHA-1. Only for providers that have nothing better.
    #[cfg(feature = "public-key")]
    RsaPkcs1Sha1,
    /// RSA (PKCS#1 v1.5) with SHA-256; `RS256` in a token.
    #[cfg(feature = "public-key")]
    RsaPkcs1Sha256,
    /// RSA (PSS) with SHA-256; `PS256` in a token.
    #[cfg(feature = "public-key")]
    RsaPssSha256,
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
            #[cfg(feature = "public-key")]
            Self::Ed25519 => "ed25519",
            #[cfg(feature = "public-key")]
            Self::EcdsaP256Sha256 => "ecdsa-p256-sha256",
            #[cfg(feature = "public-key")]
            Self::EcdsaP521Sha512 => "ecdsa-p521-sha512",
            #[cfg(feature = "public-key")]
            Self::RsaPkcs1Sha1 => "rsa-pkcs1-sha1",
            #[cfg(feature = "public-key")]
            Self::RsaPkcs1Sha256 => "rsa-pkcs1-sha256",
            #[cfg(feature = "public-key")]
            Self::RsaPssSha256 => "rsa-pss-sha256",
            Self::Sha1OfSecretAndText => "sha1-of-secret-and-text",
            Self::Sha256OfSecretAndText => "sha256-of-secret-and-text",
            Self::Sha1OfTextAndSecret => "sha1-of-text-and-secret",
            Self::Sha256OfTextAndSecret => "sha256-of-text-and-secret",
            Self::Token => "token",
            Self::Unsigned => "none",
        }
    }

    /// How many bytes a signature has once it is decoded. Shorter ones are refused, never compared.
    /// 0 where that depends on the key or on the signature.
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
            #[cfg(feature = "public-key")]
            Self::Ed25519 => 64,
            #[cfg(feature = "public-key")]
            Self::EcdsaP256Sha256
            | Self::EcdsaP521Sha512
            | Self::RsaPkcs1Sha1
            | Self::RsaPkcs1Sha256
            | Self::RsaPssSha256 => 0,
        }
    }
}

#[cfg(feature = "public-key")]
impl Primitive {
    /// Whether a public key verifies, and not the secret that signs.
    #[must_use]
    pub const fn is_public_key(self) -> bool {
        matches!(
            self,
            Self::Ed25519
                | Self::EcdsaP256Sha256
                | Self::EcdsaP521Sha512
                | Self::RsaPkcs1Sha1
                | Self::RsaPkcs1Sha256
                | Self::RsaPssSha256
        )
    }

    /// The name in a token's `alg` ([RFC 7518, section
    /// 3.1](https://www.rfc-editor.org/rfc/rfc7518#section-3.1)), where there is one.
    pub(crate) const fn jose(self) -> Option<&'static str> {
        match self {
            Self::HmacSha256 => Some("HS256"),
            Self::HmacSha384 => Some("HS384"),
            Self::HmacSha512 => Some("HS512"),
            Self::Ed25519 => Some("EdDSA"),
            Self::EcdsaP256Sha256 => Some("ES256"),
            Self::EcdsaP521Sha512 => Some("ES512"),
            Self::RsaPkcs1Sha256 => Some("RS256"),
            Self::RsaPssSha256 => Some("PS256"),
            Self::HmacSha1
            | Self::RsaPkcs1Sha1
            | Self::Sha1OfSecretAndText
            | Self::Sha256OfSecretAndText
            | Self::Sha1OfTextAndSecret
            | Self::Sha256OfTextAndSecret
            | Self::Token
            | Self::Unsigned => None,
        }
    }

    /// The public-key primitive with this name in a JSON Web Key.
    pub(crate) fn of_jose(name: &str) -> Option<Self> {
        [
            Self::Ed25519,
            Self::EcdsaP256Sha256,
            Self::EcdsaP521Sha512,
            Self::RsaPkcs1Sha256,
            Self::RsaPssSha256,
        ]
        .into_iter()
        .find(|primitive| primitive.jose() == Some(name))
    }

    /// The name in HTTP Message Signatures ([RFC 9421, section
    /// 6.2.2](https://www.rfc-editor.org/rfc/rfc9421#section-6.2.2)).
    pub(crate) const fn http_message_name(self) -> Option<&'static str> {
        match self {
            Self::Ed25519 => Some("ed25519"),
            Self::EcdsaP256Sha256 => Some("ecdsa-p256-sha256"),
            Self::RsaPkcs1Sha256 => Some("rsa-v1_5-sha256"),
            _ => None,
        }
    }

    /// How a secret's text becomes this primitive's key, unless a provider says otherwise.
    pub(crate) const fn secret_encoding(self) -> crate::key::SecretEncoding {
        if self.is_public_key() {
            crate::key::SecretEncoding::PublicKey
        } else {
            crate::key::SecretEncoding::Raw
        }
    }
}
