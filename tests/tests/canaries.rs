//! Ten thousand requests, with a canary in every place that must stay secret and hostile characters
//! in every place that is recorded, through the whole stack: no sink tells a canary, and every line
//! is one line.
// Failing is how these tests speak.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

use std::{
    collections::BTreeMap,
    convert::Infallible,
    io::{self, Write},
    mem,
    net::SocketAddr,
    num::NonZeroUsize,
    panic,
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode, Uri};
use http_body_util::Full;
use metrics_exporter_prometheus::PrometheusBuilder;
use proptest::{
    collection::vec,
    prelude::*,
    sample::select,
    test_runner::{Config, TestCaseResult, TestRunner},
};
use serde_json::Value;
use tower::{Layer as _, Service as _, ServiceExt as _, util::BoxCloneService};
use tracing::Level;
use tracing_subscriber::fmt::{MakeWriter, format::FmtSpan};
use webhook_layers::{
    BufferedBody, Clock, Facts, PeerAddr, Quota, Secret, SignRequest, Sink, TracingSink, Verifier,
    WebhookLayers,
    audit::{
        Alert, AuditLayer, AuditRecord, Detectors, JsonLinesSink, MAX_LINE_BYTES, MetricsSink,
    },
    core::{ManualClock, Outcome},
    presets,
};
use webhook_tests::hosts::START;

const REQUESTS: u32 = 10_000;
/// Stands in everything that no sink may tell; nothing else holds it.
const CANARY: &str = "kanarie";
/// The secret itself; its bytes spell a canary too.
const SECRET: &str = "whsec_a2FuYXJpZS1rYW5hcmllLWthbmFyaWUtMDE=";
/// What would end a line, drive a terminal, or turn the direction of writing.
const NASTY: [char; 14] = [
    '\n', '\r', '\t', '\0', '\u{1b}', '\u{7f}', '\u{9b}', '\u{202e}', '\u{2066}', '\u{200f}',
    '\u{2028}', '\u{feff}', '"', '\\',
];

type Answer = Response<Full<Bytes>>;
type Guarded = BoxCloneService<Request<Full<Bytes>>, Answer, Infallible>;

/// How the sender made its request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sender {
    Genuine,
    Tampering,
    Unsigned,
    Forging,
}

/// One request, and what becomes of it.
#[derive(Clone, Debug)]
struct Case {
    sender: Sender,
    is_shadow: bool,
    is_gone: bool,
    ending: u16,
    path: String,
    recorded: String,
    secret_part: Vec<u8>,
    peer: [u8; 4],
}

fn hostile() -> impl Strategy<Value = String> {
    let character = prop_oneof![
        any::<char>(),
        select(NASTY.to_vec()),
        select(vec!['a', ' ', '/'])
    ];
    let short = vec(character, 0..24).prop_map(String::from_iter);
    // Some are longer than whatever is kept of them.
    let times = prop_oneof![9 => Just(1_usize), 1 => 1..200_usize];
    (short, times).prop_map(|(text, times)| text.repeat(times))
}

fn case() -> impl Strategy<Value = Case> {
    let senders = select(vec![
        Sender::Genuine,
        Sender::Tampering,
        Sender::Unsigned,
        Sender::Forging,
    ]);
    let endings = select(vec![200, 200, 204, 404, 405, 500, 0]);
    let flags = (any::<bool>(), prop::bool::weighted(0.1));
    let texts = (hostile(), hostile(), vec(any::<u8>(), 0..24));
    (senders, flags, endings, texts, any::<[u8; 4]>()).prop_map(
        |(sender, (is_shadow, is_gone), ending, (path, recorded, secret_part), peer)| Case {
            sender,
            is_shadow,
            is_gone,
            ending,
            path,
            recorded,
            secret_part,
            peer,
        },
    )
}

/// As much of a text as a header can hold.
fn header(text: &[u8]) -> HeaderValue {
    let bytes = text.iter().copied();
    let kept: Vec<u8> = bytes
        .filter(|byte| matches!(byte, b'\t' | 0x20..=0x7e | 0x80..))
        .collect();
    HeaderValue::from_bytes(&kept).unwrap()
}

impl Case {
    /// The request, and the signature that no sink may tell.
    fn request(&self, verifier: &Verifier, clock: &Clock) -> (Request<Full<Bytes>>, String) {
        let mut body = format!("{{\"{CANARY}-body\":1}}").into_bytes();
        body.extend(&self.secret_part);
        let id = String::from_utf8_lossy(header(self.recorded.as_bytes()).as_bytes()).into_owned();
        let signing = SignRequest::new(&body, clock.now()).with_id(&id);
        let signed = verifier.sign(&signing).or_else(|_| {
            // An id that the scheme does not sign, such as an empty one.
            verifier.sign(&SignRequest::new(&body, clock.now()).with_id("msg"))
        });
        let signed: HeaderMap = signed.unwrap().into_iter().collect();
        let signature = signed["webhook-signature"].to_str().unwrap();
        let signature = signature.rsplit(',').next().unwrap().to_owned();
        let mut request = Request::new(Full::new(Bytes::from(match self.sender {
            Sender::Tampering => [body.as_slice(), b" "].concat(),
            _ => body,
        })));
        *request.method_mut() = http::Method::POST;
        *request.uri_mut() = self.uri();
        *request.headers_mut() = self.headers();
        match self.sender {
            Sender::Genuine | Sender::Tampering => request.headers_mut().extend(signed),
            Sender::Unsigned => {}
            Sender::Forging => self.forge(request.headers_mut(), &signed),
        }
        let ending = HeaderValue::from(self.ending);
        request.headers_mut().insert("x-ending", ending);
        let note = self.recorded.clone();
        request.extensions_mut().insert(Note(note));
        let peer = PeerAddr::new(SocketAddr::from((self.peer, 443)));
        request.extensions_mut().insert(peer);
        (request, signature)
    }

    /// The path is recorded, the query never.
    fn uri(&self) -> Uri {
        let path: String = self
            .path
            .chars()
            .filter(|c| !matches!(c, '?' | '#'))
            .collect();
        let query = format!("?key={CANARY}-query&token={CANARY}");
        let uri = Uri::try_from(format!("/webhooks/{path}{query}").into_bytes());
        uri.unwrap_or_else(|_| format!("/webhooks{query}").parse().unwrap())
    }

    fn headers(&self) -> HeaderMap {
        let secret_part = [CANARY.as_bytes(), &self.secret_part].concat();
        let mut headers = HeaderMap::new();
        for name in [
            "authorization",
            "cookie",
            "x-api-key",
            "x-forwarded-for",
            "forwarded",
            "referer",
            "host",
            "accept",
            "content-type",
            "x-hub-signature-256",
            CANARY,
        ] {
            let name = HeaderName::from_static(name);
            headers.append(name, header(&secret_part));
        }
        headers.insert("user-agent", header(self.recorded.as_bytes()));
        headers
    }

    /// Headers of the scheme with canaries in them; the id is recorded.
    fn forge(&self, headers: &mut HeaderMap, signed: &HeaderMap) {
        let forged = format!("v1,{CANARY} v1a,{CANARY}");
        headers.insert("webhook-signature", header(forged.as_bytes()));
        headers.insert("webhook-id", header(self.recorded.as_bytes()));
        let timestamp = signed["webhook-timestamp"].clone();
        let is_odd = self.secret_part.len() % 2 == 1;
        let odd = header(format!("17{CANARY}").as_bytes());
        headers.insert("webhook-timestamp", if is_odd { odd } else { timestamp });
    }
}

/// What the handler notes in the record.
#[derive(Clone)]
struct Note(String);

async fn handle(request: Request<BufferedBody>) -> Result<Answer, Infallible> {
    let (parts, _body) = request.into_parts();
    if let Some(Note(note)) = parts.extensions.get() {
        Facts::record_of(&parts.extensions).set_note(note);
    }
    let ending: u16 = parts.headers["x-ending"].to_str().unwrap().parse().unwrap();
    let Ok(status) = StatusCode::from_u16(ending) else {
        panic!("{CANARY}-panic");
    };
    let mut answer = Response::new(Full::default());
    *answer.status_mut() = status;
    Ok(answer)
}

/// What a sink has written.
#[derive(Clone, Default)]
struct Paper(Arc<Mutex<Vec<u8>>>);

impl Paper {
    fn take(&self) -> String {
        String::from_utf8(mem::take(&mut *self.0.lock().unwrap())).unwrap()
    }
}

impl Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Paper {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

/// Keeps the record of the request that is under way.
#[derive(Clone, Default)]
struct Last(Arc<Mutex<Vec<AuditRecord>>>);

impl Sink for Last {
    fn record(&self, record: AuditRecord) {
        self.0.lock().unwrap().push(record);
    }
}

/// The whole stack, inside a span, with every sink of the family.
struct Stack {
    enforcing: Guarded,
    shadow: Guarded,
    lines: JsonLinesSink,
    written: Paper,
    said: Paper,
    last: Last,
    clock: Clock,
    hands: ManualClock,
    verifier: Verifier,
    outcomes: Mutex<BTreeMap<&'static str, u32>>,
}

impl Stack {
    fn new(said: Paper) -> Self {
        let (clock, hands) = Clock::manual(START);
        let written = Paper::default();
        let room = NonZeroUsize::new(2 * REQUESTS as usize).unwrap();
        let lines = JsonLinesSink::new(written.clone())
            .unwrap()
            .with_capacity(room);
        let last = Last::default();
        let detectors = Detectors::new(|alert: &Alert| {
            alert.emit();
            alert.count();
        });
        let sinks = (
            (TracingSink::new(), lines.clone()),
            (MetricsSink::new(), detectors),
            last.clone(),
        );
        let audit = AuditLayer::new(sinks)
            .with_clock(clock.clone())
            .with_span(true);
        let guarded = |is_shadow| {
            let quota = || Quota::per_second(1_000_000);
            let hooks = WebhookLayers::builder(&presets::STANDARD_WEBHOOKS)
                .secret("2026-q4", Secret::new(SECRET))
                .deny(["128.0.0.0/3"])
                .network_quota(quota())
                .endpoint_quota(quota())
                .insecure_shadow(is_shadow)
                .clock(clock.clone())
                .build()
                .unwrap();
            let handler = tower::service_fn(handle);
            BoxCloneService::new(audit.layer(hooks.layer(handler)))
        };
        let secret = Secret::new(SECRET).unwrap();
        Self {
            enforcing: guarded(false),
            shadow: guarded(true),
            lines,
            written,
            said,
            last,
            verifier: Verifier::new(presets::STANDARD_WEBHOOKS.scheme(), secret).unwrap(),
            clock,
            hands,
            outcomes: Mutex::default(),
        }
    }

    async fn judge(&self, case: Case) -> TestCaseResult {
        self.hands.advance(Duration::from_secs(1));
        let (request, signature) = case.request(&self.verifier, &self.clock);
        let stack = if case.is_shadow {
            &self.shadow
        } else {
            &self.enforcing
        };
        let mut stack = stack.clone();
        let answer = stack.ready().await.unwrap().call(request);
        if case.is_gone {
            drop(answer);
        } else {
            answer.await.unwrap();
        }

        let records = mem::take(&mut *self.last.0.lock().unwrap());
        prop_assert_eq!(records.len(), 1);
        let record = &records[0];
        *self
            .outcomes
            .lock()
            .unwrap()
            .entry(record.outcome.as_str())
            .or_default() += 1;
        let printed = format!("{record:?}");
        prop_assert!(!printed.chars().any(is_hostile), "{printed}");
        let said = self.said.take();
        for line in said.lines() {
            is_one_event(line)?;
        }
        let mut line = Vec::new();
        record.write_json_line(&mut line);
        let line = String::from_utf8(line).unwrap();
        is_one_line(&line)?;
        for text in [printed, format!("{record:#?}"), said, line] {
            prop_assert!(!text.to_lowercase().contains(CANARY), "{text}");
            prop_assert!(
                !text.contains(SECRET.trim_start_matches("whsec_")),
                "the secret in {text}"
            );
            prop_assert!(!text.contains(&signature), "the signature in {text}");
        }
        Ok(())
    }
}

fn is_hostile(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}')
        || matches!(character, '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
}

/// A line that the subscriber wrote: it begins with a level, so that none was split in two.
fn is_one_event(line: &str) -> TestCaseResult {
    let levels = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR"];
    let level = line.split_whitespace().next().unwrap_or_default();
    prop_assert!(
        levels.contains(&level),
        "no event begins like this: {line:?}"
    );
    prop_assert!(!line.chars().any(is_hostile), "{line:?}");
    Ok(())
}

fn is_one_line(line: &str) -> TestCaseResult {
    prop_assert!(line.len() <= MAX_LINE_BYTES, "{} bytes: {line}", line.len());
    let text = line.strip_suffix('\n').unwrap_or(line);
    prop_assert!(!text.chars().any(is_hostile), "{text:?}");
    let value: Result<Value, _> = serde_json::from_str(text);
    prop_assert!(value.is_ok_and(|value| value.is_object()), "{text}");
    Ok(())
}

/// A handler's panic is expected here; whoever else panics is told.
fn hush_canaries() {
    let usual = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        let message = panic.payload().downcast_ref::<String>();
        if !message.is_some_and(|message| message.contains(CANARY)) {
            usual(panic);
        }
    }));
}

#[test]
fn promise_32_no_sink_tells_a_canary_and_every_line_is_one() {
    hush_canaries();
    let said = Paper::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(Level::TRACE)
        .with_span_events(FmtSpan::NEW | FmtSpan::CLOSE)
        .with_ansi(false)
        .without_time()
        .with_writer(said.clone())
        .finish();
    let recorder = PrometheusBuilder::new().build_recorder();
    let stack = Stack::new(said);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    let config = Config {
        cases: REQUESTS,
        failure_persistence: None,
        ..Config::default()
    };
    let mut runner = TestRunner::new(config);
    let judged = tracing::subscriber::with_default(subscriber, || {
        metrics::with_local_recorder(&recorder, || {
            runner.run(&case(), |case| runtime.block_on(stack.judge(case)))
        })
    });
    if let Err(error) = judged {
        panic!("{error}");
    }

    let audit = stack.lines.handle();
    audit.flush(Duration::from_secs(60)).unwrap();
    let written = stack.written.take();
    assert_eq!(written.lines().count(), REQUESTS as usize);
    assert_eq!((audit.written(), audit.dropped()), (u64::from(REQUESTS), 0));
    for line in written.split_inclusive('\n') {
        is_one_line(line).unwrap();
        assert!(!line.to_lowercase().contains(CANARY), "{line}");
    }

    let measured = recorder.handle().render();
    assert!(measured.contains("webhook_requests_total{"), "{measured}");
    assert!(!measured.contains(CANARY), "{measured}");
    let series = measured
        .lines()
        .filter(|line| !line.starts_with('#'))
        .count();
    assert!(series < 300, "{series} series:\n{measured}");

    // The requests were of every kind, or the above says little.
    let outcomes = stack.outcomes.lock().unwrap();
    for outcome in [
        Outcome::Accepted,
        Outcome::Denied,
        Outcome::Error,
        Outcome::Aborted,
        Outcome::ShadowDenied,
    ] {
        let count = outcomes.get(outcome.as_str()).copied().unwrap_or_default();
        assert!(count > 100, "{outcome}: {outcomes:?}");
    }
}
