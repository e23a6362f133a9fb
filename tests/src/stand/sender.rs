use std::net::SocketAddr;

use http::{HeaderMap, Request};
use webhook_layers::{Facts, Scheme, Secret, SignRequest, Timestamp, Verifier, presets};

use super::ScriptedBody;

/// What the clock of every [`Stand`](super::Stand) says at first.
pub const NOW: Timestamp = Timestamp::from_unix_seconds(1_700_000_000);

/// The secret that senders and stands share; 24 bytes, made for these tests.
pub const SECRET: &str = "whsec_dGhlIHNlY3JldCBvZiB0aGVzZSB0ZXN0";

/// Somebody who signs deliveries.
#[derive(Clone, Debug)]
pub struct Sender(Verifier);

impl Sender {
    /// Signs by Standard Webhooks with the shared secret.
    #[must_use]
    pub fn new() -> Self {
        Self::with(presets::STANDARD_WEBHOOKS.scheme(), SECRET)
    }

    /// Signs by this scheme with this secret.
    ///
    /// # Panics
    /// Where the secret is none.
    #[must_use]
    pub fn with(scheme: impl Into<Scheme>, secret: &str) -> Self {
        Self(Verifier::new(scheme, Secret::new(secret).unwrap()).unwrap())
    }

    /// The headers of a delivery of this content.
    ///
    /// # Panics
    /// Never: everything that the scheme signs is given.
    #[must_use]
    pub fn headers(&self, content: &[u8], at: Timestamp) -> HeaderMap {
        let request = SignRequest::new(content, at).with_id("msg_2mUrgLNZGNnPZZmXhSJ4");
        self.0
            .sign(&request.with_target("/webhooks"))
            .unwrap()
            .into_iter()
            .collect()
    }

    /// A delivery from this address, signed now.
    ///
    /// # Panics
    /// Where the address is none.
    #[must_use]
    pub fn delivery(&self, from: &str, content: &str) -> Request<ScriptedBody> {
        let body = ScriptedBody::new(content.to_owned());
        let mut request = unsigned(from, body);
        request
            .headers_mut()
            .extend(self.headers(content.as_bytes(), NOW));
        request
    }

    /// A delivery whose signature is well-formed, fresh, and made with another secret.
    #[must_use]
    pub fn forgery(from: &str, content: &str) -> Request<ScriptedBody> {
        let other = "whsec_bm90IHRoZSBzZWNyZXQgb2YgdGhlc2UgdGVz";
        Self::with(presets::STANDARD_WEBHOOKS.scheme(), other).delivery(from, content)
    }

    /// A request that nobody signed.
    #[must_use]
    pub fn nobody(from: &str, content: &str) -> Request<ScriptedBody> {
        unsigned(from, ScriptedBody::new(content.to_owned()))
    }
}

impl Default for Sender {
    fn default() -> Self {
        Self::new()
    }
}

fn unsigned(from: &str, body: ScriptedBody) -> Request<ScriptedBody> {
    let peer = SocketAddr::new(from.parse().expect("an address"), 4711);
    let request = Request::post("/webhooks").extension(Facts::from_peer(peer));
    request
        .header("content-type", "application/json")
        .body(body)
        .unwrap()
}
