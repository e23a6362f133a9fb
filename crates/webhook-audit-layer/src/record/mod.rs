//! What sinks are given: the plain, owned and bounded value that is one request.

mod address;
mod checks;
mod text;

use std::time::Duration;

use http::{StatusCode, Version};
use webhook_core::{
    AddressError, Check, ClientAddr, DeliveryRecord, Name, Outcome, PeerAddr, Reason, RequestId,
    ShortText, Ticks, Timestamp, Verification,
    record::{BodyDigest, Head, HeadText},
};

pub(crate) use self::{address::Address, text::CUT};
pub use self::{checks::Checks, text::SenderText};
use crate::{
    conclusion::{Conclusion, End},
    json, told,
};

/// The most bytes of a method that are kept.
pub const MAX_METHOD_BYTES: usize = 32;
/// The most bytes of a path that are kept.
pub const MAX_PATH_BYTES: usize = 512;
/// The most bytes of a route that are kept.
pub const MAX_ROUTE_BYTES: usize = 128;
/// The most bytes of a user agent that are kept.
pub const MAX_USER_AGENT_BYTES: usize = 256;
/// The most bytes of a delivery id that are kept.
pub const MAX_DELIVERY_ID_BYTES: usize = 128;
/// The most bytes of an event type that are kept.
pub const MAX_EVENT_TYPE_BYTES: usize = 64;
/// The most bytes of a name of the configuration that sinks write.
pub(crate) const MAX_NAME_BYTES: usize = 64;
/// The most ids of secrets tried in vain that are kept.
pub const MAX_SECRETS_TRIED: usize = 16;

/// What became of one request; each request leaves exactly one.
///
/// It holds no body, no query string, no header but the user agent, no secret, no token and no
/// signature; secrets are told by the ids that the configuration gives them. Nothing in it refers
/// to the request's memory.
///
/// It grows.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct AuditRecord {
    /// The request's id, which a problem document tells as its `instance`.
    pub id: RequestId,
    /// When the request's head reached the audit layer.
    pub received_at: Timestamp,
    /// How the request ended.
    pub outcome: Outcome,
    /// Why it ended so.
    pub reason: Reason,
    /// Which check decided; `None` where none did.
    pub stage: Option<Check>,
    /// What each check found.
    pub checks: Checks,

    /// The request's method, at most [`MAX_METHOD_BYTES`].
    pub method: SenderText,
    /// The path without its query, at most [`MAX_PATH_BYTES`]; `None` where the layer is told to
    /// leave it out.
    pub path: Option<SenderText>,
    /// The route that the host matched, at most [`MAX_ROUTE_BYTES`]. Axum's, with the feature
    /// `axum`.
    pub route: Option<SenderText>,
    /// The scheme that the request itself names: `http` or `https`. HTTP/1.1 requests seldom do.
    pub scheme: Option<&'static str>,
    /// The version of HTTP.
    pub version: Version,
    /// Whether the caller speaks gRPC.
    pub is_grpc: bool,
    /// What the client calls itself, at most [`MAX_USER_AGENT_BYTES`].
    pub user_agent: Option<SenderText>,
    /// The other end of the connection.
    pub peer: Option<PeerAddr>,
    /// The client: what a layer resolved, else the peer.
    pub client: Option<ClientAddr>,
    /// Why the client could not be told.
    pub address_error: Option<AddressError>,
    /// How many bytes of the body were received; `None` where no layer read it.
    pub body_bytes: Option<u64>,
    /// A keyed digest of the body; `None` unless the layer that reads it was asked for one.
    pub body_digest: Option<BodyDigest>,

    /// The response's status; `None` where there was no response.
    pub status: Option<StatusCode>,
    /// The gRPC status in the response's head; one in its trailers comes after the record.
    pub grpc_status: Option<u8>,

    /// The endpoint that the delivery is for.
    pub endpoint: Option<Name>,
    /// The provider whose deliveries the endpoint takes.
    pub provider: Option<Name>,
    /// Whether a layer verified the delivery.
    pub is_verified: bool,
    /// The id of the secret that matched.
    pub secret_id: Option<Name>,
    /// The ids of the secrets that were tried in vain, at most [`MAX_SECRETS_TRIED`].
    pub secrets_tried: Vec<Name>,
    /// The quota that refused the request.
    pub quota: Option<Name>,
    /// The delivery's id, at most [`MAX_DELIVERY_ID_BYTES`]; only claimed where it is not verified.
    pub delivery_id: Option<SenderText>,
    /// Whether a verified signature covers the delivery's id.
    pub is_delivery_id_signed: bool,
    /// The event's type, at most [`MAX_EVENT_TYPE_BYTES`].
    pub event_type: Option<SenderText>,
    /// When the sender signed, where the signature covers it.
    pub signed_at: Option<Timestamp>,
    /// The handler's own note, at most [`MAX_NOTE_BYTES`](webhook_core::record::MAX_NOTE_BYTES).
    pub note: Option<SenderText>,

    /// How long verification took, without the wait for the body.
    pub verify_time: Option<Duration>,
    /// How long the handler took, where a layer told when it called it.
    pub handler_time: Option<Duration>,
    /// From the request's head to the response's, or to whatever else ended it.
    pub total_time: Duration,
}

impl AuditRecord {
    /// The name of what happened, for consumers that tell events apart by name.
    ///
    /// `webhook.accepted`, `webhook.duplicate`, `webhook.rejected`, `webhook.shadow_rejected`,
    /// `webhook.error` or `webhook.aborted`.
    #[must_use]
    pub const fn event(&self) -> &'static str {
        match (self.outcome, self.reason) {
            (Outcome::Accepted, Reason::Duplicate) => "webhook.duplicate",
            (Outcome::Accepted, _) => "webhook.accepted",
            (Outcome::Error, _) => "webhook.error",
            (Outcome::Aborted, _) => "webhook.aborted",
            (Outcome::ShadowDenied, _) => "webhook.shadow_rejected",
            // `Denied`, and whatever outcome is added: never taken for an accepted request.
            _ => "webhook.rejected",
        }
    }

    /// Adds the record to the buffer as the line of JSON that
    /// [`JsonLinesSink`](crate::JsonLinesSink) writes: at most
    /// [`MAX_LINE_BYTES`](crate::MAX_LINE_BYTES), its newline included.
    ///
    /// The members are named as OpenTelemetry names them, where it has names, and `webhook.…` where
    /// it has none; `outcome` and `reason` are the words of [`Outcome`] and [`Reason`]. A member
    /// that has nothing to say is not there. What does not fit is cut, and ends with `…`.
    pub fn write_json_line(&self, buffer: &mut Vec<u8>) {
        json::encode(self, buffer);
    }

    pub(crate) fn gather(record: &DeliveryRecord, end: End, ended_at: Ticks) -> Self {
        let conclusion = Conclusion::of(end, record);
        let verification = record.verification();
        // A layer that verified hands on before another one answers in the handler's place.
        let handler_start = record
            .handler_start()
            .filter(|_| record.answered().is_none());
        let unknown = Head::default();
        let head = record.head().unwrap_or(&unknown);
        let text = |which| told::text(head, which);
        Self {
            id: record.id().unwrap_or_else(|| RequestId::at(NEVER)),
            received_at: record.received_at().unwrap_or(NEVER),
            outcome: conclusion.outcome,
            reason: conclusion.reason,
            stage: conclusion.stage,
            checks: Checks::of(record),
            client: record
                .client()
                .or_else(|| head.peer.and_then(ClientAddr::from_peer)),
            method: text(HeadText::Method).unwrap_or_else(|| SenderText::new("", 0)),
            path: text(HeadText::Path),
            route: text(HeadText::Route),
            scheme: head.scheme,
            version: head.version,
            is_grpc: head.is_grpc,
            user_agent: text(HeadText::UserAgent),
            peer: head.peer,
            address_error: record.address_error(),
            body_bytes: record.body_bytes(),
            body_digest: record.body_digest(),
            status: end.head().map(|head| head.status),
            grpc_status: end.head().and_then(|head| head.grpc_status),
            endpoint: record.endpoint().cloned(),
            provider: record
                .provider()
                .or_else(|| verification.map(Verification::provider))
                .cloned(),
            is_verified: verification.is_some(),
            secret_id: verification.and_then(Verification::secret_id).cloned(),
            secrets_tried: secrets_tried(record),
            quota: record.quota().cloned(),
            delivery_id: delivery_id(record),
            is_delivery_id_signed: verification.is_some_and(Verification::is_delivery_id_signed),
            event_type: verification
                .and_then(Verification::event_type)
                .map(|event| SenderText::new(event, MAX_EVENT_TYPE_BYTES)),
            signed_at: verification.and_then(Verification::timestamp),
            note: record
                .note()
                .map(|note| SenderText::new(note, webhook_core::record::MAX_NOTE_BYTES)),
            verify_time: record.verify_time().map(Duration::from_nanos),
            handler_time: handler_start.map(|start| ended_at.since(start)),
            total_time: record
                .started_at()
                .map_or(Duration::ZERO, |start| ended_at.since(start)),
        }
    }
}

/// The time of a record that nobody began: the audit layer begins each of its own.
const NEVER: Timestamp = Timestamp::from_unix_seconds(0);

fn secrets_tried(record: &DeliveryRecord) -> Vec<Name> {
    let tried = record.secrets_tried().iter();
    tried.take(MAX_SECRETS_TRIED).cloned().collect()
}

/// The verified delivery's, else what an unverified request claims.
fn delivery_id(record: &DeliveryRecord) -> Option<SenderText> {
    let verified = record.verification().and_then(Verification::delivery_id);
    let claimed = || record.claimed_delivery_id().map(ShortText::as_str);
    let id = verified.or_else(claimed)?;
    Some(SenderText::new(id, MAX_DELIVERY_ID_BYTES))
}

/// A record for tests to change.
#[cfg(test)]
pub(crate) fn sample() -> AuditRecord {
    record_of(&http::Request::new(()))
}

/// The record of this request, which nobody waited for.
#[cfg(test)]
pub(crate) fn record_of(request: &http::Request<()>) -> AuditRecord {
    use webhook_core::Clock;

    let clock = Clock::manual(Timestamp::from_unix_seconds(1_700_000_000)).0;
    let record = DeliveryRecord::begin(&clock, |head| {
        told::copy(request, None, true, head);
    });
    AuditRecord::gather(&record, End::Gone, clock.ticks())
}
