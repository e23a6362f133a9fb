use std::time::Duration;

use webhook_core::{
    Name, Outcome, PeerAddr, Reason, Timestamp,
    change::{Change, MAX_SUBJECT_BYTES, MAX_WHY_BYTES},
};

use super::line::Line;
use crate::{AuditRecord, grpc, record, version};

/// The most bytes of the ids of secrets tried.
const MAX_NAMES: usize = 160;

/// Adds the record's line to the buffer.
///
/// What is bounded by nature comes first, what the operator chose next, what strangers choose
/// last: where a line is full, it is theirs that is cut.
pub(crate) fn encode(record: &AuditRecord, buffer: &mut Vec<u8>) {
    let mut line = Line::open(buffer);
    add_end(&mut line, record);
    add_addresses(&mut line, record);
    add_names(&mut line, record);
    add_checks_and_times(&mut line, record);
    add_texts(&mut line, record);
    line.close();
}

/// Adds the line of a change.
pub(crate) fn encode_change(change: &Change, buffer: &mut Vec<u8>) {
    let mut line = Line::open(buffer);
    line.printed("ts", change.at);
    line.word("event", "webhook.config.changed");
    line.printed("id", change.id);
    line.word("change", change.kind.as_str());
    if let Some(until) = change.until {
        line.printed("until", until);
    }
    line.text("target", change.target.as_str(), 2 * MAX_SUBJECT_BYTES);
    line.text("by", change.cause.by(), 2 * MAX_SUBJECT_BYTES);
    line.text("why", change.cause.why(), 2 * MAX_WHY_BYTES);
    line.close();
}

/// Adds the line that tells of records which found no room.
pub(crate) fn encode_dropped(at: Timestamp, dropped: u64, total: u64, buffer: &mut Vec<u8>) {
    let mut line = Line::open(buffer);
    line.printed("ts", at);
    line.word("event", "webhook.audit_dropped");
    line.number("dropped", dropped);
    line.number("dropped_total", total);
    line.close();
}

fn add_end(line: &mut Line<'_>, record: &AuditRecord) {
    line.printed("ts", record.received_at);
    line.word("event", record.event());
    line.printed("id", record.id);
    line.word("outcome", record.outcome.as_str());
    line.word("reason", record.reason.as_str());
    if let Some(stage) = record.stage.filter(|_| record.outcome != Outcome::Accepted) {
        line.word("webhook.reject.stage", stage.as_str());
        line.word("webhook.reject.reason", record.reason.as_str());
    }
    if record.outcome == Outcome::Error {
        line.word("error.type", record.reason.as_str());
    }
    if record.reason == Reason::Duplicate {
        line.flag("webhook.duplicate", true);
    }
    if let Some(status) = record.status {
        line.number("http.response.status_code", status.as_u16().into());
    }
    if record.is_grpc {
        line.word("rpc.system.name", "grpc");
    }
    if let Some(status) = record.grpc_status.and_then(grpc::status_name) {
        line.word("rpc.status_code", status);
    }
}

fn add_addresses(line: &mut Line<'_>, record: &AuditRecord) {
    if let Some(client) = record.client {
        line.printed("client.address", client.ip());
        if let Some(port) = client.port() {
            line.number("client.port", port.into());
        }
    }
    if let Some(error) = record.address_error {
        line.word("client.address.error", error.as_str());
    }
    match record.peer {
        Some(PeerAddr::Unix) => line.word("network.peer.address", "unix:"),
        Some(peer) => {
            if let Some(ip) = peer.ip() {
                line.printed("network.peer.address", ip);
            }
            if let Some(port) = peer.port() {
                line.number("network.peer.port", port.into());
            }
        }
        None => {}
    }
    line.word("network.protocol.version", version::name(record.version));
    if let Some(scheme) = record.scheme {
        line.word("url.scheme", scheme);
    }
    if let Some(bytes) = record.body_bytes {
        line.number("http.request.body.size", bytes);
    }
    if let Some(digest) = record.body_digest {
        line.printed("webhook.body.digest", digest);
    }
}

fn add_names(line: &mut Line<'_>, record: &AuditRecord) {
    let names = [
        ("webhook.provider", &record.provider),
        ("webhook.source.id", &record.endpoint),
        ("webhook.secret.id", &record.secret_id),
        ("webhook.quota", &record.quota),
    ];
    for (key, name) in names {
        if let Some(name) = name {
            line.text(key, name.as_str(), record::MAX_NAME_BYTES);
        }
    }
    if !record.secrets_tried.is_empty() {
        let tried = record.secrets_tried.iter().map(Name::as_str);
        line.texts("secrets_tried", tried, record::MAX_NAME_BYTES, MAX_NAMES);
    }
}

fn add_checks_and_times(line: &mut Line<'_>, record: &AuditRecord) {
    let checks = record.checks.iter();
    line.words(
        "checks",
        checks.map(|(check, verdict)| (check.as_str(), verdict.as_str())),
    );
    let times = [
        ("verify_us", record.verify_time),
        ("handler_us", record.handler_time),
        ("total_us", Some(record.total_time)),
    ];
    for (key, time) in times {
        if let Some(time) = time {
            line.number(key, micros(time));
        }
    }
}

fn add_texts(line: &mut Line<'_>, record: &AuditRecord) {
    line.text(
        "http.request.method",
        record.method.as_raw(),
        record::MAX_METHOD_BYTES,
    );
    if let Some(id) = &record.delivery_id {
        line.flag("webhook.delivery.id.signed", record.is_delivery_id_signed);
        line.text(
            "webhook.delivery.id",
            id.as_raw(),
            record::MAX_DELIVERY_ID_BYTES,
        );
    }
    let texts = [
        (
            "webhook.event.type",
            &record.event_type,
            record::MAX_EVENT_TYPE_BYTES,
        ),
        ("note", &record.note, webhook_core::record::MAX_NOTE_BYTES),
        ("http.route", &record.route, record::MAX_ROUTE_BYTES),
        ("url.path", &record.path, record::MAX_PATH_BYTES),
        (
            "user_agent.original",
            &record.user_agent,
            record::MAX_USER_AGENT_BYTES,
        ),
    ];
    for (key, text, max) in texts {
        if let Some(text) = text {
            line.text(key, text.as_raw(), max);
        }
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
