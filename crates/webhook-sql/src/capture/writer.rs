//! The thread that writes captures.

use std::{
    io, mem,
    sync::{Arc, mpsc::SyncSender},
    thread,
    time::Duration,
};

use webhook_audit_layer::capture::Captured;
use webhook_core::{Clock, Ticks};

use super::{
    SqlCaptureSettings,
    queue::{Queue, Work},
    schema, store,
    store::Prepared,
};
use crate::{
    SqlError,
    database::{Durability, Pool, Session},
    migrate,
    row::Row,
    write::append_in,
};

const FIRST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// How long one attempt may take before its connection is given up.
const ATTEMPT: Duration = Duration::from_secs(10);
/// The record in the log that tells how many captures were dropped.
const DROPPED: &str = "webhook.capture_dropped";
/// How often captures are looked for that are due to go.
const RETENTION: Duration = Duration::from_secs(30);

pub(super) struct Writer {
    queue: Arc<Queue>,
    settings: SqlCaptureSettings,
    clock: Clock,
    pool: Pool,
    session: Option<Session>,
    /// When retention was looked at last.
    looked: Option<Ticks>,
}

/// The database fails, and nobody waits for it any more.
struct Abandoned;

impl Writer {
    /// Starts the thread, which says through `opened` whether the database is ready.
    pub(super) fn start(
        settings: &SqlCaptureSettings,
        queue: Arc<Queue>,
        opened: SyncSender<Result<(), SqlError>>,
    ) -> Result<(), SqlError> {
        let mut this = Self {
            queue,
            settings: settings.clone(),
            clock: Clock::system(),
            pool: Pool::writing(&settings.url, Durability::Process),
            session: None,
            looked: None,
        };
        let failed = |error: &io::Error| SqlError::io("no thread for captures", error);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| failed(&error))?;
        let thread = thread::Builder::new().name(String::from("webhook-captures"));
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
        migrate::migrate(&mut session).await?;
        schema::migrate(&mut session).await?;
        store::overwrite(&mut session).await?;
        self.session = Some(session);
        Ok(())
    }

    async fn run(&mut self) -> Result<(), Abandoned> {
        let mut batch = Vec::new();
        loop {
            self.retain().await;
            // Nothing else runs on this thread: it may block.
            match self.queue.next(&mut batch, RETENTION) {
                Work::End => return Ok(()),
                Work::Rest => {}
                Work::Write { dropped } => self.write(mem::take(&mut batch), dropped).await?,
            }
        }
    }

    /// Commits a batch, however often it takes.
    async fn write(&mut self, batch: Vec<Captured>, dropped: u64) -> Result<(), Abandoned> {
        let notice = (dropped > 0).then(|| Row::notice(DROPPED, &self.clock, dropped));
        let bytes = batch.iter().map(Captured::held_bytes).sum();
        let SqlCaptureSettings {
            pseudonyms, seal, ..
        } = &self.settings;
        let prepared: Vec<_> = batch
            .into_iter()
            .map(|captured| Prepared::of(captured, pseudonyms, seal.as_ref()))
            .collect();
        let mut pause = FIRST_PAUSE;
        while let Err(error) = self.attempt(&prepared, notice.as_ref()).await {
            if pause == FIRST_PAUSE {
                tracing::error!(target: "webhook_audit", %error, "the captures' database fails, and is tried again");
            }
            if !self.queue.retry_after(&error, pause) {
                return Err(Abandoned);
            }
            pause = LONGEST_PAUSE.min(pause * 2);
        }
        self.queue.settle(prepared.len(), bytes);
        Ok(())
    }

    /// One attempt, bounded in time. A connection that failed is not used again.
    async fn attempt(
        &mut self,
        prepared: &[Prepared],
        notice: Option<&Row>,
    ) -> Result<(), SqlError> {
        let session = self.session.take();
        let attempt =
            tokio::time::timeout(ATTEMPT, try_once(&self.pool, session, prepared, notice));
        let late = |_| SqlError::store("the database does not answer");
        self.session = Some(attempt.await.map_err(late)??);
        Ok(())
    }

    /// Deletes what is due.
    async fn retain(&mut self) {
        let now = self.clock.ticks();
        let is_early = self
            .looked
            .is_some_and(|looked| now.since(looked) < RETENTION);
        if is_early || self.settings.retention.is_forever() {
            return;
        }
        let Some(mut session) = self.session.take() else {
            return;
        };
        self.looked = Some(now);
        let mut deleted = 0;
        loop {
            let step = store::expire(&mut session, &self.settings.retention, self.clock.now());
            match tokio::time::timeout(ATTEMPT, step).await {
                Ok(Ok(0)) => break,
                Ok(Ok(count)) => deleted += count,
                // The next batch of captures connects anew; nothing is lost.
                Ok(Err(_)) | Err(_) => return,
            }
        }
        if deleted > 0 {
            let _done_or_next_time = store::forget(&mut session, true).await;
        }
        self.session = Some(session);
    }
}

async fn try_once(
    pool: &Pool,
    session: Option<Session>,
    prepared: &[Prepared],
    notice: Option<&Row>,
) -> Result<Session, SqlError> {
    let mut session = if let Some(session) = session {
        session
    } else {
        let mut session = pool.connect().await?;
        store::overwrite(&mut session).await?;
        session
    };
    session.begin().await?;
    let mut is_new = false;
    for capture in prepared {
        is_new |= capture.write(&mut session).await?;
    }
    // Of a batch whose commit was not heard of, the notice is there too.
    if let Some(notice) = notice.filter(|_| is_new) {
        append_in(&mut session, &mut std::slice::from_ref(notice)).await?;
    }
    session.commit().await?;
    Ok(session)
}
