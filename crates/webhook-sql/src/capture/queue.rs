//! The bounded queue between deliveries and the thread that writes what was captured of them.
//!
//! One lock, held for a push or a swap and never while anything is written.

use std::{
    mem,
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use webhook_audit_layer::capture::Captured;

use super::SqlCaptureSettings;
use crate::SqlError;

/// How many captures a transaction holds at most.
const BATCH: usize = 64;

pub(super) struct Queue {
    state: Mutex<State>,
    /// Wakes the thread.
    work: Condvar,
    /// Wakes those who wait for the thread.
    progress: Condvar,
    capacity: usize,
    max_bytes: usize,
}

#[derive(Default)]
struct State {
    waiting: Vec<Captured>,
    /// Captures taken in and not done with, and what they hold.
    open: usize,
    bytes: usize,
    written: u64,
    /// Captures dropped, and how many of them a record tells of.
    dropped: u64,
    told: u64,
    phase: Phase,
    failing: Option<SqlError>,
}

#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    #[default]
    Open,
    /// No more captures are taken in.
    Closed,
    /// A database that fails is not tried again.
    Abandoned,
    /// The thread is gone.
    Finished,
}

/// What the thread is to do next.
pub(super) enum Work {
    /// Write the batch, and a record about so many that were dropped.
    Write { dropped: u64 },
    /// Nothing has come for a while.
    Rest,
    /// Nothing is left, and nothing will come.
    End,
}

/// What a handle counts.
pub(super) struct Counts {
    pub(super) written: u64,
    pub(super) dropped: u64,
    pub(super) waiting: u64,
}

impl Queue {
    pub(super) fn new(settings: &SqlCaptureSettings) -> Self {
        Self {
            state: Mutex::default(),
            work: Condvar::new(),
            progress: Condvar::new(),
            capacity: settings.capacity,
            max_bytes: settings.queue_bytes,
        }
    }

    /// Takes a capture in, or drops and counts it where there is no room.
    pub(super) fn push(&self, captured: Captured) {
        let bytes = captured.held_bytes();
        let mut state = self.lock();
        let is_full = state.open >= self.capacity
            || state.bytes.saturating_add(bytes) > self.max_bytes
            || state.phase > Phase::Open;
        if is_full {
            state.dropped += 1;
            return;
        }
        state.open += 1;
        state.bytes += bytes;
        state.waiting.push(captured);
        let is_first = state.waiting.len() == 1;
        drop(state);
        if is_first {
            self.work.notify_one();
        }
    }

    /// Waits for work, at most for `rest`, and moves a batch of it.
    pub(super) fn next(&self, batch: &mut Vec<Captured>, rest: Duration) -> Work {
        let is_idle = |state: &mut State| state.waiting.is_empty() && state.phase == Phase::Open;
        let waited = self.work.wait_timeout_while(self.lock(), rest, is_idle);
        let mut state = waited.unwrap_or_else(PoisonError::into_inner).0;
        if state.waiting.is_empty() {
            return match state.phase {
                Phase::Open => Work::Rest,
                _ => Work::End,
            };
        }
        let count = state.waiting.len().min(BATCH);
        batch.extend(state.waiting.drain(..count));
        let dropped = state.dropped - state.told;
        state.told = state.dropped;
        Work::Write { dropped }
    }

    /// Notes that so many captures are done with, which held so many bytes.
    pub(super) fn settle(&self, captures: usize, bytes: usize) {
        let mut state = self.lock();
        state.open = state.open.saturating_sub(captures);
        state.bytes = state.bytes.saturating_sub(bytes);
        state.written += u64::try_from(captures).unwrap_or(0);
        state.failing = None;
        drop(state);
        self.progress.notify_all();
    }

    /// Notes a failure and waits before the next attempt; `false` where there is to be none.
    pub(super) fn retry_after(&self, error: &SqlError, pause: Duration) -> bool {
        let mut state = self.lock();
        state.failing = Some(error.clone());
        let goes_on = |state: &mut State| state.phase < Phase::Abandoned;
        let waited = self.work.wait_timeout_while(state, pause, goes_on);
        waited.unwrap_or_else(PoisonError::into_inner).0.phase < Phase::Abandoned
    }

    /// The thread's last word. What is not settled is lost.
    pub(super) fn finish(&self) {
        let mut state = self.lock();
        let lost = mem::take(&mut state.open);
        state.dropped += u64::try_from(lost).unwrap_or(0);
        state.bytes = 0;
        state.phase = Phase::Finished;
        let waiting = mem::take(&mut state.waiting);
        drop(state);
        self.progress.notify_all();
        drop(waiting);
    }

    /// Waits until all that is open is written.
    pub(super) fn flush(&self, timeout: Duration) -> Result<(), SqlError> {
        let state = self.lock();
        let dropped = state.dropped;
        let is_open = |state: &mut State| state.open > 0;
        let waited = self.progress.wait_timeout_while(state, timeout, is_open);
        let state = waited.unwrap_or_else(PoisonError::into_inner).0;
        // The thread gave up what was open.
        let is_lost = state.phase == Phase::Finished && state.dropped > dropped;
        if state.open == 0 && !is_lost {
            return Ok(());
        }
        let why = state.failing.as_ref().map_or_else(
            || format!("the database took longer than {timeout:?}"),
            ToString::to_string,
        );
        Err(SqlError::store(format!("captures are not written: {why}")))
    }

    pub(super) fn close(&self) {
        self.advance(Phase::Closed);
    }

    /// Has the thread give up a database that fails.
    pub(super) fn abandon(&self) {
        self.advance(Phase::Abandoned);
    }

    fn advance(&self, phase: Phase) {
        let mut state = self.lock();
        state.phase = state.phase.max(phase);
        drop(state);
        self.work.notify_one();
    }

    pub(super) fn counts(&self) -> Counts {
        let state = self.lock();
        Counts {
            written: state.written,
            dropped: state.dropped,
            waiting: u64::try_from(state.open).unwrap_or(u64::MAX),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing panics while it holds the lock; were it so, the counts would still be sound.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
