use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue};
use webhook_core::{Name, ShortText, body::BodyLimits, introduction::Introduction};

use crate::{TokenRing, TokenSource};

/// The most bytes of a delivery id or event type that are kept.
const MAX_IDENTIFIER_BYTES: usize = 256;

/// The realm, and the provider in a verification, where none is named.
const UNNAMED: &str = "token";

/// Which tokens one endpoint takes, and where: the settings of a
/// [`TokenLayer`](crate::TokenLayer), swappable at run time and per endpoint.
///
/// | setting | default |
/// |---|---|
/// | provider | `token` |
/// | id header, event header | none |
/// | handshake | none |
/// | limits of the body, where the layer [reads it](crate::TokenLayer::buffered) | 1 MiB in 16,384 frames within 10 s |
/// | shadow mode | off |
#[derive(Clone, Debug)]
pub struct TokenSettings {
    source: TokenSource,
    tokens: TokenRing,
    provider: Option<Name>,
    challenge: HeaderValue,
    id_header: Option<HeaderName>,
    event_header: Option<HeaderName>,
    handshake: Option<Arc<dyn Introduction>>,
    limits: BodyLimits,
    is_shadow: bool,
}

impl TokenSettings {
    /// One of these tokens, in this place.
    #[must_use]
    pub fn new(source: TokenSource, tokens: impl Into<TokenRing>) -> Self {
        let challenge = challenge(source.scheme(), UNNAMED);
        Self {
            source,
            tokens: tokens.into(),
            provider: None,
            challenge,
            id_header: None,
            event_header: None,
            handshake: None,
            limits: BodyLimits::default(),
            is_shadow: false,
        }
    }

    /// Names whose deliveries these are: the provider in records and in the verification that the
    /// handler sees, and the realm of the challenge in a 401. Default: `token`.
    ///
    /// A name that cannot stand between quotes is not used as the realm.
    #[must_use]
    pub fn with_provider(mut self, provider: impl Into<Name>) -> Self {
        let provider = provider.into();
        self.challenge = challenge(self.source.scheme(), provider.as_str());
        self.provider = Some(provider);
        self
    }

    /// The same settings with other tokens: a new one added, or one revoked.
    ///
    /// ```
    /// use webhook_core::{Secret, Settings, change::Cause};
    /// use webhook_token_layer::{Token, TokenLayer, TokenRing, TokenSettings, TokenSource};
    ///
    /// let ring = TokenRing::new(Token::new("new", Secret::new("0123456789abcdef-new")?)?)
    ///     .with(Token::new("old", Secret::new("0123456789abcdef-old")?)?)?;
    /// let (settings, handle) = Settings::swappable(TokenSettings::new(TokenSource::Bearer, ring));
    /// let layer = TokenLayer::with_settings(settings);
    ///
    /// // Later: the next request with the old token is refused.
    /// let current = TokenSettings::clone(&handle.current());
    /// let left = current.tokens().clone().without("old")?;
    /// handle.replace(current.with_tokens(left), &Cause::new("alice", "it leaked"));
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_tokens(mut self, tokens: impl Into<TokenRing>) -> Self {
        self.tokens = tokens.into();
        self
    }

    /// Sets the header that holds the delivery's id, such as `x-gitlab-event-uuid`. Default: none.
    ///
    /// It is recorded, at most 256 bytes of it, as an id that **no signature covers**: whoever holds
    /// the token can write any. An id that is empty or stands several times is not recorded.
    #[must_use]
    pub fn with_id_header(mut self, name: HeaderName) -> Self {
        self.id_header = Some(name);
        self
    }

    /// Sets the header that holds the event's type, such as `x-gitlab-event`. Default: none.
    /// Recorded as [the id](Self::with_id_header) is.
    #[must_use]
    pub fn with_event_header(mut self, name: HeaderName) -> Self {
        self.event_header = Some(name);
        self
    }

    /// Answers the provider's handshake in the handler's place. Default: none, so that a handshake is
    /// a request like any other.
    ///
    /// - Where the token is in the query, it is part of the URL that the provider calls: a handshake
    ///   carries it too, and is answered **only with it**.
    /// - Elsewhere a handshake is also answered without a token, as providers send none with it. One
    ///   with a wrong token is refused.
    /// - What only the body tells, such as Azure Event Grid's validation event, needs a layer that
    ///   [reads it](crate::TokenLayer::buffered). Without a token at most 16 KiB of it are read.
    ///
    /// Answers sign nothing and are recorded as accepted, with the note `handshake`. A layer with a
    /// rejection policy of your own needs its [`Reject::body`](webhook_core::Reject::body).
    ///
    /// What providers want is known to `webhook_signature::handshake`:
    /// `Responder::new(handshake::by_name("okta")?).unsigned()?` is what to give here. For another
    /// provider, implement the trait.
    #[must_use]
    pub fn with_handshake(mut self, handshake: impl Introduction + 'static) -> Self {
        self.handshake = Some(Arc::new(handshake));
        self
    }

    /// Bounds the body, where the layer [reads it](crate::TokenLayer::buffered); default 1 MiB in
    /// 16,384 frames within 10 s.
    #[must_use]
    pub const fn with_limits(mut self, limits: BodyLimits) -> Self {
        self.limits = limits;
        self
    }

    /// Judge, record, and let pass: a request whose token is missing or wrong reaches the handler,
    /// unverified. Default: off. For the days before tokens are enforced.
    #[must_use]
    pub const fn with_insecure_shadow(mut self, is_shadow: bool) -> Self {
        self.is_shadow = is_shadow;
        self
    }

    /// Where the token is.
    #[must_use]
    pub const fn source(&self) -> &TokenSource {
        &self.source
    }

    /// The tokens that are taken.
    #[must_use]
    pub const fn tokens(&self) -> &TokenRing {
        &self.tokens
    }

    /// The limits of a body that the layer reads.
    #[must_use]
    pub const fn limits(&self) -> &BodyLimits {
        &self.limits
    }

    /// Whether refusals are only recorded.
    #[must_use]
    pub const fn is_insecure_shadow(&self) -> bool {
        self.is_shadow
    }

    /// The provider, where one was named.
    pub(crate) const fn named_provider(&self) -> Option<&Name> {
        self.provider.as_ref()
    }

    pub(crate) fn provider(&self) -> Name {
        let named = self.provider.clone();
        named.unwrap_or(Name::from_static(UNNAMED))
    }

    pub(crate) fn handshake(&self) -> Option<&dyn Introduction> {
        self.handshake.as_deref()
    }

    pub(crate) const fn challenge(&self) -> &HeaderValue {
        &self.challenge
    }

    pub(crate) fn delivery_id(&self, headers: &HeaderMap) -> Option<ShortText> {
        identifier(headers, self.id_header.as_ref()?)
    }

    pub(crate) fn event_type(&self, headers: &HeaderMap) -> Option<ShortText> {
        identifier(headers, self.event_header.as_ref()?)
    }
}

/// A header that stands once and is not empty.
fn identifier(headers: &HeaderMap, name: &HeaderName) -> Option<ShortText> {
    let mut values = headers.get_all(name).iter();
    let value = values.next().filter(|value| !value.is_empty())?;
    let is_single = values.next().is_none();
    is_single.then(|| ShortText::from_header(value, MAX_IDENTIFIER_BYTES))
}

/// `Bearer realm="gitlab"`: RFC 9110 wants a challenge with every 401, and RFC 7617 wants a realm
/// with Basic.
fn challenge(scheme: &'static str, realm: &str) -> HeaderValue {
    let is_quotable = |byte| matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\');
    let realm = if realm.bytes().all(is_quotable) {
        realm
    } else {
        UNNAMED
    };
    HeaderValue::try_from(format!("{scheme} realm=\"{realm}\""))
        .unwrap_or(HeaderValue::from_static(scheme))
}

#[cfg(test)]
mod tests {
    use webhook_core::Secret;

    use super::TokenSettings;
    use crate::{Token, TokenSource};

    fn settings(source: TokenSource) -> TokenSettings {
        let secret = Secret::new("canary-canary-canary").unwrap();
        TokenSettings::new(source, Token::new("id", secret).unwrap())
    }

    #[test]
    fn the_challenge_names_scheme_and_realm() {
        let query = TokenSource::query("token").unwrap();
        let header = TokenSource::header("x-token").unwrap();
        let basic = TokenSource::basic("hook").unwrap();
        for (source, provider, challenge) in [
            (TokenSource::Bearer, "brevo", r#"Bearer realm="brevo""#),
            (basic, "postmark", r#"Basic realm="postmark""#),
            (header, "gitlab", r#"Webhook realm="gitlab""#),
            (query, "a\"b", r#"Webhook realm="token""#),
            (TokenSource::Bearer, "a\r\nb: c", r#"Bearer realm="token""#),
        ] {
            let settings = settings(source).with_provider(provider);
            assert_eq!(settings.challenge(), challenge);
        }
        assert_eq!(
            settings(TokenSource::Bearer).challenge(),
            r#"Bearer realm="token""#
        );
    }

    #[test]
    fn nothing_of_a_token_is_printed() {
        let settings = settings(TokenSource::basic("canary").unwrap());
        assert!(!format!("{settings:?}").contains("canary"));
    }
}
