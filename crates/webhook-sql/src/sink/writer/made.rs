use crate::{Pseudonyms, row::Row, sink::queue::What, write::Rows};

/// The rows of a batch, each made when it is asked for: while the database has those before.
pub(super) struct Made<'a> {
    rows: Vec<Row>,
    rest: std::vec::IntoIter<What>,
    pseudonyms: &'a Pseudonyms,
}

impl<'a> Made<'a> {
    pub(super) fn new(batch: Vec<What>, pseudonyms: &'a Pseudonyms) -> Self {
        Self {
            rows: Vec::with_capacity(batch.len()),
            rest: batch.into_iter(),
            pseudonyms,
        }
    }
}

impl Rows for Made<'_> {
    fn part(&mut self, from: usize, most: usize) -> &[Row] {
        let end = from.saturating_add(most);
        let missing = end.saturating_sub(self.rows.len());
        let made = self.rest.by_ref().take(missing);
        let made = made.map(|what| what.into_row(self.pseudonyms));
        self.rows.extend(made);
        let end = end.min(self.rows.len());
        self.rows.get(from..end).unwrap_or_default()
    }

    fn all(&self) -> &[Row] {
        &self.rows
    }
}
