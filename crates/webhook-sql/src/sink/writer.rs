//! The thread that writes.

mod made;
mod spilled;

use std::{
    io,
    sync::{Arc, mpsc::SyncSender},
    thread,
    time::Duration,
};

use webhook_core::Clock;

use self::made::Made;
use super::{
    SqlSinkSettings,
    checkpoint::Checkpointer,
    queue::{Item, Queue, Waiter, Work},
    spill::Spill,
};
use crate::{
    SqlError,
    database::{Durability, Pool, Session},
    log::retention::{self, Step},
    migrate::migrate,
    row::Row,
    write::{Rows, append, holds},
};

const FIRST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// How long one attempt may take before its connection is given up.
const ATTEMPT: Duration = Duration::from_secs(10);
/// How often, during an attempt, waiting responses are looked at.
const TICK: Duration = Duration::from_millis(10);
/// How often records are looked for that are due to go, and how long records are written undisturbed
/// where others than these want the database.
const RETENTION: Duration = Duration::from_secs(30);
const RETENTION_PAUSE: Duration = Duration::from_millis(10);
/// How many records may be written for which none has gone yet, before requests wait for that.
const MOST_OWED: u64 = 1024;

pub(super) struct Writer {
    queue: Arc<Queue>,
    spill: Option<Arc<Spill>>,
    settings: SqlSinkSettings,
    clock: Clock,
    pool: Pool,
    session: Option<Session>,
    checkpointer: Option<Checkpointer>,
    /// Records that retention has deleted and no record tells of yet.
    expired: u64,
    /// Records written since retention was last looked at.
    added: u64,
    /// When retention is looked at next, in nanoseconds of the monotonic clock.
    next_retention: u64,
}

/// The database fails, and nobody waits for it any more.
struct Abandoned;

impl Writer {
    /// Starts the thread, which says through `opened` whether the database is ready.
    pub(super) fn start(
        settings: &SqlSinkSettings,
        queue: Arc<Queue>,
        spill: Option<Arc<Spill>>,
        opened: SyncSender<Result<(), SqlError>>,
    ) -> Result<(), SqlError> {
        let durability = match settings.durable {
            Some(_) => Durability::Power,
            None => Durability::Process,
        };
        let mut this = Self {
            queue,
            spill,
            settings: settings.clone(),
            clock: Clock::system(),
            pool: Pool::writing(&settings.url, durability),
            session: None,
            checkpointer: Checkpointer::start(&settings.url)?,
            expired: 0,
            added: 0,
            next_retention: 0,
        };
        let failed = |error: &io::Error| SqlError::io("no thread for the audit", error);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| failed(&error))?;
        let thread = thread::Builder::new().name(String::from("webhook-sql"));
        let run = move || {
            let queue = Arc::clone(&this.queue);
            runtime.block_on(async {
                let ready = this.open().await;
                let is_ready = ready.is_ok();
                let _opener_waits = opened.send(ready);
                if is_ready {
                    let _abandoned = this.run().await;
                }
            });
            queue.finish();
        };
        thread.spawn(run).map_err(|error| failed(&error))?;
        Ok(())
    }

    async fn open(&mut self) -> Result<(), SqlError> {
        let mut session = self.pool.connect().await?;
        migrate(&mut session).await?;
        if self.spill.is_some() {
            spilled::make_table(&mut session).await?;
        }
        self.session = Some(session);
        Ok(())
    }

    async fn run(&mut self) -> Result<(), Abandoned> {
        // What a process before has left.
        self.read_back().await?;
        let mut batch = Vec::new();
        loop {
            // Nothing else runs on this thread: it may block.
            match self.queue.next(&mut batch, self.rest()) {
                Work::End => return self.read_back().await,
                Work::Rest => {}
                Work::Write { dropped } => self.write(&mut batch, dropped).await?,
            }
            if !self.queue.is_busy() {
                self.read_back().await?;
            }
            self.retain().await;
        }
    }

    /// How long to sleep where nothing comes.
    fn rest(&self) -> Duration {
        let until = self
            .next_retention
            .saturating_sub(self.clock.ticks().as_nanos());
        let least = RETENTION_PAUSE;
        if self.settings.retention.is_forever() {
            RETENTION
        } else {
            Duration::from_nanos(until).clamp(least, RETENTION)
        }
    }

    async fn write(&mut self, batch: &mut Vec<Item>, dropped: u64) -> Result<(), Abandoned> {
        if dropped > 0 {
            let notice = Row::notice("webhook.audit_dropped", &self.clock, dropped);
            self.commit(&mut [notice].as_slice(), &mut []).await?;
        }
        let pseudonyms = self.settings.pseudonyms.clone();
        let mut waiters = Vec::new();
        if self.settings.is_awaited() {
            waiters.extend(batch.iter_mut().map(|item| item.waiter.take()));
        }
        let mut waiters = waiters.into_iter();
        let mut made = Made::new(batch.drain(..), &pseudonyms);
        while made.len() > 0 {
            self.commit(&mut made, waiters.as_mut_slice()).await?;
            let records = made.turn();
            self.queue.settle(u64::try_from(records).unwrap_or(0));
            for (acknowledger, _) in waiters.by_ref().take(records).flatten() {
                acknowledger.acknowledge(true);
            }
        }
        // What tells of dropped ones alone is settled too.
        self.queue.settle(0);
        Ok(())
    }

    /// Commits rows, however often it takes.
    async fn commit(
        &mut self,
        rows: &mut impl Rows,
        waiters: &mut [Option<Waiter>],
    ) -> Result<(), Abandoned> {
        let mut pause = FIRST_PAUSE;
        let mut attempts = 0_u64;
        loop {
            match self.attempt(rows, waiters, attempts > 0).await {
                Ok(()) => {
                    if attempts > 0 {
                        tracing::info!(target: "webhook_audit", attempts, "the audit's database is back");
                    }
                    self.note_added(rows.len());
                    return Ok(());
                }
                Err(error) => {
                    attempts += 1;
                    if attempts == 1 {
                        tracing::error!(target: "webhook_audit", %error, "the audit's database fails, and is tried again");
                    }
                    self.pause(&error, pause, waiters)?;
                }
            }
            pause = LONGEST_PAUSE.min(pause * 2);
        }
    }

    /// Waits before the next attempt, and lets nobody wait too long.
    fn pause(
        &self,
        error: &SqlError,
        pause: Duration,
        waiters: &mut [Option<Waiter>],
    ) -> Result<(), Abandoned> {
        let start = self.clock.ticks();
        loop {
            self.expire(waiters);
            let left = pause.saturating_sub(self.clock.ticks().since(start));
            if left.is_zero() {
                return Ok(());
            }
            if !self.queue.retry_after(error, left.min(TICK)) {
                return Err(Abandoned);
            }
        }
    }

    /// One attempt, bounded in time. A connection that failed is not used again.
    async fn attempt(
        &mut self,
        rows: &mut impl Rows,
        waiters: &mut [Option<Waiter>],
        again: bool,
    ) -> Result<(), SqlError> {
        let session = self.session.take();
        let attempt = tokio::time::timeout(ATTEMPT, try_once(&self.pool, session, rows, again));
        tokio::pin!(attempt);
        loop {
            let outcome = tokio::select! {
                biased;
                outcome = &mut attempt => outcome,
                () = tokio::time::sleep(TICK), if self.settings.is_awaited() => {
                    self.expire(waiters);
                    continue;
                }
            };
            let late = |_| SqlError::store("the database does not answer");
            self.session = Some(outcome.map_err(late)??);
            return Ok(());
        }
    }

    fn expire(&self, waiters: &mut [Option<Waiter>]) {
        if !self.settings.is_awaited() {
            return;
        }
        let now = self.clock.ticks().as_nanos();
        self.queue.expire(now);
        for waiter in waiters {
            if let Some((acknowledger, _)) = waiter.take_if(|(_, deadline)| *deadline <= now) {
                acknowledger.acknowledge(false);
            }
        }
    }

    /// Whether retention owes so much that others have to wait.
    const fn is_behind(&self) -> bool {
        self.added >= MOST_OWED
    }

    /// Notes what retention owes, and the checkpoints.
    fn note_added(&mut self, rows: usize) {
        let added = u64::try_from(rows).unwrap_or(0);
        self.added = self.added.saturating_add(added);
        self.count(added);
    }

    /// Has the checkpoints keep step with so many records, written or deleted.
    fn count(&mut self, records: u64) {
        if let Some(checkpointer) = &mut self.checkpointer {
            checkpointer.count(records);
        }
    }

    /// Deletes what is due, a little at a time, until somebody wants to write. Where much was written
    /// since, that is made up for even then, or the log would grow for as long as it is busy.
    async fn retain(&mut self) {
        let now = self.clock.ticks().as_nanos();
        let is_its_turn = now >= self.next_retention || self.is_behind();
        if self.settings.retention.is_forever() || !is_its_turn {
            return;
        }
        loop {
            let Some(session) = self.session.as_mut() else {
                return;
            };
            let owed = self.added;
            let is_wanted = || owed < MOST_OWED && self.queue.is_busy();
            let (retention, time) = (&self.settings.retention, self.clock.now());
            // A little is owed at any time while records come: it needs no large batch.
            let batch = owed.saturating_sub(MOST_OWED);
            let step = retention::step(session, retention, time, batch, is_wanted);
            match tokio::time::timeout(ATTEMPT, step).await {
                Ok(Ok(Step::Deleted(0))) => break,
                Ok(Ok(Step::Deleted(deleted))) => {
                    self.expired += deleted;
                    self.added = self.added.saturating_sub(deleted);
                    self.count(deleted);
                }
                Ok(Ok(Step::GaveWay)) => {}
                Ok(Err(_)) | Err(_) => {
                    // The next batch of records connects anew; nothing is lost.
                    self.session = None;
                    break;
                }
            }
            if !self.is_behind() && self.queue.is_busy() {
                let pause = u64::try_from(RETENTION_PAUSE.as_nanos()).unwrap_or(0);
                self.next_retention = now.saturating_add(pause);
                return;
            }
        }
        self.added = 0;
        let pause = u64::try_from(RETENTION.as_nanos()).unwrap_or(u64::MAX);
        self.next_retention = now.saturating_add(pause);
        if self.expired > 0 {
            let notice = Row::notice("webhook.audit_expired", &self.clock, self.expired);
            if self
                .attempt(&mut [notice].as_slice(), &mut [], false)
                .await
                .is_ok()
            {
                self.expired = 0;
            }
        }
    }
}

async fn try_once(
    pool: &Pool,
    session: Option<Session>,
    rows: &mut impl Rows,
    again: bool,
) -> Result<Session, SqlError> {
    let mut session = match session {
        Some(session) => session,
        None => pool.connect().await?,
    };
    // The attempt before may have been committed without our hearing of it.
    if again
        && let [first] = rows.part(0, 1).as_slice()
        && holds(&mut session, first).await?
    {
        return Ok(session);
    }
    append(&mut session, rows).await?;
    Ok(session)
}
