use std::fmt;

use base64ct::{Base64, Base64UrlUnpadded, Encoding as _};
use ed25519_dalek::Signer as _;
use p256::ecdsa::signature::hazmat::PrehashSigner as _;
use ring::signature::{RSA_PKCS1_SHA256, RSA_PSS_SHA256};
use sha2::{Digest as _, Sha256, Sha512};
use webhook_signature::{Primitive, Scheme};

use super::{
    TestKeyError,
    rsa::{self, RsaTestKey},
};

/// What stands in front of an uncompressed point of P-256 in a `SubjectPublicKeyInfo`
/// ([RFC 5480, section 2](https://www.rfc-editor.org/rfc/rfc5480#section-2)).
const P256_SPKI: &[u8] =
    b"\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\x03\x42\x00";

/// How a signature is written: as in a header, or as in a token.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Plain,
    Token,
}

/// A key pair for tests, of the algorithm that a scheme has: the app gets the public key, and
/// [`signed`](crate::signed()) and [`attack`](crate::attack()) sign with the private one.
///
/// The pairs are fixed, and printed in this crate: never let a receiver that anybody can reach have
/// such a public key.
///
/// ```
/// use webhook_core::{Secret, Timestamp};
/// use webhook_signature::{Verifier, presets};
/// use webhook_testing::{TestKey, signed};
///
/// let key = TestKey::of(&presets::DISCORD)?;
/// let of_the_app = Verifier::new(&presets::DISCORD, Secret::new(key.public_key())?)?;
/// let ping = signed(&presets::DISCORD, &key).json(r#"{"type":1}"#);
/// # drop((of_the_app, ping));
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct TestKey {
    primitive: Primitive,
    public: String,
    /// Of two pairs.
    is_first: bool,
}

impl TestKey {
    /// The id of the key in deliveries that name one (`kid`, `keyid`), for apps with a
    /// [`KeySource`](webhook_signature::KeySource).
    pub const ID: &'static str = "test-key";

    /// The certificate's URL in deliveries of `PayPal`, which names the key.
    pub const PAYPAL_URL: &'static str =
        "https://api.sandbox.paypal.com/v1/notifications/certs/CERT-test-key";

    /// The certificate's URL in documents of Amazon SNS, which names the key.
    pub const SNS_URL: &'static str = "https://sns.us-east-1.amazonaws.com/test-key.pem";

    /// The key pair for this scheme.
    ///
    /// # Errors
    /// The scheme's key is a secret.
    pub fn of(scheme: impl Into<Scheme>) -> Result<Self, TestKeyError> {
        Self::new(&scheme.into(), true)
    }

    /// Another pair for the same scheme.
    pub(crate) fn other(&self, scheme: &Scheme) -> Self {
        match Self::new(scheme, !self.is_first) {
            Ok(other) => other,
            Err(error) => panic!("{}: {error}", scheme.name()),
        }
    }

    fn new(scheme: &Scheme, is_first: bool) -> Result<Self, TestKeyError> {
        let mut key = Self {
            primitive: scheme.primitive(),
            public: String::new(),
            is_first,
        };
        key.public = match key.primitive {
            Primitive::Ed25519 => {
                let public = key.ed25519().verifying_key();
                match scheme.name().as_str() {
                    "discord" => const_hex::encode(public),
                    "standard-webhooks-asymmetric" => {
                        format!("whpk_{}", Base64::encode_string(public.as_bytes()))
                    }
                    _ => Base64::encode_string(public.as_bytes()),
                }
            }
            Primitive::EcdsaP256Sha256 if scheme.is_token() => {
                let point = key.p256().verifying_key().to_sec1_point(false);
                jwk(
                    "P-256",
                    [point.x(), point.y()].map(|it| it.map(AsRef::as_ref)),
                )
            }
            Primitive::EcdsaP256Sha256 => {
                let point = key.p256().verifying_key().to_sec1_point(false);
                Base64::encode_string(&[P256_SPKI, point.as_bytes()].concat())
            }
            Primitive::EcdsaP521Sha512 => {
                let public = p521::ecdsa::VerifyingKey::from(&key.p521());
                let point = public.to_sec1_point(false);
                jwk(
                    "P-521",
                    [point.x(), point.y()].map(|it| it.map(AsRef::as_ref)),
                )
            }
            Primitive::RsaPkcs1Sha1 | Primitive::RsaPkcs1Sha256 | Primitive::RsaPssSha256 => {
                key.rsa().public.to_owned()
            }
            _ => return Err(TestKeyError::SharedSecret),
        };
        Ok(key)
    }

    /// The public key as the provider shows it and the app's configuration takes it: the text that
    /// stands where other schemes have their secret.
    #[must_use]
    pub fn public_key(&self) -> &str {
        &self.public
    }

    pub(super) fn sign(&self, form: Form, text: &[u8]) -> Vec<u8> {
        let is_plain = form == Form::Plain;
        match self.primitive {
            Primitive::Ed25519 => self.ed25519().sign(text).to_bytes().to_vec(),
            Primitive::EcdsaP256Sha256 => {
                let signed = self.p256().sign_prehash(&Sha256::digest(text));
                let signature: p256::ecdsa::Signature = written(signed);
                if is_plain {
                    signature.to_der().as_bytes().to_vec()
                } else {
                    signature.to_bytes().to_vec()
                }
            }
            Primitive::EcdsaP521Sha512 => {
                let signed = self.p521().sign_prehash(&Sha512::digest(text));
                let signature: p521::ecdsa::Signature = written(signed);
                if is_plain {
                    signature.to_der().as_bytes().to_vec()
                } else {
                    signature.to_bytes().to_vec()
                }
            }
            Primitive::RsaPkcs1Sha1 => self.rsa().sign_sha1(text),
            Primitive::RsaPssSha256 => self.rsa().sign(&RSA_PSS_SHA256, text),
            _ => self.rsa().sign(&RSA_PKCS1_SHA256, text),
        }
    }

    /// The name in a token's `alg`.
    pub(super) const fn token_name(&self) -> &'static str {
        match self.primitive {
            Primitive::Ed25519 => "EdDSA",
            Primitive::EcdsaP256Sha256 => "ES256",
            Primitive::EcdsaP521Sha512 => "ES512",
            Primitive::RsaPssSha256 => "PS256",
            _ => "RS256",
        }
    }

    const fn seed(&self) -> u8 {
        if self.is_first { 7 } else { 9 }
    }

    fn ed25519(&self) -> ed25519_dalek::SigningKey {
        ed25519_dalek::SigningKey::from_bytes(&[self.seed(); 32])
    }

    fn p256(&self) -> p256::ecdsa::SigningKey {
        written(p256::ecdsa::SigningKey::from_slice(&[self.seed(); 32]))
    }

    fn p521(&self) -> p521::ecdsa::SigningKey {
        let mut scalar = [self.seed(); 66];
        // The order of the curve has 521 bits.
        if let Some(first) = scalar.first_mut() {
            *first = 0;
        }
        written(p521::ecdsa::SigningKey::from_slice(&scalar))
    }

    const fn rsa(&self) -> &'static RsaTestKey {
        if self.is_first {
            &rsa::FIRST
        } else {
            &rsa::SECOND
        }
    }
}

/// What cannot fail for a fixed key.
fn written<T, E: fmt::Display>(result: Result<T, E>) -> T {
    match result {
        Ok(value) => value,
        Err(error) => panic!("a fixed key cannot sign: {error}"),
    }
}

fn jwk(curve: &str, point: [Option<&[u8]>; 2]) -> String {
    let [x, y] = point.map(|number| Base64UrlUnpadded::encode_string(number.unwrap_or_default()));
    let id = TestKey::ID;
    format!(r#"{{"kty":"EC","crv":"{curve}","kid":"{id}","x":"{x}","y":"{y}"}}"#)
}

/// Tells the public key alone.
impl fmt::Debug for TestKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestKey")
            .field("public_key", &self.public)
            .finish_non_exhaustive()
    }
}
