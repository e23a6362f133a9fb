use webhook_core::change::{Change, MAX_SUBJECT_BYTES, MAX_WHY_BYTES};

use super::{Row, safe};
use crate::{column::Field, time::micros_of};

impl Row {
    /// The row of a change at run time. It stands among the requests, in the same chain: what was
    /// let in before and after is read from one place.
    pub(crate) fn from_change(change: &Change) -> Self {
        let mut row = Self::empty();
        row.set(Field::Time, micros_of(change.at));
        row.set(Field::Event, "webhook.config.changed");
        row.set(Field::EventId, change.id.to_string());
        row.set(Field::Change, change.kind.as_str());
        row.set(
            Field::Target,
            safe(change.target.as_str(), MAX_SUBJECT_BYTES),
        );
        row.set(Field::By, safe(change.cause.by(), MAX_SUBJECT_BYTES));
        row.set(Field::Note, safe(change.cause.why(), MAX_WHY_BYTES));
        row.set(Field::Until, change.until.map(micros_of));
        row
    }
}
