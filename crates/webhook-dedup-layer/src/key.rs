use std::fmt;

use http::Extensions;
use sha2::{Digest as _, Sha256};
use webhook_core::{BufferedBody, Facts, Name, Verification};

use crate::DedupSettings;

/// What tells one delivery from another in a store: 32 bytes of SHA-256, whatever the sender wrote.
///
/// It is made of the provider, the endpoint's name where one was resolved, and
///
/// - the delivery's id, where the signature covers it; a retry with a newer timestamp and signature
///   is the same delivery, and ids that differ in case are different;
/// - else the body, where the signature covers that. The id is left out then: whoever replays a
///   delivery can change it;
/// - else, where neither is signed, the body together with the id. That tells the sender's own
///   retries from its next event, and stops no replay: whoever can replay what a shared token admitted
///   has the token, and can send what it likes. The same holds for the few providers whose signature
///   covers a part of the body and no id, such as Adyen's.
///
/// A delivery without a body whose id is not signed has no key: nothing tells it from the next one.
///
/// Each part goes in behind its length, so no two lists of parts give the same bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct DeliveryKey([u8; 32]);

impl DeliveryKey {
    /// A key of these bytes, for tests of a store.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The key's bytes: nothing in them can be read as a command, a pattern or a separator once a
    /// store has written them as bytes or digits.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The key of a verified delivery; `None` where nothing tells it from the next.
    pub(crate) fn of(
        verification: &Verification,
        extensions: &Extensions,
        body: &BufferedBody,
        settings: &DedupSettings,
    ) -> Option<Self> {
        let is_id_signed = verification.is_delivery_id_signed();
        let is_id_asked = is_id_signed || !verification.is_body_signed();
        let id = is_id_asked.then(|| verification.delivery_id()).flatten();
        let is_body_asked = settings.body_in_key && verification.is_body_signed();
        let takes_body = is_body_asked || !is_id_signed || id.is_none();
        if takes_body && body.is_empty() && id.is_none() {
            return None;
        }
        let is_event_asked = settings.event_in_key && verification.is_event_type_signed();
        let event = is_event_asked.then(|| verification.event_type()).flatten();
        let endpoint = Facts::of(extensions).and_then(Facts::endpoint);

        let mut text = Text(Sha256::new_with_prefix(b"webhook-dedup/1"));
        text.part(settings.namespace.as_ref().map(Name::as_str));
        text.part(Some(verification.provider().as_str()));
        text.part(endpoint.map(|endpoint| endpoint.name().as_str()));
        text.part(id);
        text.part(event);
        if takes_body {
            text.body(body);
        }
        Some(Self(text.0.finalize().into()))
    }
}

/// Prints the first bytes: enough to tell two keys apart in a log.
impl fmt::Debug for DeliveryKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DeliveryKey(")?;
        for byte in self.0.iter().take(8) {
            write!(f, "{byte:02x}")?;
        }
        f.write_str("…)")
    }
}

/// Parts on their way into the digest, each behind a mark and its length.
struct Text(Sha256);

impl Text {
    fn part(&mut self, part: Option<&str>) {
        match part {
            None => self.0.update([0]),
            Some(part) => {
                self.0.update([1]);
                self.length(part.len());
                self.0.update(part);
            }
        }
    }

    fn body(&mut self, body: &BufferedBody) {
        self.0.update([2]);
        self.length(body.len());
        for chunk in body.chunks() {
            self.0.update(chunk);
        }
    }

    fn length(&mut self, bytes: usize) {
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        self.0.update(bytes.to_be_bytes());
    }
}

#[cfg(test)]
mod tests;
