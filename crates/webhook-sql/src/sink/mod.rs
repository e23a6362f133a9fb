//! The sink: a bounded queue, and a thread that writes what is in it.

mod checkpoint;
mod handle;
mod queue;
mod settings;
mod spill;
mod writer;

use std::{
    fmt,
    sync::{Arc, mpsc},
    time::Duration,
};

use webhook_audit_layer::{Acknowledgement, AuditRecord, Sink};
use webhook_core::{Clock, change::Change};

pub use self::{
    handle::SqlHandle,
    settings::{DEFAULT_CAPACITY, Overflow, SqlSinkSettings},
};
use self::{
    queue::{Item, Pushed, Queue, What},
    spill::Spill,
    writer::Writer,
};
use crate::SqlError;

/// How long the last clone of a sink waits, when it is dropped, for what is still to be written.
const PATIENCE: Duration = Duration::from_secs(5);

/// Keeps each record in a database.
///
/// - A record is handed over to a thread of the sink's own, which needs no runtime of yours, and
///   writes what has come in one transaction. The hand-over is one push into a queue.
/// - The queue is bounded. What happens where it is full is the chosen [`Overflow`]; what is dropped
///   is counted, and the next record written, `webhook.audit_dropped`, says how many.
/// - A database that fails is tried again, after 10 ms at first and 1 s at most, with a new
///   connection; in the meantime the queue fills. A commit that was done and not heard of is found
///   again, and not done twice.
/// - Changes at run time are kept among the records, as `webhook.config.changed`.
/// - [Durable](SqlSinkSettings::with_durable), a response leaves when its record is committed.
/// - Dropping the last clone writes what is left and waits for it, 5 s at most.
///
/// ```no_run
/// use webhook_audit_layer::AuditLayer;
/// use webhook_sql::SqlSink;
///
/// # fn main() -> Result<(), webhook_sql::SqlError> {
/// let sink = SqlSink::open("sqlite:audit.db")?;
/// let audit = sink.handle();
/// let layer = AuditLayer::new(sink);
/// // … serve, and when the last request is done:
/// audit.shutdown(std::time::Duration::from_secs(5))?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct SqlSink {
    owner: Arc<Owner>,
}

impl SqlSink {
    /// Opens the database at this place with the default settings; see
    /// [`open_with`](Self::open_with).
    ///
    /// # Errors
    ///
    /// As [`open_with`](Self::open_with).
    pub fn open(url: &str) -> Result<Self, SqlError> {
        Self::open_with(SqlSinkSettings::new(url.parse()?))
    }

    /// Opens the database, makes or renews its tables, and starts the thread that writes. Blocks
    /// until that is done: call it before you serve.
    ///
    /// # Errors
    ///
    /// The database cannot be reached, a newer version of this crate made its tables, the settings
    /// contradict each other, or the system gives no thread.
    pub fn open_with(settings: SqlSinkSettings) -> Result<Self, SqlError> {
        settings.check()?;
        let queue = Arc::new(Queue::new(&settings));
        let spill = match &settings.overflow {
            Overflow::Spill(path) => Some(Arc::new(Spill::open(path)?)),
            Overflow::Drop | Overflow::Wait(_) => None,
        };
        let (opened, outcome) = mpsc::sync_channel(1);
        Writer::start(&settings, Arc::clone(&queue), spill.clone(), opened)?;
        outcome
            .recv()
            .map_err(|_| SqlError::store("the audit's thread ended"))??;
        let owner = Owner {
            queue,
            spill,
            settings,
            clock: Clock::system(),
        };
        let owner = Arc::new(owner);
        Ok(Self { owner })
    }

    /// A handle to flush, to shut down and to count by, which outlives the sink.
    #[must_use]
    pub fn handle(&self) -> SqlHandle {
        SqlHandle::new(Arc::clone(&self.owner.queue))
    }
}

impl Sink for SqlSink {
    fn record(&self, record: AuditRecord) {
        self.owner.keep(What::Request(Box::new(record)));
    }

    fn is_awaited(&self) -> bool {
        self.owner.settings.is_awaited()
    }

    fn record_awaited(&self, record: AuditRecord) -> Option<Acknowledgement> {
        let what = What::Request(Box::new(record));
        let Some(bound) = self.owner.settings.durable else {
            return self.owner.keep(what);
        };
        let (acknowledger, acknowledgement) = Acknowledgement::new();
        let deadline = self.owner.deadline(bound);
        // Where there is no room, the item is dropped, and its acknowledger says so.
        let _kept_or_lost = self.owner.queue.push(Item {
            what,
            waiter: Some((acknowledger, deadline)),
        });
        Some(acknowledgement)
    }

    fn change(&self, change: Change) {
        self.owner.keep(What::Change(Box::new(change)));
    }
}

impl fmt::Debug for SqlSink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqlSink")
            .field("settings", &self.owner.settings)
            .finish_non_exhaustive()
    }
}

/// Shared by the clones of one sink; the thread and the handles are not among them.
struct Owner {
    queue: Arc<Queue>,
    spill: Option<Arc<Spill>>,
    settings: SqlSinkSettings,
    clock: Clock,
}

impl Owner {
    /// Keeps it as the overflow says, and returns what its response has to wait for.
    fn keep(&self, what: What) -> Option<Acknowledgement> {
        let waiter = None;
        match self.queue.push(Item { what, waiter }) {
            Pushed::In => None,
            Pushed::Above => {
                let Overflow::Wait(bound) = self.settings.overflow else {
                    return None;
                };
                let (acknowledger, acknowledgement) = Acknowledgement::new();
                self.queue.park(acknowledger, self.deadline(bound));
                Some(acknowledgement)
            }
            Pushed::Refused(item) => {
                let spilled = self.spill.as_ref().is_some_and(|spill| {
                    let row = item.what.to_row(&self.settings.pseudonyms);
                    spill.add(&row)
                });
                if !spilled {
                    self.queue.count_dropped();
                }
                None
            }
        }
    }

    fn deadline(&self, bound: Duration) -> u64 {
        let bound = u64::try_from(bound.as_nanos()).unwrap_or(u64::MAX);
        self.clock.ticks().as_nanos().saturating_add(bound)
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        // Nobody is left to tell: what could not be written is counted in the handles.
        let _told_to_nobody = self.queue.shutdown(PATIENCE);
        self.queue.abandon();
    }
}
