use std::time::Duration;

use super::{AuditLog, Filter, Store};
use crate::{Event, SqlError, jsonl::LinePlace};

/// How often the store is looked at.
const PAUSE: Duration = Duration::from_millis(200);

/// Follows a log; see [`AuditLog::tail`].
#[derive(Debug)]
pub struct Tail<'a> {
    log: &'a AuditLog,
    filter: Filter,
    after: i64,
    place: LinePlace,
}

impl AuditLog {
    /// Follows the log from now on. Records come in the order in which they were committed, each
    /// once.
    ///
    /// # Errors
    ///
    /// The store cannot be read.
    pub async fn tail(&self, filter: &Filter) -> Result<Tail<'_>, SqlError> {
        let mut tail = Tail {
            log: self,
            filter: filter.clone(),
            after: 0,
            place: LinePlace::default(),
        };
        match &self.store {
            Store::Database(_) => tail.after = self.checkpoint().await?.number(),
            Store::Lines(lines) => {
                tail.place = lines.each(tail.place, filter, |_| Ok(()))?;
            }
        }
        Ok(tail)
    }
}

impl Tail<'_> {
    /// Waits for records that are meant, and returns those that have come. Dropped while it waits,
    /// it has lost nothing.
    ///
    /// # Errors
    ///
    /// The store cannot be read; it can be asked again.
    pub async fn next(&mut self) -> Result<Vec<Event>, SqlError> {
        loop {
            let events = self.come().await?;
            if !events.is_empty() {
                return Ok(events);
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn come(&mut self) -> Result<Vec<Event>, SqlError> {
        if let Store::Lines(lines) = &self.log.store {
            let mut events = Vec::new();
            self.place = lines.each(self.place, &self.filter, |event| {
                events.push(event);
                Ok(())
            })?;
            return Ok(events);
        }
        let events = self.log.page_after(&self.filter, self.after).await?;
        if let Some(last) = events.last() {
            self.after = last.number();
        }
        Ok(events)
    }
}
