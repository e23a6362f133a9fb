use std::time::Duration;

use webhook_core::Timestamp;

use super::cut::{Cut, DOOMED, Doomed, rollup};
use crate::{
    SqlError,
    database::Session,
    time::micros_of,
    write::{head_and_count_in, set_head},
};

/// How many records go at once: about a millisecond's work, of which a record that comes waits for a
/// statement at most. Where many are owed, more go at once, at less cost.
const BATCH: u64 = 24;
const LARGEST_BATCH: u64 = 200;

/// How long records are kept. The default keeps them for good.
///
/// The oldest go first, some two dozen in a transaction, between the batches that are written, and give way
/// to them; after more than a thousand new records it is two hundred, and those to come wait. The
/// newest record always stays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Retention {
    max_age: Option<Duration>,
    max_records: Option<u64>,
}

impl Retention {
    /// For good.
    #[must_use]
    pub const fn forever() -> Self {
        Self {
            max_age: None,
            max_records: None,
        }
    }

    /// For so many days.
    #[must_use]
    pub const fn days(days: u32) -> Self {
        Self::forever().with_max_age(Duration::from_secs(days as u64 * 86_400))
    }

    /// Sets how old a record may become. Default: any age.
    #[must_use]
    pub const fn with_max_age(mut self, age: Duration) -> Self {
        self.max_age = Some(age);
        self
    }

    /// Sets how many records are kept. Default: any number.
    #[must_use]
    pub const fn with_max_records(mut self, records: u64) -> Self {
        self.max_records = Some(records);
        self
    }

    pub(crate) const fn is_forever(&self) -> bool {
        self.max_age.is_none() && self.max_records.is_none()
    }

    /// The time of the oldest record that may stay at `now`, in microseconds.
    pub(crate) fn oldest_kept(&self, now: Timestamp) -> Option<i64> {
        let age = i64::try_from(self.max_age?.as_micros()).unwrap_or(i64::MAX);
        Some(micros_of(now).saturating_sub(age))
    }

    /// How many records may stay.
    pub(crate) fn most_kept(&self) -> Option<i64> {
        let most = |records| i64::try_from(records).unwrap_or(i64::MAX);
        self.max_records.map(most)
    }
}

/// What became of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// So many records went; none were due where it is 0.
    Deleted(u64),
    /// Somebody else wanted the database, and nothing went.
    GaveWay,
}

/// Deletes the oldest records that are due, one batch of them, which is larger where so many are `owed`.
/// It gives way between two statements where the database `is_wanted`.
pub(crate) async fn step(
    session: &mut Session,
    retention: &Retention,
    now: Timestamp,
    owed: u64,
    is_wanted: impl Fn() -> bool,
) -> Result<Step, SqlError> {
    session.begin().await?;
    let (head, records) = head_and_count_in(session).await?;
    // Behind the last cut: PostgreSQL would step over each entry that is gone, and not yet vacuumed.
    let sql = format!(
        "{DOOMED} WHERE id < $1 AND id > COALESCE((SELECT MAX(last_id) FROM webhook_event_cut \
         WHERE first_id = 1), 0) ORDER BY id LIMIT {}",
        owed.clamp(BATCH, LARGEST_BATCH)
    );
    let oldest = session.rows(&sql, &[head.id.into()]).await?;
    let mut doomed: Vec<_> = oldest
        .into_iter()
        .map(Doomed::read)
        .collect::<Result<_, _>>()?;
    doomed.truncate(due(&doomed, records, retention, now));
    if doomed.is_empty() {
        session.commit().await?;
        return Ok(Step::Deleted(0));
    }
    if is_wanted() || !delete(session, &doomed, &is_wanted).await? {
        session.roll_back().await?;
        return Ok(Step::GaveWay);
    }
    let count = i64::try_from(doomed.len()).unwrap_or(i64::MAX);
    set_head(session, head, -count).await?;
    session.commit().await?;
    Ok(Step::Deleted(u64::try_from(count).unwrap_or(0)))
}

/// Deletes records from the old end; `false` where it stopped on the way.
async fn delete(
    session: &mut Session,
    doomed: &[Doomed],
    is_wanted: &impl Fn() -> bool,
) -> Result<bool, SqlError> {
    let (Some(first), Some(last)) = (doomed.first(), doomed.last()) else {
        return Ok(true);
    };
    let cut = Cut {
        first: 1,
        last: last.id,
        hash: last.hash,
        vouched_by: 0,
    };
    let sql = "DELETE FROM webhook_event_log WHERE id >= $1 AND id <= $2";
    session.run(sql, &[first.id.into(), last.id.into()]).await?;
    if is_wanted() {
        return Ok(false);
    }
    // The cuts before it are in it.
    let sql = "DELETE FROM webhook_event_cut WHERE first_id <= $1";
    session.run(sql, &[cut.last.into()]).await?;
    cut.store(session).await?;
    if is_wanted() {
        return Ok(false);
    }
    rollup(doomed).take_oldest_from(session).await?;
    Ok(!is_wanted())
}

/// How many of the oldest are due.
fn due(oldest: &[Doomed], records: i64, retention: &Retention, now: Timestamp) -> usize {
    let by_age = retention.max_age.map_or(0, |age| {
        let age = i64::try_from(age.as_micros()).unwrap_or(i64::MAX);
        let oldest_kept = micros_of(now).saturating_sub(age);
        oldest
            .iter()
            .take_while(|record| record.time < oldest_kept)
            .count()
    });
    let by_count = retention.max_records.map_or(0, |most| {
        let most = i64::try_from(most.max(1)).unwrap_or(i64::MAX);
        usize::try_from(records.saturating_sub(most)).unwrap_or(0)
    });
    by_age.max(by_count)
}

#[cfg(all(test, feature = "sqlite"))]
// Clippy knows the functions of a test, not their helpers.
#[allow(clippy::indexing_slicing, clippy::unwrap_used)]
mod tests {
    use std::{
        cell::Cell,
        collections::VecDeque,
        env, fs,
        sync::atomic::{AtomicUsize, Ordering},
        time::Duration,
    };

    use proptest::prelude::*;
    use webhook_core::Timestamp;

    use super::{BATCH, Retention, Step, step};
    use crate::{
        AuditLog, DatabaseUrl, Filter,
        column::Field,
        database::{Durability, Pool, Session},
        migrate::migrate,
        row::Row,
        time::micros_of,
        write::append,
    };

    const NOW: Timestamp = Timestamp::from_unix_seconds(1_700_000_000);

    /// How many ages there are, and how many records in a row have the same.
    const RING: i64 = 16;
    const RUN: i64 = 64;

    #[derive(Clone, Debug)]
    enum Act {
        /// So many records, a run of them of the same age in seconds, then a step on, round a ring:
        /// some that came later are older, and some are just as old as is allowed.
        Append {
            count: i64,
            age: i64,
            step: i64,
        },
        Retain(Retention),
    }

    fn act() -> impl Strategy<Value = Act> {
        let append = (1_i64..700, 0..RING, 0..RING).prop_map(|(count, age, step)| Act::Append {
            count,
            age,
            step,
        });
        let age = proptest::option::of((0..RING.unsigned_abs()).prop_map(Duration::from_secs));
        let most = proptest::option::of(0_u64..900);
        let retain = (age, most).prop_map(|(max_age, max_records)| {
            Act::Retain(Retention {
                max_age,
                max_records,
            })
        });
        prop_oneof![append, retain]
    }

    fn row(age: i64) -> Row {
        let mut row = Row::empty();
        row.set(Field::Time, micros_of(NOW) - age * 1_000_000);
        row.set(Field::Event, "webhook.request");
        row.set(Field::Endpoint, "acme");
        row.set(Field::Outcome, "accepted");
        row.set(Field::Reason, "ok");
        row.set(Field::TotalMicros, age);
        row
    }

    /// What is kept: each record's number and its age in seconds, the oldest number first.
    #[derive(Default)]
    struct Model {
        kept: VecDeque<(i64, i64)>,
        last: i64,
    }

    impl Model {
        fn append(&mut self, age: i64) {
            self.last += 1;
            self.kept.push_back((self.last, age));
        }

        fn retain(&mut self, retention: &Retention) {
            let is_due = |age: i64, count: usize| {
                let is_old = |most: Duration| i128::from(age) > i128::from(most.as_secs());
                let is_over = |most: u64| count as u64 > most;
                retention.max_age.is_some_and(is_old) || retention.max_records.is_some_and(is_over)
            };
            while let [(_, age), _, ..] = *self.kept.make_contiguous() {
                if !is_due(age, self.kept.len()) {
                    return;
                }
                self.kept.pop_front();
            }
        }
    }

    async fn play(url: &DatabaseUrl, acts: &[Act]) {
        let mut session = Pool::writing(url, Durability::Process)
            .connect()
            .await
            .unwrap();
        migrate(&mut session).await.unwrap();
        let log = AuditLog::open(url).await.unwrap();
        let mut model = Model::default();
        for act in acts {
            match act {
                Act::Append { count, age, step } => {
                    let ages = (0..*count).map(|n| (age + n / RUN * step) % RING);
                    let ages: Vec<_> = ages.collect();
                    let rows: Vec<_> = ages.iter().copied().map(row).collect();
                    append(&mut session, &mut rows.as_slice()).await.unwrap();
                    for age in ages {
                        model.append(age);
                    }
                }
                Act::Retain(retention) => {
                    let owed = model.kept.len() as u64;
                    retain(&mut session, retention, owed).await;
                    model.retain(retention);
                }
            }
            agree(&mut session, &log, &model).await;
        }
    }

    /// Until nothing is due, giving way here and there.
    async fn retain(session: &mut Session, retention: &Retention, owed: u64) {
        let asked = Cell::new(0_u32);
        loop {
            let is_wanted = || {
                asked.set(asked.get() + 1);
                asked.get() % 7 == 3
            };
            let step = step(session, retention, NOW, owed, is_wanted).await;
            if step.unwrap() == Step::Deleted(0) {
                return;
            }
        }
    }

    /// The records, the counts and the chain are those of the model.
    async fn agree(session: &mut Session, log: &AuditLog, model: &Model) {
        let sql = "SELECT id FROM webhook_event_log ORDER BY id";
        let rows = session.rows(sql, &[]).await.unwrap();
        let numbers: Vec<_> = rows.iter().filter_map(|cells| cells[0].number()).collect();
        let kept: Vec<_> = model.kept.iter().map(|(id, _)| *id).collect();
        assert_eq!(numbers, kept);
        let stats = log.stats(&Filter::new()).await.unwrap();
        let total: u64 = stats.iter().map(|stats| stats.total).sum();
        let time: Duration = stats
            .iter()
            .map(|stats| stats.average_time * u32::try_from(stats.total).unwrap())
            .sum();
        let ages: i64 = model.kept.iter().map(|(_, age)| age).sum();
        assert_eq!(total, kept.len() as u64);
        // An average is in whole microseconds.
        let least = u128::from(ages.unsigned_abs()).saturating_sub(u128::from(total));
        assert!((least..=u128::from(ages.unsigned_abs())).contains(&time.as_micros()));
        let found = log.verify(None).await.unwrap();
        assert_eq!(found.broken, None);
        assert_eq!(found.records, kept.len() as u64);
        if let Some(first) = kept.first() {
            assert_eq!(found.begins_at, *first);
        }
    }

    #[tokio::test]
    async fn a_step_that_gives_way_leaves_everything_as_it_was() {
        let path = env::temp_dir().join(format!("webhook-gives-way-{}.db", std::process::id()));
        let url: DatabaseUrl = format!("sqlite:{}", path.display()).parse().unwrap();
        let mut session = Pool::writing(&url, Durability::Process)
            .connect()
            .await
            .unwrap();
        migrate(&mut session).await.unwrap();
        let mut model = Model::default();
        let rows: Vec<_> = (0..100).map(|_| row(1)).collect();
        append(&mut session, &mut rows.as_slice()).await.unwrap();
        (0..100).for_each(|_| model.append(1));
        let log = AuditLog::open(&url).await.unwrap();
        let few = Retention::forever().with_max_records(10);
        // Wanted at once, and after each of the statements that ask.
        for patience in 0..4 {
            let asked = Cell::new(0);
            let is_wanted = || asked.replace(asked.get() + 1) >= patience;
            let outcome = step(&mut session, &few, NOW, 0, is_wanted).await.unwrap();
            assert_eq!(outcome, Step::GaveWay, "{patience}");
            agree(&mut session, &log, &model).await;
        }
        let outcome = step(&mut session, &few, NOW, 0, || false).await.unwrap();
        assert_eq!(outcome, Step::Deleted(BATCH));
        drop((log, session));
        for end in ["", "-wal", "-shm"] {
            let _was_there = fs::remove_file(format!("{}{end}", path.display()));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn promise_40_what_is_left_is_what_a_model_keeps(acts in proptest::collection::vec(act(), 1..10)) {
            static COUNT: AtomicUsize = AtomicUsize::new(0);
            let count = COUNT.fetch_add(1, Ordering::Relaxed);
            let name = format!("webhook-retention-{}-{count}", std::process::id());
            let folder = env::temp_dir().join(name);
            fs::create_dir_all(&folder).unwrap();
            let url = format!("sqlite:{}", folder.join("audit.db").display());
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.unwrap().block_on(play(&url.parse().unwrap(), &acts));
            fs::remove_dir_all(&folder).unwrap();
        }
    }
}
