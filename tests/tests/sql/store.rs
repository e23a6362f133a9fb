//! Opening, keeping, retention, and what is never stored.

use std::{num::NonZeroUsize, sync::Arc, time::Duration};

use sqlx::{Connection as _, Row as _};
use webhook_audit_layer::{SenderText, Sink as _};
use webhook_core::{
    Clock, Secret,
    change::{Cause, ChangeKind, ChangeLog},
};
use webhook_sql::{
    AuditLog, Filter, Overflow, Pseudonyms, Retention, SqlErrorKind, SqlSink, SqlSinkSettings,
};
use webhook_tests::audit::Series;

use crate::{PATIENCE, block_on, databases, fill, log};

/// Runs a statement beside the crate.
pub(crate) fn run(url: &str, sql: &str) {
    block_on(async {
        if let Some(path) = url.strip_prefix("sqlite:") {
            let mut connection = sqlx::SqliteConnection::connect(path).await.unwrap();
            sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
            connection.close().await.unwrap();
        } else {
            let mut connection = sqlx::PgConnection::connect(url).await.unwrap();
            sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
        }
    });
}

/// A row of numbers, asked beside the crate.
pub(crate) fn numbers(url: &str, sql: &str) -> Vec<i64> {
    block_on(async {
        if let Some(path) = url.strip_prefix("sqlite:") {
            let mut connection = sqlx::SqliteConnection::connect(path).await.unwrap();
            let row = sqlx::query(sql).fetch_one(&mut connection).await.unwrap();
            let numbers = (0..row.len()).map(|place| row.get(place)).collect();
            connection.close().await.unwrap();
            numbers
        } else {
            let mut connection = sqlx::PgConnection::connect(url).await.unwrap();
            let row = sqlx::query(sql).fetch_one(&mut connection).await.unwrap();
            (0..row.len()).map(|place| row.get(place)).collect()
        }
    })
}

pub(crate) fn count(url: &str) -> i64 {
    numbers(url, "SELECT COUNT(*) FROM webhook_event_log")[0]
}

/// Holds a database against whoever writes, until it is dropped.
pub(crate) enum Held {
    Sqlite(sqlx::SqliteConnection),
    Postgres(sqlx::PgConnection),
}

pub(crate) fn hold(url: &str) -> Held {
    block_on(async {
        if let Some(path) = url.strip_prefix("sqlite:") {
            let mut connection = sqlx::SqliteConnection::connect(path).await.unwrap();
            sqlx::raw_sql("BEGIN IMMEDIATE")
                .execute(&mut connection)
                .await
                .unwrap();
            Held::Sqlite(connection)
        } else {
            let mut connection = sqlx::PgConnection::connect(url).await.unwrap();
            let sql = "BEGIN; LOCK TABLE webhook_event_capture IN EXCLUSIVE MODE";
            sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
            Held::Postgres(connection)
        }
    })
}

impl Drop for Held {
    fn drop(&mut self) {
        block_on(async {
            match self {
                Self::Sqlite(connection) => {
                    sqlx::raw_sql("COMMIT").execute(connection).await.map(drop)
                }
                Self::Postgres(connection) => {
                    sqlx::raw_sql("COMMIT").execute(connection).await.map(drop)
                }
            }
            .unwrap();
        });
    }
}

#[test]
fn what_was_told_is_what_is_kept() {
    let stores = databases().stores("kept");
    for url in &stores.urls {
        let sink = SqlSink::open(url).unwrap();
        let mut record = Series::new().one();
        record.user_agent = Some(SenderText::new(
            "x\u{202e}\r\n'; DROP TABLE webhook_event_log; --\0",
            256,
        ));
        record.note = Some(SenderText::new("order 7", 256));
        sink.record(record.clone());
        let changes = ChangeLog::new(Clock::system(), {
            let sink = sink.clone();
            move |change| sink.change(change)
        });
        let cause = Cause::new("alice", "acme has moved");
        changes.note_for(
            ChangeKind::Denied,
            "198.51.100.0/24",
            Duration::from_secs(60),
            &cause,
        );
        sink.handle().shutdown(PATIENCE).unwrap();

        let events = block_on(log(url).list(&Filter::new(), None, 10))
            .unwrap()
            .events;
        let (change, request) = (&events[0], &events[1]);
        let field = |name| request.field(name).unwrap();
        assert_eq!(field("event"), "webhook.accepted");
        assert_eq!(field("event_id"), record.id.to_string());
        assert_eq!(field("received_at"), "2023-11-14T22:13:20.000000Z");
        assert_eq!(field("client_address"), "203.0.113.0");
        assert_eq!(
            (field("client_port"), field("peer_port")),
            ("4711".into(), "4711".into())
        );
        assert_eq!(field("peer_address"), "10.0.3.7");
        assert_eq!(field("status_code"), "200");
        assert_eq!(field("secret_id"), "2026-q4");
        assert_eq!(
            (field("verify_us"), field("total_us")),
            ("41".into(), "100".into())
        );
        assert_eq!(
            (field("path"), field("note")),
            ("/webhooks/github".into(), "order 7".into())
        );
        assert_eq!(
            field("user_agent"),
            r"x\u{202e}\u{d}\u{a}'; DROP TABLE webhook_event_log; --\u{0}"
        );
        assert_eq!(change.event(), "webhook.config.changed");
        let field = |name| change.field(name).unwrap();
        assert_eq!(
            (field("change_kind"), field("change_by")),
            ("denied".into(), "alice".into())
        );
        assert_eq!(
            (field("change_target"), field("note")),
            ("198.51.100.0/24".into(), "acme has moved".into())
        );
    }
}

#[test]
fn the_longest_record_has_two_kibibytes_at_most() {
    let stores = databases().stores("longest");
    for url in &stores.urls {
        let sink = SqlSink::open(url).unwrap();
        for fill in ["x", "\"", "\\", "\u{202e}", "\u{1f980}"] {
            let mut record = Series::new().one();
            let text = fill.repeat(600);
            let name = || Some(text.get(..64).unwrap_or("a name").to_owned().into());
            record.endpoint = name();
            record.provider = name();
            record.secret_id = name();
            record.quota = name();
            record.secrets_tried = (0..16).filter_map(|_| name()).collect();
            record.method = SenderText::new(&text, 32);
            record.delivery_id = Some(SenderText::new(&text, 128));
            record.event_type = Some(SenderText::new(&text, 64));
            record.note = Some(SenderText::new(&text, 256));
            record.route = Some(SenderText::new(&text, 128));
            record.path = Some(SenderText::new(&text, 512));
            record.user_agent = Some(SenderText::new(&text, 256));
            sink.record(record);
        }
        sink.handle().shutdown(PATIENCE).unwrap();
        let bytes = if url.starts_with("sqlite") {
            |column: &str| format!("COALESCE(LENGTH(CAST({column} AS BLOB)), 0)")
        } else {
            |column: &str| format!("COALESCE(OCTET_LENGTH({column}), 0)")
        };
        let texts = "event event_id outcome reason client_address client_key endpoint \
                     details personal_details salt hash";
        let texts: Vec<_> = texts.split_whitespace().map(bytes).collect();
        // And five numbers.
        let sum = format!("{} + 40", texts.join(" + "));
        let sql = format!(
            "SELECT CAST(COUNT(*) AS BIGINT), CAST(MAX({sum}) AS BIGINT), CAST(MIN({sum}) AS BIGINT) \
             FROM webhook_event_log"
        );
        let found = numbers(url, &sql);
        assert_eq!(found[0], 5);
        assert!(found[1] <= 2048, "{url}: {found:?}");
        assert!(found[2] > 1500, "{url}: {found:?}");
        assert_eq!(block_on(log(url).verify(None)).unwrap().broken, None);
    }
}

#[test]
fn several_processes_may_make_the_tables_at_once() {
    let stores = databases().stores("at_once");
    for url in &stores.urls {
        std::thread::scope(|scope| {
            let open = || {
                let sink = SqlSink::open(url).unwrap();
                fill(&sink, &mut Series::new(), 100);
            };
            let threads: Vec<_> = (0..6).map(|_| scope.spawn(open)).collect();
            for thread in threads {
                thread.join().unwrap();
            }
        });
        assert_eq!(count(url), 600, "{url}");
        let found = block_on(log(url).verify(None)).unwrap();
        assert_eq!((found.records, found.broken), (600, None), "{url}");
    }
}

#[test]
fn the_tables_of_another_version_are_refused() {
    let stores = databases().stores("newer");
    for url in &stores.urls {
        drop(SqlSink::open(url).unwrap());
        for (version, kind) in [
            (99, SqlErrorKind::NewerSchema),
            (1, SqlErrorKind::Configuration),
        ] {
            run(
                url,
                &format!("UPDATE webhook_schema SET version = {version}"),
            );
            let error = SqlSink::open(url).unwrap_err();
            assert_eq!(error.kind(), kind, "{error}");
            let error = block_on(AuditLog::open(&url.parse().unwrap())).unwrap_err();
            assert_eq!(error.kind(), kind, "{error}");
        }
    }
}

/// A process that opened and closed the file beside SQLite would lose the locks that keep others from
/// taking the log away: a tail of another process then waited for ever on a file that was no more.
#[test]
#[cfg(target_os = "linux")]
fn a_second_sink_leaves_the_locks_of_the_first() {
    use std::os::unix::fs::MetadataExt as _;

    let stores = databases().stores("locks");
    let path = stores.urls[0].strip_prefix("sqlite:").unwrap();
    let first = SqlSink::open(&stores.urls[0]).unwrap();
    let inode = format!(":{}", std::fs::metadata(path).unwrap().ino());
    let process = std::process::id().to_string();
    let held = || {
        let locks = std::fs::read_to_string("/proc/locks").unwrap();
        let is_ours = |line: &&str| {
            let mut words = line.split_whitespace();
            words.any(|word| word == process) && words.any(|word| word.ends_with(&inode))
        };
        locks.lines().filter(is_ours).count()
    };
    assert!(held() > 0, "the sink holds no lock");
    let second = SqlSink::open(&stores.urls[0]).unwrap();
    assert!(held() > 0, "opening another lost the locks");
    drop((first, second));
}

#[test]
fn a_log_that_is_not_there_is_not_made_by_a_question() {
    let stores = databases().stores("not_there");
    for url in &stores.urls {
        let error = block_on(AuditLog::open(&url.parse().unwrap())).unwrap_err();
        assert_eq!(error.kind(), SqlErrorKind::Missing, "{error}");
    }
    assert_eq!(std::fs::read_dir(stores.folder.path()).unwrap().count(), 0);
}

#[test]
fn a_password_is_in_no_error() {
    let unreachable = "postgres://audit:hunter2@127.0.0.1:1/hooks";
    let error = SqlSink::open(unreachable).unwrap_err();
    assert!(!format!("{error} {error:?}").contains("hunter2"));
    let settings = SqlSinkSettings::new(unreachable.parse().unwrap());
    assert!(!format!("{settings:?}").contains("hunter2"));
}

#[test]
fn promise_40_retention_takes_the_oldest_by_count_and_by_age_and_never_the_newest() {
    let stores = databases().stores("retention");
    for url in &stores.urls {
        fill(&SqlSink::open(url).unwrap(), &mut Series::new(), 3000);
        let kept = Retention::forever().with_max_records(1000);
        let settings = SqlSinkSettings::new(url.parse().unwrap()).with_retention(kept);
        let sink = SqlSink::open_with(settings).unwrap();
        wait_until(|| count(url) <= 1001);
        drop(sink);
        // The newest thousand, and the record that tells of the others.
        let events = block_on(log(url).list(&Filter::new().endpoint("acme"), None, 10_000))
            .unwrap()
            .events;
        assert_eq!(events.len(), 250);
        assert_eq!(events.last().unwrap().number(), 2001);
        let oldest = numbers(url, "SELECT MIN(id), MAX(id) FROM webhook_event_log");
        assert_eq!(oldest, [2001, 3001], "{url}");
        let stats = block_on(log(url).stats(&Filter::new())).unwrap();
        assert_eq!(stats.iter().map(|stats| stats.total).sum::<u64>(), 1000);
        let found = block_on(log(url).verify(None)).unwrap();
        assert_eq!(
            (found.begins_at, found.records, found.broken),
            (2001, 1001, None)
        );

        // All of them are of 2023: only the newest stay, whatever their age.
        let settings =
            SqlSinkSettings::new(url.parse().unwrap()).with_retention(Retention::days(90));
        let sink = SqlSink::open_with(settings).unwrap();
        wait_until(|| {
            numbers(
                url,
                "SELECT COUNT(*) FROM webhook_event_log WHERE outcome IS NOT NULL",
            )[0] == 0
        });
        drop(sink);
        assert!(count(url) >= 1);
        assert_eq!(block_on(log(url).verify(None)).unwrap().broken, None);
    }
}

pub(crate) fn wait_until(is_so: impl Fn() -> bool) {
    for _ in 0..600 {
        if is_so() {
            return;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("it never came to be");
}

#[test]
fn pseudonyms_are_made_before_anything_is_stored() {
    let stores = databases().stores("pseudonyms");
    let key = Secret::new("0123456789abcdef0123456789abcdef").unwrap();
    for url in &stores.urls {
        for pseudonyms in [Pseudonyms::truncated(), Pseudonyms::keyed(&key).unwrap()] {
            let settings =
                SqlSinkSettings::new(url.parse().unwrap()).with_pseudonyms(pseudonyms.clone());
            let sink = SqlSink::open_with(settings).unwrap();
            let record = Series::new().one();
            let address = record.client.unwrap().ip();
            sink.record(record);
            sink.handle().shutdown(PATIENCE).unwrap();
            let events = block_on(log(url).list(&Filter::new(), None, 1))
                .unwrap()
                .events;
            assert_eq!(events[0].client(), Some(&*pseudonyms.pseudonym(address)));
            assert_eq!(events[0].field("client_port"), None);
        }
    }
}

#[test]
fn records_that_find_no_room_are_counted_in_a_later_record() {
    let stores = databases().stores("dropped");
    for url in &stores.urls {
        let settings = SqlSinkSettings::new(url.parse().unwrap());
        let settings = settings.with_capacity(NonZeroUsize::new(10).unwrap());
        let sink = SqlSink::open_with(settings).unwrap();
        let mut series = Series::new();
        let records: Vec<_> = (0..5000).map(|_| series.one()).collect();
        for record in records {
            sink.record(record);
        }
        sink.handle().shutdown(PATIENCE).unwrap();
        let handle = sink.handle();
        assert!(handle.dropped() > 0);
        assert_eq!(handle.written() + handle.dropped(), 5000);
        let sql = "SELECT CAST(SUM(records) AS BIGINT) FROM webhook_event_log WHERE event = 'webhook.audit_dropped'";
        assert_eq!(
            numbers(url, sql)[0],
            i64::try_from(handle.dropped()).unwrap()
        );
        let sql = "SELECT COUNT(*) FROM webhook_event_log WHERE outcome IS NOT NULL";
        assert_eq!(
            numbers(url, sql)[0],
            i64::try_from(handle.written()).unwrap()
        );
    }
}

#[test]
fn what_is_spilled_comes_back() {
    let stores = databases().stores("spilled");
    for url in &stores.urls {
        let spill = stores.folder.path().join("spill.jsonl");
        let settings = SqlSinkSettings::new(url.parse().unwrap())
            .with_capacity(NonZeroUsize::new(10).unwrap())
            .with_overflow(Overflow::Spill(spill));
        let sink = SqlSink::open_with(settings).unwrap();
        let mut series = Series::new();
        for _ in 0..3000 {
            sink.record(series.one());
        }
        assert_eq!(sink.handle().dropped(), 0);
        wait_until(|| count(url) == 3000);
        drop(sink);
        assert_eq!(block_on(log(url).verify(None)).unwrap().broken, None);
    }
}

#[test]
fn a_sink_is_shared_by_its_clones() {
    let stores = databases().stores("clones");
    for url in &stores.urls {
        let sink = SqlSink::open(url).unwrap();
        let (one, other) = (sink.clone(), Arc::new(sink));
        let mut series = Series::new();
        one.record(series.one());
        other.record(series.one());
        drop((one, other));
        // The last clone waited for what was left.
        assert_eq!(count(url), 2);
    }
}
