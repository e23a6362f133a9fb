use webhook_core::Reason;

use super::Delivery;
use crate::{sign::SignError, verify::Key};

/// What signs a delivery whose body or query holds the signature.
pub(crate) struct Signer<'a> {
    /// The delivery without its signature. Its timestamp is the one to sign, wherever it stands.
    pub(crate) delivery: Delivery<'a>,
    pub(crate) event: Option<&'a str>,
    pub(crate) key: &'a Key,
}

/// What holds a signature.
pub(crate) enum Content {
    Body(Vec<u8>),
    /// Path and query.
    Target(String),
}

impl Signer<'_> {
    /// The signature of a text, as the scheme writes it; the secret where the delivery shows that.
    pub(super) fn signature(&self, text: &[u8]) -> String {
        let encoding = self.delivery.scheme.encoding;
        match self.key.mac.token() {
            Some(token) => encoding.encode(token),
            None => encoding.encode(&self.key.tag(text)),
        }
    }

    /// The text of the timestamp.
    pub(super) fn timestamp(&self) -> Result<&str, SignError> {
        let text = std::str::from_utf8(self.delivery.timestamp).ok();
        text.filter(|text| !text.is_empty())
            .ok_or(SignError::TimestampOutOfRange)
    }

    /// The body as text: of a form, or of a document.
    pub(super) fn text(&self) -> Result<&str, SignError> {
        std::str::from_utf8(self.delivery.body).map_err(|_| SignError::Body)
    }
}

impl From<String> for Content {
    fn from(body: String) -> Self {
        Self::Body(body.into_bytes())
    }
}

/// Whatever keeps the body from being read keeps it from being signed.
impl From<Reason> for SignError {
    fn from(_: Reason) -> Self {
        Self::Body
    }
}
