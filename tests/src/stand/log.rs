use std::{
    cell::RefCell,
    io,
    sync::{Arc, Mutex, Once},
};

use tracing_subscriber::filter::LevelFilter;

/// What was written: the operator's log, or a file of audit lines.
#[derive(Clone, Debug, Default)]
pub struct Log(Arc<Mutex<Vec<u8>>>);

thread_local! {
    static OF_THIS_THREAD: RefCell<Option<Log>> = const { RefCell::new(None) };
}

impl Log {
    /// Keeps all that this thread tells `tracing`, down to `TRACE`, until the guard is dropped.
    #[must_use]
    pub fn of_this_thread() -> (Self, impl Drop) {
        Self::listen();
        let log = Self::default();
        OF_THIS_THREAD.set(Some(log.clone()));
        (log, Listening)
    }

    /// Listens to all threads, of which each keeps its own log or none.
    ///
    /// One listener for the whole process, and before the first event: `tracing` remembers that
    /// nobody listened where two threads come to an event and to a listener at once.
    pub(super) fn listen() {
        static ONCE: Once = Once::new();
        ONCE.call_once(|| {
            tracing_subscriber::fmt()
                .with_max_level(LevelFilter::TRACE)
                .with_ansi(false)
                .with_writer(|| ToThisThread)
                .init();
        });
    }

    /// All that was written, as text.
    ///
    /// # Panics
    /// Where it is not UTF-8.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).expect("a log is text")
    }
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Writes to the log of the thread that writes.
struct ToThisThread;

impl io::Write for ToThisThread {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        OF_THIS_THREAD.with_borrow_mut(|log| match log {
            Some(log) => log.write(bytes),
            None => Ok(bytes.len()),
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Ends the log of this thread when it is dropped.
struct Listening;

impl Drop for Listening {
    fn drop(&mut self) {
        OF_THIS_THREAD.set(None);
    }
}
