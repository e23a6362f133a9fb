//! How a record is begun, and what becomes of its memory once it is told.

use std::sync::Arc;

use super::{
    DeliveryRecord, Head, RequestId,
    id::Count,
    pool::Pool,
    slots::{Slots, Start},
};
use crate::Clock;

impl DeliveryRecord {
    /// A record that remembers. Only the audit layer makes one.
    #[must_use]
    pub fn new(id: RequestId) -> Self {
        let mut slots = Arc::<Slots>::default();
        if let Some(slots) = Arc::get_mut(&mut slots) {
            slots.id = id.0.to_ne_bytes();
        }
        Self(Some(slots))
    }

    /// The record of a request that comes in now, by this clock, with a new id. What is copied of its
    /// head is filled in by `fill`. Only the audit layer makes one.
    #[must_use]
    pub fn begin(clock: &Clock, fill: impl FnOnce(&mut Head)) -> Self {
        Self::begun(Arc::default(), clock, fill)
    }

    /// Writes in place: the slots are large, and this way they are never copied.
    #[inline]
    pub(super) fn begun(
        mut slots: Arc<Slots>,
        clock: &Clock,
        fill: impl FnOnce(&mut Head),
    ) -> Self {
        if let Some(slots) = Arc::get_mut(&mut slots) {
            slots.start = Some(Start {
                received_at: clock.now(),
                at: clock.ticks(),
                count: Count::next(),
                clock: clock.clone(),
            });
            fill(&mut slots.head);
        }
        Self(Some(slots))
    }

    /// Gives the record's memory back to the [pool](super::RecordPool) that it is of, if any. It is used
    /// again where no other handle is left. Only for the audit layer, once the record is told.
    pub fn give_back(self) {
        if let Some(slots) = self.0 {
            Pool::keep(slots);
        }
    }
}
