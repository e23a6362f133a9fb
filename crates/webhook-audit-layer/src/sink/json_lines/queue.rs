//! The bounded queue between requests and the thread that writes.
//!
//! One lock, held for a copy or a swap and never while anything is written.

use std::{
    io, mem,
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use super::{Entry, FlushError, FlushErrorKind, USUAL_BATCH};

/// How long records gather before they are written. Waking the thread costs a request more than
/// the queue does, so it is woken once for a batch.
const GATHER: Duration = Duration::from_millis(5);

pub(super) struct Queue {
    state: Mutex<State>,
    /// Wakes the thread.
    work: Condvar,
    /// Wakes those who wait for the thread.
    progress: Condvar,
}

struct State {
    waiting: Vec<Entry>,
    capacity: usize,
    /// Records taken in, and records that are done with: written, or given up.
    pushed: u64,
    settled: u64,
    /// Records given up after they were taken in.
    lost: u64,
    /// Records that found no room; how many of them the lines taken out tell of, and how many the
    /// lines written.
    refused: u64,
    told: u64,
    told_settled: u64,
    /// The thread sleeps until it is woken.
    is_idle: bool,
    /// Somebody waits for what is in the queue.
    flushing: usize,
    phase: Phase,
    failing: Option<io::ErrorKind>,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    Open,
    /// No more records are taken in.
    Closed,
    /// A writer that fails is not tried again.
    Abandoned,
    /// The thread is gone.
    Finished,
}

/// What a handle counts.
pub(super) struct Counts {
    pub(super) written: u64,
    pub(super) dropped: u64,
    pub(super) waiting: u64,
}

/// What the thread is to do next.
pub(super) enum Work {
    /// Write the batch, after a line about so many records dropped since the last, of so many in
    /// all.
    Write { dropped: u64, dropped_total: u64 },
    /// Nothing is left, and nothing will come.
    End,
}

impl Queue {
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            state: Mutex::new(State {
                // Grown at once, so that no request pays for it.
                waiting: Vec::with_capacity(USUAL_BATCH.min(capacity)),
                capacity,
                pushed: 0,
                settled: 0,
                lost: 0,
                refused: 0,
                told: 0,
                told_settled: 0,
                is_idle: false,
                flushing: 0,
                phase: Phase::Open,
                failing: None,
            }),
            work: Condvar::new(),
            progress: Condvar::new(),
        }
    }

    pub(super) fn set_capacity(&self, records: usize) {
        self.lock().capacity = records;
    }

    /// Takes a record in, or counts it where there is no room.
    pub(super) fn push(&self, entry: Entry) {
        let mut state = self.lock();
        let open = state.pushed - state.settled;
        let has_room = usize::try_from(open).is_ok_and(|open| open < state.capacity);
        if state.is_closed() || !has_room {
            state.refused += 1;
            // The entry is freed after the lock.
            drop(state);
            return;
        }
        state.waiting.push(entry);
        state.pushed += 1;
        let is_half_full = state.waiting.len() == state.capacity / 2;
        let wake = mem::take(&mut state.is_idle) || is_half_full;
        drop(state);
        if wake {
            self.work.notify_one();
        }
    }

    /// Waits for work, lets a batch gather, and swaps it for the empty one.
    pub(super) fn next(&self, batch: &mut Vec<Entry>) -> Work {
        let mut state = self.lock();
        while state.has_nothing_to_tell() && !state.is_closed() {
            state.is_idle = true;
            state = wait(&self.work, state);
        }
        state.is_idle = false;
        if !state.is_urgent() {
            let waited = self
                .work
                .wait_timeout_while(state, GATHER, |state| !state.is_urgent());
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        if state.has_nothing_to_tell() {
            return Work::End;
        }
        mem::swap(&mut state.waiting, batch);
        let dropped = state.refused - state.told;
        state.told = state.refused;
        Work::Write {
            dropped,
            dropped_total: state.refused,
        }
    }

    /// Notes that so many records are written and the writer flushed.
    pub(super) fn settle(&self, records: u64) {
        let mut state = self.lock();
        state.settled += records;
        state.told_settled = state.told;
        state.failing = None;
        drop(state);
        self.progress.notify_all();
    }

    /// Notes a failure and waits before the next attempt; `false` where there is to be none.
    pub(super) fn retry_after(&self, kind: io::ErrorKind, pause: Duration) -> bool {
        let mut state = self.lock();
        state.failing = Some(kind);
        self.progress.notify_all();
        let waited = self
            .work
            .wait_timeout_while(state, pause, |state| state.phase < Phase::Abandoned);
        waited.unwrap_or_else(PoisonError::into_inner).0.phase < Phase::Abandoned
    }

    /// The thread's last word. What is not settled is lost.
    pub(super) fn finish(&self) {
        let mut state = self.lock();
        state.lost = state.pushed - state.settled;
        state.settled = state.pushed;
        state.phase = Phase::Finished;
        let lost = mem::take(&mut state.waiting);
        drop(state);
        self.progress.notify_all();
        drop(lost);
    }

    pub(super) fn flush(&self, timeout: Duration) -> Result<(), FlushError> {
        let state = self.lock();
        self.wait_until_settled(state, timeout)
    }

    pub(super) fn shutdown(&self, timeout: Duration) -> Result<(), FlushError> {
        let mut state = self.lock();
        state.phase = state.phase.max(Phase::Closed);
        self.wait_until_settled(state, timeout)
    }

    /// Has the thread give up a writer that fails.
    pub(super) fn abandon(&self) {
        let mut state = self.lock();
        state.phase = state.phase.max(Phase::Abandoned);
        drop(state);
        self.work.notify_one();
    }

    pub(super) fn counts(&self) -> Counts {
        let state = self.lock();
        Counts {
            written: state.settled - state.lost,
            dropped: state.refused + state.lost,
            waiting: state.pushed - state.settled,
        }
    }

    fn wait_until_settled(
        &self,
        mut state: MutexGuard<'_, State>,
        timeout: Duration,
    ) -> Result<(), FlushError> {
        let (target, refused) = (state.pushed, state.refused);
        state.flushing += 1;
        self.work.notify_one();
        let waited = self.progress.wait_timeout_while(state, timeout, |state| {
            let is_settled = state.settled >= target && state.told_settled >= refused;
            !is_settled && state.phase < Phase::Finished
        });
        let mut state = waited.unwrap_or_else(PoisonError::into_inner).0;
        state.flushing -= 1;
        let missing = target.saturating_sub(state.settled);
        let kind = match state.failing {
            _ if state.lost > 0 => FlushErrorKind::Stopped,
            _ if missing == 0 => return Ok(()), // at most the line about dropped ones is still out
            Some(kind) => FlushErrorKind::Failing(kind),
            None => FlushErrorKind::TimedOut(timeout),
        };
        Err(FlushError::new(kind, missing.max(state.lost)))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing panics while it holds the lock; were it so, the counts would still be sound.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Whether a batch is not to gather any longer.
    fn is_urgent(&self) -> bool {
        self.flushing > 0 || self.is_closed() || self.waiting.len() >= self.capacity / 2
    }

    fn is_closed(&self) -> bool {
        self.phase >= Phase::Closed
    }

    fn has_nothing_to_tell(&self) -> bool {
        self.waiting.is_empty() && self.refused == self.told
    }
}

fn wait<'a>(on: &Condvar, state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
    on.wait(state).unwrap_or_else(PoisonError::into_inner)
}
