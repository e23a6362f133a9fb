//! What is known of a handshake, as data.

use crate::{Encoding, Primitive, presets::Evidence};

use super::alphabet::Alphabet;

/// How one provider introduces itself: which requests are no deliveries, and what they are answered.
///
/// It holds no secret; make it a [`Responder`](super::Responder) to answer.
#[derive(Debug)]
pub struct Handshake {
    pub(super) provider: &'static str,
    pub(super) steps: &'static [Step],
    pub(super) signing: Option<Signing>,
    /// The provider wants refusals without a body.
    pub(super) bare_refusals: bool,
    pub(super) evidence: Evidence,
    pub(super) source: &'static str,
}

/// How an answer is signed, with the secret that deliveries are signed with.
#[derive(Debug)]
pub(super) struct Signing {
    pub(super) primitive: Primitive,
    pub(super) key: KeyRule,
    pub(super) encoding: Encoding,
    /// What is signed is of this alphabet, whoever asks.
    pub(super) alphabet: Alphabet,
    /// The form field that deliveries sign, where they do not sign the body or a text around it.
    pub(super) form_field: Option<&'static str>,
}

/// How the secret's text becomes the key of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KeyRule {
    /// The text's bytes.
    Raw,
    /// `{public key}|{private key}`, of which the SHA-1 of the latter is the key.
    PublicAndSha1OfPrivate,
}

/// One request that belongs to a handshake.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) method: &'static str,
    pub(super) when: &'static [Condition],
    pub(super) trust: Trust,
    pub(super) challenge: Option<Challenge>,
    pub(super) status: u16,
    pub(super) content_type: Option<&'static str>,
    pub(super) body: &'static [Piece],
    /// A header that carries the challenge back.
    pub(super) header: Option<&'static str>,
}

/// What a request must say to be one of a handshake.
#[derive(Debug)]
pub(super) enum Condition {
    Query(&'static str, &'static str),
    Header(&'static str, &'static str),
    /// A scalar at the end of a path of members.
    Json(&'static [&'static str], &'static str),
    /// An empty array at the end of a path of members.
    EmptyList(&'static [&'static str]),
    /// A form of one field, whose value is a number.
    NumberForm(&'static str),
}

/// Who may ask.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Trust {
    /// Anyone: the answer tells nothing that the request did not.
    Anyone,
    /// A sender whose signature was verified by the ordinary path.
    Signed,
    /// Whoever knows the verify token, which stands in this query parameter.
    VerifyToken(&'static str),
    /// Whoever offers a secret that the application takes.
    Offer,
    /// A sender whose signature was verified; the challenge is a URL for the application.
    Confirm,
}

/// Where the challenge stands, and what it may be made of.
#[derive(Debug)]
pub(super) struct Challenge {
    pub(super) from: Origin,
    pub(super) alphabet: Alphabet,
}

#[derive(Debug)]
pub(super) enum Origin {
    Query(&'static str),
    Header(&'static str),
    Json(&'static [&'static str]),
    /// The body is an array of one item, which has it at the end of a path of members.
    JsonItem(&'static [&'static str]),
}

/// A piece of an answer's body.
#[derive(Debug)]
pub(super) enum Piece {
    Text(&'static str),
    /// The challenge as it is.
    Challenge,
    /// The challenge as a JSON string, with its quotes.
    Quoted,
    /// The HMAC of the challenge.
    Mac,
    /// The public half of the secret.
    PublicKey,
}

impl Handshake {
    /// The provider's name: that of its preset.
    #[must_use]
    pub const fn provider(&self) -> &'static str {
        self.provider
    }

    /// How the handshake is known to be right.
    #[must_use]
    pub const fn evidence(&self) -> Evidence {
        self.evidence
    }

    /// What was read.
    #[must_use]
    pub const fn source(&self) -> &'static str {
        self.source
    }

    /// Whether answers are signed with the secret of deliveries.
    #[must_use]
    pub const fn signs(&self) -> bool {
        self.signing.is_some()
    }

    /// Whether the provider signs each of its requests, so that only a verified one is answered.
    #[must_use]
    pub fn is_signed(&self) -> bool {
        self.steps.iter().all(Step::needs_signature)
    }

    /// Whether a responder needs a [verify token](super::Responder::with_verify_token).
    #[must_use]
    pub fn needs_verify_token(&self) -> bool {
        self.steps
            .iter()
            .any(|step| matches!(step.trust, Trust::VerifyToken(_)))
    }

    /// Whether the provider offers a secret, so that a responder needs somebody who
    /// [takes it](super::Responder::with_offers).
    #[must_use]
    pub fn offers_secret(&self) -> bool {
        self.steps.iter().any(|step| step.trust == Trust::Offer)
    }
}

impl Step {
    const fn new(method: &'static str) -> Self {
        Self {
            method,
            when: &[],
            trust: Trust::Anyone,
            challenge: None,
            status: 200,
            content_type: None,
            body: &[],
            header: None,
        }
    }

    pub(super) const fn get() -> Self {
        Self::new("GET")
    }

    pub(super) const fn head() -> Self {
        Self::new("HEAD")
    }

    pub(super) const fn options() -> Self {
        Self::new("OPTIONS")
    }

    pub(super) const fn post() -> Self {
        Self::new("POST")
    }

    pub(super) const fn when(mut self, conditions: &'static [Condition]) -> Self {
        self.when = conditions;
        self
    }

    pub(super) const fn trusting(self, trust: Trust) -> Self {
        Self { trust, ..self }
    }

    pub(super) const fn takes(self, from: Origin, alphabet: Alphabet) -> Self {
        let challenge = Some(Challenge { from, alphabet });
        Self { challenge, ..self }
    }

    pub(super) const fn status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    pub(super) const fn text(mut self, body: &'static [Piece]) -> Self {
        self.content_type = Some("text/plain");
        self.body = body;
        self
    }

    pub(super) const fn json(mut self, body: &'static [Piece]) -> Self {
        self.content_type = Some("application/json");
        self.body = body;
        self
    }

    pub(super) const fn header(mut self, name: &'static str) -> Self {
        self.header = Some(name);
        self
    }

    /// Whether the head alone cannot tell.
    pub(super) fn needs_body(&self) -> bool {
        let from = self.challenge.as_ref().map(|challenge| &challenge.from);
        matches!(from, Some(Origin::Json(_) | Origin::JsonItem(_)))
            || self.when.iter().any(Condition::needs_body)
    }

    /// Whether only a verified request is answered.
    pub(super) const fn needs_signature(&self) -> bool {
        matches!(self.trust, Trust::Signed | Trust::Confirm)
    }
}

impl Condition {
    pub(super) const fn needs_body(&self) -> bool {
        matches!(
            self,
            Self::Json(..) | Self::EmptyList(_) | Self::NumberForm(_)
        )
    }
}
