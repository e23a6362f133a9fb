use std::{fmt, sync::Arc, time::Duration};

use super::queue::Queue;
use crate::SqlError;

/// Flushes, shuts down and counts a [`SqlSink`](crate::SqlSink), of which it is no clone: it keeps
/// nothing alive.
///
/// [`flush`](Self::flush) and [`shutdown`](Self::shutdown) block the thread that calls them. Call
/// them at the end of `main`, or inside an async runtime through its means for blocking calls, such
/// as tokio's `spawn_blocking`.
#[derive(Clone)]
pub struct SqlHandle {
    queue: Arc<Queue>,
}

impl SqlHandle {
    pub(super) const fn new(queue: Arc<Queue>) -> Self {
        Self { queue }
    }

    /// Waits until every record that came before is committed.
    ///
    /// # Errors
    ///
    /// They were not committed within `timeout`. They stay in the queue and are tried again.
    pub fn flush(&self, timeout: Duration) -> Result<(), SqlError> {
        self.queue.flush(timeout)
    }

    /// Takes no more records, and waits until those that came before are committed.
    ///
    /// Records that come later are dropped and counted. Call it when the last request is done;
    /// dropping the last clone of the sink does the same.
    ///
    /// # Errors
    ///
    /// They were not committed within `timeout`. They are tried again for as long as the sink lives.
    pub fn shutdown(&self, timeout: Duration) -> Result<(), SqlError> {
        self.queue.shutdown(timeout)
    }

    /// How many records were committed.
    #[must_use]
    pub fn written(&self) -> u64 {
        self.queue.counts().written
    }

    /// How many records found no room, or were given up.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.queue.counts().dropped
    }

    /// How many records wait.
    #[must_use]
    pub fn waiting(&self) -> u64 {
        self.queue.counts().waiting
    }
}

impl fmt::Debug for SqlHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts = self.queue.counts();
        f.debug_struct("SqlHandle")
            .field("written", &counts.written)
            .field("dropped", &counts.dropped)
            .field("waiting", &counts.waiting)
            .finish()
    }
}
