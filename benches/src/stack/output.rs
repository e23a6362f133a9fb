//! Where the audit's lines go.

use std::{
    io::{self, Write},
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Duration,
};

static IS_HELD: AtomicBool = AtomicBool::new(false);

/// Throws lines away, or keeps its writer waiting.
#[derive(Clone, Copy, Debug)]
pub(super) struct Output;

/// Keeps writers waiting while instructions are counted: when another thread gives memory back, and
/// how much of it, would change what the counted one finds.
pub(super) fn hold(held: bool) {
    IS_HELD.store(held, Ordering::SeqCst);
}

impl Write for Output {
    fn write(&mut self, lines: &[u8]) -> io::Result<usize> {
        while IS_HELD.load(Ordering::SeqCst) {
            thread::sleep(Duration::from_millis(1));
        }
        Ok(lines.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
