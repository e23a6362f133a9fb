//! Where the audit's lines go.

use std::{
    io::{self, Write},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use webhook_layers::{JsonLinesSink, audit::AuditHandle};

use super::BoxError;

/// How long a writer takes at most for what waits.
const PATIENCE: Duration = Duration::from_secs(60);

static IS_HELD: AtomicBool = AtomicBool::new(false);
static IS_WAITING: AtomicBool = AtomicBool::new(false);
static SINK: Mutex<Option<AuditHandle>> = Mutex::new(None);

/// Throws lines away, or keeps its writer waiting.
#[derive(Clone, Copy, Debug)]
pub(super) struct Output;

/// A sink whose lines are made, on a thread of its own, and thrown away.
pub(super) fn sink() -> io::Result<JsonLinesSink> {
    let sink = JsonLinesSink::new(Output)?;
    *SINK.lock().unwrap_or_else(PoisonError::into_inner) = Some(sink.handle());
    Ok(sink)
}

/// Keeps writers waiting while instructions are counted: when another thread gives memory back, and
/// how much of it, would change what the counted one finds.
pub(super) fn hold() {
    IS_HELD.store(true, Ordering::SeqCst);
}

/// Waits till the writer stands still, where there is one: it has something to write, and must not.
pub(super) fn wait_till_held() {
    let has_writer = SINK
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .is_some();
    while has_writer && !IS_WAITING.load(Ordering::SeqCst) {
        thread::sleep(Duration::from_millis(1));
    }
}

/// Lets writers write all that waits.
///
/// # Errors
/// It takes too long.
pub(super) fn release() -> Result<(), BoxError> {
    IS_HELD.store(false, Ordering::SeqCst);
    match &*SINK.lock().unwrap_or_else(PoisonError::into_inner) {
        Some(sink) => Ok(sink.flush(PATIENCE)?),
        None => Ok(()),
    }
}

impl Write for Output {
    fn write(&mut self, lines: &[u8]) -> io::Result<usize> {
        while IS_HELD.load(Ordering::SeqCst) {
            IS_WAITING.store(true, Ordering::SeqCst);
            thread::sleep(Duration::from_millis(1));
        }
        IS_WAITING.store(false, Ordering::SeqCst);
        Ok(lines.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
