//! The statements that insert records into SQLite. Columns that no record of a batch fills are left
//! out of it.

use std::collections::HashMap;

use crate::{
    cell::Cell,
    chain::Link,
    column::{STORED, TABLE},
    row::Row,
};

/// Which columns a batch fills.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct Mask([bool; STORED]);

impl Mask {
    pub(crate) fn of(links: &[Link]) -> Self {
        let mut mask = [false; STORED];
        for link in links {
            for (used, cell) in mask.iter_mut().zip(link.row.cells()) {
                *used |= !cell.is_null();
            }
        }
        Self(mask)
    }

    /// How many values a row has: with the id, the salt and the hash.
    pub(crate) fn width(&self) -> usize {
        self.0.iter().filter(|used| **used).count() + 3
    }

    pub(crate) fn cells(&self, row: Row) -> impl Iterator<Item = Cell> {
        let cells = row.into_cells().into_iter().zip(self.0);
        cells.filter_map(|(cell, used)| used.then_some(cell))
    }

    /// A statement for so many rows. What fails is rolled back as a whole, so SQLite need not note
    /// how the statement alone could be undone.
    fn insert(&self, rows: usize) -> String {
        let columns = TABLE.iter().zip(self.0).filter(|(_, used)| *used);
        let columns: Vec<_> = columns.map(|(column, _)| column.name).collect();
        let row = format!("({})", vec!["?"; self.width()].join(","));
        format!(
            "INSERT OR ROLLBACK INTO webhook_event_log (id, {}, salt, hash) VALUES {}",
            columns.join(", "),
            vec![row; rows].join(",")
        )
    }
}

/// The statements made so far. Few masks occur: which columns are filled changes seldom.
#[derive(Default)]
pub(crate) struct Shapes(HashMap<(Mask, usize), String>);

/// More than this, and all are forgotten.
const MAX_SHAPES: usize = 48;

impl Shapes {
    /// The statement that inserts so many rows.
    pub(crate) fn insert(&mut self, mask: &Mask, rows: usize) -> &str {
        if self.0.len() > MAX_SHAPES {
            self.0.clear();
        }
        let shape = self.0.entry((mask.clone(), rows));
        shape.or_insert_with(|| mask.insert(rows))
    }
}
