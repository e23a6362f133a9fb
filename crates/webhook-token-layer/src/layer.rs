use std::{fmt, sync::Arc};

use http::Extensions;
use tower_layer::Layer;
use webhook_core::{Clock, Problem, Settings};

use crate::{TokenRing, TokenSettings, TokenSource, VerifyToken, diagnosis::Diagnoses};

/// Lets only requests with a shared token through; see the [crate](crate).
///
/// | setting | default |
/// |---|---|
/// | rejection | [`Problem`] |
/// | clock | the system's |
/// | strip query tokens | yes |
#[derive(Clone)]
pub struct TokenLayer<R = Problem> {
    pub(crate) settings: Settings<TokenSettings>,
    pub(crate) rejection: R,
    pub(crate) clock: Clock,
    pub(crate) strips_query: bool,
    // Of the layer, not of its services: a router makes one of those for each route.
    pub(crate) diagnoses: Arc<Diagnoses>,
}

impl TokenLayer {
    /// A layer that takes one of these tokens in this place, with the defaults of
    /// [`TokenSettings::new`].
    ///
    /// ```
    /// use webhook_core::Secret;
    /// use webhook_token_layer::{Token, TokenLayer, TokenSource};
    ///
    /// let token = Token::new("2026-q4", Secret::new("0123456789abcdef")?)?;
    /// let layer = TokenLayer::new(TokenSource::header("x-gitlab-token")?, token);
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn new(source: TokenSource, tokens: impl Into<TokenRing>) -> Self {
        TokenSettings::new(source, tokens).into()
    }

    /// A layer whose settings are fixed, swappable at run time, or per endpoint. A request for which
    /// there are none is refused with 500 `misconfigured`.
    ///
    /// ```
    /// use webhook_core::{Endpoint, Secret, Settings};
    /// use webhook_token_layer::{Token, TokenLayer, TokenSettings, TokenSource};
    ///
    /// let layer = TokenLayer::with_settings(Settings::per_endpoint());
    ///
    /// // Whatever resolves endpoints puts this into the request's facts.
    /// let token = Token::new("2026-q4", Secret::new("0123456789abcdef")?)?;
    /// let endpoint = Endpoint::new("tenant-7").with(TokenSettings::new(TokenSource::Bearer, token));
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_settings(settings: Settings<TokenSettings>) -> Self {
        let diagnoses = Arc::<Diagnoses>::default();
        // What is known before the first request is said before it.
        if let Some(known) = settings.load(&Extensions::new()) {
            diagnoses.look(known.source());
        }
        Self {
            settings,
            rejection: Problem::default(),
            clock: Clock::system(),
            strips_query: true,
            diagnoses,
        }
    }
}

impl From<TokenSettings> for TokenLayer {
    fn from(settings: TokenSettings) -> Self {
        Self::with_settings(Settings::fixed(settings))
    }
}

impl<R> TokenLayer<R> {
    /// Sets how refusals are worded. Default: [`Problem`].
    ///
    /// ```
    /// use http::{Response, request::Parts};
    /// use webhook_core::{Rejection, Secret};
    /// use webhook_token_layer::{Token, TokenLayer, TokenSource};
    ///
    /// let token = Token::new("2026-q4", Secret::new("0123456789abcdef")?)?;
    /// let layer = TokenLayer::new(TokenSource::Bearer, token).with_rejection(
    ///     |rejection: &Rejection, _: &Parts| {
    ///         let mut response = Response::new(String::from("go away"));
    ///         *response.status_mut() = rejection.code().status();
    ///         response
    ///     },
    /// );
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_rejection<P>(self, rejection: P) -> TokenLayer<P> {
        TokenLayer {
            settings: self.settings,
            rejection,
            clock: self.clock,
            strips_query: self.strips_query,
            diagnoses: self.diagnoses,
        }
    }

    /// Takes the time, for tokens with times of validity, from another clock. Default: the system's.
    #[must_use]
    pub fn with_clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Sets whether the query parameter with the token is taken out of the URI before the inner
    /// service and the rejection policy see it, whatever becomes of the request. Default: yes, for
    /// they log URIs, and forward them. Nothing is done where the token is not in the query.
    ///
    /// A copy of the URI that somebody made before this layer, such as axum's `OriginalUri`, keeps
    /// the token; [`strip_query_token`](crate::strip_query_token) takes it out of there.
    #[must_use]
    pub const fn with_strip_query(mut self, strips_query: bool) -> Self {
        self.strips_query = strips_query;
        self
    }
}

impl<S, R: Clone> Layer<S> for TokenLayer<R> {
    type Service = VerifyToken<S, R>;

    fn layer(&self, inner: S) -> Self::Service {
        VerifyToken::new(inner, self.clone())
    }
}

/// Without the rejection policy, which may be a closure.
impl<R> fmt::Debug for TokenLayer<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenLayer")
            .field("settings", &self.settings)
            .field("strips_query", &self.strips_query)
            .finish_non_exhaustive()
    }
}
