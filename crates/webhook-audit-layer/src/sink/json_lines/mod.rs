//! Records as JSON lines, written by a thread of their own behind a bounded queue.

mod entry;
mod error;
mod handle;
mod queue;
mod writer;

use std::{
    fmt,
    fs::{File, OpenOptions},
    io::{self, Read as _, Seek as _, SeekFrom, Write},
    num::NonZeroUsize,
    path::Path,
    sync::Arc,
    time::Duration,
};

use self::{entry::Entry, queue::Queue, writer::Writer};
pub use self::{
    error::{FlushError, FlushErrorKind},
    handle::AuditHandle,
};
use webhook_core::change::Change;

use super::Sink;
use crate::{AuditRecord, Ended};

/// How many records wait at most, unless it is said otherwise.
pub const DEFAULT_CAPACITY: usize = 8192;

/// There is room for so many records from the beginning; larger batches give their memory back.
const USUAL_BATCH: usize = 1024;

/// How long the last clone of a sink waits, when it is dropped, for what is still to be written.
const PATIENCE: Duration = Duration::from_secs(5);

/// Writes each record as one line of JSON.
///
/// - A request that has ended is handed over to a thread of the sink's own, which sleeps, and writes
///   what has come in a batch. A request never waits for it: four words go into a queue, and the
///   thread does the rest.
/// - The queue is bounded. A record that finds no room is dropped and counted, and the next line
///   written says how many were: `{"ts":…,"event":"webhook.audit_dropped","dropped":3,"dropped_total":3}`.
/// - A change of the running stack, from [`AuditLayer::changes`](crate::AuditLayer::changes), is a line
///   too: `{"ts":…,"event":"webhook.config.changed","id":…,"change":"paused","target":"github","by":…,"why":…}`.
/// - A writer that fails is tried again, from the byte where it failed, after 10 ms at first and
///   1 s at most; in the meantime the queue fills.
/// - A line is at most [`MAX_LINE_BYTES`](crate::MAX_LINE_BYTES) long and holds no control, no
///   invisible and no bidirectional character, whatever the request held.
/// - Dropping the last clone writes what is left and waits for it, 5 s at most.
///
/// | limit | default |
/// |---|---|
/// | records waiting | [`DEFAULT_CAPACITY`], 8,192: at most 24 MiB |
/// | wait before a batch is written | 5 ms |
///
/// ```
/// use std::time::Duration;
///
/// use webhook_audit_layer::{AuditLayer, JsonLinesSink};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let sink = JsonLinesSink::new(std::io::stdout())?;
/// let audit = sink.handle();
/// let layer = AuditLayer::new(sink);
/// // … serve, and when the last request is done:
/// audit.flush(Duration::from_secs(5))?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct JsonLinesSink {
    owner: Arc<Owner>,
}

impl JsonLinesSink {
    /// Starts the thread that writes to `writer`: a file, a pipe, the standard output.
    ///
    /// The writer gets whole lines in blocks of up to 64 KiB, and is flushed after each batch; it
    /// needs no buffer of its own.
    ///
    /// # Errors
    ///
    /// The system gives no thread.
    pub fn new(writer: impl Write + Send + 'static) -> io::Result<Self> {
        let queue = Arc::new(Queue::new(DEFAULT_CAPACITY));
        Writer::start(writer, Arc::clone(&queue))?;
        let owner = Arc::new(Owner { queue });
        Ok(Self { owner })
    }

    /// Appends to a file, which is made where there is none, on Unix for its owner's eyes only.
    ///
    /// A line that an earlier process left half-written is ended first. The file grows without
    /// bound: rotate it by copying and truncating (`copytruncate` of logrotate).
    ///
    /// # Errors
    ///
    /// The file cannot be opened, or the system gives no thread.
    pub fn append(path: impl AsRef<Path>) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.read(true).append(true).create(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(path)?;
        end_last_line(&mut file)?;
        Self::new(file)
    }

    /// Sets how many records may wait. Default: [`DEFAULT_CAPACITY`].
    ///
    /// A waiting record takes about 1 KiB, 3 KiB at most.
    ///
    /// ```
    /// use std::num::NonZeroUsize;
    ///
    /// use webhook_audit_layer::JsonLinesSink;
    ///
    /// let few = NonZeroUsize::new(1024).unwrap_or(NonZeroUsize::MIN);
    /// let sink = JsonLinesSink::new(std::io::stdout())?.with_capacity(few);
    /// # Ok::<_, std::io::Error>(())
    /// ```
    #[must_use]
    pub fn with_capacity(self, records: NonZeroUsize) -> Self {
        self.owner.queue.set_capacity(records.get());
        self
    }

    /// A handle to flush, to shut down and to count by, which outlives the sink.
    #[must_use]
    pub fn handle(&self) -> AuditHandle {
        AuditHandle::new(Arc::clone(&self.owner.queue))
    }
}

impl Sink for JsonLinesSink {
    fn record(&self, record: AuditRecord) {
        self.owner.queue.push(Entry::Record(Box::new(record)));
    }

    fn ended(&self, request: Ended) {
        self.owner.queue.push(Entry::Ended(request));
    }

    fn change(&self, change: Change) {
        self.owner.queue.push(Entry::Change(Box::new(change)));
    }
}

impl fmt::Debug for JsonLinesSink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JsonLinesSink").finish_non_exhaustive()
    }
}

/// Shared by the clones of one sink; the thread and the handles are not among them.
struct Owner {
    queue: Arc<Queue>,
}

impl Drop for Owner {
    fn drop(&mut self) {
        // Nobody is left to tell: what could not be written is counted in the handles.
        let _told_to_nobody = self.queue.shutdown(PATIENCE);
        self.queue.abandon();
    }
}

fn end_last_line(file: &mut File) -> io::Result<()> {
    // Pipes and terminals have no end to look at, and an empty file no last byte.
    if !file.metadata()?.is_file() || file.seek(SeekFrom::End(0))? == 0 {
        return Ok(());
    }
    let mut last = [0];
    file.seek(SeekFrom::End(-1))?;
    file.read_exact(&mut last)?;
    if last == *b"\n" {
        Ok(())
    } else {
        file.write_all(b"\n")
    }
}

#[cfg(test)]
mod tests;
