//! The thread that writes.

use std::{
    io::{self, Write},
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    thread,
    time::Duration,
};

use webhook_core::Clock;

use super::{
    Entry, USUAL_BATCH,
    queue::{Queue, Work},
};
use crate::{guard::discard_payload, json};

/// How much is written at once.
const BLOCK: usize = 64 * 1024;
const FIRST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

pub(super) struct Writer<W> {
    queue: Arc<Queue>,
    clock: Clock,
    out: W,
    /// Lines that are not written yet, from `written` on.
    lines: Vec<u8>,
    written: usize,
}

/// The writer fails, and nobody waits for it any more.
struct Abandoned;

impl<W: Write + Send + 'static> Writer<W> {
    pub(super) fn start(out: W, queue: Arc<Queue>) -> io::Result<()> {
        let mut this = Self {
            queue,
            clock: Clock::system(),
            out,
            lines: Vec::with_capacity(BLOCK + json::MAX_LINE_BYTES),
            written: 0,
        };
        let name = String::from("webhook-audit");
        thread::Builder::new().name(name).spawn(move || {
            let _abandoned = this.run();
            this.queue.finish();
        })?;
        Ok(())
    }

    fn run(&mut self) -> Result<(), Abandoned> {
        let mut batch = Vec::with_capacity(USUAL_BATCH);
        loop {
            match self.queue.next(&mut batch) {
                Work::End => return Ok(()),
                Work::Write {
                    dropped,
                    dropped_total,
                } => {
                    if dropped > 0 {
                        let now = self.clock.now();
                        json::encode_dropped(now, dropped, dropped_total, &mut self.lines);
                    }
                    self.write_batch(&mut batch)?;
                }
            }
            if batch.capacity() > USUAL_BATCH {
                batch.shrink_to(USUAL_BATCH);
            }
        }
    }

    fn write_batch(&mut self, batch: &mut Vec<Entry>) -> Result<(), Abandoned> {
        let mut encoded = 0;
        for entry in batch.drain(..) {
            entry.encode(&mut self.lines);
            encoded += 1;
            if self.lines.len() >= BLOCK {
                self.write_out()?;
                self.queue.settle(encoded);
                encoded = 0;
            }
        }
        self.write_out()?;
        self.queue.settle(encoded);
        Ok(())
    }

    /// Writes and flushes all lines, however often it takes.
    fn write_out(&mut self) -> Result<(), Abandoned> {
        let mut pause = FIRST_PAUSE;
        loop {
            let before = self.written;
            // A writer that panics is a writer that fails.
            let attempt = catch_unwind(AssertUnwindSafe(|| self.attempt()));
            let error = match attempt {
                Ok(Ok(())) => break,
                Ok(Err(error)) => error.kind(),
                Err(payload) => {
                    discard_payload(payload);
                    io::ErrorKind::Other
                }
            };
            if self.written > before {
                pause = FIRST_PAUSE;
            }
            if !self.queue.retry_after(error, pause) {
                return Err(Abandoned);
            }
            pause = LONGEST_PAUSE.min(pause * 2);
        }
        self.lines.clear();
        self.written = 0;
        Ok(())
    }

    fn attempt(&mut self) -> io::Result<()> {
        while let Some(rest) = self
            .lines
            .get(self.written..)
            .filter(|rest| !rest.is_empty())
        {
            match self.out.write(rest) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(count) => self.written = self.written.saturating_add(count),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.out.flush()
    }
}
