use webhook_core::change::Change;

use crate::{AuditRecord, json};

/// What waits to be written as one line.
// A queue of boxes would allocate for every request, to save room for the few changes.
#[allow(clippy::large_enum_variant)]
pub(super) enum Entry {
    Request(AuditRecord),
    Change(Change),
}

impl Entry {
    pub(super) fn encode(&self, buffer: &mut Vec<u8>) {
        match self {
            Self::Request(record) => json::encode(record, buffer),
            Self::Change(change) => json::encode_change(change, buffer),
        }
    }
}
