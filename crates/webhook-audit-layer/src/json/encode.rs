use std::time::Duration;

use webhook_core::{
    Name, Outcome, PeerAddr, Reason, Timestamp,
    change::{Change, MAX_SUBJECT_BYTES, MAX_WHY_BYTES},
};

use super::line::{Line, key};
use crate::{AuditRecord, grpc, record, version};

/// The most bytes of a scheme: `https`.
const MAX_SCHEME_BYTES: usize = 16;

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
    line.printed(key!("ts"), change.at);
    line.word(key!("event"), "webhook.config.changed");
    line.printed(key!("id"), change.id);
    line.word(key!("change"), change.kind.as_str());
    if let Some(until) = change.until {
        line.printed(key!("until"), until);
    }
    line.text(
        key!("target"),
        change.target.as_str().as_bytes(),
        2 * MAX_SUBJECT_BYTES,
    );
    line.text(
        key!("by"),
        change.cause.by().as_bytes(),
        2 * MAX_SUBJECT_BYTES,
    );
    line.text(
        key!("why"),
        change.cause.why().as_bytes(),
        2 * MAX_WHY_BYTES,
    );
    line.close();
}

/// Adds the line that tells of records which found no room.
pub(crate) fn encode_dropped(at: Timestamp, dropped: u64, total: u64, buffer: &mut Vec<u8>) {
    let mut line = Line::open(buffer);
    line.printed(key!("ts"), at);
    line.word(key!("event"), "webhook.audit_dropped");
    line.number(key!("dropped"), dropped);
    line.number(key!("dropped_total"), total);
    line.close();
}

fn add_end(line: &mut Line<'_>, record: &AuditRecord) {
    line.printed(key!("ts"), record.received_at);
    line.word(key!("event"), record.event());
    line.printed(key!("id"), record.id);
    line.word(key!("outcome"), record.outcome.as_str());
    line.word(key!("reason"), record.reason.as_str());
    if let Some(stage) = record.stage.filter(|_| record.outcome != Outcome::Accepted) {
        line.word(key!("webhook.reject.stage"), stage.as_str());
        line.word(key!("webhook.reject.reason"), record.reason.as_str());
    }
    if record.outcome == Outcome::Error {
        line.word(key!("error.type"), record.reason.as_str());
    }
    if record.reason == Reason::Duplicate {
        line.flag(key!("webhook.duplicate"), true);
    }
    if let Some(status) = record.status {
        line.number(key!("http.response.status_code"), status.as_u16().into());
    }
    if record.is_grpc {
        line.word(key!("rpc.system.name"), "grpc");
    }
    if let Some(status) = record.grpc_status.and_then(grpc::status_name) {
        line.word(key!("rpc.status_code"), status);
    }
}

fn add_addresses(line: &mut Line<'_>, record: &AuditRecord) {
    if let Some(client) = record.client {
        line.address(key!("client.address"), client.ip());
        if let Some(port) = client.port() {
            line.number(key!("client.port"), port.into());
        }
    }
    if let Some(error) = record.address_error {
        line.word(key!("client.address.error"), error.as_str());
    }
    match record.peer {
        Some(PeerAddr::Unix) => line.word(key!("network.peer.address"), "unix:"),
        Some(peer) => {
            if let Some(ip) = peer.ip() {
                line.address(key!("network.peer.address"), ip);
            }
            if let Some(port) = peer.port() {
                line.number(key!("network.peer.port"), port.into());
            }
        }
        None => {}
    }
    line.word(
        key!("network.protocol.version"),
        version::name(record.version),
    );
    if let Some(scheme) = record.scheme {
        line.text(key!("url.scheme"), scheme.as_bytes(), MAX_SCHEME_BYTES);
    }
    if let Some(bytes) = record.body_bytes {
        line.number(key!("http.request.body.size"), bytes);
    }
    if let Some(digest) = record.body_digest {
        line.printed(key!("webhook.body.digest"), digest);
    }
}

fn add_names(line: &mut Line<'_>, record: &AuditRecord) {
    let names = [
        (key!("webhook.provider"), &record.provider),
        (key!("webhook.source.id"), &record.endpoint),
        (key!("webhook.secret.id"), &record.secret_id),
        (key!("webhook.quota"), &record.quota),
    ];
    for (key, name) in names {
        if let Some(name) = name {
            line.text(key, name.as_str().as_bytes(), record::MAX_NAME_BYTES);
        }
    }
    if !record.secrets_tried.is_empty() {
        let tried = record.secrets_tried.iter().map(Name::as_str);
        line.texts(
            key!("secrets_tried"),
            tried,
            record::MAX_NAME_BYTES,
            MAX_NAMES,
        );
    }
}

fn add_checks_and_times(line: &mut Line<'_>, record: &AuditRecord) {
    let checks = record.checks.iter();
    line.words(
        key!("checks"),
        checks.map(|(check, verdict)| (check.as_str(), verdict.as_str())),
    );
    let times = [
        (key!("verify_us"), record.verify_time),
        (key!("handler_us"), record.handler_time),
        (key!("total_us"), Some(record.total_time)),
    ];
    for (key, time) in times {
        if let Some(time) = time {
            line.number(key, micros(time));
        }
    }
}

fn add_texts(line: &mut Line<'_>, record: &AuditRecord) {
    line.text(
        key!("http.request.method"),
        record.method.as_raw_bytes(),
        record::MAX_METHOD_BYTES,
    );
    if let Some(id) = &record.delivery_id {
        line.flag(
            key!("webhook.delivery.id.signed"),
            record.is_delivery_id_signed,
        );
        line.text(
            key!("webhook.delivery.id"),
            id.as_raw_bytes(),
            record::MAX_DELIVERY_ID_BYTES,
        );
    }
    let texts = [
        (
            key!("webhook.event.type"),
            &record.event_type,
            record::MAX_EVENT_TYPE_BYTES,
        ),
        (
            key!("note"),
            &record.note,
            webhook_core::record::MAX_NOTE_BYTES,
        ),
        (key!("http.route"), &record.route, record::MAX_ROUTE_BYTES),
        (key!("url.path"), &record.path, record::MAX_PATH_BYTES),
        (
            key!("user_agent.original"),
            &record.user_agent,
            record::MAX_USER_AGENT_BYTES,
        ),
    ];
    for (key, text, max) in texts {
        if let Some(text) = text {
            line.text(key, text.as_raw_bytes(), max);
        }
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
