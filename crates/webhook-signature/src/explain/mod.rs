//! Why a delivery did not verify: which usual mistake would make it.
//!
//! "Signature mismatch" is the most asked question about webhooks, and almost always one of a dozen
//! mistakes on the way between the sender's bytes and the receiver's secret. The [`Explainer`] tries
//! them on a recorded delivery, one at a time, and says which would have made it verify:
//!
//! - the body: a newline more or less at its end, line ends, a byte order mark, JSON that was parsed
//!   and written again, a form's field instead of the form, a body that was or was not compressed;
//! - the secret: another encoding, white space around it, one that is not in use any more;
//! - the signature: another algorithm or label, another way of writing it, another header;
//! - the clock, and the provider.
//!
//! It is for the command line, tests and operators, never for the answer to a request: what it says
//! would tell a forger how close it came. It prints neither secret nor signature.
//!
//! ```
//! use http::Request;
//! use webhook_core::{Secret, Timestamp};
//! use webhook_signature::{KeyRing, SignRequest, Verifier, explain::{Cause, Explainer}, presets};
//!
//! let keys = KeyRing::from(Secret::new("It's a Secret to Everybody")?);
//! let verifier = Verifier::new(&presets::GITHUB, keys.clone())?;
//! let now = Timestamp::from_unix_seconds(1_700_000_000);
//!
//! // The sender signed the body without the newline that an editor added later.
//! let mut request = Request::post("/").body(())?;
//! for (name, value) in verifier.sign(&SignRequest::new(br#"{"zen":1}"#, now))? {
//!     request.headers_mut().insert(name, value);
//! }
//! let (parts, ()) = request.into_parts();
//!
//! let causes = Explainer::new(&presets::GITHUB, keys).explain(&parts, b"{\"zen\":1}\n", now);
//! assert_eq!(causes, [Cause::NewlineAdded]);
//! assert!(causes[0].to_string().contains("without its last newline"));
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```

mod bodies;
mod cause;
mod headers;
mod json;
mod secrets;

use http::request::Parts;
use webhook_core::{Name, Timestamp};

pub use self::cause::Cause;
use crate::{KeyRing, Scheme, Tolerance, Verifier, presets};

/// The longest body that is explained: 4 MiB. Every mistake is tried on a copy of it.
pub const MAX_BODY: usize = 4 * 1024 * 1024;

/// Finds the mistake that keeps a delivery from verifying; see the [module](self).
#[derive(Clone, Debug)]
pub struct Explainer {
    scheme: Scheme,
    keys: KeyRing,
    retired: Option<KeyRing>,
}

impl Explainer {
    /// Explains deliveries that should have verified under this scheme with one of these secrets.
    #[must_use]
    pub fn new(scheme: impl Into<Scheme>, keys: impl Into<KeyRing>) -> Self {
        Self {
            scheme: scheme.into(),
            keys: keys.into().apart(),
            retired: None,
        }
    }

    /// Also tries secrets that are not in use any more.
    #[must_use]
    pub fn with_retired(mut self, keys: impl Into<KeyRing>) -> Self {
        self.retired = Some(keys.into().apart());
        self
    }

    /// The mistakes that would, each on its own, have made the delivery verify as of `now`; empty
    /// where it verifies, where none of them would, or where the body is longer than [`MAX_BODY`].
    ///
    /// Whatever else is wrong, a timestamp is not held against the delivery; only where that alone
    /// makes it verify, the clock is the cause.
    #[must_use]
    pub fn explain(&self, parts: &Parts, body: &[u8], now: Timestamp) -> Vec<Cause> {
        if body.len() > MAX_BODY || verifies(&self.scheme, &self.keys, parts, body, now) {
            return Vec::new();
        }
        let own = timeless(&self.scheme);
        if let Some(cause) = self.clock(&own, parts, body, now) {
            return vec![cause];
        }
        let mut causes = Vec::new();
        for (cause, body) in bodies::all(body) {
            // JSON written again covers every change of white space: the narrower cause is told.
            if cause != Cause::JsonRewritten || causes.is_empty() {
                found(
                    &mut causes,
                    cause,
                    verifies(&own, &self.keys, parts, &body, now),
                );
            }
        }
        for (cause, scheme, keys) in secrets::all(&own, &self.keys) {
            found(
                &mut causes,
                cause,
                verifies(&scheme, &keys, parts, body, now),
            );
        }
        if let Some(id) = self.retired(&own, parts, body, now) {
            found(&mut causes, Cause::RetiredSecret(id), true);
        }
        for (cause, scheme, parts) in headers::all(&own, parts) {
            // A label or another header matters only where the signature as it stands is not ours.
            let is_told =
                matches!(cause, Cause::Label | Cause::OtherHeader(_)) && !causes.is_empty();
            if !is_told {
                found(
                    &mut causes,
                    cause,
                    verifies(&scheme, &self.keys, &parts, body, now),
                );
            }
        }
        let others = self.other_providers(parts, body, now);
        if !others.is_empty() {
            // That says where the signature stands and how it is written, too.
            causes.retain(|cause| !cause.is_of_header());
            causes.push(Cause::OtherProvider(others));
        }
        causes
    }

    /// The id of the retired secret that signed.
    fn retired(
        &self,
        timeless: &Scheme,
        parts: &Parts,
        body: &[u8],
        now: Timestamp,
    ) -> Option<Name> {
        let verifier = Verifier::new(timeless, self.retired.clone()?).ok()?;
        let verification = verifier.verify(parts, body, now).ok()?;
        verification.secret_id().cloned()
    }

    /// The names of the other providers of which this is a delivery.
    fn other_providers(&self, parts: &Parts, body: &[u8], now: Timestamp) -> Vec<String> {
        let own = self.scheme.name().as_str();
        presets::all()
            .filter(|preset| preset.name() != own)
            .filter(|preset| {
                let scheme = timeless(&preset.scheme());
                verifies(&scheme, &self.keys, parts, body, now)
            })
            .map(|preset| preset.name().to_owned())
            .collect()
    }

    fn clock(
        &self,
        timeless: &Scheme,
        parts: &Parts,
        body: &[u8],
        now: Timestamp,
    ) -> Option<Cause> {
        let verifier = Verifier::new(timeless, self.keys.clone()).ok()?;
        let signed_at = verifier.verify(parts, body, now).ok()?.timestamp()?;
        let behind = now.unix_seconds().saturating_sub(signed_at.unix_seconds());
        Some(Cause::Clock {
            seconds_behind: behind,
        })
    }
}

fn found(causes: &mut Vec<Cause>, cause: Cause, does_verify: bool) {
    if does_verify && !causes.contains(&cause) {
        causes.push(cause);
    }
}

fn verifies(scheme: &Scheme, keys: &KeyRing, parts: &Parts, body: &[u8], now: Timestamp) -> bool {
    Verifier::new(scheme, keys.clone())
        .is_ok_and(|verifier| verifier.verify(parts, body, now).is_ok())
}

/// The scheme with its timestamp read, and not judged.
fn timeless(scheme: &Scheme) -> Scheme {
    match scheme.tolerance() {
        Some(_) => scheme
            .clone()
            .with_tolerance(Tolerance::insecure_unbounded()),
        None => scheme.clone(),
    }
}

#[cfg(test)]
mod tests;
