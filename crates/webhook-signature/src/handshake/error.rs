use std::fmt;

/// Why a handshake cannot be answered with what a responder has. Says the fix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HandshakeError {
    /// The provider has no handshake that is known.
    Unknown,
    /// Answers are signed, and there is no key for them.
    NoKey,
    /// The caller shows a verify token, and none is configured to compare it with.
    NoVerifyToken,
    /// The provider offers a secret, and nobody takes it.
    NoOffers,
    /// A signed answer could verify as a delivery of this scheme.
    SigningOracle,
    /// The provider signs its handshake, or wants a signed answer, and nothing here does.
    SignedOnly,
}

impl fmt::Display for HandshakeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unknown => "no handshake of this provider is known; leave it to the handler, or give a responder of another provider",
            Self::NoKey => "the provider wants a signed answer, and the scheme's secret is not what it is signed with; give the responder the secret with `with_keys`",
            Self::NoVerifyToken => "the provider shows the verify token that was given to it; give the same one with `with_verify_token`",
            Self::NoOffers => "the provider sends a secret in its first request; say with `with_offers` what becomes of it",
            Self::SigningOracle => "a signed answer could verify as a delivery of this scheme; use the provider's own preset, or a secret of its own for this endpoint",
            Self::SignedOnly => "the provider signs its handshake, or wants a signed answer; guard the endpoint with its signature (`webhook-hmac-layer`), which answers it",
        })
    }
}

impl std::error::Error for HandshakeError {}
