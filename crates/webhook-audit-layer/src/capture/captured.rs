use std::{fmt, sync::Arc};

use http::{HeaderName, Request};
use webhook_core::{BufferedBody, ClientAddr, Facts, Name, RequestId, Timestamp};

use super::{CaptureSettings, redaction::Redaction};
use crate::SenderText;

/// A copy of what was asked for of one delivery; what a [`CaptureSink`](super::CaptureSink) is given.
///
/// It tells a person's data more often than not: treat whatever keeps it as sensitive. `Debug` prints
/// how much there is, never what.
#[non_exhaustive]
pub struct Captured {
    /// The request's id, by which its [`AuditRecord`](crate::AuditRecord) is found.
    pub id: RequestId,
    /// When it was captured: after the body came, before the handler was called.
    pub captured_at: Timestamp,
    /// The endpoint that the delivery is for.
    pub endpoint: Option<Name>,
    /// The provider that the delivery was verified for.
    pub provider: Option<Name>,
    /// The client, as the layers resolved it.
    pub client: Option<ClientAddr>,
    /// Whether a layer verified the delivery.
    pub is_verified: bool,
    /// The values of the listed headers that were there, each at most
    /// [`MAX_HEADER_VALUE_BYTES`](super::MAX_HEADER_VALUE_BYTES).
    pub headers: Vec<(HeaderName, SenderText)>,
    body: Option<Raw>,
}

/// A body as it was copied. Nobody sees it before it is redacted.
struct Raw {
    bytes: u64,
    /// `None` where it is too large to be redacted whole.
    copy: Option<Vec<u8>>,
    is_cut: bool,
    redaction: Arc<Redaction>,
}

/// The body of a delivery, as far as it may be kept.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CapturedBody {
    /// How many bytes the delivery's own body has.
    pub bytes: u64,
    /// What is kept of it.
    pub content: Content,
}

/// What is kept of a body.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Content {
    /// All of it; where values are redacted, with [`REDACTED`](super::REDACTED) in their places and
    /// without the blanks around members.
    Whole(Vec<u8>),
    /// Its beginning.
    Cut(Vec<u8>),
    /// Nothing, and why.
    Withheld(Withheld),
}

/// Why nothing is kept of a body of which values are to be redacted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Withheld {
    /// It is larger than may be kept, and half a document cannot be redacted.
    TooLarge,
    /// It is no JSON document.
    NotJson,
    /// A pointer leads into a value that has no members, or names a member of an array: the document
    /// is of another shape than the pointers expect, so that nobody knows where the values are.
    Misfit,
}

impl Captured {
    pub(super) fn of(
        settings: &CaptureSettings,
        id: RequestId,
        captured_at: Timestamp,
        request: &Request<BufferedBody>,
    ) -> Self {
        let facts = Facts::of(request.extensions());
        let verification = facts.and_then(Facts::verification);
        let record = facts.map(Facts::record);
        Self {
            id,
            captured_at,
            endpoint: facts
                .and_then(Facts::endpoint)
                .map(|endpoint| endpoint.name().clone()),
            provider: verification
                .map(webhook_core::Verification::provider)
                .or_else(|| record.and_then(webhook_core::DeliveryRecord::provider))
                .cloned(),
            client: Facts::client_of(request.extensions()),
            is_verified: verification.is_some(),
            headers: settings.headers.of(request.headers()),
            body: settings
                .max_bytes()
                .map(|max| Raw::copy(settings, max, request.body())),
        }
    }

    /// The body, redacted; `None` where bodies are not kept. The work is done here, so that a sink can
    /// leave it to a thread of its own.
    #[must_use]
    pub fn into_body(self) -> Option<CapturedBody> {
        self.body.map(Raw::settle)
    }

    /// The same, leaving everything else in its place.
    #[must_use = "the body is taken out"]
    pub fn take_body(&mut self) -> Option<CapturedBody> {
        self.body.take().map(Raw::settle)
    }

    /// How many bytes it holds in memory, for whoever has to bound a queue of them.
    #[must_use]
    pub fn held_bytes(&self) -> usize {
        let headers = self.headers.iter();
        let headers: usize = headers.map(|(_, text)| text.as_raw().len()).sum();
        let copy = self.body.as_ref().and_then(|body| body.copy.as_ref());
        size_of::<Self>() + headers + copy.map_or(0, Vec::len)
    }
}

impl Raw {
    fn copy(settings: &CaptureSettings, max: usize, body: &BufferedBody) -> Self {
        let redaction = Arc::clone(&settings.redaction);
        let length = body.len();
        let is_cut = length > max;
        let copy = (!is_cut || redaction.is_empty()).then(|| {
            let mut copy = Vec::with_capacity(length.min(max));
            for chunk in body.chunks() {
                let room = max - copy.len();
                copy.extend_from_slice(chunk.get(..room).unwrap_or(chunk));
            }
            copy
        });
        Self {
            bytes: u64::try_from(length).unwrap_or(u64::MAX),
            copy,
            is_cut,
            redaction,
        }
    }

    fn settle(self) -> CapturedBody {
        let content = match self.copy {
            None => Content::Withheld(Withheld::TooLarge),
            Some(copy) if self.is_cut => Content::Cut(copy),
            Some(copy) if self.redaction.is_empty() => Content::Whole(copy),
            Some(copy) => match self.redaction.apply(&copy) {
                Ok(redacted) => Content::Whole(redacted),
                Err(why) => Content::Withheld(why),
            },
        };
        CapturedBody {
            bytes: self.bytes,
            content,
        }
    }
}

impl Withheld {
    /// The word for it, as stores keep it.
    ///
    /// ```
    /// use webhook_audit_layer::capture::Withheld;
    ///
    /// assert_eq!(Withheld::NotJson.as_str(), "not_json");
    /// ```
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TooLarge => "too_large",
            Self::NotJson => "not_json",
            Self::Misfit => "misfit",
        }
    }
}

impl fmt::Display for Withheld {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How much there is, never what.
impl fmt::Debug for Captured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Captured")
            .field("id", &self.id)
            .field("captured_at", &self.captured_at)
            .field("is_verified", &self.is_verified)
            .field("headers", &self.headers.len())
            .field("body_bytes", &self.body.as_ref().map(|body| body.bytes))
            .finish_non_exhaustive()
    }
}

/// How much there is, never what.
impl fmt::Debug for CapturedBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CapturedBody")
            .field("bytes", &self.bytes)
            .field("content", &self.content)
            .finish()
    }
}

/// How much there is, never what.
impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole(bytes) => write!(f, "Whole({} bytes)", bytes.len()),
            Self::Cut(bytes) => write!(f, "Cut({} bytes)", bytes.len()),
            Self::Withheld(why) => write!(f, "Withheld({why})"),
        }
    }
}
