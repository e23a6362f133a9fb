use std::fmt;

use http::HeaderName;

use crate::scheme::{Encoding, Primitive, Scheme};

/// What is known of a provider: its scheme, and how well it is known.
///
/// Which statuses make it give up becomes part of it.
#[derive(Clone, Debug)]
pub struct Preset {
    pub(super) title: &'static str,
    pub(super) scheme: Scheme,
    pub(super) evidence: Evidence,
    pub(super) source: &'static str,
    pub(super) notes: &'static str,
    pub(super) addresses: &'static str,
    pub(super) challenge: &'static str,
}

/// What a provider proves its deliveries with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// A keyed signature.
    Hmac,
    /// A hash of text and secret, which is weaker.
    Hash,
    /// The secret itself, which covers nothing of the delivery.
    Token,
    /// User and password, which cover nothing of the delivery.
    Basic,
    /// Nothing: there is no verifier.
    Unsigned,
    /// A signature with an Ed25519 key.
    #[cfg(feature = "public-key")]
    Ed25519,
    /// A signature with an ECDSA key.
    #[cfg(feature = "public-key")]
    Ecdsa,
    /// A signature with an RSA key.
    #[cfg(feature = "public-key")]
    Rsa,
    /// A JSON Web Token or Signature, whatever signs it.
    #[cfg(feature = "public-key")]
    Jwt,
}

impl Kind {
    /// The kind's stable name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hmac => "hmac",
            Self::Hash => "hash",
            Self::Token => "token",
            Self::Basic => "basic",
            Self::Unsigned => "none",
            #[cfg(feature = "public-key")]
            Self::Ed25519 => "ed25519",
            #[cfg(feature = "public-key")]
            Self::Ecdsa => "ecdsa",
            #[cfg(feature = "public-key")]
            Self::Rsa => "rsa",
            #[cfg(feature = "public-key")]
            Self::Jwt => "jwt",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How a preset is known to be right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Evidence {
    /// Nobody's code or page was read.
    GeneralKnowledge,
    /// Somebody else's verifier or notes were read.
    ThirdParty,
    /// The provider's documentation was read.
    OfficialDoc,
    /// The provider's own code was read.
    OfficialSdk,
}

impl Evidence {
    /// The evidence's stable name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::GeneralKnowledge => "general-knowledge",
            Self::ThirdParty => "third-party",
            Self::OfficialDoc => "official-doc",
            Self::OfficialSdk => "official-sdk",
        }
    }
}

impl fmt::Display for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Preset {
    #[cfg(feature = "public-key")]
    pub(crate) const fn new(
        title: &'static str,
        scheme: Scheme,
        evidence: Evidence,
        source: &'static str,
        notes: &'static str,
    ) -> Self {
        Self {
            title,
            scheme,
            evidence,
            source,
            notes,
            addresses: "",
            challenge: "",
        }
    }

    /// This preset with what the provider publishes of its addresses.
    #[cfg(feature = "public-key")]
    pub(crate) const fn published_at(mut self, addresses: &'static str) -> Self {
        self.addresses = addresses;
        self
    }

    /// This preset with how the provider introduces itself.
    #[cfg(feature = "public-key")]
    pub(crate) const fn introduced_by(mut self, challenge: &'static str) -> Self {
        self.challenge = challenge;
        self
    }

    /// The preset's name: lower case, with dashes.
    #[must_use]
    pub fn name(&self) -> &str {
        self.scheme.name().as_str()
    }

    /// The provider's name as it is written.
    #[must_use]
    pub const fn title(&self) -> &'static str {
        self.title
    }

    /// What the provider proves its deliveries with.
    #[must_use]
    pub fn kind(&self) -> Kind {
        #[cfg(feature = "public-key")]
        if self.scheme.is_token() {
            return Kind::Jwt;
        }
        match (self.scheme.primitive, self.scheme.encoding) {
            (Primitive::Unsigned, _) => Kind::Unsigned,
            (Primitive::Token, Encoding::Base64Text) => Kind::Basic,
            (Primitive::Token, _) => Kind::Token,
            (
                Primitive::Sha1OfSecretAndText
                | Primitive::Sha256OfSecretAndText
                | Primitive::Sha1OfTextAndSecret
                | Primitive::Sha256OfTextAndSecret,
                _,
            ) => Kind::Hash,
            #[cfg(feature = "public-key")]
            (Primitive::Ed25519, _) => Kind::Ed25519,
            #[cfg(feature = "public-key")]
            (Primitive::EcdsaP256Sha256 | Primitive::EcdsaP521Sha512, _) => Kind::Ecdsa,
            #[cfg(feature = "public-key")]
            (Primitive::RsaPkcs1Sha1 | Primitive::RsaPkcs1Sha256 | Primitive::RsaPssSha256, _) => {
                Kind::Rsa
            }
            _ => Kind::Hmac,
        }
    }

    /// Whether there is a verifier: not for providers that prove nothing.
    #[must_use]
    pub const fn is_verifiable(&self) -> bool {
        !matches!(self.scheme.primitive, Primitive::Unsigned)
    }

    /// Where the provider publishes the addresses that it calls from; may be empty.
    #[must_use]
    pub const fn published_addresses(&self) -> &'static str {
        self.addresses
    }

    /// How the provider introduces itself to an endpoint, and what it wants to hear; may be empty.
    #[must_use]
    pub const fn handshake(&self) -> &'static str {
        self.challenge
    }

    /// A copy of the scheme, to use as it is or to change. Copying it allocates nothing.
    #[must_use]
    pub fn scheme(&self) -> Scheme {
        self.scheme.clone()
    }

    /// The header that the delivery's id stands in. Ask the [scheme](Scheme::covers_id) whether it
    /// is signed.
    #[must_use]
    pub const fn id_header(&self) -> Option<&HeaderName> {
        self.scheme.id_header()
    }

    /// The header that the event's type stands in.
    #[must_use]
    pub const fn event_header(&self) -> Option<&HeaderName> {
        self.scheme.event_header()
    }

    /// How the preset is known to be right.
    #[must_use]
    pub const fn evidence(&self) -> Evidence {
        self.evidence
    }

    /// What was read.
    #[must_use]
    pub const fn source(&self) -> &'static str {
        self.source
    }

    /// What to know when using it; may be empty.
    #[must_use]
    pub const fn notes(&self) -> &'static str {
        self.notes
    }
}

impl From<&Preset> for Scheme {
    fn from(preset: &Preset) -> Self {
        preset.scheme()
    }
}
