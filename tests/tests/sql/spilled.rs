//! What was spilled to a file is stored once, whatever ends the process while it is read back.

use std::{
    env, fs,
    io::{BufRead as _, BufReader},
    num::NonZeroUsize,
    path::Path,
    thread,
    time::Duration,
};

use webhook_sql::{Overflow, SqlSink, SqlSinkSettings};
use webhook_tests::audit::Series;

use crate::{PATIENCE, block_on, databases, log, store, survival};

/// A file as a process before has left it, with so many records.
fn leave(path: &Path, records: usize) {
    let mut series = Series::new();
    let mut lines = Vec::new();
    for _ in 0..records {
        series.one().write_json_line(&mut lines);
    }
    fs::write(path, lines).unwrap();
}

fn open(url: &str, spill: &Path) -> SqlSink {
    let settings = SqlSinkSettings::new(url.parse().unwrap())
        .with_capacity(NonZeroUsize::new(10).unwrap())
        .with_overflow(Overflow::Spill(spill.to_owned()));
    SqlSink::open_with(settings).unwrap()
}

fn assert_each_once(url: &str, records: usize) {
    let sql = "SELECT COUNT(*), COUNT(DISTINCT event_id) FROM webhook_event_log";
    let expected = i64::try_from(records).unwrap();
    assert_eq!(store::numbers(url, sql), [expected, expected], "{url}");
    let found = block_on(log(url).verify(None)).unwrap();
    assert_eq!(
        (found.records, found.broken),
        (records as u64, None),
        "{url}"
    );
}

/// Once a file is gone, its place is closed, and it is the only one.
fn wait_until_done(url: &str) {
    let places = "SELECT COUNT(*), MIN(lines) FROM webhook_spill_place";
    store::wait_until(|| store::numbers(url, places) == [1, i64::MAX]);
}

#[test]
fn a_reading_that_broke_off_goes_on_right_behind_what_is_kept() {
    let stores = databases().stores("broken_off");
    for (number, url) in stores.urls.iter().enumerate() {
        let spill = stores.folder.path().join(format!("spill-{number}.jsonl"));
        drop(open(url, &spill));
        // The third thousand cannot be stored.
        let (make, unmake) = if url.starts_with("sqlite") {
            (
                "CREATE TRIGGER stop BEFORE INSERT ON webhook_event_log WHEN NEW.id = 2500 \
                 BEGIN SELECT RAISE(ABORT, 'stopped'); END",
                "DROP TRIGGER stop",
            )
        } else {
            (
                "CREATE FUNCTION stop() RETURNS trigger LANGUAGE plpgsql AS \
                 $$ BEGIN RAISE EXCEPTION 'stopped'; END $$; \
                 CREATE TRIGGER stop BEFORE INSERT ON webhook_event_log FOR EACH ROW \
                 WHEN (NEW.id = 2500) EXECUTE FUNCTION stop()",
                "DROP TRIGGER stop ON webhook_event_log",
            )
        };
        store::run(url, make);
        leave(&spill, 3500);
        let sink = open(url, &spill);
        store::wait_until(|| store::count(url) == 2000);
        drop(sink);
        store::run(url, unmake);
        assert_eq!(store::count(url), 2000);

        let sink = open(url, &spill);
        store::wait_until(|| store::count(url) >= 3500);
        wait_until_done(url);
        drop(sink);
        assert!(!spill.with_extension("jsonl.reading").exists());
        assert_each_once(url, 3500);
    }
}

#[test]
fn two_sinks_that_read_the_same_file_keep_each_record_once() {
    let stores = databases().stores("read_twice");
    for (number, url) in stores.urls.iter().enumerate() {
        for round in 0..3 {
            let spill = stores.folder.path().join(format!("{number}-{round}.jsonl"));
            drop(open(url, &spill));
            leave(&spill, 2500);
            let both = [open(url, &spill), open(url, &spill)];
            store::wait_until(|| store::count(url) >= 2500 * (round + 1));
            wait_until_done(url);
            for sink in both {
                sink.handle().shutdown(PATIENCE).unwrap();
            }
        }
        assert_each_once(url, 7500);
    }
}

#[test]
#[ignore = "a part of the next test, run as a child"]
fn reading_child() {
    let url = env::var("WEBHOOK_CHILD_URL").unwrap();
    let spill = env::var("WEBHOOK_CHILD_SPILL").unwrap();
    let _sink = open(&url, Path::new(&spill));
    println!("reading");
    thread::sleep(PATIENCE);
}

#[test]
fn what_is_read_back_is_stored_once_through_kill_9() {
    const RECORDS: usize = 12_000;
    let whole = i64::try_from(RECORDS).unwrap();
    let stores = databases().stores("read_back");
    for (number, url) in stores.urls.iter().enumerate() {
        let spill = stores.folder.path().join(format!("spill-{number}.jsonl"));
        leave(&spill, RECORDS);
        let mut in_between = 0;
        for round in 0..6 {
            let mut command = survival::child_command("spilled::reading_child", url, round);
            let mut child = command.env("WEBHOOK_CHILD_SPILL", &spill).spawn().unwrap();
            let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
            assert!(lines.any(|line| line.is_ok_and(|line| line.contains("reading"))));
            let before = store::count(url);
            store::wait_until(|| store::count(url) > before || before >= whole);
            let mut random = [0];
            getrandom::fill(&mut random).unwrap();
            thread::sleep(Duration::from_micros(u64::from(random[0]) * 100));
            child.kill().unwrap();
            let _status = child.wait().unwrap();
            let count = store::count(url);
            in_between += usize::from(count > 0 && count < whole);
        }
        assert!(in_between > 0, "{url} was never killed in between");
        let sink = open(url, &spill);
        store::wait_until(|| store::count(url) >= whole);
        wait_until_done(url);
        drop(sink);
        assert_each_once(url, RECORDS);
    }
}
