use std::fmt;

use webhook_core::{DeliveryRecord, Moment};

use crate::{AuditRecord, conclusion::End};

/// A request that has ended, and whose record is not put together yet: four words to hand on.
///
/// For a [`Sink`](crate::Sink) whose work is done by another thread: that thread can put the record
/// together as well. Nothing that happens later changes the record.
#[derive(Clone)]
pub struct Ended {
    record: DeliveryRecord,
    end: End,
    at: Moment,
}

impl Ended {
    /// Ends the record.
    pub(crate) fn new(record: DeliveryRecord, end: End, at: Moment) -> Self {
        record.close();
        Self { record, end, at }
    }

    /// Puts the record together.
    #[must_use]
    pub fn into_record(self) -> AuditRecord {
        let record = AuditRecord::gather(&self.record, self.end, self.at.ticks());
        self.record.give_back();
        record
    }
}

impl fmt::Debug for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Ended").field(&self.record).finish()
    }
}
