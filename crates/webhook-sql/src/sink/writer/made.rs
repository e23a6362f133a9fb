use std::{collections::VecDeque, vec::Drain};

use crate::{Pseudonyms, row::Row, sink::queue::Item, write::Rows};

/// How many records a transaction holds at most.
const BATCH: usize = 8192;
/// How many rows are made at once while the database commits.
const STEP: usize = 64;

/// A batch on its way into the database, in as many transactions as it takes. A row is made when it
/// is asked for, while the database has those before, or ahead of that, while it begins a transaction or
/// commits one. What they are made from stays: a transaction that fails is tried again.
pub(super) struct Made<'a> {
    /// Those of this transaction, then those of the next.
    rest: Drain<'a, Item>,
    /// The place of the record whose row was not asked for yet, and rows that are made from there on.
    next: usize,
    ahead: VecDeque<Row>,
    pseudonyms: &'a Pseudonyms,
}

impl<'a> Made<'a> {
    pub(super) fn new(batch: Drain<'a, Item>, pseudonyms: &'a Pseudonyms) -> Self {
        Self {
            rest: batch,
            next: 0,
            ahead: VecDeque::new(),
            pseudonyms,
        }
    }

    /// Goes on to the next transaction, and says how many records were this one's.
    pub(super) fn turn(&mut self) -> usize {
        let done = self.len();
        self.rest.by_ref().take(done).for_each(drop);
        self.next = self.next.saturating_sub(done);
        done
    }

    fn row(&mut self, place: usize) -> Option<Row> {
        if place == self.next {
            self.next += 1;
            if let Some(row) = self.ahead.pop_front() {
                return Some(row);
            }
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
        let first = self.next + self.ahead.len();
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

#[cfg(test)]
// Clippy knows the functions of a test, not their helpers.
#[allow(clippy::unwrap_used)]
mod tests {
    use std::sync::{Arc, Mutex};

    use proptest::prelude::*;
    use webhook_core::{
        Clock,
        change::{Cause, ChangeKind, ChangeLog},
    };

    use super::{BATCH, Made};
    use crate::{
        Pseudonyms,
        column::Field,
        row::Row,
        sink::queue::{Item, What},
        write::Rows as _,
    };

    /// A batch of so many changes, each of another id.
    fn batch(count: usize) -> Vec<Item> {
        let kept = Arc::new(Mutex::new(Vec::new()));
        let keep = Arc::clone(&kept);
        let log = ChangeLog::new(Clock::system(), move |change| {
            keep.lock().unwrap().push(Item {
                what: What::Change(Box::new(change)),
                waiter: None,
            });
        });
        for _ in 0..count {
            log.note(ChangeKind::Paused, "acme", &Cause::new("alice", "a test"));
        }
        std::mem::take(&mut kept.lock().unwrap())
    }

    fn ids(rows: &[Row]) -> Vec<String> {
        let id = |row: &Row| row.text(Field::EventId).unwrap().to_owned();
        rows.iter().map(id).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(8))]

        #[test]
        fn each_row_comes_once_and_again_where_a_transaction_is_tried_again(
            count in 1..BATCH * 5 / 2,
            steps in proptest::collection::vec(0..200_usize, 4),
            failures in proptest::collection::vec(0..BATCH, 0..4),
        ) {
            let pseudonyms = Pseudonyms::none();
            let mut items = batch(count);
            let rows: Vec<_> = items.iter().map(|item| item.what.to_row(&pseudonyms)).collect();
            let (expected, mut found) = (ids(&rows), Vec::new());
            let (mut steps, mut failures) = (steps.into_iter().cycle(), failures.into_iter());
            let mut made = Made::new(items.drain(..), &pseudonyms);
            while made.len() > 0 {
                // What a transaction that fails has asked for.
                if let Some(end) = failures.next() {
                    made.part(0, end);
                    made.ahead();
                }
                let mut transaction = Vec::new();
                while transaction.len() < made.len() {
                    transaction.extend(made.part(transaction.len(), 512));
                }
                for _ in 0..steps.next().unwrap_or(0) {
                    made.ahead();
                }
                found.extend(ids(&transaction));
                prop_assert_eq!(made.turn(), transaction.len());
            }
            prop_assert_eq!(found, expected);
        }
    }
}
