use std::{collections::HashMap, sync::Arc};

use super::flight::Flight;

/// The look-ups under way: one for each key, and a bounded number of them.
///
/// Keys that were known before have as many places of their own as new keys, so that strangers who
/// make up keys never keep a known endpoint from being looked up again.
#[derive(Default)]
pub(super) struct Flights {
    by_key: HashMap<Arc<str>, Arc<Flight>>,
    /// Tasks of new keys, those included that nobody may join any more.
    new: usize,
    /// The same of known keys.
    known: usize,
}

impl Flights {
    /// The look-up of this key that is under way.
    pub(super) fn of(&self, key: &str) -> Option<Arc<Flight>> {
        self.by_key.get(key).cloned()
    }

    /// Begins a look-up, where there is room for it.
    pub(super) fn begin(&mut self, key: &str, is_known: bool, most: usize) -> Option<Arc<Flight>> {
        let running = self.running(is_known);
        if *running >= most {
            return None;
        }
        *running += 1;
        let flight = Arc::new(Flight::new(key, is_known));
        self.by_key
            .insert(Arc::clone(&flight.key), Arc::clone(&flight));
        Some(flight)
    }

    /// Lets nobody join the key's look-up any more. Whoever waits for it is told what it finds, and
    /// nothing of it is remembered.
    pub(super) fn disown(&mut self, key: &str) {
        self.by_key.remove(key);
    }

    /// The same for all.
    pub(super) fn disown_all(&mut self) {
        self.by_key.clear();
    }

    /// Ends a look-up; says whether what it found is to be remembered.
    pub(super) fn end(&mut self, flight: &Arc<Flight>) -> bool {
        let running = self.running(flight.is_known);
        *running = running.saturating_sub(1);
        let is_current = self
            .by_key
            .get(&flight.key)
            .is_some_and(|current| Arc::ptr_eq(current, flight));
        if is_current {
            self.by_key.remove(&flight.key);
        }
        is_current
    }

    const fn running(&mut self, is_known: bool) -> &mut usize {
        if is_known {
            &mut self.known
        } else {
            &mut self.new
        }
    }
}
