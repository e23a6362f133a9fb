//! Retention, through the sink, against a model of it: on SQLite and on PostgreSQL.

use std::{
    collections::VecDeque,
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use proptest::prelude::*;
use webhook_audit_layer::Sink as _;
use webhook_core::{Clock, Timestamp};
use webhook_sql::{Filter, Retention, SqlSink, SqlSinkSettings};
use webhook_tests::audit::Series;

use crate::{PATIENCE, block_on, databases, log, store};

const HOUR: Duration = Duration::from_secs(3600);
/// How many ages there are, and how many records in a row have the same.
const RING: u32 = 12;
const RUN: u32 = 60;

#[derive(Clone, Debug)]
enum Act {
    /// So many records, a run of them of the same age in hours, then a step on, round a ring: some that
    /// come later are older.
    Append { count: u32, age: u32, step: u32 },
    /// Those older than so many hours and a half, and those above so many.
    Retain { age: Option<u32>, most: Option<u64> },
}

fn act() -> impl Strategy<Value = Act> {
    let append = (1_u32..900, 0..RING, 0..RING);
    let append = append.prop_map(|(count, age, step)| Act::Append { count, age, step });
    let age = proptest::option::of(0..RING);
    let most = proptest::option::of(0_u64..1200);
    let retain = (age, most).prop_map(|(age, most)| Act::Retain { age, most });
    prop_oneof![append, retain]
}

/// What is kept: each record's number and its age in hours, the oldest number first.
#[derive(Default)]
struct Model {
    kept: VecDeque<(i64, u32)>,
    last: i64,
}

impl Model {
    fn append(&mut self, age: u32) {
        self.last += 1;
        self.kept.push_back((self.last, age));
    }

    /// Deletes what is due, never the newest, and says how many they were.
    fn retain(&mut self, age: Option<u32>, most: Option<u64>) -> u64 {
        let mut deleted = 0;
        while let [(_, oldest), _, ..] = *self.kept.make_contiguous() {
            let is_old = age.is_some_and(|age| oldest > age);
            let is_over = most.is_some_and(|most| self.kept.len() as u64 > most);
            if !is_old && !is_over {
                break;
            }
            self.kept.pop_front();
            deleted += 1;
        }
        deleted
    }
}

fn append(url: &str, series: &mut Series, ages: &[u32]) {
    let sink = SqlSink::open(url).unwrap();
    let now = Clock::system().now().unix_millis();
    for age in ages {
        let mut record = series.one();
        record.received_at = Timestamp::from_unix_millis(now - i64::from(*age) * 3_600_000);
        sink.record(record);
    }
    sink.handle().shutdown(PATIENCE).unwrap();
    assert_eq!(sink.handle().dropped(), 0);
}

/// Opens the log with this retention until it has done what is due.
fn retain(url: &str, age: Option<u32>, most: Option<u64>, is_due: bool) {
    let mut retention = Retention::forever();
    if let Some(age) = age {
        retention = retention.with_max_age(HOUR * age + HOUR / 2);
    }
    if let Some(most) = most {
        retention = retention.with_max_records(most);
    }
    let told = || {
        let sql = "SELECT COUNT(*) FROM webhook_event_log WHERE event = 'webhook.audit_expired' \
                   AND id = (SELECT MAX(id) FROM webhook_event_log)";
        store::numbers(url, sql)[0] == 1
    };
    let last = "SELECT MAX(id) FROM webhook_event_log";
    let before = is_due.then(|| store::numbers(url, last));
    let settings = SqlSinkSettings::new(url.parse().unwrap()).with_retention(retention);
    let sink = SqlSink::open_with(settings).unwrap();
    match before {
        Some(before) => store::wait_until(|| store::numbers(url, last) != before && told()),
        // Time enough to do what is not to be done.
        None => std::thread::sleep(Duration::from_millis(40)),
    }
    drop(sink);
}

fn agree(url: &str, model: &Model) {
    let kept = &model.kept;
    let sum: i64 = kept.iter().map(|(number, _)| number).sum();
    let (first, last) = (kept.front().unwrap().0, kept.back().unwrap().0);
    let sql = "SELECT COUNT(*), MIN(id), MAX(id), CAST(SUM(id) AS BIGINT) FROM webhook_event_log";
    let expected = [i64::try_from(kept.len()).unwrap(), first, last, sum];
    assert_eq!(store::numbers(url, sql), expected, "{url}");
    let sql = "SELECT COUNT(*) FROM webhook_event_log WHERE outcome IS NOT NULL";
    let requests = u64::try_from(store::numbers(url, sql)[0]).unwrap();
    let log = log(url);
    let stats = block_on(log.stats(&Filter::new())).unwrap();
    assert_eq!(
        stats.iter().map(|stats| stats.total).sum::<u64>(),
        requests,
        "{url}"
    );
    let found = block_on(log.verify(None)).unwrap();
    assert_eq!(found.broken, None, "{url}");
    assert_eq!(
        (found.begins_at, found.records),
        (first, kept.len() as u64),
        "{url}"
    );
}

fn play(url: &str, acts: &[Act]) {
    let (mut model, mut series) = (Model::default(), Series::new());
    for act in acts {
        match *act {
            Act::Append { count, age, step } => {
                let ages = (0..count).map(|n| (age + n / RUN * step) % RING);
                let ages: Vec<_> = ages.collect();
                append(url, &mut series, &ages);
                for age in ages {
                    model.append(age);
                }
            }
            // There is no log yet.
            Act::Retain { .. } if model.last == 0 => continue,
            Act::Retain { age, most } => {
                let deleted = model.retain(age, most);
                retain(url, age, most, deleted > 0);
                if deleted > 0 {
                    // The record that tells of it.
                    model.append(0);
                }
            }
        }
        agree(url, &model);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, max_shrink_iters: 40, ..ProptestConfig::default() })]

    #[test]
    fn what_is_left_is_what_a_model_keeps(acts in proptest::collection::vec(act(), 1..8)) {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let stores = databases().stores(&format!("model_{count}"));
        for url in &stores.urls {
            play(url, &acts);
        }
    }
}
