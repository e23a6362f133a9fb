//! What is captured of deliveries: apart from the log, for a while, and gone with its record.

use std::{
    convert::Infallible,
    num::NonZeroUsize,
    path::Path,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use http::{Request, Response};
use http_body_util::Full;
use tower::{Layer as _, ServiceExt as _, service_fn};
use webhook_audit_layer::{
    AuditLayer, AuditRecord,
    capture::{CaptureLayer, CaptureSettings},
};
use webhook_core::{
    BufferedBody, ClientAddr, Clock, Endpoint, Facts, RequestId, Timestamp, Verification,
};
use webhook_sql::{
    Filter, Pseudonyms, Retention, SqlCaptureSettings, SqlCaptures, SqlSink, StoredCapture,
};

use crate::{PATIENCE, block_on, databases, log, store};

const CANARY: &str = "ann-4711@example.com";
const START: Timestamp = Timestamp::from_unix_seconds(1_700_000_000);

/// An audit that keeps records, and captures, in one database.
struct Stack {
    sink: SqlSink,
    captures: SqlCaptures,
    clock: Clock,
}

impl Stack {
    fn open(url: &str) -> Self {
        Self::open_with(
            SqlCaptureSettings::new(url.parse().unwrap()).with_retention(Retention::forever()),
            url,
        )
    }

    fn open_with(settings: SqlCaptureSettings, url: &str) -> Self {
        Self {
            sink: SqlSink::open(url).unwrap(),
            captures: SqlCaptures::open_with(settings).unwrap(),
            clock: Clock::manual(START).0,
        }
    }

    fn at(&mut self, time: Timestamp) {
        self.clock = Clock::manual(time).0;
    }

    /// A verified delivery through both layers; the id of its request.
    fn deliver(
        &self,
        settings: CaptureSettings,
        (endpoint, client): (&str, u8),
        body: &str,
    ) -> RequestId {
        let capture =
            CaptureLayer::new(settings, self.captures.clone()).with_clock(self.clock.clone());
        let captured = capture.layer(service_fn(async |_: Request<BufferedBody>| {
            Ok::<_, Infallible>(Response::new(Full::<bytes::Bytes>::default()))
        }));
        let endpoint = endpoint.to_owned();
        let verified = service_fn(move |mut request: Request<BufferedBody>| {
            let facts = Facts::of_mut(request.extensions_mut());
            facts.set_endpoint(Endpoint::new(endpoint.clone()));
            facts.set_client(ClientAddr::new([203, 0, 113, client].into(), None));
            facts.set_verification(Verification::new("github"));
            captured.clone().oneshot(request)
        });
        let id = Arc::new(Mutex::new(None));
        let told = Arc::clone(&id);
        let tell = move |record: AuditRecord| *told.lock().unwrap() = Some(record.id);
        let audit = AuditLayer::new((self.sink.clone(), tell)).with_clock(self.clock.clone());
        let request = Request::post("/")
            .header("x-github-event", "push")
            .body(BufferedBody::new(body.to_owned()))
            .unwrap();
        block_on(audit.layer(verified).oneshot(request)).unwrap();
        id.lock().unwrap().unwrap()
    }

    fn flush(&self) {
        self.sink.handle().flush(PATIENCE).unwrap();
        self.captures.handle().flush(PATIENCE).unwrap();
    }
}

fn stored(url: &str, id: RequestId) -> Option<StoredCapture> {
    block_on(log(url).capture(&id.to_string())).unwrap()
}

fn count(url: &str) -> i64 {
    store::numbers(url, "SELECT COUNT(*) FROM webhook_event_capture")[0]
}

/// Whether a database's files hold these bytes.
fn is_on_disk(folder: &Path, needle: &str) -> bool {
    let files = std::fs::read_dir(folder).unwrap().flatten();
    files.into_iter().any(|file| {
        let bytes = std::fs::read(file.path()).unwrap();
        bytes
            .windows(needle.len())
            .any(|window| window == needle.as_bytes())
    })
}

#[test]
fn a_capture_is_joined_with_its_record_and_stands_in_no_other_table() {
    let stores = databases().stores("captured");
    for url in &stores.urls {
        let stack = Stack::open(url);
        let settings = CaptureSettings::body()
            .with_headers(["x-github-event"])
            .unwrap()
            .with_redacted(["/sender/email"])
            .unwrap();
        let body = format!(r#"{{"sender":{{"email":"{CANARY}","id":7}}}}"#);
        let id = stack.deliver(settings.clone(), ("acme", 9), &body);
        let withheld = stack.deliver(settings, ("acme", 9), CANARY);
        stack.flush();
        let capture = stored(url, id).unwrap();
        assert_eq!(capture.event_id, id.to_string());
        assert_eq!(capture.captured_at, START);
        assert_eq!(
            capture.headers,
            [(String::from("x-github-event"), String::from("push"))]
        );
        assert_eq!(capture.body_bytes, Some(body.len() as u64));
        let redacted = br#"{"sender":{"email":"[redacted]","id":7}}"#;
        assert_eq!(capture.body.as_deref(), Some(&redacted[..]));
        assert!(capture.is_verified && !capture.is_cut && !capture.is_sealed);
        let withheld = stored(url, withheld).unwrap();
        assert_eq!(
            (withheld.body, withheld.withheld.as_deref()),
            (None, Some("not_json"))
        );

        // The log tells of both deliveries, and nothing of what was in them.
        let events = block_on(log(url).list(&Filter::new(), None, 10))
            .unwrap()
            .events;
        assert_eq!(events.len(), 2);
        assert!(
            events
                .iter()
                .any(|event| event.id() == Some(&*id.to_string()))
        );
        let mut lines = Vec::new();
        for event in &events {
            event.write_json_line(&mut lines);
        }
        assert!(!String::from_utf8(lines).unwrap().contains("redacted"));
        if url.starts_with("sqlite") {
            assert!(!is_on_disk(stores.folder.path(), CANARY));
        }
        assert_eq!(stored(url, RequestId::generate(&Clock::system())), None);
    }
}

#[test]
fn the_table_is_not_there_unless_somebody_captures() {
    let stores = databases().stores("uncaptured");
    for url in &stores.urls {
        drop(SqlSink::open(url).unwrap());
        let sql = if url.starts_with("sqlite") {
            "SELECT COUNT(*) FROM sqlite_master WHERE name LIKE '%capture%'"
        } else {
            "SELECT COUNT(*) FROM pg_class WHERE relname LIKE '%capture%'"
        };
        assert_eq!(store::numbers(url, sql), [0]);
        let id = RequestId::generate(&Clock::system());
        assert_eq!(stored(url, id), None);
        let filter = Filter::new().endpoint("acme");
        assert_eq!(block_on(log(url).purge_captures(&filter)).unwrap(), 0);
        assert_eq!(block_on(log(url).purge(&filter)).unwrap(), 0);
        drop(SqlCaptures::open(url).unwrap());
        // Once more makes nothing more.
        drop(SqlCaptures::open(url).unwrap());
        assert_eq!(count(url), 0);
        store::run(url, "UPDATE webhook_capture_schema SET version = 99");
        let error = SqlCaptures::open(url).unwrap_err();
        assert_eq!(error.kind(), webhook_sql::SqlErrorKind::NewerSchema);
    }
}

#[test]
fn whatever_takes_records_takes_their_captures() {
    let stores = databases().stores("purged_captures");
    let hour = Duration::from_secs(3600);
    for url in &stores.urls {
        let mut stack = Stack::open(url);
        let body = CaptureSettings::body;
        let by_client = stack.deliver(body(), ("acme", 1), CANARY);
        let by_endpoint = stack.deliver(body(), ("globex", 2), CANARY);
        let by_erasure = stack.deliver(body(), ("initech", 3), CANARY);
        stack.at(START.saturating_add(hour));
        let by_outcome = stack.deliver(body(), ("hooli", 4), CANARY);
        stack.at(START.saturating_add(hour * 2));
        let kept = stack.deliver(body(), ("umbrella", 5), "kept");
        stack.flush();
        assert_eq!(count(url), 5);

        let log = log(url);
        let client = Filter::new().client([203, 0, 113, 1].into(), 32);
        assert_eq!(block_on(log.purge(&client)).unwrap(), 1);
        assert_eq!((stored(url, by_client), count(url)), (None, 4));
        // A record that went before leaves no capture that cannot be found.
        store::run(
            url,
            &format!("DELETE FROM webhook_event_log WHERE event_id = '{by_endpoint}'"),
        );
        let endpoint = Filter::new().endpoint("globex");
        assert_eq!(block_on(log.purge(&endpoint)).unwrap(), 0);
        assert_eq!((stored(url, by_endpoint), count(url)), (None, 3));
        let erased = Filter::new().client([203, 0, 113, 3].into(), 32);
        assert_eq!(block_on(log.erase(&erased)).unwrap(), 1);
        assert_eq!((stored(url, by_erasure), count(url)), (None, 2));
        // Captures know no outcome; their records do.
        let outcome = Filter::new().outcome("accepted").endpoint("hooli");
        assert_eq!(block_on(log.purge_captures(&outcome)).unwrap(), 0);
        assert_eq!(block_on(log.purge(&outcome)).unwrap(), 1);
        assert_eq!((stored(url, by_outcome), count(url)), (None, 1));
        if url.starts_with("sqlite") {
            assert!(!is_on_disk(stores.folder.path(), CANARY));
            assert!(is_on_disk(stores.folder.path(), "kept"));
        }
        let early = Filter::new().until(START.saturating_add(hour));
        assert_eq!(block_on(log.purge(&early)).unwrap(), 1);
        assert!(stored(url, kept).is_some());
        let all = Filter::new().until(START.saturating_add(hour * 3));
        assert_eq!(block_on(log.purge_captures(&all)).unwrap(), 1);
        assert_eq!(count(url), 0);
        assert!(block_on(log.purge_captures(&Filter::new())).is_err());
    }
}

#[test]
fn captures_have_a_retention_of_their_own() {
    let stores = databases().stores("retained_captures");
    let day = Duration::from_secs(86_400);
    for url in &stores.urls {
        let mut stack = Stack::open(url);
        let now = Clock::system().now().unix_seconds();
        for age in [9_i64, 8, 6, 3, 2, 1] {
            stack.at(Timestamp::from_unix_seconds(now - age * 86_400));
            stack.deliver(CaptureSettings::body(), ("acme", 1), CANARY);
        }
        stack.flush();
        drop(stack);
        assert_eq!(count(url), 6);
        let open = |retention| {
            let settings = SqlCaptureSettings::new(url.parse().unwrap());
            SqlCaptures::open_with(settings.with_retention(retention)).unwrap()
        };
        let by_age = open(Retention::forever().with_max_age(day * 7));
        store::wait_until(|| count(url) == 4);
        drop(by_age);
        let by_count = open(Retention::forever().with_max_records(2));
        store::wait_until(|| count(url) == 2);
        drop(by_count);
        let sql = "SELECT MIN(received_at) FROM webhook_event_capture";
        assert_eq!(store::numbers(url, sql), [(now - 2 * 86_400) * 1_000_000]);
        // An age holds for the newest, too; the log keeps its records.
        let all = open(Retention::forever().with_max_age(day / 2));
        store::wait_until(|| count(url) == 0);
        if url.starts_with("sqlite") {
            store::wait_until(|| !is_on_disk(stores.folder.path(), CANARY));
        }
        drop(all);
        assert_eq!(store::count(url), 6);
    }
}

#[test]
fn what_finds_no_room_is_dropped_and_counted_and_no_request_waits() {
    let stores = databases().stores("dropped_captures");
    for url in &stores.urls {
        let settings = SqlCaptureSettings::new(url.parse().unwrap())
            .with_capacity(NonZeroUsize::new(8).unwrap())
            .with_queue_bytes(NonZeroUsize::new(40_000).unwrap());
        let stack = Stack::open_with(settings, url);
        let held = store::hold(url);
        let large = "x".repeat(12_000);
        let mut slowest = Duration::ZERO;
        for _ in 0..40 {
            let begun = Instant::now();
            stack.deliver(CaptureSettings::body(), ("acme", 1), &large);
            slowest = slowest.max(begun.elapsed());
        }
        assert!(slowest < Duration::from_secs(2), "{url}: {slowest:?}");
        let handle = stack.captures.handle();
        // Bytes bound it before captures do.
        assert!(handle.waiting() <= 3, "{url}: {}", handle.waiting());
        assert!(handle.flush(Duration::from_millis(50)).is_err());
        drop(held);
        stack.flush();
        assert!(handle.dropped() >= 37, "{url}: {handle:?}");
        assert_eq!(handle.written() + handle.dropped(), 40, "{url}");
        // Said with the next capture that is written.
        stack.deliver(CaptureSettings::body(), ("acme", 1), "small");
        stack.flush();
        let sql = "SELECT CAST(SUM(records) AS BIGINT) FROM webhook_event_log \
                   WHERE event = 'webhook.capture_dropped'";
        let told = i64::try_from(handle.dropped()).unwrap();
        assert_eq!(store::numbers(url, sql), [told], "{url}");
        assert_eq!(block_on(log(url).verify(None)).unwrap().broken, None);
        assert_eq!(u64::try_from(count(url)).unwrap(), handle.written());
    }
}

#[test]
fn clients_are_found_by_their_pseudonyms_and_bodies_may_be_sealed() {
    let stores = databases().stores("sealed_captures");
    for url in &stores.urls {
        let settings = SqlCaptureSettings::new(url.parse().unwrap())
            .with_retention(Retention::forever())
            .with_pseudonyms(Pseudonyms::truncated())
            // Stands for an encryption.
            .with_seal(|body| {
                (body != b"unsealable").then(|| body.iter().rev().copied().collect())
            });
        let stack = Stack::open_with(settings, url);
        let sealed = stack.deliver(CaptureSettings::body(), ("acme", 9), CANARY);
        let unsealed = stack.deliver(CaptureSettings::body(), ("acme", 9), "unsealable");
        stack.flush();
        let capture = stored(url, sealed).unwrap();
        let reversed: Vec<_> = CANARY.bytes().rev().collect();
        assert_eq!((capture.body, capture.is_sealed), (Some(reversed), true));
        let capture = stored(url, unsealed).unwrap();
        assert_eq!(
            (&capture.body, capture.withheld.as_deref()),
            (&None, Some("not_sealed"))
        );
        assert!(!format!("{capture:?}").contains("unsealable"));
        let network = Filter::new().client([203, 0, 113, 0].into(), 24);
        assert_eq!(block_on(log(url).purge_captures(&network)).unwrap(), 2);
    }
}
