use std::time::Duration;

use http::{HeaderValue, Method};
use webhook_core::body::BodyLimits;
use webhook_signature::{KeyRing, Scheme, Verifier};

use crate::{ConfigError, admission::Methods};

/// How far a signed timestamp may lie from the clock where the provider's own rule has no bound.
pub const DEFAULT_TOLERANCE: Duration = Duration::from_secs(300);

/// What one endpoint's deliveries are held against: the settings of an
/// [`HmacLayer`](crate::HmacLayer), swappable at run time and per endpoint.
#[derive(Clone, Debug)]
pub struct HmacSettings {
    pub(crate) verifier: Verifier,
    pub(crate) limits: BodyLimits,
    pub(crate) methods: Methods,
    pub(crate) challenge: HeaderValue,
    pub(crate) is_shadow: bool,
}

impl HmacSettings {
    /// Deliveries of this scheme, or preset, signed with one of these secrets, sent by `POST`, with
    /// a body within the default [`BodyLimits`].
    ///
    /// Where the scheme signs a timestamp, it is held to a tolerance both ways: some providers'
    /// libraries look at the age only, so that a delivery dated ahead could be replayed for as long.
    /// An absent bound is set to [`DEFAULT_TOLERANCE`].
    ///
    /// # Errors
    /// A secret that the scheme cannot make a key of; the error names it and the fix.
    pub fn new(scheme: impl Into<Scheme>, keys: impl Into<KeyRing>) -> Result<Self, ConfigError> {
        let scheme = scheme.into();
        let scheme = match scheme.tolerance() {
            Some(tolerance) => scheme.with_tolerance(tolerance.both_ways(DEFAULT_TOLERANCE)),
            None => scheme,
        };
        Ok(Self::from_verifier(Verifier::new(scheme, keys)?))
    }

    /// Deliveries that this verifier accepts, with its scheme's tolerance as it is: a bound that is
    /// absent there is not checked here.
    #[must_use]
    pub fn from_verifier(verifier: Verifier) -> Self {
        let challenge = challenge(verifier.scheme().name().as_str());
        let (limits, methods) = (BodyLimits::default(), Methods::post());
        Self {
            verifier,
            limits,
            methods,
            challenge,
            is_shadow: false,
        }
    }

    /// Bounds the body; default 1 MiB in 16,384 frames within 10 s.
    #[must_use]
    pub const fn with_limits(mut self, limits: BodyLimits) -> Self {
        self.limits = limits;
        self
    }

    /// Says which methods are taken; default `POST`.
    ///
    /// # Errors
    /// No method at all, or one whose name cannot stand in the header `Allow`.
    pub fn with_methods(mut self, methods: impl Into<Vec<Method>>) -> Result<Self, ConfigError> {
        let methods = methods.into();
        if methods.is_empty() {
            return Err(ConfigError::NoMethods);
        }
        self.methods = Methods::new(methods).map_err(|_| ConfigError::UnspeakableMethod)?;
        Ok(self)
    }

    /// Judge, record, and let pass: a delivery whose signature is missing or wrong reaches the
    /// handler, unverified. The bounds on method, coding and body hold all the same. Default off.
    #[must_use]
    pub const fn with_insecure_shadow(mut self, is_shadow: bool) -> Self {
        self.is_shadow = is_shadow;
        self
    }
}

/// `Webhook realm="github"`: RFC 9110 wants a challenge with every 401, and no registered scheme
/// fits. A name that cannot stand between quotes is left out.
fn challenge(name: &str) -> HeaderValue {
    let plain = HeaderValue::from_static("Webhook");
    if name
        .bytes()
        .any(|byte| !matches!(byte, b' '..=b'~') || matches!(byte, b'"' | b'\\'))
    {
        return plain;
    }
    HeaderValue::try_from(format!("Webhook realm=\"{name}\"")).unwrap_or(plain)
}
