//! Public-key signatures and JSON Web Tokens, behind the feature `public-key`.
//!
//! - A [`PublicKey`] is parsed and checked when it is made: from PEM (a key or a certificate), base64
//!   of DER, `whpk_…`, the bare 32 bytes of an Ed25519 key, or a JSON Web Key.
//! - Keys come from a [`KeyRing`](crate::KeyRing), whose secrets then hold the texts of public keys,
//!   or from a [`KeySource`], which finds a key by the id that a delivery names. Nothing here opens a
//!   socket: a URL in a delivery (`jku`, `SigningCertURL`, `PAYPAL-CERT-URL`) is compared with the
//!   provider's own hosts, handed to the source as an id, and never followed.
//! - The algorithm comes from the preset. A token whose `alg` says something else is refused, `none`
//!   always, and a public key never becomes the secret of an HMAC: the two are of different types.
//!
//! What a token or a certificate's chain says about its own validity is not all judged here: chains
//! are not validated at all, because the operator who gives a certificate vouches for it.
//!
//! ```
//! use http::Request;
//! use webhook_core::{Reason, Secret, Timestamp};
//! use webhook_signature::{Verifier, presets};
//!
//! let application_key = "946db4928b380bc3f8423fa0dae032f2e1b381e56aeead49bbb93fac9e0bdd08";
//! let verifier = Verifier::new(&presets::DISCORD, Secret::new(application_key)?)?;
//! let now = Timestamp::from_unix_seconds(1_700_000_000);
//! let (parts, ()) = Request::post("/interactions")
//!     .header("x-signature-timestamp", "1700000000")
//!     .header("x-signature-ed25519", "bf412d468d64d188e4791e74051eae9a7374397493257babbf9ed5d582c0319c048f57ea3d01a7d422d134efee29ef79a833c71bf317b587afdbd6d66207260f")
//!     .body(())?
//!     .into_parts();
//!
//! assert!(verifier.verify(&parts, b"", now).is_ok());
//! let refusal = verifier.verify(&parts, b"{}", now).unwrap_err();
//! assert_eq!(refusal.reason(), Reason::SignatureMismatch);
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```
//!
//! # Keys that a provider changes
//!
//! Providers with a JSON Web Key Set name the key of each delivery. Fetch the set as often as its
//! provider advises, outside the request path, and swap it as a whole:
//!
//! ```
//! use std::sync::{Arc, RwLock};
//! use webhook_signature::{KeySource, PublicKey, PublicKeys, Verifier, presets};
//!
//! #[derive(Clone, Default)]
//! struct Fetched(Arc<RwLock<PublicKeys>>);
//!
//! impl KeySource for Fetched {
//!     fn key(&self, id: &str) -> Option<Arc<PublicKey>> {
//!         self.0.read().ok()?.key(id)
//!     }
//! }
//!
//! let keys = Fetched::default();
//! let verifier = Verifier::with_key_source(&presets::PLAID, keys.clone())?;
//!
//! // Whenever a new set was fetched:
//! let jwks = r#"{"keys":[{"kty":"EC","crv":"P-256","kid":"2026-q4","use":"sig","alg":"ES256",
//!     "x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"}]}"#;
//! if let Ok(mut place) = keys.0.write() {
//!     *place = PublicKeys::from_jwks(jwks)?;
//! }
//! assert!(keys.key("2026-q4").is_some());
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```
//!
//! # Costs and limits
//!
//! | what | limit |
//! |---|---|
//! | a token | 8 KiB in a header; as large as the body's limit where the body is one |
//! | members of a token's header or claims, or of an SNS document | 64, none of them twice |
//! | fields of a form | 256, none of them twice |
//! | RSA keys | 2048 to 8192 bits |
//! | keys tried for one delivery | [`MAX_KEYS`](crate::MAX_KEYS) |
//!
//! Ed25519 and RSA need the signed text in one piece: while such a signature is verified, a body that
//! arrived in several pieces is held twice. That lasts no longer than the verification.

mod begin;
mod describe;
mod digest;
mod document;
mod form;
mod json;
mod key;
mod keys;
mod message;
mod paddle;
mod pending;
pub(crate) mod presets;
mod rules;
mod settings;
mod sign;
mod sns;
mod source;
mod text;
mod token;
mod url;

#[cfg(fuzzing)]
pub(crate) use self::{form::fields as form_fields, json::is_object};
pub use self::{
    key::{PublicKey, PublicKeyError},
    source::{KeySource, PublicKeys},
};
pub(crate) use self::{keys::Keys, pending::Pending, rules::Rules, sign::sign};
