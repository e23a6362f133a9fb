use std::{
    io::{self, Write},
    num::NonZeroUsize,
    sync::{
        Arc, Condvar, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use serde_json::Value;

use super::{FlushErrorKind, JsonLinesSink};
use crate::{Sink, record::sample};

const LONG: Duration = Duration::from_secs(20);
const SHORT: Duration = Duration::from_millis(60);

/// Remembers what was written, and stalls, fails or trickles as it is told.
#[derive(Clone, Default)]
struct Paper(Arc<Sheet>);

#[derive(Default)]
struct Sheet {
    text: Mutex<Vec<u8>>,
    is_stalled: Mutex<bool>,
    moved: Condvar,
    fails: AtomicBool,
    panics: AtomicBool,
    /// At most so many bytes at once; 0 for any number.
    at_once: AtomicUsize,
    attempts: AtomicUsize,
}

impl Paper {
    fn stall(&self, stalled: bool) {
        *self.0.is_stalled.lock().unwrap() = stalled;
        self.0.moved.notify_all();
    }

    fn fail(&self, fails: bool) {
        self.0.fails.store(fails, Ordering::SeqCst);
    }

    fn lines(&self) -> Vec<Value> {
        let text = self.0.text.lock().unwrap().clone();
        assert!(text.is_empty() || text.ends_with(b"\n"));
        let lines = text
            .split(|byte| *byte == b'\n')
            .filter(|line| !line.is_empty());
        lines
            .map(|line| serde_json::from_slice(line).unwrap())
            .collect()
    }

    fn wait_for_attempt(&self) {
        let until = Instant::now() + LONG;
        while self.0.attempts.load(Ordering::SeqCst) == 0 {
            assert!(Instant::now() < until, "nothing was written");
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

impl Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.attempts.fetch_add(1, Ordering::SeqCst);
        let stalled = self.0.is_stalled.lock().unwrap();
        drop(
            self.0
                .moved
                .wait_while(stalled, |stalled| *stalled)
                .unwrap(),
        );
        assert!(
            !self.0.panics.swap(false, Ordering::SeqCst),
            "told to panic"
        );
        if self.0.fails.load(Ordering::SeqCst) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let count = match self.0.at_once.load(Ordering::SeqCst) {
            0 => bytes.len(),
            most => bytes.len().min(most),
        };
        self.0
            .text
            .lock()
            .unwrap()
            .extend_from_slice(&bytes[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn sink(paper: &Paper) -> JsonLinesSink {
    JsonLinesSink::new(paper.clone()).unwrap()
}

fn few(records: usize) -> NonZeroUsize {
    NonZeroUsize::new(records).unwrap()
}

#[test]
fn a_flush_returns_when_everything_before_it_is_written() {
    let paper = Paper::default();
    let sink = sink(&paper);
    let audit = sink.handle();
    for round in 1..=20 {
        for _ in 0..50 {
            sink.record(sample());
        }
        audit.flush(LONG).unwrap();
        assert_eq!(paper.lines().len(), round * 50);
    }
    assert_eq!(
        (audit.written(), audit.dropped(), audit.waiting()),
        (1000, 0, 0)
    );
}

#[test]
fn records_are_written_without_a_flush() {
    let paper = Paper::default();
    let sink = sink(&paper);
    sink.record(sample());
    let until = Instant::now() + LONG;
    while paper.lines().is_empty() {
        assert!(Instant::now() < until);
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn records_come_in_order_and_each_once_from_many_threads() {
    let paper = Paper::default();
    paper.0.at_once.store(1000, Ordering::SeqCst);
    let sink = sink(&paper);
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let sink = sink.clone();
            scope.spawn(move || {
                for place in 0..1000_u64 {
                    let mut record = sample();
                    record.endpoint = Some(format!("thread-{thread}").into());
                    record.body_bytes = Some(place);
                    sink.record(record);
                }
            });
        }
    });
    drop(sink);
    let lines = paper.lines();
    for thread in 0..4 {
        let of_thread = lines
            .iter()
            .filter(|line| line["webhook.source.id"] == format!("thread-{thread}"));
        let places: Vec<_> = of_thread
            .map(|line| line["http.request.body.size"].as_u64().unwrap())
            .collect();
        assert_eq!(places, (0..1000).collect::<Vec<_>>());
    }
}

#[test]
fn a_stalled_writer_blocks_nobody_and_what_is_dropped_is_told_later() {
    let paper = Paper::default();
    paper.stall(true);
    let sink = sink(&paper).with_capacity(few(10));
    let audit = sink.handle();
    sink.record(sample());
    paper.wait_for_attempt();
    let start = Instant::now();
    for _ in 0..99 {
        sink.record(sample());
    }
    assert!(start.elapsed() < Duration::from_secs(5));
    // Ten at most are held, those in the writer's hands among them.
    assert_eq!((audit.waiting(), audit.dropped()), (10, 90));
    let error = audit.flush(SHORT).unwrap_err();
    assert_eq!(error.kind(), FlushErrorKind::TimedOut(SHORT));
    assert_eq!(error.missing(), 10);

    paper.stall(false);
    audit.flush(LONG).unwrap();
    let lines = paper.lines();
    let is_told = |line: &&Value| line["event"] == "webhook.audit_dropped";
    let told: Vec<_> = lines.iter().filter(is_told).collect();
    assert_eq!(lines.len() - told.len(), 10);
    let dropped: u64 = told
        .iter()
        .map(|line| line["dropped"].as_u64().unwrap())
        .sum();
    assert_eq!(dropped, 90);
    assert_eq!(told.last().unwrap()["dropped_total"], 90);
    assert_eq!(
        (audit.written(), audit.dropped(), audit.waiting()),
        (10, 90, 0)
    );
}

#[test]
fn only_what_waits_takes_room() {
    let paper = Paper::default();
    let sink = sink(&paper).with_capacity(few(4));
    let audit = sink.handle();
    for _ in 0..20 {
        for _ in 0..4 {
            sink.record(sample());
        }
        audit.flush(LONG).unwrap();
    }
    assert_eq!((audit.written(), audit.dropped()), (80, 0));
}

#[test]
fn what_is_dropped_is_told_once() {
    let paper = Paper::default();
    let sink = sink(&paper).with_capacity(few(1));
    let audit = sink.handle();
    for round in 1..=3_u64 {
        paper.stall(true);
        paper.0.attempts.store(0, Ordering::SeqCst);
        sink.record(sample());
        paper.wait_for_attempt();
        for _ in 0..round {
            sink.record(sample());
        }
        paper.stall(false);
        audit.flush(LONG).unwrap();
    }
    drop(sink);
    let lines = paper.lines();
    let told: Vec<_> = lines
        .iter()
        .filter(|line| line["event"] == "webhook.audit_dropped")
        .map(|line| (line["dropped"].as_u64(), line["dropped_total"].as_u64()))
        .collect();
    assert_eq!(
        told,
        [(1, 1), (2, 3), (3, 6)].map(|(dropped, total)| (Some(dropped), Some(total)))
    );
}

#[test]
fn a_writer_that_fails_is_not_asked_all_the_time() {
    let paper = Paper::default();
    paper.fail(true);
    let sink = sink(&paper);
    sink.record(sample());
    paper.wait_for_attempt();
    assert!(sink.handle().flush(SHORT).is_err());
    // After 10, 20, 40 milliseconds and so on, up to a second; without a pause they are thousands.
    let attempts = paper.0.attempts.load(Ordering::SeqCst);
    assert!(attempts < 100, "{attempts}");
    paper.fail(false);
}

#[test]
fn a_writer_that_fails_is_tried_again_and_nothing_is_lost_or_torn() {
    let paper = Paper::default();
    paper.0.at_once.store(7, Ordering::SeqCst);
    paper.fail(true);
    let sink = sink(&paper);
    let audit = sink.handle();
    for _ in 0..20 {
        sink.record(sample());
    }
    let error = audit.flush(SHORT).unwrap_err();
    assert_eq!(
        error.kind(),
        FlushErrorKind::Failing(io::ErrorKind::StorageFull)
    );
    assert_eq!((error.missing(), audit.written()), (20, 0));
    paper.fail(false);
    audit.flush(LONG).unwrap();
    assert_eq!(paper.lines().len(), 20);
}

#[test]
fn a_writer_that_panics_is_one_that_fails() {
    let paper = Paper::default();
    paper.0.panics.store(true, Ordering::SeqCst);
    let sink = sink(&paper);
    sink.record(sample());
    sink.handle().flush(LONG).unwrap();
    assert_eq!(paper.lines().len(), 1);
}

#[test]
fn dropping_the_last_clone_writes_what_is_left() {
    let paper = Paper::default();
    let sink = sink(&paper);
    let audit = sink.handle();
    let clone = sink.clone();
    sink.record(sample());
    drop(sink);
    clone.record(sample());
    drop(clone);
    assert_eq!(paper.lines().len(), 2);
    audit.flush(SHORT).unwrap();
}

#[test]
fn after_a_shutdown_records_are_counted_and_not_kept() {
    let paper = Paper::default();
    let sink = sink(&paper);
    let audit = sink.handle();
    sink.record(sample());
    audit.shutdown(LONG).unwrap();
    sink.record(sample());
    assert_eq!(
        (audit.written(), audit.dropped(), audit.waiting()),
        (1, 1, 0)
    );
    audit.shutdown(LONG).unwrap();
}

#[test]
fn a_sink_dropped_over_a_dead_writer_gives_up_and_counts() {
    let paper = Paper::default();
    paper.fail(true);
    let sink = sink(&paper);
    let audit = sink.handle();
    sink.record(sample());
    let start = Instant::now();
    drop(sink);
    assert!(start.elapsed() < LONG);
    let until = Instant::now() + LONG;
    while audit.dropped() == 0 {
        assert!(Instant::now() < until, "the thread never gave up");
        std::thread::sleep(Duration::from_millis(1));
    }
    let error = audit.flush(LONG).unwrap_err();
    assert_eq!(
        (error.kind(), error.missing()),
        (FlushErrorKind::Stopped, 1)
    );
    assert_eq!((audit.written(), audit.dropped()), (0, 1));
}

#[test]
fn a_file_is_appended_to_after_ending_its_last_line() {
    let path = std::env::temp_dir().join(format!("webhook-audit-{}.jsonl", sample().id));
    for _ in 0..2 {
        let sink = JsonLinesSink::append(&path).unwrap();
        sink.record(sample());
        drop(sink);
    }
    let mut file = std::fs::OpenOptions::new()
        .append(true)
        .open(&path)
        .unwrap();
    file.write_all(b"{\"torn\":").unwrap();
    let sink = JsonLinesSink::append(&path).unwrap();
    sink.record(sample());
    drop(sink);

    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    let is_whole = |line: &str| serde_json::from_str::<Value>(line).is_ok();
    let whole: Vec<_> = text.lines().map(is_whole).collect();
    assert_eq!(whole, [true, true, false, true]);
}

#[cfg(unix)]
#[test]
fn a_new_file_is_for_its_owner_only() {
    use std::os::unix::fs::PermissionsExt as _;

    let path = std::env::temp_dir().join(format!("webhook-audit-{}.jsonl", sample().id));
    drop(JsonLinesSink::append(&path).unwrap());
    let mode = std::fs::metadata(&path).unwrap().permissions().mode();
    std::fs::remove_file(&path).unwrap();
    assert_eq!(mode & 0o077, 0);
}
