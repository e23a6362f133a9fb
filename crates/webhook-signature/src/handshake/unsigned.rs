use bytes::Bytes;
use http::{Response, request::Parts};
use webhook_core::introduction::Introduction;

use super::{Handshake, HandshakeError, Reply, Responder, Seen};

/// Answers the handshakes of one provider that anybody may be answered, and signs nothing; made by
/// [`Responder::unsigned`].
#[derive(Clone, Debug)]
pub struct UnsignedResponder(Responder);

impl UnsignedResponder {
    pub(super) fn new(responder: Responder) -> Result<Self, HandshakeError> {
        let handshake = responder.handshake();
        if handshake.signs() || handshake.is_signed() {
            return Err(HandshakeError::SignedOnly);
        }
        responder.is_told()?;
        Ok(Self(responder))
    }

    /// The handshake.
    #[must_use]
    pub const fn handshake(&self) -> &'static Handshake {
        self.0.handshake()
    }
}

impl Introduction for UnsignedResponder {
    fn answer(&self, head: &Parts, body: Option<&[u8]>) -> Option<Response<Bytes>> {
        let seen = body.map_or(Seen::Head, Seen::Unverified);
        match self.0.respond(head, seen)? {
            Reply::Answer(answer) => Some(answer.into_response().map(Bytes::from)),
            Reply::Confirm(_) => None,
        }
    }

    fn wants_body(&self, head: &Parts) -> bool {
        self.0.wants_unverified_body(head)
    }
}
