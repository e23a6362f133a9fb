use std::{collections::VecDeque, vec::Drain};

use crate::{Pseudonyms, row::Row, sink::queue::Item, write::Rows};

/// How many records a transaction holds at most.
const BATCH: usize = 8192;
/// How many rows are made at once while the database commits.
const STEP: usize = 64;

/// A batch on its way into the database, in as many transactions as it takes. A row is made when it
/// is asked for, while the database has those before, and those of the next transaction while it
/// commits this one. What they are made from stays: a transaction that fails is tried again.
pub(super) struct Made<'a> {
    /// Those of this transaction, then those of the next.
    rest: Drain<'a, Item>,
    /// Rows that were made before their turn, and the place of the first.
    ahead: VecDeque<Row>,
    ahead_at: usize,
    pseudonyms: &'a Pseudonyms,
}

impl<'a> Made<'a> {
    pub(super) fn new(batch: Drain<'a, Item>, pseudonyms: &'a Pseudonyms) -> Self {
        Self {
            rest: batch,
            ahead: VecDeque::new(),
            ahead_at: 0,
            pseudonyms,
        }
    }

    /// Goes on to the next transaction, and says how many records were this one's.
    pub(super) fn turn(&mut self) -> usize {
        let done = self.len();
        self.rest.by_ref().take(done).for_each(drop);
        self.ahead_at = self.ahead_at.saturating_sub(done);
        done
    }

    fn row(&mut self, place: usize) -> Option<Row> {
        if place == self.ahead_at
            && let Some(row) = self.ahead.pop_front()
        {
            self.ahead_at += 1;
            return Some(row);
        }
        Some(
            self.rest
                .as_slice()
                .get(place)?
                .what
                .to_row(self.pseudonyms),
        )
    }
}

impl Rows for Made<'_> {
    /// Those of this transaction.
    fn len(&self) -> usize {
        self.rest.len().min(BATCH)
    }

    fn part(&mut self, from: usize, most: usize) -> Vec<Row> {
        let end = from.saturating_add(most).min(self.len());
        (from..end).filter_map(|place| self.row(place)).collect()
    }

    fn ahead(&mut self) -> bool {
        if self.ahead.is_empty() {
            self.ahead_at = self.len();
        }
        let first = self.ahead_at + self.ahead.len();
        let next = self.rest.as_slice().iter().skip(first);
        let room = BATCH.saturating_sub(self.ahead.len()).min(STEP);
        let made = next
            .take(room)
            .map(|item| item.what.to_row(self.pseudonyms));
        let before = self.ahead.len();
        self.ahead.extend(made);
        self.ahead.len() > before
    }
}
