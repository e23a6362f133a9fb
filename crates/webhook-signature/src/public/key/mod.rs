//! Public keys: parsed once, used for one algorithm each.

mod error;
mod jwk;
mod parse;

use std::fmt;

use p256::ecdsa::signature::hazmat::PrehashVerifier as _;
use ring::signature as rsa;
use sha2::{Digest as _, Sha256, Sha512};

pub use self::error::PublicKeyError;
use super::text::Text;
use crate::scheme::Primitive;

/// A provider's public key, checked when it was made.
///
/// ```
/// use webhook_signature::PublicKey;
///
/// let key = PublicKey::parse("whpk_lG20kos4C8P4Qj+g2uAy8uGzgeVq7q1Ju7k/rJ4L3Qg=")?;
/// assert_eq!(key.kind(), "ed25519");
/// assert!(PublicKey::parse("whsec_lG20kos4C8P4Qj+g2uAy8uGzgeVq7q1Ju7k/rJ4L3Qg=").is_err());
/// # Ok::<_, webhook_signature::PublicKeyError>(())
/// ```
#[derive(Clone)]
pub struct PublicKey {
    kind: Kind,
    /// The one algorithm that a JSON Web Key allows.
    algorithm: Option<Primitive>,
}

#[derive(Clone)]
enum Kind {
    Ed25519(ed25519_dalek::VerifyingKey),
    P256(p256::ecdsa::VerifyingKey),
    P521(Box<p521::ecdsa::VerifyingKey>),
    /// Modulus and exponent, big-endian without zeros in front.
    Rsa(rsa::RsaPublicKeyComponents<Box<[u8]>>),
}

/// How an ECDSA signature is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EcdsaForm {
    /// ASN.1 DER, as plain signatures have it.
    Der,
    /// The two numbers side by side, as JSON Web Signatures have it (RFC 7518, section 3.4).
    Fixed,
}

impl PublicKey {
    /// What kind of key this is: `ed25519`, `p256`, `p521` or `rsa`.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self.kind {
            Kind::Ed25519(_) => "ed25519",
            Kind::P256(_) => "p256",
            Kind::P521(_) => "p521",
            Kind::Rsa(_) => "rsa",
        }
    }

    /// Whether this key can verify that primitive's signatures.
    #[must_use]
    pub fn fits(&self, primitive: Primitive) -> bool {
        let same_kind = match self.kind {
            Kind::Ed25519(_) => primitive == Primitive::Ed25519,
            Kind::P256(_) => primitive == Primitive::EcdsaP256Sha256,
            Kind::P521(_) => primitive == Primitive::EcdsaP521Sha512,
            Kind::Rsa(_) => matches!(
                primitive,
                Primitive::RsaPkcs1Sha1 | Primitive::RsaPkcs1Sha256 | Primitive::RsaPssSha256
            ),
        };
        same_kind && self.algorithm.is_none_or(|only| only == primitive)
    }

    pub(crate) fn verifies(
        &self,
        primitive: Primitive,
        form: EcdsaForm,
        text: &Text<'_>,
        signature: &[u8],
    ) -> bool {
        if !self.fits(primitive) {
            return false;
        }
        match &self.kind {
            Kind::Ed25519(key) => ed25519_dalek::Signature::from_slice(signature)
                .is_ok_and(|signature| key.verify_strict(text.joined(), &signature).is_ok()),
            Kind::P256(key) => p256_signature(form, signature).is_some_and(|signature| {
                let digest = text.hash(Sha256::new()).finalize();
                key.verify_prehash(&digest, &signature).is_ok()
            }),
            Kind::P521(key) => p521_signature(form, signature).is_some_and(|signature| {
                let digest = text.hash(Sha512::new()).finalize();
                key.verify_prehash(&digest, &signature).is_ok()
            }),
            Kind::Rsa(key) => rsa_parameters(primitive)
                .is_some_and(|how| key.verify(how, text.joined(), signature).is_ok()),
        }
    }
}

fn p256_signature(form: EcdsaForm, signature: &[u8]) -> Option<p256::ecdsa::Signature> {
    match form {
        EcdsaForm::Der => p256::ecdsa::Signature::from_der(signature).ok(),
        EcdsaForm::Fixed => p256::ecdsa::Signature::from_slice(signature).ok(),
    }
}

fn p521_signature(form: EcdsaForm, signature: &[u8]) -> Option<p521::ecdsa::Signature> {
    match form {
        EcdsaForm::Der => p521::ecdsa::Signature::from_der(signature).ok(),
        EcdsaForm::Fixed => p521::ecdsa::Signature::from_slice(signature).ok(),
    }
}

fn rsa_parameters(primitive: Primitive) -> Option<&'static rsa::RsaParameters> {
    match primitive {
        Primitive::RsaPkcs1Sha1 => Some(&rsa::RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY),
        Primitive::RsaPkcs1Sha256 => Some(&rsa::RSA_PKCS1_2048_8192_SHA256),
        Primitive::RsaPssSha256 => Some(&rsa::RSA_PSS_2048_8192_SHA256),
        _ => None,
    }
}

/// Tells the kind only: a key's numbers make records long and help nobody.
impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PublicKey")
            .field("kind", &self.kind())
            .finish_non_exhaustive()
    }
}
