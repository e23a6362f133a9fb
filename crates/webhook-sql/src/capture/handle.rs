use std::{fmt, sync::Arc, time::Duration};

use super::queue::Queue;
use crate::SqlError;

/// Flushes, shuts down and counts [`SqlCaptures`](crate::SqlCaptures), of which it is no clone: it
/// keeps nothing alive.
///
/// [`flush`](Self::flush) and [`shutdown`](Self::shutdown) block the thread that calls them.
#[derive(Clone)]
pub struct SqlCapturesHandle {
    queue: Arc<Queue>,
}

impl SqlCapturesHandle {
    pub(super) const fn new(queue: Arc<Queue>) -> Self {
        Self { queue }
    }

    /// Waits until every capture is committed that waits.
    ///
    /// # Errors
    ///
    /// They were not committed within `timeout`. They are tried again.
    pub fn flush(&self, timeout: Duration) -> Result<(), SqlError> {
        self.queue.flush(timeout)
    }

    /// Takes no more captures, and waits until those that came before are committed.
    ///
    /// # Errors
    ///
    /// They were not committed within `timeout`. They are tried again for as long as the sink lives.
    pub fn shutdown(&self, timeout: Duration) -> Result<(), SqlError> {
        self.queue.close();
        self.queue.flush(timeout)
    }

    /// How many captures were committed.
    #[must_use]
    pub fn written(&self) -> u64 {
        self.queue.counts().written
    }

    /// How many captures found no room, or were given up.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.queue.counts().dropped
    }

    /// How many captures wait.
    #[must_use]
    pub fn waiting(&self) -> u64 {
        self.queue.counts().waiting
    }
}

impl fmt::Debug for SqlCapturesHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts = self.queue.counts();
        f.debug_struct("SqlCapturesHandle")
            .field("written", &counts.written)
            .field("dropped", &counts.dropped)
            .field("waiting", &counts.waiting)
            .finish()
    }
}
