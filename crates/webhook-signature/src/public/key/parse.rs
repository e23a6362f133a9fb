use base64ct::{Base64, Base64Unpadded, Encoding as _};
use ring::signature::RsaPublicKeyComponents;
use x509_cert::{
    Certificate,
    der::{
        Decode as _, Encode as _, Reader as _, SliceReader,
        asn1::{ObjectIdentifier, UintRef},
        pem,
    },
    spki::SubjectPublicKeyInfoRef,
};

use super::{Kind, PublicKey, PublicKeyError};

/// The most bytes of a key's text or certificate that are read.
const MAX_TEXT: usize = 64 * 1024;

const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const P521: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.35");
const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");

impl PublicKey {
    /// Reads a key from any of the texts that providers show:
    ///
    /// - PEM of a public key (`BEGIN PUBLIC KEY`, `BEGIN RSA PUBLIC KEY`) or of a certificate, of
    ///   which nothing but the key is looked at;
    /// - base64 of the DER form of a public key (SPKI);
    /// - an Ed25519 key as 64 hexadecimal digits, as base64 of its 32 bytes, or that after `whpk_`;
    /// - a JSON Web Key.
    ///
    /// White space around the text is dropped.
    ///
    /// # Errors
    /// A text that is none of them, a key of another algorithm, an RSA key of less than 2048 or more
    /// than 8192 bits, an Ed25519 key of small order.
    pub fn parse(text: &str) -> Result<Self, PublicKeyError> {
        let text = text.trim_ascii();
        if text.len() > MAX_TEXT {
            return Err(PublicKeyError("it is longer than 64 KiB"));
        }
        if text.starts_with('{') {
            return Self::from_jwk(text);
        }
        if text.starts_with("-----BEGIN") {
            return Self::from_pem(text);
        }
        if text.starts_with("whsk_") || text.starts_with("whsec_") {
            return Err(PublicKeyError(
                "it is a secret; give the public key, which begins with `whpk_`",
            ));
        }
        if let Some(key) = text.strip_prefix("whpk_") {
            return Self::from_ed25519(&decode_base64(key)?);
        }
        if text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            let key = const_hex::decode(text);
            return Self::from_ed25519(&key.map_err(|_| PublicKeyError("it is no hexadecimal"))?);
        }
        let bytes = decode_base64(text)?;
        if bytes.len() == 32 {
            Self::from_ed25519(&bytes)
        } else {
            Self::from_spki_der(&bytes)
        }
    }

    /// Reads PEM, as [`parse`](Self::parse) does.
    ///
    /// # Errors
    /// As [`parse`](Self::parse).
    pub fn from_pem(text: &str) -> Result<Self, PublicKeyError> {
        let (label, der) = pem::decode_vec(text.trim_ascii().as_bytes()).map_err(|_| {
            PublicKeyError("it is no PEM; give it with its BEGIN and END lines and its line breaks")
        })?;
        match label {
            "PUBLIC KEY" => Self::from_spki_der(&der),
            "RSA PUBLIC KEY" => Self::from_rsa_der(&der),
            "CERTIFICATE" => Self::from_certificate_der(&der),
            _ => Err(PublicKeyError(
                "its PEM holds something else; give a PUBLIC KEY or a CERTIFICATE, never a private key",
            )),
        }
    }

    /// The key in a certificate. Neither its validity nor its chain is looked at.
    ///
    /// # Errors
    /// As [`parse`](Self::parse).
    pub fn from_certificate_der(der: &[u8]) -> Result<Self, PublicKeyError> {
        let broken = PublicKeyError("it is no X.509 certificate");
        let certificate = Certificate::from_der(der).map_err(|_| broken)?;
        let key = certificate.tbs_certificate().subject_public_key_info();
        Self::from_spki_der(&key.to_der().map_err(|_| broken)?)
    }

    /// A key in the DER form of a `SubjectPublicKeyInfo` ([RFC 5280, section
    /// 4.1](https://www.rfc-editor.org/rfc/rfc5280#section-4.1)).
    ///
    /// # Errors
    /// As [`parse`](Self::parse).
    pub fn from_spki_der(der: &[u8]) -> Result<Self, PublicKeyError> {
        let broken = PublicKeyError(
            "it is no public key; give PEM, base64 of SPKI, or the 32 bytes of an Ed25519 key",
        );
        let info = SubjectPublicKeyInfoRef::from_der(der).map_err(|_| broken)?;
        let key = info.subject_public_key.as_bytes().ok_or(broken)?;
        let curve = info.algorithm.parameters_oid().ok();
        match (info.algorithm.oid, curve) {
            (ED25519, _) => Self::from_ed25519(key),
            (EC, Some(P256)) => Self::from_p256(key),
            (EC, Some(P521)) => Self::from_p521(key),
            (RSA, _) => Self::from_rsa_der(key),
            _ => Err(PublicKeyError(
                "its algorithm is another; there are Ed25519, P-256, P-521 and RSA",
            )),
        }
    }

    /// The 32 bytes of an Ed25519 key ([RFC 8032](https://www.rfc-editor.org/rfc/rfc8032)).
    ///
    /// # Errors
    /// Another length, no point of the curve, or one of small order, for which signatures exist that
    /// hold for many texts.
    pub fn from_ed25519(key: &[u8]) -> Result<Self, PublicKeyError> {
        let bytes = key
            .try_into()
            .map_err(|_| PublicKeyError("an Ed25519 key has 32 bytes; was a character lost?"))?;
        ed25519_dalek::VerifyingKey::from_bytes(bytes)
            .ok()
            .filter(|key| !key.is_weak())
            .map(|key| Self::of(Kind::Ed25519(key)))
            .ok_or(PublicKeyError("it is no Ed25519 key"))
    }

    pub(super) fn from_p256(point: &[u8]) -> Result<Self, PublicKeyError> {
        p256::ecdsa::VerifyingKey::from_sec1_bytes(point)
            .map(|key| Self::of(Kind::P256(key)))
            .map_err(|_| PublicKeyError("it is no point of P-256"))
    }

    pub(super) fn from_p521(point: &[u8]) -> Result<Self, PublicKeyError> {
        p521::ecdsa::VerifyingKey::from_sec1_bytes(point)
            .map(|key| Self::of(Kind::P521(Box::new(key))))
            .map_err(|_| PublicKeyError("it is no point of P-521"))
    }

    fn from_rsa_der(der: &[u8]) -> Result<Self, PublicKeyError> {
        let read = || -> Result<_, x509_cert::der::Error> {
            let mut outer = SliceReader::new(der)?;
            let numbers = outer.sequence(|inner| -> Result<_, x509_cert::der::Error> {
                let modulus = UintRef::decode(inner)?.as_bytes();
                Ok((
                    modulus.to_vec(),
                    UintRef::decode(inner)?.as_bytes().to_vec(),
                ))
            })?;
            outer.finish().map(|()| numbers)
        };
        let (modulus, exponent) = read().map_err(|_| PublicKeyError("it is no RSA key"))?;
        Self::from_rsa(&modulus, &exponent)
    }

    pub(super) fn from_rsa(modulus: &[u8], exponent: &[u8]) -> Result<Self, PublicKeyError> {
        let bits = match modulus.first() {
            Some(first @ 1..) => (modulus.len() * 8).saturating_sub(first.leading_zeros() as usize),
            _ => return Err(PublicKeyError("its modulus begins with a zero")),
        };
        let odd = |number: &[u8]| number.last().is_some_and(|last| last % 2 == 1);
        if !(2048..=8192).contains(&bits) {
            return Err(PublicKeyError(
                "an RSA key has 2048 to 8192 bits; ask the provider for another one",
            ));
        }
        // What `ring` takes: odd, 3 to 2^33-1.
        if exponent.len() > 4 || !odd(exponent) || exponent == [1] || !odd(modulus) {
            return Err(PublicKeyError(
                "it is no RSA key: its exponent or modulus is impossible",
            ));
        }
        Ok(Self::of(Kind::Rsa(RsaPublicKeyComponents {
            n: modulus.into(),
            e: exponent.into(),
        })))
    }

    fn of(kind: Kind) -> Self {
        Self {
            kind,
            algorithm: None,
        }
    }
}

/// Padded or not: a key is given by the operator.
fn decode_base64(text: &str) -> Result<Vec<u8>, PublicKeyError> {
    Base64::decode_vec(text)
        .or_else(|_| Base64Unpadded::decode_vec(text))
        .map_err(|_| {
            PublicKeyError(
                "it is neither PEM nor base64; give the public key as the provider shows it",
            )
        })
}
