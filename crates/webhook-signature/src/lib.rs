//! Webhook signatures as data: verify and sign deliveries of many providers, without sockets or clocks.
//!
//! - A [`Scheme`] says how a provider signs. Providers that are known are [`presets`]; anything like
//!   them is built with [`Scheme::hmac_sha256`] and its siblings.
//! - A [`KeyRing`] holds the secrets that are in use, each with an id, one of them in front.
//! - A [`Verifier`] takes a request's head, its body and the time, and answers with a
//!   [`Verification`](webhook_core::Verification) or a [`Refusal`]. What the headers alone decide is
//!   decided before a byte of the body is needed ([`Verifier::begin`]), and the body is hashed while
//!   it arrives ([`Pending`]).
//! - A [`handshake`] says how a provider introduces itself, and a
//!   [`Responder`](handshake::Responder) answers.
//! - [`Verifier::sign`] makes the headers that the same scheme verifies, and
//!   [`Verifier::sign_request`] the whole request, for senders and tests.
//!
//! Everything is a pure function: nothing here reads a clock, opens a socket or logs, and no answer
//! depends on an earlier one. All that is kept is how often and when each secret verified a delivery
//! ([`SecretUse`]), in counters without a lock. The layer in `webhook-hmac-layer` puts it in front of a service.
//!
//! With the feature `public-key` there are also Ed25519, ECDSA, RSA and JSON Web Tokens, in the
//! module `public`, and the presets of the providers that sign with them.
//!
//! ```
//! use http::Request;
//! use webhook_core::{Reason, Secret, Timestamp};
//! use webhook_signature::{KeyRing, Scheme, SignRequest, Verifier};
//!
//! let acme = Scheme::hmac_sha256("acme")
//!     .header("x-acme-signature")
//!     .timestamp_header("x-acme-time")
//!     .signed_text("{timestamp}.{body}")
//!     .build()?;
//! let keys = KeyRing::new("2026-q4", Secret::new("a secret of this quarter")?)?
//!     .with("2026-q3", Secret::new("a secret of last quarter")?)?;
//! let verifier = Verifier::new(&acme, keys)?;
//!
//! // The sender still signs with last quarter's secret.
//! let sender = Verifier::new(&acme, Secret::new("a secret of last quarter")?)?;
//! let now = Timestamp::from_unix_seconds(1_700_000_000);
//! let (mut parts, ()) = Request::post("/hooks/acme").body(())?.into_parts();
//! parts.headers.extend(sender.sign(&SignRequest::new(b"{}", now))?);
//!
//! let verification = verifier.verify(&parts, b"{}", now)?;
//! assert_eq!(verification.secret_id().map(|id| id.as_str()), Some("2026-q3"));
//!
//! let later = Timestamp::from_unix_seconds(1_700_000_301);
//! let refusal = verifier.verify(&parts, b"{}", later).unwrap_err();
//! assert_eq!(refusal.reason(), Reason::TimestampTooOld);
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```
//!
//! # Limits
//!
//! | what | limit | refused as |
//! |---|---|---|
//! | a header that holds a list | 8 KiB | `signature_malformed` |
//! | signatures in it | 16 | `too_many_signatures` |
//! | elements in it, whatever they are | 64 | `too_many_signatures` |
//! | digits of a timestamp | 12 in seconds, 16 in milliseconds | `timestamp_malformed` |
//! | a signed id | 256 bytes of visible ASCII | `id_malformed` |
//! | secrets in a ring | [`MAX_KEYS`] | when the ring is made |
#![cfg_attr(docsrs, feature(doc_cfg))]

mod body_digest;
mod bytes;
mod candidates;
mod custom;
#[cfg(feature = "explain")]
#[cfg_attr(docsrs, doc(cfg(feature = "explain")))]
pub mod explain;
#[cfg(all(fuzzing, feature = "public-key"))]
#[doc(hidden)]
pub mod fuzzing;
pub mod handshake;
mod hash;
mod json;
mod key;
mod mac;
mod multipart;
pub mod presets;
#[cfg(feature = "public-key")]
#[cfg_attr(docsrs, doc(cfg(feature = "public-key")))]
pub mod public;
mod scheme;
mod sign;
mod verify;

#[cfg(feature = "public-key")]
pub use self::public::{KeySource, PublicKey, PublicKeyError, PublicKeys};
#[cfg(feature = "toml")]
pub use self::scheme::SchemeFileError;
pub use self::{
    body_digest::{BodyDigestKey, BodyDigester},
    key::{KeyRing, KeyRingError, MAX_KEYS, SecretEncoding, SecretUse},
    presets::{Evidence, Kind, Preset},
    scheme::{
        Encoding, Part, Primitive, Scheme, SchemeBuilder, SchemeError, TimestampUnit, Tolerance,
    },
    sign::{SignError, SignRequest, Signed},
    verify::{ConfigError, NewlineMistake, Pending, Refusal, Stage, Verifier},
};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct ReadmeDoctests;
