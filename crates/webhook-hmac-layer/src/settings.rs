#[cfg(all(test, webhook_loom))]
mod model;

use std::{sync::Arc, time::Duration};

use http::{HeaderValue, Method};
use webhook_core::{
    Name, SettingsHandle,
    body::BodyLimits,
    change::{Cause, ChangeKind},
};
use webhook_signature::{
    BodyDigestKey, KeyRing, Scheme, SecretUse, Verifier,
    handshake::{self, HandshakeError, Responder},
};

use crate::{ConfigError, admission::Methods, watch::Watch};

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
    pub(crate) handshake: Option<Responder>,
    /// The responder as it was given, without what it took from the verifier.
    given: Option<Responder>,
    pub(crate) watch: Arc<Watch>,
    pub(crate) body_digest: Option<BodyDigestKey>,
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
            handshake: None,
            given: None,
            watch: Arc::default(),
            body_digest: None,
        }
    }

    /// Counts on where the old settings stand: how often and when each secret was used that is in
    /// both. For settings that [replace](webhook_core::SettingsHandle::replace) others.
    ///
    /// ```
    /// use webhook_core::{Secret, Settings, change::Cause};
    /// use webhook_hmac_layer::HmacSettings;
    /// use webhook_signature::{KeyRing, presets};
    ///
    /// let old = || Secret::new("a secret of last quarter");
    /// let (settings, handle) = Settings::swappable(HmacSettings::new(
    ///     &presets::GITHUB,
    ///     KeyRing::new("2026-q3", old()?)?,
    /// )?);
    ///
    /// let keys = KeyRing::new("2026-q4", Secret::new("a secret of this quarter")?)?
    ///     .with("2026-q3", old()?)?;
    /// let new = HmacSettings::new(&presets::GITHUB, keys)?.continuing(&handle.current());
    /// handle.replace(new, &Cause::new("alice", "the secret of the quarter"));
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn continuing(mut self, old: &Self) -> Self {
        self.verifier = self.verifier.continuing(&old.verifier);
        self
    }

    /// The provider, or the user's own scheme, whose deliveries are taken.
    #[must_use]
    pub fn provider(&self) -> &Name {
        self.verifier.scheme().name()
    }

    /// How often and when each secret verified a delivery, the one in front first.
    pub fn secret_uses(&self) -> impl Iterator<Item = SecretUse> {
        self.verifier.secret_uses()
    }

    /// The same settings without one of their secrets, which a handshake's answer is not made with
    /// any more either.
    ///
    /// # Errors
    /// An id that no secret has, or the only one: pause the endpoint instead.
    pub fn without_secret(mut self, id: &str) -> Result<Self, ConfigError> {
        self.verifier = self.verifier.without(id)?;
        match self.given.take() {
            Some(responder) => self.with_handshake(responder),
            None => Ok(self),
        }
    }

    /// Takes a secret out of use at run time: one that leaked. From the next request on it verifies
    /// nothing; a delivery whose body is still arriving is judged as when it began, which lasts no
    /// longer than the body's deadline. The handle's log notes it as
    /// [`ChangeKind::Revoked`], with the id.
    ///
    /// ```
    /// use webhook_core::{Secret, Settings, change::Cause};
    /// use webhook_hmac_layer::HmacSettings;
    /// use webhook_signature::{KeyRing, presets};
    ///
    /// let keys = KeyRing::new("2026-q4", Secret::new("a secret of this quarter")?)?
    ///     .with("2026-q3", Secret::new("a secret of last quarter")?)?;
    /// let (settings, handle) = Settings::swappable(HmacSettings::new(&presets::GITHUB, keys)?);
    ///
    /// let leaked = Cause::new("alice", "it stood in a public repository");
    /// HmacSettings::revoke(&handle, "2026-q3", &leaked)?;
    /// assert!(HmacSettings::revoke(&handle, "2026-q4", &leaked).is_err(), "the last one");
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`without_secret`](Self::without_secret); the settings in force stay as they are then.
    pub fn revoke(
        handle: &SettingsHandle<Self>,
        id: &str,
        cause: &Cause,
    ) -> Result<(), ConfigError> {
        handle.change(ChangeKind::Revoked, id, cause, |in_force| {
            in_force.clone().without_secret(id)
        })
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

    /// Answers the provider's handshake in the handler's place; default none, so that a handshake is
    /// a request like any other.
    ///
    /// - What the provider signs is answered once it is verified; the rest, such as a `GET` with a
    ///   challenge, before the method is looked at.
    /// - An unsigned handshake whose body has to be read is read up to
    ///   [`MAX_BODY`](webhook_signature::handshake::MAX_BODY), only where its head says so and no
    ///   signature is there.
    /// - A delivery that could have been signed as a challenge is refused, whatever its signature:
    ///   no answer verifies as a delivery.
    /// - A URL to confirm stands in the request's extensions as a
    ///   [`Confirmation`](webhook_signature::handshake::Confirmation).
    ///
    /// Answers are recorded as accepted, with the note `handshake`. A layer with a rejection policy
    /// of your own needs its [`Reject::body`](webhook_core::Reject::body). Swapped settings keep no
    /// handshake of the old ones.
    ///
    /// ```
    /// use webhook_core::Secret;
    /// use webhook_hmac_layer::HmacSettings;
    /// use webhook_signature::{handshake::{self, Responder}, presets};
    ///
    /// let meta = handshake::by_name("meta").ok_or("no such handshake")?;
    /// let settings = || -> Result<_, Box<dyn std::error::Error>> {
    ///     Ok(HmacSettings::new(&presets::GITHUB, Secret::new("0123456789abcdef")?)?)
    /// };
    ///
    /// let token = Secret::new("a token of my own choice")?;
    /// assert!(settings()?.with_handshake(Responder::new(meta).with_verify_token(token)).is_ok());
    /// // Without the token nobody could be told from anybody.
    /// assert!(settings()?.with_handshake(Responder::new(meta)).is_err());
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// A responder that lacks a secret; a scheme under which an answer could verify as a delivery.
    pub fn with_handshake(mut self, responder: Responder) -> Result<Self, ConfigError> {
        self.handshake = Some(responder.clone().completed_with(&self.verifier)?);
        self.given = Some(responder);
        Ok(self)
    }

    /// As [`with_handshake`](Self::with_handshake), with the handshake that is known of the
    /// scheme's provider; answers are signed with the secret in front.
    ///
    /// ```
    /// use webhook_core::Secret;
    /// use webhook_hmac_layer::HmacSettings;
    /// use webhook_signature::presets;
    ///
    /// let secret = || Secret::new("8f742231b10e8888abcd99yyyzzz85a5");
    /// assert!(HmacSettings::new(&presets::SLACK, secret()?)?.with_preset_handshake().is_ok());
    /// // GitHub sends its ping as an ordinary delivery.
    /// assert!(HmacSettings::new(&presets::GITHUB, secret()?)?.with_preset_handshake().is_err());
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`with_handshake`](Self::with_handshake); also a provider of which no handshake is known.
    pub fn with_preset_handshake(self) -> Result<Self, ConfigError> {
        let provider = self.verifier.scheme().name().as_str();
        let known = handshake::by_name(provider).ok_or(HandshakeError::Unknown)?;
        self.with_handshake(Responder::new(known))
    }

    /// Has the record tell a digest of each body that was read whole, verified or not, under this key;
    /// default none. It tells two bodies apart, and whether a body that somebody shows is the one that
    /// came, without telling what was in it.
    ///
    /// It is a second hash over the body, and costs as much as an HMAC-SHA-256 signature does: about 1
    /// µs for 1 KiB, 17 µs for 25 KiB. The signature's own hash cannot serve: with most schemes it
    /// covers the time, so that it is another for each copy of a body. Without an audit layer nothing
    /// is hashed.
    ///
    /// ```
    /// use webhook_core::Secret;
    /// use webhook_hmac_layer::HmacSettings;
    /// use webhook_signature::{BodyDigestKey, presets};
    ///
    /// let settings = HmacSettings::new(&presets::GITHUB, Secret::new("a secret of this quarter")?)?
    ///     .with_body_digest(BodyDigestKey::new(&Secret::new("a key for digests alone")?));
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_body_digest(mut self, key: BodyDigestKey) -> Self {
        self.body_digest = Some(key);
        self
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
