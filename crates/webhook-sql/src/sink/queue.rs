//! The bounded queue between requests and the thread that writes.
//!
//! One lock, held for a push or a swap and never while anything is written.

use std::{
    collections::VecDeque,
    mem,
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use webhook_audit_layer::{Acknowledger, AuditRecord};
use webhook_core::change::Change;

use super::SqlSinkSettings;
use crate::{Pseudonyms, SqlError, row::Row};

/// How long records gather before they are written. Waking the thread costs a request more than
/// the queue does, so it is woken once for a batch.
const GATHER: Duration = Duration::from_millis(5);

/// Where so many have come while the last batch was written, they do not gather any longer.
const ENOUGH: usize = 512;

/// What is to be kept, as it was handed over.
pub(super) enum What {
    Request(Box<AuditRecord>),
    Change(Box<Change>),
}

impl What {
    pub(super) fn to_row(&self, pseudonyms: &Pseudonyms) -> Row {
        match self {
            Self::Request(record) => Row::from_record(record, pseudonyms),
            Self::Change(change) => Row::from_change(change),
        }
    }
}

/// A response that waits, and until when: nanoseconds of the monotonic clock.
pub(super) type Waiter = (Acknowledger, u64);

pub(super) struct Item {
    pub(super) what: What,
    pub(super) waiter: Option<Waiter>,
}

/// What became of a push.
pub(super) enum Pushed {
    In,
    /// In, above the capacity.
    Above,
    Refused(Item),
}

pub(super) struct Queue {
    state: Mutex<State>,
    /// Wakes the thread.
    work: Condvar,
    /// Wakes those who wait for the thread.
    progress: Condvar,
    capacity: u64,
    hard_capacity: u64,
}

#[derive(Default)]
struct State {
    waiting: Vec<Item>,
    /// Responses that wait for room, the earliest deadline first.
    parked: VecDeque<Waiter>,
    /// Records taken in, and records that are done with: written, or given up.
    pushed: u64,
    settled: u64,
    /// Records given up after they were taken in.
    lost: u64,
    /// Records dropped; how many of them the records taken out tell of, and how many those written.
    refused: u64,
    told: u64,
    told_settled: u64,
    /// The thread sleeps until it is woken.
    is_idle: bool,
    /// Somebody waits for what is in the queue.
    flushing: usize,
    /// A response waits for what is in the queue.
    is_awaited: bool,
    phase: Phase,
    failing: Option<SqlError>,
}

#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    #[default]
    Open,
    /// No more records are taken in.
    Closed,
    /// A database that fails is not tried again.
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
    /// Write the batch, after a record about so many that were dropped.
    Write { dropped: u64 },
    /// Nothing has come for a while.
    Rest,
    /// Nothing is left, and nothing will come.
    End,
}

impl Queue {
    pub(super) fn new(settings: &SqlSinkSettings) -> Self {
        let count = |records: usize| u64::try_from(records).unwrap_or(u64::MAX);
        Self {
            state: Mutex::default(),
            work: Condvar::new(),
            progress: Condvar::new(),
            capacity: count(settings.capacity),
            hard_capacity: count(settings.hard_capacity()),
        }
    }

    /// Takes an item in, or gives it back where there is no room.
    pub(super) fn push(&self, item: Item) -> Pushed {
        let mut state = self.lock();
        let open = state.open();
        if state.is_closed() || open >= self.hard_capacity {
            // Counted where nobody else takes it: one that waits is answered, and lost.
            state.refused += u64::from(item.waiter.is_some());
            return Pushed::Refused(item);
        }
        state.is_awaited |= item.waiter.is_some();
        state.waiting.push(item);
        state.pushed += 1;
        let is_half_full = self.is_half_full(&state);
        let wake = mem::take(&mut state.is_idle) || is_half_full;
        drop(state);
        if wake {
            self.work.notify_one();
        }
        if open >= self.capacity {
            Pushed::Above
        } else {
            Pushed::In
        }
    }

    /// Has a response wait until there is room.
    pub(super) fn park(&self, acknowledger: Acknowledger, deadline: u64) {
        let mut state = self.lock();
        if state.is_closed() || state.open() < self.capacity {
            drop(state);
            acknowledger.acknowledge(true);
        } else {
            state.parked.push_back((acknowledger, deadline));
        }
    }

    pub(super) fn count_dropped(&self) {
        self.lock().refused += 1;
    }

    /// Waits for work, at most for `rest`, lets a batch gather, and swaps it for the empty one.
    pub(super) fn next(&self, batch: &mut Vec<Item>, rest: Duration) -> Work {
        let mut state = self.lock();
        let is_enough = state.waiting.len() >= ENOUGH;
        if state.has_nothing_to_tell() && !state.is_closed() {
            state.is_idle = true;
            let is_idle = |state: &mut State| state.has_nothing_to_tell() && !state.is_closed();
            let waited = self.work.wait_timeout_while(state, rest, is_idle);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
            state.is_idle = false;
            if state.has_nothing_to_tell() && !state.is_closed() {
                return Work::Rest;
            }
        }
        if !is_enough && !self.is_urgent(&state) {
            let waited = self
                .work
                .wait_timeout_while(state, GATHER, |state| !self.is_urgent(state));
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        if state.has_nothing_to_tell() {
            return Work::End;
        }
        mem::swap(&mut state.waiting, batch);
        state.is_awaited = false;
        let dropped = state.refused - state.told;
        state.told = state.refused;
        Work::Write { dropped }
    }

    /// Whether a request waits to be written, so that other work can wait.
    pub(super) fn is_busy(&self) -> bool {
        let state = self.lock();
        !state.has_nothing_to_tell() || state.is_closed()
    }

    /// Notes that so many records are committed.
    pub(super) fn settle(&self, records: u64) {
        let mut state = self.lock();
        state.settled += records;
        state.told_settled = state.told;
        state.failing = None;
        let room = self.capacity.saturating_sub(state.open());
        let room = usize::try_from(room)
            .unwrap_or(usize::MAX)
            .min(state.parked.len());
        let parked: Vec<_> = state.parked.drain(..room).collect();
        drop(state);
        self.progress.notify_all();
        for (acknowledger, _) in parked {
            acknowledger.acknowledge(true);
        }
    }

    /// Ends the wait of those that have waited long enough at `now`.
    pub(super) fn expire(&self, now: u64) {
        let mut state = self.lock();
        let is_late = |waiter: &Waiter| waiter.1 <= now;
        let parked = state
            .parked
            .iter()
            .take_while(|waiter| is_late(waiter))
            .count();
        let parked: Vec<_> = state.parked.drain(..parked).collect();
        let late = state
            .waiting
            .iter_mut()
            .filter(|item| item.waiter.as_ref().is_some_and(is_late));
        let late: Vec<_> = late.filter_map(|item| item.waiter.take()).collect();
        drop(state);
        // Who waited for room has its record in the queue; who waited for a commit has not.
        for (acknowledger, _) in parked {
            acknowledger.acknowledge(true);
        }
        for (acknowledger, _) in late {
            acknowledger.acknowledge(false);
        }
    }

    /// Notes a failure and waits before the next attempt; `false` where there is to be none.
    pub(super) fn retry_after(&self, error: &SqlError, pause: Duration) -> bool {
        let mut state = self.lock();
        state.failing = Some(error.clone());
        self.progress.notify_all();
        let waited = self
            .work
            .wait_timeout_while(state, pause, |state| state.phase < Phase::Abandoned);
        waited.unwrap_or_else(PoisonError::into_inner).0.phase < Phase::Abandoned
    }

    /// The thread's last word. What is not settled is lost.
    pub(super) fn finish(&self) {
        let mut state = self.lock();
        state.lost = state.open();
        state.settled = state.pushed;
        state.phase = Phase::Finished;
        let (lost, parked) = (mem::take(&mut state.waiting), mem::take(&mut state.parked));
        drop(state);
        self.progress.notify_all();
        drop((lost, parked));
    }

    pub(super) fn flush(&self, timeout: Duration) -> Result<(), SqlError> {
        let state = self.lock();
        self.wait_until_settled(state, timeout)
    }

    pub(super) fn shutdown(&self, timeout: Duration) -> Result<(), SqlError> {
        let mut state = self.lock();
        state.phase = state.phase.max(Phase::Closed);
        self.wait_until_settled(state, timeout)
    }

    /// Has the thread give up a database that fails.
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
            waiting: state.open(),
        }
    }

    fn wait_until_settled(
        &self,
        mut state: MutexGuard<'_, State>,
        timeout: Duration,
    ) -> Result<(), SqlError> {
        let (target, refused) = (state.pushed, state.refused);
        state.flushing += 1;
        self.work.notify_one();
        let waited = self.progress.wait_timeout_while(state, timeout, |state| {
            let is_settled = state.settled >= target && state.told_settled >= refused;
            !is_settled && state.phase < Phase::Finished
        });
        let mut state = waited.unwrap_or_else(PoisonError::into_inner).0;
        state.flushing -= 1;
        let missing = target.saturating_sub(state.settled).max(state.lost);
        if missing == 0 {
            return Ok(()); // at most the record about dropped ones is still out
        }
        let why = state.failing.as_ref().map_or_else(
            || format!("the database took longer than {timeout:?}"),
            ToString::to_string,
        );
        Err(SqlError::store(format!(
            "{missing} audit records are not written: {why}"
        )))
    }

    /// Whether a batch is not to gather any longer.
    fn is_urgent(&self, state: &State) -> bool {
        state.flushing > 0 || state.is_awaited || state.is_closed() || self.is_half_full(state)
    }

    fn is_half_full(&self, state: &State) -> bool {
        u64::try_from(state.waiting.len()).is_ok_and(|waiting| waiting >= self.capacity.div_ceil(2))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing panics while it holds the lock; were it so, the counts would still be sound.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    const fn open(&self) -> u64 {
        self.pushed - self.settled
    }

    fn is_closed(&self) -> bool {
        self.phase >= Phase::Closed
    }

    const fn has_nothing_to_tell(&self) -> bool {
        self.waiting.is_empty() && self.refused == self.told
    }
}
