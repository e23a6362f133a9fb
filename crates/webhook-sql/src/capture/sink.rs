use std::{
    fmt,
    sync::{Arc, mpsc},
    time::Duration,
};

use webhook_audit_layer::capture::{CaptureSink, Captured};

use super::{SqlCaptureSettings, SqlCapturesHandle, queue::Queue, writer::Writer};
use crate::SqlError;

/// How long the last clone waits, when it is dropped, for what is still to be written.
const PATIENCE: Duration = Duration::from_secs(5);

/// Keeps what was captured of deliveries in a database.
///
/// - Captures stand in a table of their own, `webhook_event_capture`, which is not made before somebody
///   opens this. No record of the audit, and no other table, tells what a delivery holds.
/// - A capture is handed over to a thread of the sink's own, which redacts it and writes it. The
///   hand-over is one push into a queue, which is bounded in captures and in bytes. What finds no room is
///   dropped and counted, and a later record of the log, `webhook.capture_dropped`, says how many.
/// - A database that fails is tried again, after 10 ms at first and 1 s at most. A capture is stored
///   once, whatever was heard of its commit.
/// - Captures have a [retention](SqlCaptureSettings::with_retention) of their own, looked at every
///   30 s. [`AuditLog::purge`](crate::AuditLog::purge) and [`erase`](crate::AuditLog::erase) take the
///   captures with them that belong to what they are told; so keep captures in the audit's own
///   database.
/// - Dropping the last clone writes what is left and waits for it, 5 s at most.
///
/// ```no_run
/// use webhook_audit_layer::capture::{CaptureLayer, CaptureSettings};
/// use webhook_sql::SqlCaptures;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let settings = CaptureSettings::body().with_redacted(["/customer/email"])?;
/// let layer = CaptureLayer::new(settings, SqlCaptures::open("sqlite:audit.db")?);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct SqlCaptures {
    owner: Arc<Owner>,
}

/// Shared by the clones of one sink; the thread and the handles are not among them.
struct Owner {
    queue: Arc<Queue>,
    settings: SqlCaptureSettings,
}

impl SqlCaptures {
    /// Opens the database at this place with the default settings; see
    /// [`open_with`](Self::open_with).
    ///
    /// # Errors
    ///
    /// As [`open_with`](Self::open_with).
    pub fn open(url: &str) -> Result<Self, SqlError> {
        Self::open_with(SqlCaptureSettings::new(url.parse()?))
    }

    /// Opens the database, makes the tables of the audit and of captures where they are not there, and
    /// starts the thread that writes. Blocks until that is done: call it before you serve.
    ///
    /// # Errors
    ///
    /// The database cannot be reached, a newer version of this crate made its tables, or the system
    /// gives no thread.
    pub fn open_with(settings: SqlCaptureSettings) -> Result<Self, SqlError> {
        let queue = Arc::new(Queue::new(&settings));
        let (opened, outcome) = mpsc::sync_channel(1);
        Writer::start(&settings, Arc::clone(&queue), opened)?;
        outcome
            .recv()
            .map_err(|_| SqlError::store("the captures' thread ended"))??;
        let owner = Arc::new(Owner { queue, settings });
        Ok(Self { owner })
    }

    /// A handle to flush, to shut down and to count by, which outlives the sink.
    #[must_use]
    pub fn handle(&self) -> SqlCapturesHandle {
        SqlCapturesHandle::new(Arc::clone(&self.owner.queue))
    }
}

impl CaptureSink for SqlCaptures {
    fn capture(&self, captured: Captured) {
        self.owner.queue.push(captured);
    }
}

impl fmt::Debug for SqlCaptures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqlCaptures")
            .field("settings", &self.owner.settings)
            .finish_non_exhaustive()
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        self.queue.close();
        // Nobody is left to tell: what could not be written is counted in the handles.
        let _told_to_nobody = self.queue.flush(PATIENCE);
        self.queue.abandon();
    }
}
