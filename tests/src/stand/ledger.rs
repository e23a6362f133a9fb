use std::sync::{Arc, Mutex};

use webhook_layers::{Sink, audit::AuditRecord};

/// A sink that keeps every record; clones keep the same ones.
#[derive(Clone, Debug, Default)]
pub struct Ledger(Arc<Mutex<Vec<AuditRecord>>>);

impl Ledger {
    /// All records so far, in the order of their requests' ends.
    ///
    /// # Panics
    /// Never: nobody panics while the records are held.
    #[must_use]
    pub fn all(&self) -> Vec<AuditRecord> {
        self.0.lock().unwrap().clone()
    }

    /// How many records there are so far.
    ///
    /// # Panics
    /// Never: nobody panics while the records are held.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.lock().unwrap().len()
    }

    /// The last record.
    ///
    /// # Panics
    /// Where there is none yet.
    #[must_use]
    pub fn last(&self) -> AuditRecord {
        self.0.lock().unwrap().last().cloned().expect("a record")
    }

    /// The outcomes and reasons so far, as records write them.
    #[must_use]
    pub fn conclusions(&self) -> Vec<(&'static str, &'static str)> {
        let all = self.all();
        all.iter()
            .map(|record| (record.outcome.as_str(), record.reason.as_str()))
            .collect()
    }
}

impl Sink for Ledger {
    fn record(&self, record: AuditRecord) {
        self.0.lock().unwrap().push(record);
    }
}
