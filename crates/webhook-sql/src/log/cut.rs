//! Where records were taken out of the chain: the hash that it goes on with, and who vouches.

use crate::{
    SqlError, cell::Cell, chain::Hash, column::Field, database::Session, row::Row, write::Rollup,
};

/// A run of records that were deleted, and the hash of the last of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cut {
    pub(super) first: i64,
    pub(super) last: i64,
    pub(super) hash: Hash,
    /// The number of the record that tells of the purge; 0 for what retention took from the old
    /// end.
    pub(super) vouched_by: i64,
}

impl Cut {
    /// As the record of a purge lists it.
    pub(super) fn range(&self) -> String {
        format!("{}-{}", self.first, self.last)
    }

    pub(super) async fn store(&self, session: &mut Session) -> Result<(), SqlError> {
        let sql = "INSERT INTO webhook_event_cut (first_id, last_id, hash, vouched_by) \
                   VALUES ($1, $2, $3, $4)";
        let hash = self.hash.to_vec().into();
        let values = [
            self.first.into(),
            self.last.into(),
            hash,
            self.vouched_by.into(),
        ];
        session.run(sql, &values).await?;
        Ok(())
    }

    /// The cut that this number lies in.
    pub(super) async fn at(session: &mut Session, id: i64) -> Result<Option<Self>, SqlError> {
        let sql = "SELECT first_id, last_id, hash, vouched_by FROM webhook_event_cut \
                   WHERE first_id <= $1 AND last_id >= $1 ORDER BY first_id DESC LIMIT 1";
        let cells = session.row(sql, &[id.into()]).await?.unwrap_or_default();
        let [first, last, hash, vouched_by] = cells.as_slice() else {
            return Ok(None);
        };
        let hash = hash.blob().and_then(|hash| hash.try_into().ok());
        let cut = first
            .number()
            .zip(last.number())
            .zip(hash)
            .zip(vouched_by.number());
        Ok(cut.map(|(((first, last), hash), vouched_by)| Self {
            first,
            last,
            hash,
            vouched_by,
        }))
    }
}

/// What has to be known of a record that is deleted.
pub(super) struct Doomed {
    pub(super) id: i64,
    pub(super) time: i64,
    pub(super) hash: Hash,
    row: Row,
}

pub(super) const DOOMED: &str =
    "SELECT id, hash, received_at, endpoint, outcome, reason, total_us FROM webhook_event_log";

impl Doomed {
    pub(super) fn read(cells: Vec<Cell>) -> Result<Self, SqlError> {
        let broken = || SqlError::store("the log holds a record without a number or a hash");
        let mut cells = cells.into_iter();
        let id = cells
            .next()
            .as_ref()
            .and_then(Cell::number)
            .ok_or_else(broken)?;
        let hash = cells.next().ok_or_else(broken)?;
        let hash = hash
            .blob()
            .and_then(|hash| hash.try_into().ok())
            .ok_or_else(broken)?;
        let mut row = Row::empty();
        let fields = [
            Field::Time,
            Field::Endpoint,
            Field::Outcome,
            Field::Reason,
            Field::TotalMicros,
        ];
        for (field, cell) in fields.into_iter().zip(cells) {
            row.set(field, cell);
        }
        let time = row.number(Field::Time).unwrap_or(0);
        Ok(Self {
            id,
            time,
            hash,
            row,
        })
    }
}

/// The counts of records that are deleted.
pub(super) fn rollup(doomed: &[Doomed]) -> Rollup {
    Rollup::of(doomed.iter().map(|doomed| &doomed.row))
}
