use std::{fmt, sync::Arc};

use http::{HeaderName, HeaderValue, StatusCode, request::Parts};
use webhook_core::{Reason, Secret, SecretError, introduction};

use super::{
    Answer, Confirmation, Handshake, HandshakeError, Reply, UnsignedResponder,
    definition::{Piece, Step, Trust},
    key::AnswerKey,
    reading::{Asked, form_values, is_sns_url},
};
use crate::{KeyRing, Part, Refusal, Scheme, Verifier, json::quoted};

/// The longest body that is looked at for a handshake, in bytes: 16 KiB.
pub const MAX_BODY: usize = introduction::MAX_BODY;

/// How much of a request has been seen, and whether it may be trusted.
#[derive(Clone, Copy, Debug)]
pub enum Seen<'a> {
    /// The head alone; the body has not been read.
    Head,
    /// The whole request, whose signature is missing or was not looked at.
    Unverified(&'a [u8]),
    /// The whole request, whose signature is that of the provider. Say so only once a
    /// [`Verifier`] did.
    Verified(&'a [u8]),
}

type Offers = Arc<dyn Fn(Secret) -> bool + Send + Sync>;

/// Answers the handshakes of one provider; see the [module](super).
///
/// What it lacks a secret for it does not answer: [`completed_with`](Self::completed_with) tells
/// beforehand.
#[derive(Clone)]
pub struct Responder {
    handshake: &'static Handshake,
    key: Option<AnswerKey>,
    verify_token: Option<Arc<Secret>>,
    offers: Option<Offers>,
}

impl Responder {
    /// A responder without any secret.
    #[must_use]
    pub const fn new(handshake: &'static Handshake) -> Self {
        Self {
            handshake,
            key: None,
            verify_token: None,
            offers: None,
        }
    }

    /// Signs answers with the secret in front of this ring. For Braintree it is
    /// `{public key}|{private key}`; where answers are not signed, nothing changes.
    ///
    /// # Errors
    /// A secret that makes no key.
    pub fn with_keys(mut self, keys: &KeyRing) -> Result<Self, SecretError> {
        if let (Some(signing), Some(front)) = (&self.handshake.signing, keys.entries().next()) {
            self.key = Some(AnswerKey::new(signing, &front.secret)?);
        }
        Ok(self)
    }

    /// The token that the provider was given to show, for Meta and `WhatsApp`. It is compared in
    /// constant time.
    ///
    /// ```
    /// use http::Request;
    /// use webhook_core::Secret;
    /// use webhook_signature::handshake::{self, Reply, Responder, Seen};
    ///
    /// let meta = Responder::new(handshake::by_name("meta").ok_or("no such handshake")?)
    ///     .with_verify_token(Secret::new("a token of my own choice")?);
    /// let status = |token: &str| {
    ///     let uri = format!("/hook?hub.mode=subscribe&hub.verify_token={token}&hub.challenge=1158201444");
    ///     let (parts, ()) = Request::get(uri).body(()).ok()?.into_parts();
    ///     match meta.respond(&parts, Seen::Head)? {
    ///         Reply::Answer(answer) => Some(answer.status().as_u16()),
    ///         _ => None,
    ///     }
    /// };
    /// assert_eq!(status("a+token+of+my+own+choice"), Some(200));
    /// assert_eq!(status("a+token+of+another"), Some(403));
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_verify_token(mut self, token: impl Into<Arc<Secret>>) -> Self {
        self.verify_token = Some(token.into());
        self
    }

    /// Says what becomes of a secret that the provider sends with its first request (Asana,
    /// Notion). The request is unsigned, so that **anyone can offer a secret**: answer `true` only
    /// where the application expects one, such as while it creates the webhook, and has stored it.
    /// On `false` the request is treated as any other.
    ///
    /// The function is called on the request's path; it should not block.
    #[must_use]
    pub fn with_offers(mut self, take: impl Fn(Secret) -> bool + Send + Sync + 'static) -> Self {
        self.offers = Some(Arc::new(take));
        self
    }

    /// Takes from the verifier what is missing, and makes sure that nothing is.
    ///
    /// # Errors
    /// No key, verify token or taker of secrets where the handshake needs one; a scheme under which
    /// a signed answer could verify as a delivery.
    pub fn completed_with(mut self, verifier: &Verifier) -> Result<Self, HandshakeError> {
        if let Some(signing) = &self.handshake.signing {
            let scheme = verifier.scheme();
            let key = self.key.or_else(|| AnswerKey::of(signing, verifier));
            self.key = Some(key.ok_or(HandshakeError::NoKey)?);
            if !self.is_apart_from(scheme) {
                return Err(HandshakeError::SigningOracle);
            }
        }
        self.is_told().map(|()| self)
    }

    /// Makes sure that nothing is missing but a key.
    pub(super) fn is_told(&self) -> Result<(), HandshakeError> {
        if self.handshake.needs_verify_token() && self.verify_token.is_none() {
            return Err(HandshakeError::NoVerifyToken);
        }
        if self.handshake.offers_secret() && self.offers.is_none() {
            return Err(HandshakeError::NoOffers);
        }
        Ok(())
    }

    /// This responder for an endpoint that verifies no signature, such as one that is guarded by a
    /// token: it answers what anybody may be answered, and never signs.
    ///
    /// ```
    /// use webhook_signature::handshake::{self, HandshakeError, Responder};
    ///
    /// let unsigned = |name| handshake::by_name(name).map(|known| Responder::new(known).unsigned());
    /// assert!(matches!(unsigned("okta"), Some(Ok(_))));
    /// assert!(matches!(unsigned("zoom"), Some(Err(HandshakeError::SignedOnly))));
    /// ```
    ///
    /// # Errors
    /// A provider that signs its handshake, or wants a signed answer; no verify token or taker of
    /// secrets where the handshake needs one.
    pub fn unsigned(self) -> Result<UnsignedResponder, HandshakeError> {
        UnsignedResponder::new(self)
    }

    /// Whether no text that deliveries of this scheme sign can be a token, but for those that
    /// [`could_have_signed`](Self::could_have_signed) finds.
    fn is_apart_from(&self, scheme: &Scheme) -> bool {
        let Some(signing) = &self.handshake.signing else {
            return true;
        };
        // A function renders the text of these schemes; only a form field of it is known.
        if signing.form_field.is_some() || scheme.custom.is_some() {
            return signing.form_field.is_some();
        }
        let parts = scheme.signed_text();
        // A fixed text with a character that no token has.
        let literal = parts.iter().any(|part| match part {
            Part::Literal(text) => text.bytes().any(|byte| !signing.alphabet.has(byte)),
            _ => false,
        });
        literal || parts == [Part::Body]
    }

    /// The handshake.
    #[must_use]
    pub const fn handshake(&self) -> &'static Handshake {
        self.handshake
    }

    /// Whether a request with this head may be a handshake that is not signed and that only its
    /// body can tell, so that the body is worth reading up to [`MAX_BODY`].
    #[must_use]
    pub fn wants_unverified_body(&self, parts: &Parts) -> bool {
        let asked = Asked::new(parts, None);
        self.steps(parts).any(|step| {
            let mut head = step.when.iter().filter(|when| !when.needs_body());
            !step.needs_signature() && step.needs_body() && head.all(|when| asked.says(when))
        })
    }

    /// Whether refusals go out without a body.
    #[must_use]
    pub const fn has_bare_refusals(&self) -> bool {
        self.handshake.bare_refusals
    }

    /// Whether this body could have been signed as a challenge. Where answers are signed and
    /// deliveries sign the body alone, refuse a delivery of which this is true: its signature may
    /// come from an answer. No provider sends one.
    #[must_use]
    pub fn could_have_signed(&self, body: &[u8]) -> bool {
        let Some(signing) = &self.handshake.signing else {
            return false;
        };
        let is_token = |text: &[u8]| signing.alphabet.takes(text);
        is_token(body)
            || signing.form_field.is_some_and(|name| {
                let mut values = form_values(body, name).flatten();
                // A form may also come in parts, where nothing is escaped.
                let mut words = body.split(|&byte| !signing.alphabet.has(byte));
                values.any(|value| is_token(&value)) || words.any(is_token)
            })
    }

    /// Refuses a delivery that [`could_have_signed`](Self::could_have_signed) finds, although its
    /// signature is right.
    ///
    /// # Errors
    /// [`Reason::SignatureMismatch`](webhook_core::Reason::SignatureMismatch): the signature is
    /// right, and says nothing of who made it.
    pub fn check_delivery(&self, body: &[u8]) -> Result<(), Refusal> {
        if self.could_have_signed(body) {
            return Err(Refusal::by_body(Reason::SignatureMismatch));
        }
        Ok(())
    }

    /// The reply to a request; `None` where it is no handshake, or none that may be answered: treat
    /// it as any other request.
    #[must_use]
    pub fn respond(&self, parts: &Parts, seen: Seen<'_>) -> Option<Reply> {
        let (body, verified) = match seen {
            Seen::Head => (None, false),
            Seen::Unverified(body) => (Some(body), false),
            Seen::Verified(body) => (Some(body), true),
        };
        if body.is_some_and(|body| body.len() > MAX_BODY) || self.steps(parts).next().is_none() {
            return None;
        }
        let asked = Asked::new(parts, body);
        self.steps(parts)
            .filter(|step| verified || !step.needs_signature())
            .filter(|step| step.when.iter().all(|when| asked.says(when)))
            .find_map(|step| self.reply(step, &asked))
    }

    fn steps(&self, parts: &Parts) -> impl Iterator<Item = &'static Step> {
        let method = parts.method.clone();
        let steps = self.handshake.steps.iter();
        steps.filter(move |step| method.as_str() == step.method)
    }

    fn reply(&self, step: &Step, asked: &Asked<'_>) -> Option<Reply> {
        let Some(challenge) = &step.challenge else {
            return self.answer(step, "").map(Reply::Answer);
        };
        let text = asked.challenge(&challenge.from)?;
        if !challenge.alphabet.takes(text.as_bytes()) {
            return None;
        }
        match step.trust {
            Trust::Confirm => {
                let url = Some(text.into_owned()).filter(|url| is_sns_url(url))?;
                return Some(Reply::Confirm(Confirmation { url }));
            }
            Trust::VerifyToken(name) => {
                let shown = asked.query(name)?;
                if !self.verify_token.as_ref()?.matches(shown.as_bytes()) {
                    return Some(Reply::Answer(Answer::new(StatusCode::FORBIDDEN)));
                }
            }
            Trust::Offer => {
                let take = self.offers.as_ref()?;
                let offered = Secret::new(text.as_bytes()).ok()?;
                if !take(offered) {
                    return None;
                }
            }
            Trust::Anyone | Trust::Signed => {}
        }
        self.answer(step, &text).map(Reply::Answer)
    }

    fn answer(&self, step: &Step, challenge: &str) -> Option<Answer> {
        let mut answer = Answer::new(StatusCode::from_u16(step.status).ok()?);
        if let Some(name) = step.header {
            let value = HeaderValue::from_str(challenge).ok()?;
            answer = answer.with_header(HeaderName::from_static(name), value);
        }
        let Some(content_type) = step.content_type else {
            return Some(answer);
        };
        let mut body = String::new();
        for piece in step.body {
            match piece {
                Piece::Text(text) => body.push_str(text),
                Piece::Challenge => body.push_str(challenge),
                Piece::Quoted => body.push_str(&quoted(challenge)),
                Piece::Mac => body.push_str(&self.sign(challenge)?),
                Piece::PublicKey => body.push_str(&self.key.as_ref()?.public),
            }
        }
        Some(answer.with_body(content_type, body.into_bytes()))
    }

    /// The one place where an answer is signed: nothing but a token of the alphabet ever is.
    fn sign(&self, token: &str) -> Option<String> {
        let signing = self.handshake.signing.as_ref()?;
        let is_token = signing.alphabet.takes(token.as_bytes());
        let key = self.key.as_ref().filter(|_| is_token)?;
        Some(key.sign(signing, token))
    }
}

/// Prints the provider, and which secrets are there.
impl fmt::Debug for Responder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Responder")
            .field("provider", &self.handshake.provider)
            .field("has_key", &self.key.is_some())
            .field("has_verify_token", &self.verify_token.is_some())
            .field("takes_offers", &self.offers.is_some())
            .finish()
    }
}
