use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use webhook_core::Ticks;

use super::entry::{Entry, LastGood};
use crate::{Lookup, directory::Shards};

/// Answers by key, at most as many as its capacity.
///
/// Where it is full, the entry goes that has been there for longest and was not used since the last
/// look at it (a second chance for each that was). Changes are made by one at a time, under the lock
/// of the queue; readers never take that one.
pub(super) struct Table {
    entries: Shards<HashMap<Arc<str>, Entry>>,
    /// Each key of the table once.
    queue: Mutex<VecDeque<Arc<str>>>,
    capacity: usize,
}

impl Table {
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            entries: Shards::default(),
            queue: Mutex::default(),
            capacity,
        }
    }

    pub(super) fn fresh(&self, key: &str, now: Ticks) -> Option<Lookup> {
        self.entries.read(key).get(key)?.fresh(now)
    }

    pub(super) fn last_good(&self, key: &str, now: Ticks) -> Option<LastGood> {
        self.entries.read(key).get(key)?.last_good(now)
    }

    pub(super) fn keep(&self, key: &str, now: Ticks) -> Option<Lookup> {
        self.entries.read(key).get(key)?.keep(now)
    }

    pub(super) fn contains(&self, key: &str) -> bool {
        self.entries.read(key).contains_key(key)
    }

    pub(super) fn len(&self) -> usize {
        self.queue().len()
    }

    pub(super) fn insert(&self, key: &Arc<str>, entry: Entry) {
        let mut queue = self.queue();
        if !self.contains(key) {
            if queue.len() >= self.capacity {
                self.forget_one(&mut queue);
            }
            queue.push_back(Arc::clone(key));
        }
        // The old one is dropped outside the lock of its shard.
        let _old = self.entries.write(key).insert(Arc::clone(key), entry);
    }

    /// Forgets a key; says whether it was there.
    pub(super) fn remove(&self, key: &str) -> bool {
        let mut queue = self.queue();
        let old = self.entries.write(key).remove(key);
        if old.is_some() {
            queue.retain(|queued| **queued != *key);
        }
        old.is_some()
    }

    pub(super) fn clear(&self) {
        let mut queue = self.queue();
        queue.clear();
        for mut shard in self.entries.write_all() {
            shard.clear();
        }
    }

    fn forget_one(&self, queue: &mut VecDeque<Arc<str>>) {
        // While readers go on using entries, one round of second chances has to be enough.
        for chance in (0..=queue.len()).rev() {
            let Some(key) = queue.pop_front() else {
                return;
            };
            let is_used = self
                .entries
                .read(&key)
                .get(&key)
                .is_some_and(Entry::take_used);
            if is_used && chance > 0 {
                queue.push_back(key);
            } else {
                let _old = self.entries.write(&key).remove(&key);
                return;
            }
        }
    }

    fn queue(&self) -> MutexGuard<'_, VecDeque<Arc<str>>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::HashSet, sync::Arc, time::Duration};

    use proptest::prelude::*;
    use webhook_core::{Endpoint, Ticks};

    use super::{Entry, Table};

    const NOW: Ticks = Ticks::from_nanos(1);

    fn insert(table: &Table, key: &str) {
        let lookup = Endpoint::new(key.to_owned()).into();
        let entry = Entry::new(lookup, NOW, Duration::from_secs(60), Duration::ZERO);
        table.insert(&Arc::from(key), entry);
    }

    #[test]
    fn what_is_used_outlives_what_is_not() {
        let table = Table::new(3);
        for key in ["a", "b", "c"] {
            insert(&table, key);
        }
        assert!(table.fresh("a", NOW).is_some() && table.fresh("c", NOW).is_some());
        insert(&table, "d");
        assert!(!table.contains("b") && table.contains("a") && table.contains("c"));
        assert_eq!(table.len(), 3);
    }

    #[test]
    fn a_table_in_full_use_still_makes_room_and_never_more_than_it_must() {
        let table = Table::new(100);
        for round in 0..1000 {
            insert(&table, &round.to_string());
            assert!(table.fresh(&round.to_string(), NOW).is_some(), "{round}");
            assert_eq!(table.len(), 100.min(round + 1));
        }
        let held = (0..1000).filter(|key: &i32| table.contains(&key.to_string()));
        assert_eq!(held.count(), 100);
    }

    #[test]
    fn a_key_that_is_replaced_or_removed_keeps_one_place_or_none() {
        let table = Table::new(2);
        for _ in 0..5 {
            insert(&table, "a");
        }
        assert_eq!(table.len(), 1);
        assert!(table.remove("a") && !table.remove("a"));
        assert_eq!(table.len(), 0);
        for key in ["a", "b", "c"] {
            insert(&table, key);
        }
        table.clear();
        assert!(table.len() == 0 && !table.contains("c"));
    }

    proptest! {
        /// Whatever is done to it, the table holds no more than it may, each key once, and what was
        /// put in last.
        #[test]
        fn a_table_holds_what_it_says(
            capacity in 1_usize..6,
            steps in prop::collection::vec((0_u8..4, 0_u8..10), 0..60),
        ) {
            let table = Table::new(capacity);
            let mut put = HashSet::new();
            for (step, key) in steps {
                let key = key.to_string();
                match step {
                    0 | 1 => {
                        insert(&table, &key);
                        prop_assert!(table.contains(&key));
                        put.insert(key);
                    }
                    2 => {
                        let _used = table.fresh(&key, NOW);
                    }
                    _ => {
                        table.remove(&key);
                        put.remove(&key);
                    }
                }
                let held: Vec<_> = (0..10).filter(|key| table.contains(&key.to_string())).collect();
                prop_assert_eq!(held.len(), table.len());
                prop_assert!(table.len() <= capacity);
                prop_assert!(held.iter().all(|key| put.contains(&key.to_string())));
                let queue = table.queue();
                let queued: HashSet<_> = queue.iter().collect();
                prop_assert_eq!(queued.len(), queue.len());
            }
        }
    }
}
