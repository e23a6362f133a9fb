use http::Version;
use webhook_audit_layer::{
    AuditRecord, MAX_DELIVERY_ID_BYTES, MAX_EVENT_TYPE_BYTES, MAX_METHOD_BYTES, MAX_PATH_BYTES,
    MAX_ROUTE_BYTES, MAX_USER_AGENT_BYTES,
};
use webhook_core::{Clock, Name, Outcome, PeerAddr, RequestId, record::MAX_NOTE_BYTES};

use super::{Row, safe};
use crate::{cell::Cell, column::Field, pseudonym::Pseudonyms, time::micros_of};

/// The most bytes of a name of the configuration.
pub(super) const MAX_NAME_BYTES: usize = 64;
/// The most bytes of the names of secrets that were tried in vain; the others are left out.
const MAX_TRIED_BYTES: usize = 512;

impl Row {
    /// A request's row, its addresses as they are to be stored.
    pub(crate) fn from_record(record: &AuditRecord, pseudonyms: &Pseudonyms) -> Self {
        let mut row = Self::empty();
        row.add_end(record);
        row.add_addresses(record, pseudonyms);
        row.add_names(record);
        row.add_checks_and_times(record);
        // Last, what the sender chose: it gets the room that is left.
        row.add_texts(record);
        row
    }

    fn add_end(&mut self, record: &AuditRecord) {
        self.set(Field::Time, micros_of(record.received_at));
        self.set(Field::Event, record.event());
        self.set(Field::EventId, record.id.to_string());
        self.set(Field::Outcome, record.outcome.as_str());
        self.set(Field::Reason, record.reason.as_str());
        let stage = record.stage.filter(|_| record.outcome != Outcome::Accepted);
        self.set(Field::Stage, stage.map(webhook_core::Check::as_str));
        let status = record.status.map(|status| i64::from(status.as_u16()));
        self.set(Field::Status, status);
        self.set(Field::RpcSystem, record.is_grpc.then_some("grpc"));
        self.set(Field::RpcStatus, record.grpc_status.and_then(status_name));
        self.set(Field::HttpVersion, version_name(record.version));
        self.set(Field::Scheme, record.scheme);
        self.set(Field::BodyBytes, record.body_bytes.map(Cell::count));
        let digest = record.body_digest.map(|digest| digest.to_string());
        self.set(Field::BodyDigest, digest);
    }

    fn add_addresses(&mut self, record: &AuditRecord, pseudonyms: &Pseudonyms) {
        if let Some(client) = record.client {
            let (text, key) = pseudonyms.of(client.ip());
            self.set(Field::Client, text);
            self.set(Field::ClientKey, key);
            // A port tells clients of one network apart.
            let port = client.port().filter(|_| !pseudonyms.are_on());
            self.set(Field::ClientPort, port.map(i64::from));
        }
        let error = record.address_error;
        self.set(
            Field::AddressError,
            error.map(webhook_core::AddressError::as_str),
        );
        match record.peer {
            Some(PeerAddr::Unix) => self.set(Field::Peer, "unix:"),
            Some(peer) => {
                self.set(Field::Peer, peer.ip().map(|ip| pseudonyms.of(ip).0));
                let port = peer.port().filter(|_| !pseudonyms.are_on());
                self.set(Field::PeerPort, port.map(i64::from));
            }
            None => {}
        }
    }

    fn add_names(&mut self, record: &AuditRecord) {
        let names = [
            (Field::Provider, &record.provider),
            (Field::Endpoint, &record.endpoint),
            (Field::SecretId, &record.secret_id),
            (Field::Quota, &record.quota),
        ];
        for (field, name) in names {
            if let Some(name) = name {
                self.set_safe(field, name.as_str(), MAX_NAME_BYTES);
            }
        }
        if !record.secrets_tried.is_empty() {
            let mut room = MAX_TRIED_BYTES;
            let tried = record.secrets_tried.iter().map(name_text);
            let tried = tried.take_while(|name| {
                // Quotes and comma, and what JSON escapes in a text of a text.
                let bytes = name.len() + 5 + name.matches(['"', '\\']).count() * 3;
                let is_room = bytes <= room;
                room = room.saturating_sub(bytes);
                is_room
            });
            let tried: Vec<_> = tried.collect();
            self.set(Field::SecretsTried, serde_json::to_string(&tried).ok());
        }
        self.set(Field::IsVerified, record.is_verified);
        self.set(Field::SignedAt, record.signed_at.map(micros_of));
    }

    fn add_checks_and_times(&mut self, record: &AuditRecord) {
        let checks = record.checks.to_string();
        self.set(Field::Checks, (!checks.is_empty()).then_some(checks));
        let times = [
            (Field::VerifyMicros, record.verify_time),
            (Field::HandlerMicros, record.handler_time),
            (Field::TotalMicros, Some(record.total_time)),
        ];
        for (field, time) in times {
            let micros = time.map(|time| u64::try_from(time.as_micros()).unwrap_or(u64::MAX));
            self.set(field, micros.map(Cell::count));
        }
    }

    fn add_texts(&mut self, record: &AuditRecord) {
        self.set_safe(Field::Method, record.method.as_raw(), MAX_METHOD_BYTES);
        if record.delivery_id.is_some() {
            self.set(Field::IdSigned, record.is_delivery_id_signed);
        }
        let texts = [
            (
                Field::DeliveryId,
                &record.delivery_id,
                MAX_DELIVERY_ID_BYTES,
            ),
            (Field::EventType, &record.event_type, MAX_EVENT_TYPE_BYTES),
            (Field::Note, &record.note, MAX_NOTE_BYTES),
            (Field::Route, &record.route, MAX_ROUTE_BYTES),
            (Field::Path, &record.path, MAX_PATH_BYTES),
            (Field::UserAgent, &record.user_agent, MAX_USER_AGENT_BYTES),
        ];
        for (field, text, max) in texts {
            if let Some(text) = text {
                self.set_safe(field, text.as_raw(), max);
            }
        }
    }

    /// A row that the writer itself leaves: how many records of which kind of happening.
    pub(crate) fn notice(event: &'static str, clock: &Clock, records: u64) -> Self {
        let mut row = Self::empty();
        row.set(Field::Time, micros_of(clock.now()));
        row.set(Field::EventId, RequestId::generate(clock).to_string());
        row.set(Field::Event, event);
        row.set(Field::Count, Cell::count(records));
        row
    }
}

fn name_text(name: &Name) -> String {
    safe(name.as_str(), MAX_NAME_BYTES)
}

/// As OpenTelemetry's `network.protocol.version` writes it.
const fn version_name(version: Version) -> &'static str {
    match version {
        Version::HTTP_09 => "0.9",
        Version::HTTP_10 => "1.0",
        Version::HTTP_11 => "1.1",
        Version::HTTP_2 => "2",
        Version::HTTP_3 => "3",
        _ => "other",
    }
}

/// The name of a gRPC status ([codes](https://grpc.io/docs/guides/status-codes/)).
fn status_name(status: u8) -> Option<&'static str> {
    const NAMES: [&str; 17] = [
        "OK",
        "CANCELLED",
        "UNKNOWN",
        "INVALID_ARGUMENT",
        "DEADLINE_EXCEEDED",
        "NOT_FOUND",
        "ALREADY_EXISTS",
        "PERMISSION_DENIED",
        "RESOURCE_EXHAUSTED",
        "FAILED_PRECONDITION",
        "ABORTED",
        "OUT_OF_RANGE",
        "UNIMPLEMENTED",
        "INTERNAL",
        "UNAVAILABLE",
        "DATA_LOSS",
        "UNAUTHENTICATED",
    ];
    NAMES.get(usize::from(status)).copied()
}
