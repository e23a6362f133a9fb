use std::fmt;

use tower_layer::Layer;
use webhook_core::{Problem, body::MemoryBudget};

use crate::{TokenLayer, VerifyTokenBuffered};

/// Lets only requests with a shared token **and a whole body** through; made by
/// [`TokenLayer::buffered`].
///
/// - The token is judged first: an upload without one never starts, not even where it asks to
///   (`Expect: 100-continue`).
/// - A body that declares more than the limit is refused before a byte of it is read; one that sends
///   more, or too many frames, takes too long, or finds no memory left, is refused as soon as that
///   shows.
/// - A body that was cut short never reaches the handler: neither one that ends before its declared
///   length, nor an HTTP/2 stream that was reset, which hyper hands on as a clean end.
/// - The inner service gets a [`BufferedBody`](webhook_core::BufferedBody), without a copy where it
///   came in one frame. Inner layers that need the body do not read it again.
/// - Handshakes that only the body tells are answered
///   ([`with_handshake`](crate::TokenSettings::with_handshake)).
///
/// | what is wrong | answer |
/// |---|---|
/// | no, or a wrong token | 401 `unauthorized`, gRPC 16 |
/// | body larger than the limit, declared or sent | 413 `payload_too_large`, gRPC 8 |
/// | body not whole by its deadline | 408 `body_timeout`, gRPC 4 |
/// | body that ended before it was whole | 400 `bad_request`, gRPC 3 |
/// | no memory left for bodies | 503 `unavailable`, gRPC 14 |
///
/// The limits are those of the [settings](crate::TokenSettings::with_limits). A layer that verifies
/// a signature over the body does all this by itself, and needs none of it outside.
#[derive(Clone)]
pub struct BufferedTokenLayer<R = Problem> {
    pub(super) tokens: TokenLayer<R>,
    pub(super) budget: MemoryBudget,
}

impl<R> TokenLayer<R> {
    /// This layer, which also takes the whole body in, within bounds, before it calls the inner
    /// service. For endpoints whose handler must not see half a body; leave streaming calls without.
    ///
    /// ```
    /// use std::convert::Infallible;
    ///
    /// use bytes::Bytes;
    /// use http::{Request, Response, StatusCode};
    /// use http_body_util::Full;
    /// use tower::{Layer, ServiceExt, service_fn};
    /// use webhook_core::{BufferedBody, Secret, body::BodyLimits};
    /// use webhook_token_layer::{Token, TokenLayer, TokenSettings, TokenSource};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let token = Token::new("2026-q4", Secret::new("tok-0123456789abcdef")?)?;
    /// let settings = TokenSettings::new(TokenSource::Bearer, token)
    ///     .with_limits(BodyLimits::default().with_max_bytes(16));
    /// let guarded = TokenLayer::from(settings).buffered().layer(service_fn(
    ///     async |request: Request<BufferedBody>| {
    ///         Ok::<_, Infallible>(Response::new(Full::new(request.into_body().into_bytes())))
    ///     },
    /// ));
    /// let delivery = |body: &'static str| {
    ///     Request::post("/webhooks/brevo")
    ///         .header("authorization", "Bearer tok-0123456789abcdef")
    ///         .body(Full::new(Bytes::from_static(body.as_bytes())))
    /// };
    ///
    /// let response = guarded.clone().oneshot(delivery("{}")?).await?;
    /// assert_eq!(response.status(), StatusCode::OK);
    /// let response = guarded.oneshot(delivery("more than is taken")?).await?;
    /// assert_eq!(response.status(), StatusCode::PAYLOAD_TOO_LARGE);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn buffered(self) -> BufferedTokenLayer<R> {
        BufferedTokenLayer {
            tokens: self,
            budget: MemoryBudget::default(),
        }
    }
}

impl<R> BufferedTokenLayer<R> {
    /// Draws on another budget for bodies that are not whole yet; default the one of the process,
    /// 64 MiB.
    #[must_use]
    pub fn with_budget(mut self, budget: MemoryBudget) -> Self {
        self.budget = budget;
        self
    }
}

impl<S, R: Clone> Layer<S> for BufferedTokenLayer<R> {
    type Service = VerifyTokenBuffered<S, R>;

    fn layer(&self, inner: S) -> Self::Service {
        VerifyTokenBuffered::new(inner, self.clone())
    }
}

/// As the layer that it is made of.
impl<R> fmt::Debug for BufferedTokenLayer<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BufferedTokenLayer")
            .field("tokens", &self.tokens)
            .field("budget", &self.budget)
            .finish()
    }
}
