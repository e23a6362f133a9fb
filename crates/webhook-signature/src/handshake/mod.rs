//! How providers introduce themselves to an endpoint, and the answers that satisfy them.
//!
//! Before a provider delivers anything it wants to know that the endpoint is yours: it sends a
//! challenge, and the endpoint sends it back, as it is or signed. A [`Handshake`] is what is known
//! of that, as data; a [`Responder`] is a handshake with your secrets, and a pure function from a
//! request to its answer.
//!
//! - Where the provider signs the request, it is answered only once it is verified.
//! - What comes back is bounded (512 bytes), of a known alphabet, and never rendered: it goes out as
//!   `text/plain` or as a JSON string, with `X-Content-Type-Options: nosniff`.
//! - **No answer verifies as a delivery.** X, Zoom and Braintree have the endpoint sign what the
//!   caller sends, with the secret that deliveries are signed with. Only tokens are signed, of an
//!   alphabet in which no JSON object or array and no form field can be written; schemes whose
//!   signed text could be such a token are refused when the responder is made, or their deliveries
//!   of that form are ([`Responder::could_have_signed`]).
//! - A secret that comes with the handshake (Asana, Notion) is answered only where the application
//!   takes it; a URL to confirm (Amazon SNS) is handed to the application, and never fetched.
//!
//! | provider | request | trusted when | answer |
//! |---|---|---|---|
//! | `asana` | `POST` with `X-Hook-Secret` | the application takes the secret | the header, again |
//! | `aws-sns` | `POST` of a `SubscriptionConfirmation` | signed | none: [`Confirmation`] |
//! | `azure-event-grid` | `POST` with `aeg-event-type: SubscriptionValidation`; `OPTIONS` | always | JSON; header |
//! | `bitbucket-server` | `POST` with `X-Event-Key: diagnostics:ping` | always | 200 |
//! | `braintree` | `GET ?bt_challenge=` | 20 to 32 hex digits | `{public key}\|{HMAC}` |
//! | `discord` | `POST` of a ping, type 1 or 0 | signed | `{"type":1}`, or 204 |
//! | `dropbox` | `GET ?challenge=` | always | the challenge |
//! | `figma` | `POST` of a `PING` | signed | 200 |
//! | `front` | `POST` with `X-Front-Challenge` | always | JSON |
//! | `intercom`, `trello` | `HEAD` | always | 200 |
//! | `line`, `xero` | `POST` with an empty list of events | signed | 200 without a body |
//! | `mailchimp`, `mandrill` | `GET`, `HEAD` | always | 200 |
//! | `meta`, `whatsapp` | `GET ?hub.mode=subscribe…` | the verify token is right | the challenge, or 403 |
//! | `microsoft-graph` | `POST ?validationToken=` | always | the token |
//! | `monday` | `POST` of `{"challenge":…}` | always | the same |
//! | `notion` | `POST` of `{"verification_token":…}` | the application takes the token | 200 |
//! | `okta` | `GET` with `X-Okta-Verification-Challenge` | always | JSON |
//! | `slack` | `POST` of `url_verification` | signed | the challenge |
//! | `twitch` | `POST` of `webhook_callback_verification` | signed | the challenge |
//! | `woocommerce` | `POST` of `webhook_id=…` | always | 200 |
//! | `x` | `GET ?crc_token=` | a token of its alphabet | JSON with the HMAC |
//! | `zoom` | `POST` of `endpoint.url_validation` | signed | JSON with the HMAC |
//!
//! ```
//! use http::Request;
//! use webhook_core::Secret;
//! use webhook_signature::{KeyRing, handshake::{self, Reply, Responder, Seen}};
//!
//! let keys = KeyRing::from(Secret::insecure_short("consumer_secret")?);
//! let x = Responder::new(handshake::by_name("x").ok_or("no such handshake")?).with_keys(&keys)?;
//!
//! let asked = |uri: &str| Request::get(uri).body(()).map(|request| request.into_parts().0);
//! let Some(Reply::Answer(answer)) = x.respond(&asked("/hook?crc_token=MjQ3")?, Seen::Head) else {
//!     return Err("no answer".into());
//! };
//! assert_eq!(answer.body(), br#"{"response_token": "sha256=C/6Z4hj6/ex4iiGXZ798VMf4OTgFYP4wcAalNm/7tV0="}"#);
//!
//! // A delivery is not signed for whoever asks.
//! let oracle = asked("/hook?crc_token=%7B%22follow_events%22%3A%5B%5D%7D")?;
//! assert!(x.respond(&oracle, Seen::Head).is_none());
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```

mod alphabet;
mod answer;
mod definition;
mod error;
mod key;
mod reading;
mod responder;
mod table;
mod unsigned;

pub use self::{
    answer::{Answer, Confirmation, Reply},
    definition::Handshake,
    error::HandshakeError,
    responder::{MAX_BODY, Responder, Seen},
    table::{all, by_name},
    unsigned::UnsignedResponder,
};

#[cfg(test)]
mod tests;
