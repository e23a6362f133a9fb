use webhook_core::change::Change;

use crate::{AuditRecord, Ended, json};

/// What waits to be written as one line; small, for a queue is moved as it grows.
pub(super) enum Entry {
    /// Its record is put together by the thread that writes.
    Ended(Ended),
    Record(Box<AuditRecord>),
    Change(Box<Change>),
}

impl Entry {
    pub(super) fn encode(self, buffer: &mut Vec<u8>) {
        match self {
            Self::Ended(request) => json::encode(&request.into_record(), buffer),
            Self::Record(record) => json::encode(&record, buffer),
            Self::Change(change) => json::encode_change(&change, buffer),
        }
    }
}
