//! The statements that insert records. Columns that no record of a batch fills are left out of it.

use std::{collections::HashMap, fmt::Write as _};

use crate::{
    cell::Cell,
    chain::Link,
    column::{Column, Kind, STORED, TABLE},
    row::Row,
};

/// Which columns a batch fills.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct Mask([bool; STORED]);

impl Mask {
    pub(crate) fn of(links: &[Link<'_>]) -> Self {
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

    pub(crate) fn columns(&self) -> impl Iterator<Item = (usize, &'static Column)> + '_ {
        let columns = TABLE.iter().enumerate().zip(self.0);
        columns.filter_map(|(column, used)| used.then_some(column))
    }

    #[cfg_attr(not(feature = "sqlite"), allow(dead_code))]
    pub(crate) fn cells<'a>(&'a self, row: &'a Row) -> impl Iterator<Item = &'a Cell> {
        let cells = row.cells().iter().zip(self.0);
        cells.filter_map(|(cell, used)| used.then_some(cell))
    }

    /// What follows `INSERT` and comes before the values.
    fn into_columns(&self) -> String {
        let mut sql = String::from(" INTO webhook_event_log (id");
        for (_, column) in self.columns() {
            sql.push_str(", ");
            sql.push_str(column.name);
        }
        sql.push_str(", salt, hash) ");
        sql
    }
}

/// The statements made so far. Few masks occur: which columns are filled changes seldom.
#[derive(Default)]
pub(crate) struct Shapes(HashMap<(Mask, usize), String>);

/// More masks than this, and all are forgotten.
const MAX_SHAPES: usize = 48;

impl Shapes {
    /// Statements that insert so many rows together, for SQLite.
    ///
    /// Eight rows a statement cost the fewest instructions: a statement costs something, and so do
    /// many values that are bound at once. What fails is rolled back as a whole, so SQLite need not
    /// note how each statement could be undone.
    #[cfg_attr(not(feature = "sqlite"), allow(dead_code))]
    pub(crate) fn values(&mut self, mask: &Mask, rows: usize) -> &str {
        self.make(mask, rows, || {
            let together = rows.clamp(1, 8);
            let row = format!("({})", vec!["?"; mask.width()].join(","));
            let values = vec![row; together].join(",");
            let statement = format!("INSERT OR ROLLBACK{}VALUES {values}", mask.into_columns());
            vec![statement; rows / together].join(";")
        })
    }

    /// `UNNEST` of an array for each column, for PostgreSQL.
    #[cfg_attr(not(feature = "postgres"), allow(dead_code))]
    pub(crate) fn arrays(&mut self, mask: &Mask) -> &str {
        self.make(mask, 0, || {
            let mut sql = format!("INSERT{}", mask.into_columns());
            sql.push_str("SELECT * FROM UNNEST($1::bigint[]");
            let mut place = 1;
            let mut add = |kind: &str| {
                place += 1;
                let _infallible = write!(sql, ", ${place}::{kind}[]");
            };
            for (_, column) in mask.columns() {
                add(type_of(column.kind));
            }
            add("bytea");
            add("bytea");
            sql.push(')');
            sql
        })
    }

    fn make(&mut self, mask: &Mask, rows: usize, make: impl FnOnce() -> String) -> &str {
        if self.0.len() > MAX_SHAPES {
            self.0.clear();
        }
        self.0.entry((mask.clone(), rows)).or_insert_with(make)
    }
}

/// PostgreSQL's name of a column's type.
pub(crate) const fn type_of(kind: Kind) -> &'static str {
    match kind {
        Kind::Text | Kind::List | Kind::Words => "text",
        Kind::Number | Kind::Flag | Kind::Time => "bigint",
        Kind::Blob => "bytea",
    }
}
