//! What a scheme must be told by the operator.

use std::borrow::Cow;

use super::{Rules, rules::TokenRules};
use crate::scheme::{Grammar, Part, Primitive, Scheme, SchemeError, Template};

impl Scheme {
    /// This scheme with the issuer (`iss`) that its tokens must name: your API key for
    /// [`LIVEKIT`](crate::presets::LIVEKIT).
    /// Without tokens nothing changes.
    ///
    /// ```
    /// use webhook_signature::presets;
    ///
    /// let scheme = presets::LIVEKIT.scheme().with_issuer("APIwLeah7g5FuLy");
    /// ```
    #[must_use]
    pub fn with_issuer(self, issuer: impl Into<Cow<'static, str>>) -> Self {
        let issuer = issuer.into();
        self.with_token_rules(|rules| rules.issuer = Some(issuer))
    }

    /// This scheme with the audience (`aud`) that its tokens must name. Without tokens nothing
    /// changes.
    #[must_use]
    pub fn with_audience(self, audience: impl Into<Cow<'static, str>>) -> Self {
        let audience = audience.into();
        self.with_token_rules(|rules| rules.audience = Some(audience))
    }

    /// This scheme with the subject (`sub`) that its tokens must name. Without tokens nothing
    /// changes.
    #[must_use]
    pub fn with_subject(self, subject: impl Into<Cow<'static, str>>) -> Self {
        let subject = subject.into();
        self.with_token_rules(|rules| rules.subject = Some(subject))
    }

    /// This scheme with the one algorithm that its tokens must name, for providers that let their
    /// customers choose. Without tokens nothing changes.
    ///
    /// ```
    /// use webhook_signature::{Primitive, presets};
    ///
    /// let scheme = presets::FUSIONAUTH.scheme().with_token_algorithm(Primitive::EcdsaP256Sha256)?;
    /// assert_eq!(scheme.primitive(), Primitive::EcdsaP256Sha256);
    /// # Ok::<_, webhook_signature::SchemeError>(())
    /// ```
    ///
    /// # Errors
    /// A primitive that JSON Web Signatures have no name for here, such as HMAC with SHA-1.
    pub fn with_token_algorithm(mut self, algorithm: Primitive) -> Result<Self, SchemeError> {
        if algorithm.jose().is_none() {
            return Err(SchemeError::TokenAlgorithm(algorithm.as_str()));
        }
        if matches!(&self.grammar, Grammar::Public(rules) if matches!(&**rules, Rules::Token(_))) {
            self.primitive = algorithm;
            self.secret = algorithm.secret_encoding();
        }
        Ok(self.with_token_rules(|rules| rules.algorithms = vec![algorithm].into()))
    }

    /// This scheme with the id under which the provider knows your webhook, which it signs and does
    /// not send: `webhook_id` for [`PAYPAL`](crate::presets::PAYPAL). For other schemes nothing changes.
    ///
    /// ```
    /// use webhook_core::Secret;
    /// use webhook_signature::{Verifier, presets};
    ///
    /// let key = "-----BEGIN PUBLIC KEY-----\n…";
    /// let scheme = presets::PAYPAL.scheme().with_webhook_id("8PT597110X687430LKGECATA");
    /// # let _ = scheme;
    /// // Without it there is no verifier.
    /// assert!(Verifier::new(&presets::PAYPAL, Secret::new(key)?).is_err());
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_webhook_id(mut self, id: impl Into<Cow<'static, str>>) -> Self {
        let Grammar::Public(rules) = &mut self.grammar else {
            return self;
        };
        if matches!(&**rules, Rules::Header(header) if header.lacks_webhook_id) {
            if let Rules::Header(header) = rules.to_mut() {
                header.lacks_webhook_id = false;
            }
            let mut parts = self.text.0.into_owned();
            let body = parts.iter().position(|part| *part == Part::Body);
            let place = body.map_or(parts.len(), |at| at.saturating_sub(1));
            parts.insert(place, Part::Literal(id.into()));
            self.text = Template(parts.into());
        }
        self
    }

    fn with_token_rules(mut self, change: impl FnOnce(&mut TokenRules)) -> Self {
        if let Grammar::Public(rules) = &mut self.grammar
            && let Rules::Token(rules) = rules.to_mut()
        {
            change(rules);
        }
        self
    }

    /// The rules that data alone cannot say.
    pub(crate) fn rules(&self) -> Option<&Rules> {
        match &self.grammar {
            Grammar::Public(rules) => Some(rules),
            _ => None,
        }
    }

    /// Whether deliveries of this scheme are verified with a public key, or by a token.
    pub(crate) fn is_public(&self) -> bool {
        self.primitive.is_public_key() || self.rules().is_some()
    }

    /// Whether deliveries carry a JSON Web Token or Signature.
    #[must_use]
    pub fn is_token(&self) -> bool {
        matches!(self.rules(), Some(Rules::Token(_)))
    }

    /// Whether the signature stands in the body, so that no header carries it.
    #[must_use]
    pub fn is_signed_in_body(&self) -> bool {
        match self.rules() {
            Some(Rules::Sns | Rules::SortedForm) => true,
            Some(Rules::Token(rules)) => rules.place == super::rules::Place::Body,
            _ => false,
        }
    }
}
