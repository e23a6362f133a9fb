//! The span of one request, with OpenTelemetry's names.

use tracing::{Span, field};
use webhook_core::{Check, Name, Outcome};

use crate::{
    AuditRecord, Ended, SenderText, grpc,
    record::{Address, MAX_NAME_BYTES},
    version,
};

/// A span whose fields are all declared, so that layers and handlers inside can record them.
///
/// Where nobody wants it, that costs a look at the callsite's cached interest.
pub(crate) fn open() -> Span {
    tracing::info_span!(
        target: "webhook_audit",
        "webhook.receive",
        otel.kind = "server",
        otel.status_code = field::Empty,
        error.type = field::Empty,
        http.request.method = field::Empty,
        http.response.status_code = field::Empty,
        http.route = field::Empty,
        http.request.body.size = field::Empty,
        url.path = field::Empty,
        url.scheme = field::Empty,
        user_agent.original = field::Empty,
        client.address = field::Empty,
        client.port = field::Empty,
        network.peer.address = field::Empty,
        network.peer.port = field::Empty,
        network.protocol.version = field::Empty,
        rpc.system.name = field::Empty,
        rpc.status_code = field::Empty,
        webhook.request.id = field::Empty,
        webhook.provider = field::Empty,
        webhook.source.id = field::Empty,
        webhook.delivery.id = field::Empty,
        webhook.delivery.id.signed = field::Empty,
        webhook.event.type = field::Empty,
        webhook.outcome = field::Empty,
        webhook.reject.stage = field::Empty,
        webhook.reject.reason = field::Empty,
        webhook.secret.id = field::Empty,
        webhook.quota = field::Empty,
    )
}

/// Tells the span what the record tells, escaped and bounded as in the events.
pub(crate) fn conclude(span: &Span, ended: &Ended) {
    let record = &ended.clone().into_record();
    conclude_http(span, record);
    conclude_addresses(span, record);
    conclude_delivery(span, record);
    conclude_outcome(span, record);
}

fn conclude_http(span: &Span, record: &AuditRecord) {
    span.record("http.request.method", field::debug(&record.method));
    span.record(
        "http.response.status_code",
        record.status.map(|status| status.as_u16()),
    );
    span.record("http.request.body.size", record.body_bytes);
    span.record("network.protocol.version", version::name(record.version));
    span.record("url.scheme", record.scheme);
    text(span, "http.route", record.route.as_ref());
    text(span, "url.path", record.path.as_ref());
    text(span, "user_agent.original", record.user_agent.as_ref());
    span.record("rpc.system.name", record.is_grpc.then_some("grpc"));
    let status = record.grpc_status.and_then(grpc::status_name);
    span.record("rpc.status_code", status);
}

fn conclude_addresses(span: &Span, record: &AuditRecord) {
    if let Some(client) = record.client {
        span.record("client.address", field::display(client.ip()));
        span.record("client.port", client.port());
    }
    if let Some(peer) = record.peer {
        span.record("network.peer.address", field::display(Address(peer)));
        span.record("network.peer.port", peer.port());
    }
}

fn conclude_delivery(span: &Span, record: &AuditRecord) {
    span.record("webhook.request.id", field::display(record.id));
    name(span, "webhook.provider", record.provider.as_ref());
    name(span, "webhook.source.id", record.endpoint.as_ref());
    name(span, "webhook.secret.id", record.secret_id.as_ref());
    name(span, "webhook.quota", record.quota.as_ref());
    text(span, "webhook.event.type", record.event_type.as_ref());
    text(span, "webhook.delivery.id", record.delivery_id.as_ref());
    if record.delivery_id.is_some() {
        span.record("webhook.delivery.id.signed", record.is_delivery_id_signed);
    }
}

/// An answer of 4xx is no error of the server's, so that its status stays unset, as the conventions
/// for HTTP servers have it; in gRPC every status but OK is one.
fn conclude_outcome(span: &Span, record: &AuditRecord) {
    span.record("webhook.outcome", record.outcome.as_str());
    span.record("webhook.reject.stage", record.stage.map(Check::as_str));
    if record.outcome != Outcome::Accepted {
        span.record("webhook.reject.reason", record.reason.as_str());
    }
    let is_5xx = record.status.is_some_and(|status| status.is_server_error());
    let is_grpc_error = record.grpc_status.is_some_and(|status| status != 0);
    if record.outcome == Outcome::Error || is_5xx || is_grpc_error {
        span.record("otel.status_code", "ERROR");
        span.record("error.type", record.reason.as_str());
    }
}

fn text(span: &Span, field: &str, text: Option<&SenderText>) {
    if let Some(text) = text {
        span.record(field, field::debug(text));
    }
}

fn name(span: &Span, field: &str, name: Option<&Name>) {
    if let Some(name) = name {
        let name = SenderText::new(name.as_str(), MAX_NAME_BYTES);
        span.record(field, field::display(name));
    }
}
