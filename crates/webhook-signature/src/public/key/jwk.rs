use base64ct::{Base64UrlUnpadded, Encoding as _};

use super::{PublicKey, PublicKeyError};
use crate::{public::json::Object, scheme::Primitive};

impl PublicKey {
    /// Reads a JSON Web Key ([RFC 7517](https://www.rfc-editor.org/rfc/rfc7517)): `RSA`, `EC` with
    /// `P-256` or `P-521`, `OKP` with `Ed25519`. A key with an `alg` verifies no other algorithm.
    ///
    /// # Errors
    /// Another kind of key, one for encryption, a symmetric one (`oct`), or numbers that are none.
    pub fn from_jwk(json: &str) -> Result<Self, PublicKeyError> {
        let jwk = Object::parse(json.as_bytes()).ok_or(PublicKeyError(
            "it is no JSON Web Key: not an object, or a member stands twice",
        ))?;
        Self::from_object(&jwk)
    }

    pub(in crate::public) fn from_object(jwk: &Object) -> Result<Self, PublicKeyError> {
        if jwk.text("use").is_some_and(|usage| usage != "sig") {
            return Err(PublicKeyError(
                "it is a key for encryption; take one with `\"use\":\"sig\"`",
            ));
        }
        let mut key = match (jwk.text("kty"), jwk.text("crv")) {
            (Some("RSA"), _) => Self::from_rsa(&number(jwk, "n")?, &number(jwk, "e")?),
            (Some("EC"), Some("P-256")) => Self::from_p256(&point(jwk, 32)?),
            (Some("EC"), Some("P-521")) => Self::from_p521(&point(jwk, 66)?),
            (Some("OKP"), Some("Ed25519")) => Self::from_ed25519(&number(jwk, "x")?),
            _ => Err(PublicKeyError(
                "its kind is another; there are RSA, EC with P-256 or P-521, and OKP with Ed25519",
            )),
        }?;
        if let Some(name) = jwk.text("alg") {
            let algorithm = Primitive::of_jose(name).filter(|algorithm| key.fits(*algorithm));
            let algorithm = algorithm.ok_or(PublicKeyError(
                "its `alg` is not one of its kind; there are EdDSA, ES256, ES512, RS256 and PS256",
            ))?;
            key.algorithm = Some(algorithm);
        }
        Ok(key)
    }
}

fn number(jwk: &Object, name: &str) -> Result<Vec<u8>, PublicKeyError> {
    jwk.text(name)
        .and_then(|text| Base64UrlUnpadded::decode_vec(text).ok())
        .ok_or(PublicKeyError(
            "one of its numbers is missing, or no base64url without padding",
        ))
}

/// The uncompressed form of a point, both of whose numbers have all their bytes.
fn point(jwk: &Object, length: usize) -> Result<Vec<u8>, PublicKeyError> {
    let (x, y) = (number(jwk, "x")?, number(jwk, "y")?);
    if x.len() != length || y.len() != length {
        return Err(PublicKeyError("a number of its point has the wrong length"));
    }
    Ok([&[4], &*x, &*y].concat())
}
