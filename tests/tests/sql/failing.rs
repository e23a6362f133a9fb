//! A database that stalls, hangs up or talks nonsense: what each policy makes of it.

use std::{
    convert::Infallible,
    io::{Read as _, Write as _},
    net::{Shutdown, TcpListener, TcpStream},
    num::NonZeroUsize,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU8, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use tower::{Layer as _, ServiceExt as _, service_fn};
use webhook_audit_layer::{AuditLayer, Sink as _};
use webhook_sql::{Overflow, SqlSink, SqlSinkSettings};
use webhook_tests::audit::Series;

use crate::{PATIENCE, block_on, databases, log, store};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mood {
    Passing,
    Stalling,
    HangingUp,
    Rambling,
}

/// Stands between a sink and its server, and has moods.
pub(crate) struct Proxy {
    port: u16,
    mood: Arc<AtomicU8>,
    streams: Arc<Mutex<Vec<TcpStream>>>,
}

impl Proxy {
    fn before(server: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let mood = Arc::new(AtomicU8::new(Mood::Passing as u8));
        let streams = Arc::new(Mutex::new(Vec::new()));
        let this = Self {
            port,
            mood: Arc::clone(&mood),
            streams: Arc::clone(&streams),
        };
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let server = TcpStream::connect(("127.0.0.1", server)).unwrap();
                streams
                    .lock()
                    .unwrap()
                    .extend([client.try_clone().unwrap(), server.try_clone().unwrap()]);
                let (back, forth) = (server.try_clone().unwrap(), client.try_clone().unwrap());
                let (to, fro) = (Arc::clone(&mood), Arc::clone(&mood));
                thread::spawn(move || pump(client, server, &to));
                thread::spawn(move || pump(back, forth, &fro));
            }
        });
        this
    }

    /// Changes its mood, also towards those who are connected.
    pub(crate) fn turn(&self, mood: Mood) {
        self.mood.store(mood as u8, Ordering::SeqCst);
        if mood != Mood::Stalling {
            for stream in self.streams.lock().unwrap().drain(..) {
                let _closed = stream.shutdown(Shutdown::Both);
            }
        }
    }
}

fn pump(mut from: TcpStream, mut to: TcpStream, mood: &AtomicU8) {
    let mut buffer = [0; 4096];
    while let Ok(count) = from.read(&mut buffer) {
        let is = |wanted: Mood| mood.load(Ordering::SeqCst) == wanted as u8;
        while is(Mood::Stalling) {
            thread::sleep(Duration::from_millis(5));
        }
        let bytes = if is(Mood::Rambling) {
            &[b'\xff'; 512][..]
        } else {
            &buffer[..count]
        };
        if count == 0 || is(Mood::HangingUp) || to.write_all(bytes).is_err() {
            break;
        }
    }
    let _closed = to.shutdown(Shutdown::Both);
    let _closed = from.shutdown(Shutdown::Both);
}

/// The proxied URL of a new database, its own URL, and the proxy.
pub(crate) fn proxied(name: &str) -> Option<(String, String, Proxy)> {
    let postgres = databases().postgres.as_ref()?;
    let direct = postgres.database(name);
    let proxy = Proxy::before(postgres.port());
    let url = direct.replace(
        &format!(":{}/", postgres.port()),
        &format!(":{}/", proxy.port),
    );
    Some((url, direct, proxy))
}

pub(crate) fn dropped_as_recorded(url: &str) -> i64 {
    let sql = "SELECT CAST(COALESCE(SUM(records), 0) AS BIGINT) FROM webhook_event_log \
               WHERE event = 'webhook.audit_dropped'";
    store::numbers(url, sql)[0]
}

#[test]
fn promise_15_requests_go_on_and_drops_are_counted_in_a_later_record() {
    let Some((url, direct, proxy)) = proxied("moody") else {
        return;
    };
    let settings = SqlSinkSettings::new(url.parse().unwrap());
    let sink = SqlSink::open_with(settings.with_capacity(NonZeroUsize::new(200).unwrap())).unwrap();
    let audit = sink.handle();
    let mut series = Series::new();
    let mut sent = 0;
    for mood in [Mood::Stalling, Mood::HangingUp, Mood::Rambling] {
        proxy.turn(mood);
        let records: Vec<_> = (0..1000).map(|_| series.one()).collect();
        let begun = Instant::now();
        for record in records {
            sink.record(record);
            sent += 1;
        }
        // Far less than any time-out of the database's.
        assert!(
            begun.elapsed() < Duration::from_secs(2),
            "{mood:?}: {:?}",
            begun.elapsed()
        );
        assert!(audit.flush(Duration::from_millis(100)).is_err(), "{mood:?}");
        proxy.turn(Mood::Passing);
        audit.flush(PATIENCE).unwrap();
    }
    assert!(audit.dropped() > 0);
    assert_eq!(audit.written() + audit.dropped(), sent);
    sink.record(series.one());
    audit.shutdown(PATIENCE).unwrap();
    assert_eq!(
        dropped_as_recorded(&direct),
        i64::try_from(audit.dropped()).unwrap()
    );
    // No record is there twice, whatever was heard of its commit.
    let sql = "SELECT COUNT(*), COUNT(DISTINCT event_id) FROM webhook_event_log";
    let counted = store::numbers(&direct, sql);
    assert_eq!(counted[0], counted[1]);
    assert_eq!(block_on(log(&direct).verify(None)).unwrap().broken, None);
}

pub(crate) fn call(layer: &AuditLayer<SqlSink>) -> impl Future<Output = StatusCode> + use<> {
    let handler = service_fn(async |_: Request<()>| {
        Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))
    });
    let audited = layer.layer(handler);
    async move {
        let request = Request::post("/a").body(()).unwrap();
        audited.oneshot(request).await.unwrap().status()
    }
}

#[test]
fn a_durable_response_does_not_leave_without_its_record() {
    let Some((url, direct, proxy)) = proxied("durable") else {
        return;
    };
    // Long enough for a commit on a machine that has other things to do.
    let bound = Duration::from_secs(2);
    let settings = SqlSinkSettings::new(url.parse().unwrap()).with_durable(bound);
    let layer = AuditLayer::new(SqlSink::open_with(settings).unwrap());
    assert_eq!(block_on(call(&layer)), StatusCode::OK);
    // Committed before the response left: nothing has to be waited for.
    assert_eq!(store::count(&direct), 1);
    for mood in [Mood::Stalling, Mood::HangingUp] {
        proxy.turn(mood);
        let begun = Instant::now();
        assert_eq!(
            block_on(call(&layer)),
            StatusCode::SERVICE_UNAVAILABLE,
            "{mood:?}"
        );
        assert!(begun.elapsed() >= bound);
        assert!(
            begun.elapsed() < bound * 4,
            "{mood:?}: {:?}",
            begun.elapsed()
        );
    }
    proxy.turn(Mood::Passing);
    store::wait_until(|| block_on(call(&layer)) == StatusCode::OK);
}

#[test]
fn senders_are_slowed_down_where_the_policy_says_so() {
    let Some((url, direct, proxy)) = proxied("slowed") else {
        return;
    };
    let bound = Duration::from_millis(300);
    let settings = SqlSinkSettings::new(url.parse().unwrap())
        .with_capacity(NonZeroUsize::new(4).unwrap())
        .with_overflow(Overflow::Wait(bound));
    let layer = AuditLayer::new(SqlSink::open_with(settings).unwrap());
    proxy.turn(Mood::Stalling);
    let one_call = || {
        let begun = Instant::now();
        assert_eq!(block_on(call(&layer)), StatusCode::OK);
        begun.elapsed()
    };
    let times: Vec<_> = (0..8).map(|_| one_call()).collect();
    assert!(times[7] >= bound, "{times:?}");
    proxy.turn(Mood::HangingUp);
    proxy.turn(Mood::Passing);
    store::wait_until(|| store::count(&direct) == 8);
}
