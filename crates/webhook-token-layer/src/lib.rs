//! Lets only requests with a shared token through: in a header, as bearer or basic credentials, or in
//! a query parameter.
//!
//! A tower layer that looks at the head of the request only, so that it decides before the first byte
//! of the body is read:
//!
//! * The token stands in one [place](TokenSource) that you choose, exactly once. A token in another
//!   place, a second one, an empty one is a refusal; the request cannot choose.
//! * A [ring](TokenRing) holds up to 16 tokens, each with an id and, if wanted, times of validity.
//!   All are live at once, so that senders change over without a gap. [Revoking](TokenRing::without)
//!   one takes effect with the next request.
//! * Tokens are compared by their SHA-256 in constant time, all of them for every request. Only the
//!   hash is kept in memory; tokens that a machine drew can be [stored as a hash](TokenHash) too.
//! * A token in the query is taken out of the URI before the inner service sees it, and using one is
//!   warned about once (target `webhook_token`, code `WHK-T001`).
//! * What the token proves goes into [`Facts`](webhook_core::Facts) for inner layers and the handler,
//!   with the id of the token that matched. **A token covers no byte of the body**: neither the body
//!   nor the id nor the event type is signed.
//! * A provider's handshake is [answered](TokenSettings::with_handshake) in the handler's place: with
//!   the token where the provider's URL holds it, else also without one. No answer is signed.
//! * The request goes on with its own body, or with a whole one that was taken in
//!   [within bounds](TokenLayer::buffered); without that, streaming calls, gRPC's too, pass as they
//!   are. The response comes back as it is.
//!
//! What it answers: 401 `unauthorized` with `WWW-Authenticate`, the same for everybody it refuses
//! (gRPC callers get status 16). The record says why: `auth_missing` for no token or an empty one,
//! `auth_malformed` for one that is not of the configured form or stands twice, `auth_invalid` for
//! any other. An endpoint without settings gets 500 `misconfigured`.
//!
//! # Example
//!
//! ```
//! use std::convert::Infallible;
//!
//! use bytes::Bytes;
//! use http::{HeaderName, Request, Response, StatusCode};
//! use http_body_util::Full;
//! use tower::{Layer, ServiceExt, service_fn};
//! use webhook_core::{Facts, Secret};
//! use webhook_token_layer::{Token, TokenLayer, TokenSettings, TokenSource};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let token = Token::new("2026-q4", Secret::new("tok-0123456789abcdef")?)?;
//! let settings = TokenSettings::new(TokenSource::header("x-gitlab-token")?, token)
//!     .with_provider("gitlab")
//!     .with_event_header(HeaderName::from_static("x-gitlab-event"));
//!
//! let guarded = TokenLayer::from(settings).layer(service_fn(async |request: Request<()>| {
//!     let verification = Facts::of(request.extensions()).and_then(Facts::verification);
//!     let secret_id = verification.and_then(|verified| verified.secret_id());
//!     let body = Bytes::from(secret_id.map(ToString::to_string).unwrap_or_default());
//!     Ok::<_, Infallible>(Response::new(Full::new(body)))
//! }));
//! let delivery = |token: &str| {
//!     Request::post("/webhooks/gitlab")
//!         .header("x-gitlab-token", token)
//!         .header("x-gitlab-event", "Push Hook")
//!         .body(())
//! };
//!
//! // Accepted.
//! let response = guarded.clone().oneshot(delivery("tok-0123456789abcdef")?).await?;
//! assert_eq!(response.status(), StatusCode::OK);
//!
//! // Refused.
//! let response = guarded.oneshot(delivery("tok-0123456789abcdee")?).await?;
//! assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
//! assert_eq!(response.headers()["www-authenticate"], r#"Webhook realm="gitlab""#);
//! # Ok(())
//! # }
//! ```
//!
//! # Where providers put their tokens
//!
//! | provider | source | id header, event header |
//! |---|---|---|
//! | GitLab (secret token) | `header("x-gitlab-token")` | `x-gitlab-event-uuid`, `x-gitlab-event` |
//! | Telegram | `header("x-telegram-bot-api-secret-token")` | |
//! | Google Drive, Calendar | `header("x-goog-channel-token")` | `x-goog-message-number`, `x-goog-resource-state` |
//! | Deepgram | `header("dg-token")` | |
//! | Okta event hooks, Auth0 log streams | `header("authorization")`: the value is the token, without a scheme | |
//! | Brevo | `Bearer` | |
//! | Azure DevOps, Chargebee, Postmark | `basic(USER)` | |
//! | Azure Event Grid, Mailchimp | `query(NAME)`, a parameter of the URL that you register | `aeg-event-type` |
//!
//! A token that stands in the body (Figma, Microsoft Graph's `clientState`) is not for this layer; a
//! parameter of the URL is, there too. Azure Event Grid, Mailchimp, Microsoft Graph and Okta introduce
//! themselves first: [`TokenSettings::with_handshake`].
#![cfg_attr(docsrs, feature(doc_cfg))]

mod buffered;
mod diagnosis;
mod digest;
mod ending;
mod hex;
mod judge;
mod layer;
mod service;
mod settings;
mod source;
mod token;

pub use webhook_core::rejection::ResponseFuture;

pub use self::{
    buffered::{BufferedTokenLayer, BufferingFuture, VerifyTokenBuffered},
    layer::TokenLayer,
    service::VerifyToken,
    settings::TokenSettings,
    source::{BasicUser, QueryName, SourceError, TokenSource, strip_query_token},
    token::{
        MAX_TOKEN_BYTES, MAX_TOKENS, Token, TokenError, TokenHash, TokenHashError, TokenRing,
        TokenUsage,
    },
};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct ReadmeDoctests;
