//! Records as events of `tracing`.

mod limiter;

use std::{fmt, sync::Arc, time::Duration};

use ::tracing::{Level, Value, field};
use webhook_core::{Name, Outcome, ShortText, change::Change};

use self::limiter::Limiter;
pub use self::limiter::MAX_WARNINGS_PER_MINUTE;
use super::Sink;
use crate::{
    AuditRecord, SenderText, grpc,
    record::{Address, MAX_NAME_BYTES},
};

/// Emits one `tracing` event for each record: target `webhook_audit`, message `webhook request`.
///
/// Whatever comes from the request stands in fields, never in the message, and is escaped and
/// bounded before the subscriber sees it. The fields are those of the JSON line, under the same
/// names, but for the few that the event has by itself.
///
/// | outcome | level |
/// |---|---|
/// | accepted | INFO |
/// | error | ERROR |
/// | denied, aborted, shadow denied | WARN once a minute for each reason and client network, else DEBUG |
///
/// At most [`MAX_WARNINGS_PER_MINUTE`] warnings come in a minute, from however many networks; each
/// says in `suppressed` how many refusals went to DEBUG since the one before it. What is remembered
/// for that takes 8 KiB, however many clients there are.
///
/// ```
/// use webhook_audit_layer::{AuditLayer, TracingSink};
///
/// let layer = AuditLayer::new(TracingSink::new());
/// ```
#[derive(Clone, Default)]
pub struct TracingSink {
    limiter: Arc<Limiter>,
}

impl TracingSink {
    /// Events for whatever subscriber is in force where a request ends.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

/// A callsite has one level, so each level has its own.
macro_rules! emit {
    ($level:ident, $record:ident, $suppressed:expr) => {
        ::tracing::event!(
            target: "webhook_audit",
            Level::$level,
            id = %$record.id,
            outcome = $record.outcome.as_str(),
            reason = $record.reason.as_str(),
            webhook.reject.stage = $record.stage.map(|stage| stage.as_str()),
            http.response.status_code = $record.status.map(|status| status.as_u16()),
            rpc.status_code = $record.grpc_status.and_then(grpc::status_name),
            client.address = $record.client.map(|client| field::display(client.ip())),
            client.port = $record.client.and_then(|client| client.port()),
            client.address.error = $record.address_error.map(|error| error.as_str()),
            network.peer.address = $record.peer.map(Address).map(field::display),
            network.peer.port = $record.peer.and_then(|peer| peer.port()),
            url.scheme = $record.scheme,
            http.request.body.size = $record.body_bytes,
            webhook.provider = name($record.provider.as_ref()),
            webhook.source.id = name($record.endpoint.as_ref()),
            webhook.secret.id = name($record.secret_id.as_ref()),
            webhook.quota = name($record.quota.as_ref()),
            secrets_tried = tried(&$record.secrets_tried),
            checks = %$record.checks,
            verify_us = $record.verify_time.map(micros),
            handler_us = $record.handler_time.map(micros),
            total_us = micros($record.total_time),
            http.request.method = ?$record.method,
            webhook.delivery.id = text($record.delivery_id.as_ref()),
            webhook.delivery.id.signed = $record
                .delivery_id
                .is_some()
                .then_some($record.is_delivery_id_signed),
            webhook.event.type = text($record.event_type.as_ref()),
            note = text($record.note.as_ref()),
            http.route = text($record.route.as_ref()),
            url.path = text($record.path.as_ref()),
            user_agent.original = text($record.user_agent.as_ref()),
            suppressed = $suppressed,
            "webhook request"
        )
    };
}

impl Sink for TracingSink {
    fn record(&self, record: AuditRecord) {
        match record.outcome {
            Outcome::Accepted => emit!(INFO, record, None::<u64>),
            Outcome::Error => emit!(ERROR, record, None::<u64>),
            _ => {
                if let Some(suppressed) = self.limiter.admit(&record) {
                    emit!(WARN, record, Some(suppressed));
                } else {
                    emit!(DEBUG, record, None::<u64>);
                }
            }
        }
    }
}

impl fmt::Debug for TracingSink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TracingSink").finish_non_exhaustive()
    }
}

/// One change as an event: WARN, target `webhook_audit`, message `webhook configuration changed`.
pub(super) fn emit_change(change: &Change) {
    let escaped = |text: &ShortText| SenderText::new(text.as_str(), usize::MAX);
    ::tracing::event!(
        target: "webhook_audit",
        Level::WARN,
        id = %change.id,
        change = change.kind.as_str(),
        target = ?escaped(&change.target),
        until = change.until.map(field::display),
        by = ?SenderText::new(change.cause.by(), usize::MAX),
        why = ?SenderText::new(change.cause.why(), usize::MAX),
        "webhook configuration changed"
    );
}

/// In quotes, so that a text with a space in it is not taken for two fields.
fn text(text: Option<&SenderText>) -> Option<impl Value> {
    text.map(field::debug)
}

fn name(name: Option<&Name>) -> Option<impl Value> {
    name.map(|name| field::display(SenderText::new(name.as_str(), MAX_NAME_BYTES)))
}

fn tried(names: &[Name]) -> Option<impl Value> {
    let texts = || -> Vec<_> {
        let names = names.iter();
        names
            .map(|name| SenderText::new(name.as_str(), MAX_NAME_BYTES))
            .collect()
    };
    (!names.is_empty()).then(|| field::debug(texts()))
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
